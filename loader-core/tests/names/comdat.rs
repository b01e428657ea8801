//! COMDAT groups: of those with one signature, one object's is kept.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use super::both_orders;
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, SymbolSpec, TestManager, load_with, refused_with};

const EXEC: u64 = 6;

/// An inline function in a group of its own, filled with `byte`, and what points to it: data by
/// its name, `.eh_frame` by a relative word against its section.
fn object(tag: &str, byte: u8, flags: u32) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let function = elf.section(".text.inline", EXEC | SHF_GROUP.0, &[byte; 16]);
    let data = elf.section(&format!(".data.{tag}"), 3, &[0; 8]);
    let unwind = elf.section(".eh_frame", 2, &[0; 8]);
    let symbol = elf.weak("inline", function, 0);
    elf.group(symbol, flags, &[function]);
    let section = elf.section_symbol(function);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    elf.rela(unwind, 0, R_X86_64_PC32.0, section, 0);
    elf.build()
}

#[test]
fn the_first_objects_group_is_kept() {
    let (a, b) = (object("a", 0xaa, GRP_COMDAT.0), object("b", 0xbb, GRP_COMDAT.0));
    both_orders(&a, &b, &[], |image, order| {
        let byte = if order == "a first" { 0xaa } else { 0xbb };
        let kept: Vec<_> = image.sections.iter().filter(|s| s.1 == ".text.inline").collect();
        assert_eq!(kept.len(), 1, "{order}");
        assert_eq!(kept[0].3, [byte; 16], "{order}");
        assert_eq!(image.field(".data.a", 0, 8), kept[0].2, "{order}");
        assert_eq!(image.field(".data.b", 0, 8), kept[0].2, "{order}");
        assert_eq!(image.exports["inline"], kept[0].2);
    });
}

#[test]
fn unwind_tables_of_what_was_dropped_load_at_any_address() {
    // The dropped function's address is 0 there, which a relative word cannot reach from above
    // 2 GiB: it must not make the load fail.
    let (a, b) = (object("a", 0xaa, GRP_COMDAT.0), object("b", 0xbb, GRP_COMDAT.0));
    for base in [0x10_0000, 0x8020_0000, 0xffff_ffff_8000_0000] {
        let manager = TestManager::at(base, base + 0x10_0000, base + 0x20_0000);
        load_with(&[("a.o", &a), ("b.o", &b)], &manager, &[]);
    }
}

#[test]
fn groups_that_are_no_comdat_are_all_kept() {
    let (a, b) = (object("a", 0xaa, 0), object("b", 0xbb, 0));
    both_orders(&a, &b, &[], |image, _| {
        assert_eq!(image.sections.iter().filter(|s| s.1 == ".text.inline").count(), 2);
    });
}

#[test]
fn another_signature_is_another_group() {
    let build = |name: &str| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let function = elf.section(&format!(".text.{name}"), EXEC, &[0xc3; 16]);
        let symbol = elf.weak(name, function, 0);
        elf.group(symbol, GRP_COMDAT.0, &[function]);
        elf.build()
    };
    both_orders(&build("one"), &build("two"), &[], |image, _| {
        assert_eq!(image.sections.len(), 2);
    });
}

#[test]
fn a_signature_without_a_name_is_its_sections() {
    // What `ld -r` wrote for years: the signature is a section symbol, which has no name.
    let build = |name: &str| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let function = elf.section(&format!(".text.{name}"), EXEC, &[0xc3; 16]);
        elf.weak(name, function, 0);
        let symbol = elf.section_symbol(function);
        elf.group(symbol, GRP_COMDAT.0, &[function]);
        elf.build()
    };
    both_orders(&build("one"), &build("two"), &[], |image, order| {
        assert_eq!(image.sections.len(), 2, "{order}");
    });
}

/// Code outside of the group refers to the group's section by a local symbol.
fn outsider(unwind_first: bool) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let function = elf.section(".text.inline", EXEC, &[0xc3; 16]);
    let symbol = elf.weak("inline", function, 0);
    elf.group(symbol, GRP_COMDAT.0, &[function]);
    let unwind = unwind_first.then(|| elf.section(".eh_frame", 2, &[0; 8]));
    let data = elf.data(&[0; 8]);
    let local =
        elf.symbol(SymbolSpec { binding: STB_LOCAL.0, ..SymbolSpec::new("local", function, 4) });
    if let Some(unwind) = unwind {
        elf.rela(unwind, 0, R_X86_64_64.0, local, 0);
    }
    elf.rela(data, 0, R_X86_64_64.0, local, 0);
    elf.build()
}

#[test]
fn a_reference_into_a_dropped_group_is_refused() {
    for unwind_first in [false, true] {
        let (a, b) = (object("a", 0xaa, GRP_COMDAT.0), outsider(unwind_first));
        let files: [(&str, &[u8]); 2] = [("a.o", &a), ("b.o", &b)];
        let words = ["b.o", ".data", "R_X86_64_64", "`local`"];
        refused_with(&files, &TestManager::new(), &[], Phase::Plan, &words, |error| {
            let Error::Discarded { place, relocation, symbol } = error else { panic!("{error:?}") };
            assert_eq!((place.object, place.offset), ("b.o".into(), 0));
            assert_eq!((relocation.name(), symbol.as_bytes()), ("R_X86_64_64", &b"local"[..]));
        });
    }
}
