//! Unwind tables: they keep no function, and what unwinding those needs that are kept.

use loader_core::Keep;
use object::elf::*;

use super::{CODE, CONSTANT, WRITABLE, builder, loaded, planned};
use crate::support::ElfBuilder;
use crate::support::lies::Elf;

/// Lengths and marks of a CIE with a personality, at 0, and of FDEs at 24 and 56.
fn frame() -> Vec<u8> {
    let mut bytes = vec![0; 88];
    for (at, length, mark) in [(0, 20u32, 0u32), (24, 28, 28), (56, 28, 60)] {
        bytes[at..at + 4].copy_from_slice(&length.to_le_bytes());
        bytes[at + 4..at + 8].copy_from_slice(&mark.to_le_bytes());
    }
    bytes
}

/// Two functions with exception tables of these flags, in a group or not, and a personality.
fn object(lsda: u64, grouped: bool) -> ElfBuilder {
    let mut elf = builder();
    let personality = elf.section(".data.personality", WRITABLE, &[0; 8]);
    let personality = elf.local("personality", personality, 0);
    let mut functions = Vec::new();
    for name in ["f", "g"] {
        let in_group = if grouped { SHF_GROUP.0 } else { 0 };
        let function = elf.section(&format!(".text.{name}"), CODE | in_group, &[0xc3; 4]);
        let table = elf.section(&format!(".lsda.{name}"), CONSTANT | lsda | in_group, &[1; 8]);
        if lsda & SHF_LINK_ORDER.0 != 0 {
            elf.edit(table).link = crate::support::Link::Raw(function);
        }
        let symbol = elf.global(name, function, 0);
        if grouped {
            elf.group(symbol, GRP_COMDAT.0, &[function, table]);
        }
        functions.push((elf.section_symbol(function), elf.section_symbol(table)));
    }
    let unwind = elf.section(".eh_frame", CONSTANT, &frame());
    elf.rela(unwind, 16, R_X86_64_PC32.0, personality, 0);
    for (at, (function, table)) in [32, 64].into_iter().zip(functions) {
        elf.rela(unwind, at, R_X86_64_PC32.0, function, 0);
        elf.rela(unwind, at + 16, R_X86_64_PC32.0, table, 0);
    }
    elf
}

fn sections(file: &Elf, names: &[&str]) -> Vec<String> {
    planned(&[file], Keep::Named(names))[0].clone()
}

#[test]
fn functions_are_not_kept_but_exception_tables_are() {
    let file = object(0, false).build();
    let expected = [".data.personality", ".lsda.f", ".text.g", ".lsda.g", ".eh_frame"];
    assert_eq!(sections(&file, &["g"]), expected);
}

#[test]
fn exception_tables_that_come_with_functions_go_with_them() {
    let expected = [".data.personality", ".text.g", ".lsda.g", ".eh_frame"];
    assert_eq!(sections(&object(SHF_LINK_ORDER.0, false).build(), &["g"]), expected);
    assert_eq!(sections(&object(0, true).build(), &["g"]), expected);
}

#[test]
fn records_of_functions_that_are_left_out_keep_their_zero() {
    let file = object(0, true).build();
    let image = loaded(&[("test.o", &file)], Keep::Named(&["g"]), &[]);
    let (unwind, at) = (image.section(".eh_frame"), image.section_address(".eh_frame"));
    assert_eq!((&unwind[32..36], &unwind[48..52]), (&[0; 4][..], &[0; 4][..]));
    let relative = |offset: usize| {
        let distance = image.field(".eh_frame", offset, 4) as u32 as i32;
        (at + offset as u64).wrapping_add_signed(distance.into())
    };
    assert_eq!(relative(64), image.section_address(".text.g"));
    assert_eq!(relative(80), image.section_address(".lsda.g"));
    assert_eq!(relative(16), image.section_address(".data.personality"));
}

#[test]
fn a_record_may_name_the_function_of_another_object() {
    // By its name, as an assembler may have it: undefined here, and left out there.
    let mut elf = builder();
    let unwind = elf.section(".eh_frame", CONSTANT, &frame());
    let (f, g) = (elf.undefined("f"), elf.undefined("g"));
    elf.rela(unwind, 32, R_X86_64_PC32.0, f, 0);
    elf.rela(unwind, 64, R_X86_64_PC32.0, g, 0);
    let (user, functions) = (elf.build(), object(0, true).build());
    for files in [[("u.o", &user[..]), ("f.o", &functions)], [("f.o", &functions), ("u.o", &user)]]
    {
        let image = loaded(&files, Keep::Named(&["g"]), &[]);
        let number = files.iter().position(|file| file.0 == "u.o").unwrap();
        let unwind = image.sections.iter().find(|s| (s.0, &*s.1) == (number, ".eh_frame")).unwrap();
        let relative = |offset: usize| {
            let distance = crate::support::number(&unwind.3[offset..offset + 4]) as u32 as i32;
            (unwind.2 + offset as u64).wrapping_add_signed(distance.into())
        };
        assert_eq!(unwind.3[32..36], [0; 4]);
        assert_eq!(relative(64), image.section_address(".text.g"));
    }
}

#[test]
fn a_table_that_is_out_of_order_keeps_all_that_it_names() {
    let mut elf = builder();
    let function = elf.section(".text.f", CODE, &[0xc3; 4]);
    let f = elf.global("f", function, 0);
    let unwind = elf.section(".eh_frame", CONSTANT, &frame());
    elf.rela(unwind, 64, R_X86_64_PC32.0, 0, 0);
    elf.rela(unwind, 32, R_X86_64_PC32.0, f, 0);
    assert_eq!(sections(&elf.build(), &[]), [".text.f", ".eh_frame"]);
}
