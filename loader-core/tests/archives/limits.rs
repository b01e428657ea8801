//! Many members, in the order that makes going through an archive again and again slow.

use loader_core::{Archive, LinkInput};

use super::{chosen, parse};
use crate::support::archive::{gnu, object};

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
