//! Hidden in one object is hidden in the module: for others to use, and to be asked for.

use std::cell::Cell;

use loader_core::{
    Error, Machine, Name, Object, Phase, Plan, Scratch, SegmentKind, TargetAddress, scratch_len,
};
use object::elf::*;

use super::{both_orders, definer, user};
use crate::support::elf::{ALLOC, WRITE};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, SymbolSpec, TestManager, load_with, refused_with};

const HIDING: [SymbolVisibility; 2] = [STV_HIDDEN, STV_INTERNAL];

/// An object whose `.data.user` points to `name`, undefined in it and of this visibility.
fn reference(name: &str, binding: SymbolBind, visibility: SymbolVisibility) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.section(".data.user", ALLOC | WRITE, &[0; 8]);
    let (binding, other) = (binding.0, visibility.0);
    let symbol = elf.symbol(SymbolSpec { binding, other, ..SymbolSpec::undefined(name) });
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    elf.build()
}

#[test]
fn a_hidden_reference_hides_the_definition() {
    let strong = definer("a", |elf, home| elf.global("name", home, 4));
    for (visibility, is_exported) in
        [(STV_DEFAULT, true), (STV_PROTECTED, true), (STV_HIDDEN, false), (STV_INTERNAL, false)]
    {
        for binding in [STB_GLOBAL, STB_WEAK] {
            let user = reference("name", binding, visibility);
            both_orders(&strong, &user, &[("name", 1)], |image, order| {
                let at = image.section_address(".rodata.a") + 4;
                assert_eq!(image.field(".data.user", 0, 8), at, "{order}");
                assert_eq!(image.exports.contains_key("name"), is_exported, "{order}");
            });
        }
    }
}

#[test]
fn a_weak_hidden_definition_hides_the_one_that_counts() {
    let strong = definer("strong", |elf, home| elf.global("name", home, 4));
    for visibility in HIDING {
        let weak = definer("weak", |elf, home| {
            let (binding, other) = (STB_WEAK.0, visibility.0);
            elf.symbol(SymbolSpec { binding, other, ..SymbolSpec::new("name", home, 8) })
        });
        both_orders(&strong, &weak, &[], |image, order| {
            let at = image.section_address(".rodata.strong") + 4;
            assert_eq!(image.field(".data.weak", 0, 8), at, "{order}");
            assert!(!image.exports.contains_key("name"), "{order}");
        });
    }
}

#[test]
fn the_client_does_not_define_what_an_object_has_as_hidden() {
    let plain = user("name");
    for visibility in HIDING {
        let hidden = reference("name", STB_GLOBAL, visibility);
        let alone: &[(&str, &[u8])] = &[("a.o", &hidden)];
        // Whoever else of the module refers to it: as the one that counts, or as another one.
        for files in
            [alone, &[("a.o", &hidden), ("b.o", &plain)], &[("b.o", &plain), ("a.o", &hidden)]]
        {
            let manager = TestManager::new();
            refused_with(files, &manager, &[("name", 1)], Phase::Resolve, &["`name`"], |error| {
                assert!(matches!(error, Error::Undefined { .. }), "{error}");
            });
        }
    }
}

#[test]
fn a_weak_hidden_reference_to_nothing_is_0_and_asks_nobody() {
    for visibility in HIDING {
        let file = reference("name", STB_WEAK, visibility);
        let objects = [Object::parse("a.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
        let plan = Plan::new(&objects, &mut scratch).unwrap();
        assert_eq!((plan.imports().count(), plan.references().count()), (0, 0));
        let asked = Cell::new(0);
        let resolver = |_: Name<'_>| {
            asked.set(asked.get() + 1);
            Some(TargetAddress::new(1))
        };
        let manager = TestManager::new();
        let image = plan.place(&manager).unwrap().resolve(&resolver).unwrap();
        assert_eq!(image.segment_bytes(SegmentKind::Data), [0; 8]);
        assert_eq!(asked.get(), 0);
    }
}

#[test]
fn a_hidden_module_handle_is_the_modules_own() {
    let hidden = reference("__dso_handle", STB_GLOBAL, STV_HIDDEN);
    let manager = TestManager::new();
    let handles = ["a.o", "b.o"].map(|name| {
        let image = load_with(&[(name, &hidden)], &manager, &[("__dso_handle", 1)]);
        let handle = image.field(".data.user", 0, 8);
        let inside = |start, len| (start..start + len).contains(&handle);
        assert!(image.segments.iter().any(|(_, start, bytes)| inside(*start, bytes.len() as u64)));
        handle
    });
    assert_ne!(handles[0], 1);
    // One that an object defines counts, and one that everybody sees is asked for.
    let own = definer("own", |elf, home| elf.global("__dso_handle", home, 4));
    both_orders(&own, &hidden, &[], |image, order| {
        let at = image.section_address(".rodata.own") + 4;
        assert_eq!(image.field(".data.user", 0, 8), at, "{order}");
    });
    let plain = user("__dso_handle");
    let image = load_with(&[("a.o", &plain)], &manager, &[("__dso_handle", 1)]);
    assert_eq!(image.field(".data.user", 0, 8), 1);
}
