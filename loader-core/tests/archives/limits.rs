//! Many members, in the order that makes going through an archive again and again slow, and names
//! that would make looking them up slow.

use loader_core::{
    Archive, ArchiveError, Defect, Error, LinkInput, Machine, Object, Phase, Plan, Scratch,
    Selection, scratch_len,
};

use super::{chosen, parse, select};
use crate::support::ElfBuilder;
use crate::support::archive::{gnu, object};
use crate::support::lies::symbol;

const COUNT: usize = 8000;

/// An archive in which each member needs the one before it.
fn backwards(name: char, needs: char) -> Vec<u8> {
    let names: Vec<_> = (0..COUNT).map(|number| format!("{name}{number}")).collect();
    let files = names.iter().enumerate().map(|(number, name)| {
        let need = number.checked_sub(1).map(|before| format!("{needs}{before}"));
        (name.as_str(), object(&[name], &need.iter().collect::<Vec<_>>()))
    });
    gnu(&files.collect::<Vec<_>>())
}

#[test]
fn a_chain_backwards_takes_one_member_each_time() {
    let bytes = backwards('n', 'n');
    let lib = parse(&bytes);
    let names = chosen(&[LinkInput::Archive(&lib)], &[&format!("n{}", COUNT - 1)], &[]);
    let expected = (0..COUNT).rev().map(|number| format!("lib.a(n{number})"));
    assert!(names.into_iter().eq(expected));
}

#[test]
fn a_chain_between_archives_takes_one_member_each_turn() {
    let (a, b) = (backwards('a', 'b'), backwards('b', 'a'));
    let group = [("a", &a), ("b", &b)].map(|(name, b)| Archive::parse(name, b).unwrap());
    let names = chosen(&[LinkInput::Group(&group)], &[&format!("b{}", COUNT - 1)], &[]);
    let expected = (0..COUNT).rev().map(|number| {
        let archive = if number % 2 == (COUNT - 1) % 2 { 'b' } else { 'a' };
        format!("{archive}({archive}{number})")
    });
    assert!(names.into_iter().eq(expected));
}

#[test]
fn one_name_in_every_member() {
    let names: Vec<_> = (0..COUNT).map(|number| format!("n{number}")).collect();
    let files = names.iter().map(|name| (name.as_str(), object(&[name, "same"], &["other"])));
    let bytes = gnu(&files.collect::<Vec<_>>());
    let lib = parse(&bytes);
    let roots: Vec<_> = names.iter().map(String::as_str).chain(["same"]).collect();
    assert_eq!(chosen(&[LinkInput::Archive(&lib)], &roots, &[]).len(), COUNT);
    assert_eq!(chosen(&[LinkInput::Archive(&lib)], &["same"], &[]), ["lib.a(n0)"]);
}

#[test]
fn names_that_share_their_ends_are_refused() {
    let count = 4000;
    let long = "n".repeat(24 * count);
    let mut names = vec![long.as_str()];
    names.resize(count, "x");
    let file = overlapping(&names);
    let bytes = gnu(&[("x.o", file.clone())]);
    let lib = parse(&bytes);
    assert!(chosen(&[LinkInput::Archive(&lib)], &["n"], &[]).is_empty(), "nothing is known of it");
    let error = Object::parse("x.o", &file).unwrap_err();
    let Error::Malformed { defect, .. } = error else { panic!("{error}") };
    assert_eq!(defect, Defect::OverlappingNames);
}

/// An object whose symbols are all called by an end of the first one's name, one byte less each.
fn overlapping(names: &[&str]) -> Vec<u8> {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3]);
    let symbols: Vec<_> = names.iter().map(|name| elf.global(name, text, 0)).collect();
    let file = elf.build();
    let renamed = (1u64..).zip(symbols);
    renamed.fold(file, |file, (at, symbol)| file.set_symbol(symbol, symbol::NAME, at)).into_bytes()
}

/// Names whose hashes all begin a walk through the table of so many names in a small part of it.
fn crowd(count: usize) -> Vec<String> {
    let hash = |name: &str| {
        let fnv = name.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        fnv ^ (fnv >> 32)
    };
    let mask = (2 * count).next_power_of_two() as u64 - 1;
    let names = (0u64..).map(|number| format!("{number:x}"));
    names.filter(|name| hash(name) & mask < mask >> 10).take(count).collect()
}

#[test]
fn names_that_are_chosen_to_collide_are_refused() {
    let names = crowd(4096);
    let bytes = gnu(&[("x.o", object(&names, &[]))]);
    let lib = parse(&bytes);
    let inputs = [LinkInput::Archive(&lib)];
    let mut scratch = vec![Scratch::ZERO; Selection::scratch_len(&inputs).unwrap()];
    let error = select(&inputs, &[], &[], &mut scratch).unwrap_err();
    assert_eq!(error, ArchiveError::Crowded { archive: "lib.a" });
    assert!(error.to_string().starts_with("lib.a: more than a thousand names"), "{error}");
    // The same names of one object among others.
    let (crowded, other) = (object(&names, &[]), object(&["other"], &[]));
    let objects =
        [Object::parse("a.o", &crowded), Object::parse("b.o", &other)].map(Result::unwrap);
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let error = Plan::new(&objects, &mut scratch).unwrap_err();
    assert!(matches!(error, Error::Crowded { object, .. } if object == "a.o".into()), "{error}");
    assert_eq!(error.phase(), Phase::Plan);
    assert!(error.to_string().contains("rename symbols"), "{error}");
    // Alone, it needs no table of names.
    assert!(Plan::new(&objects[..1], &mut scratch).is_ok());
}
