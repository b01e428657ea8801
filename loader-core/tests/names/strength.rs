//! Strong before COMMON before weak before undefined; a weak one may stay undefined.

use loader_core::{Error, Machine, Object, Phase, Plan, Scratch, scratch_len};
use object::elf::*;

use super::{both_orders, definer, user};
use crate::support::{ElfBuilder, TestManager, load, load_with, refused_with};

#[test]
fn a_strong_definition_replaces_a_weak_one() {
    let weak = definer("weak", |elf, home| elf.weak("name", home, 4));
    let strong = definer("strong", |elf, home| elf.global("name", home, 8));
    both_orders(&weak, &strong, &[], |image, order| {
        let strong = image.section_address(".rodata.strong") + 8;
        assert_eq!(image.field(".data.strong", 0, 8), strong, "{order}");
        assert_eq!(image.field(".data.weak", 0, 8), strong, "{order}");
        assert_eq!(image.exports["name"], strong, "{order}");
    });
}

#[test]
fn of_two_weak_definitions_the_first_counts() {
    let one = definer("one", |elf, home| elf.weak("name", home, 4));
    let two = definer("two", |elf, home| elf.weak("name", home, 4));
    let image = load_with(&[("one.o", &one), ("two.o", &two)], &TestManager::new(), &[]);
    let first = image.section_address(".rodata.one") + 4;
    assert_eq!((image.field(".data.one", 0, 8), image.field(".data.two", 0, 8)), (first, first));
}

#[test]
fn two_strong_definitions_are_refused() {
    let a = definer("a", |elf, home| elf.global("name", home, 0));
    let b = definer("b", |elf, home| elf.global("name", home, 0));
    let files: [(&str, &[u8]); 2] = [("a.o", &a), ("b.o", &b)];
    let words = ["`name`", "a.o", "b.o"];
    refused_with(&files, &TestManager::new(), &[], Phase::Plan, &words, |error| {
        let Error::Duplicate { symbol, first, second } = error else { panic!("{error:?}") };
        assert_eq!((symbol.as_bytes(), first, second), (&b"name"[..], "a.o".into(), "b.o".into()));
    });
}

#[test]
fn local_names_are_nobody_elses() {
    let a = definer("a", |elf, home| elf.local("name", home, 1));
    let b = definer("b", |elf, home| elf.local("name", home, 2));
    both_orders(&a, &b, &[], |image, _| {
        assert_eq!(image.field(".data.a", 0, 8), image.section_address(".rodata.a") + 1);
        assert_eq!(image.field(".data.b", 0, 8), image.section_address(".rodata.b") + 2);
        assert!(!image.exports.contains_key("name"));
    });
}

#[test]
fn the_modules_own_definition_comes_before_the_clients() {
    let owner = definer("owner", |elf, home| elf.weak("name", home, 0));
    both_orders(&owner, &user("name"), &[("name", 0xdead)], |image, _| {
        assert_eq!(image.field(".data.user", 0, 8), image.section_address(".rodata.owner"));
    });
}

#[test]
fn a_weak_reference_that_nothing_defines_is_zero_as_data() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0xff; 24]);
    let symbol = elf.undefined_weak("nowhere");
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    elf.rela(data, 8, R_X86_64_64.0, symbol, 5);
    elf.rela(data, 16, R_X86_64_32.0, symbol, 0);
    let file = elf.build();
    let image = load(&file, &[]);
    assert_eq!((image.field(".data", 0, 8), image.field(".data", 8, 8)), (0, 5));
    assert_eq!(image.word(".data", 16), 0);
    let image = load(&file, &[("nowhere", 0x1234)]);
    assert_eq!(image.field(".data", 0, 8), 0x1234, "the client may have it");
}

#[test]
fn one_strong_reference_makes_it_needed() {
    let mut weak = ElfBuilder::new(Machine::X86_64);
    let data = weak.data(&[0; 8]);
    let symbol = weak.undefined_weak("nowhere");
    weak.rela(data, 0, R_X86_64_64.0, symbol, 0);
    let (weak, strong) = (weak.build(), user("nowhere"));
    for files in
        [[("weak.o", &weak), ("user.o", &strong)], [("user.o", &strong), ("weak.o", &weak)]]
    {
        let files = files.map(|(name, elf)| (name, &elf[..]));
        let words = ["user.o", ".data.user", "+0x0", "`nowhere`"];
        refused_with(&files, &TestManager::new(), &[], Phase::Resolve, &words, |error| {
            let Error::Undefined { place, symbol } = error else { panic!("{error:?}") };
            assert_eq!((place.object, symbol.as_bytes()), ("user.o".into(), &b"nowhere"[..]));
        });
    }
}

#[test]
fn imports_are_what_relocations_need_each_once() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 24]);
    let (a, b) = (elf.undefined("a"), elf.undefined_weak("b"));
    elf.undefined("unused");
    for (at, symbol) in [(0, a), (8, b), (16, a)] {
        elf.rela(data, at, R_X86_64_64.0, symbol, 0);
    }
    let (one, two) = (elf.build(), user("a"));
    let objects = [Object::parse("one.o", &one).unwrap(), Object::parse("two.o", &two).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let plan = Plan::new(&objects, &mut scratch).unwrap();
    let imports = plan.imports().map(|import| (import.name.to_string(), import.weak));
    assert_eq!(imports.collect::<Vec<_>>(), [("a".into(), false), ("b".into(), true)]);
}

#[test]
fn the_client_is_asked_once_for_each() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 80]);
    let symbol = elf.undefined("name");
    elf.undefined("unused");
    for at in 0..10 {
        elf.rela(data, at * 8, R_X86_64_64.0, symbol, 0);
    }
    let (one, two) = (elf.build(), user("name"));
    let asked = std::cell::RefCell::new(Vec::new());
    let resolver = |name: loader_core::Name<'_>| {
        asked.borrow_mut().push(name.to_string());
        Some(loader_core::TargetAddress::new(1))
    };
    let files: [(&str, &[u8]); 2] = [("one.o", &one), ("two.o", &two)];
    crate::support::load::run(&files, &TestManager::new(), &resolver, |loaded| {
        loaded.unwrap();
    });
    assert_eq!(*asked.borrow(), ["name"]);
}

#[test]
fn hidden_symbols_join_objects_and_are_not_exported() {
    let owner = definer("owner", |elf, home| {
        elf.symbol(crate::support::SymbolSpec {
            other: STV_HIDDEN.0,
            ..crate::support::SymbolSpec::new("name", home, 0)
        })
    });
    both_orders(&owner, &user("name"), &[], |image, _| {
        assert_eq!(image.field(".data.user", 0, 8), image.section_address(".rodata.owner"));
        assert!(!image.exports.contains_key("name"));
    });
}
