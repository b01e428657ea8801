//! Which sections stay, and which are copied all the same.

use loader_core::{Error, Machine, PlanOptions, SegmentKind, TargetAddress};
use object::elf::*;

use super::{
    DATA, FLASH, LEAF, RODATA, TABLE, TEXT, home, object, options, planned, planned_with, staying,
};
use crate::support::elf::{ALLOC, EXEC, SectionSpec, WRITE};
use crate::support::lies::section;
use crate::support::modules::MACHINES;
use crate::support::{ElfBuilder, SymbolSpec, TestManager, code};

#[test]
fn what_needs_no_change_takes_no_room() {
    for machine in MACHINES {
        let file = object(machine).build();
        let ordinary = planned_with(&file, PlanOptions::default(), |plan| {
            assert_eq!(plan.in_place_sections().count(), 0);
            SegmentKind::ALL.map(|kind| plan.segment(kind).size)
        });
        planned(&file, FLASH, |plan| {
            let expected = [(".text.leaf", home(&file, LEAF)), (".rodata", home(&file, RODATA))];
            let expected = expected.map(|(name, at)| (name.to_owned(), at));
            assert_eq!(staying(&plan), expected, "{machine:?}");
            let kinds: Vec<_> = plan.in_place_sections().map(|s| (s.index, s.kind)).collect();
            assert_eq!(kinds, [(LEAF, SegmentKind::Text), (RODATA, SegmentKind::ReadOnly)]);
            let placed: Vec<_> = plan.sections().map(|s| s.index).collect();
            assert_eq!(placed, [TEXT, TABLE, DATA]);
            // `.text` and a stub; a table of three and the stub's slot.
            let [text, read_only, data] = SegmentKind::ALL.map(|kind| plan.segment(kind).size);
            let code = file.section_field(TEXT, section::SIZE).next_multiple_of(8);
            let stub = if machine == Machine::X86_64 { 8 } else { 12 };
            assert_eq!((text, read_only, data), (code + stub, 24 + 8, 8), "{machine:?}");
            assert!(text + read_only < ordinary[0] + ordinary[1]);
            assert_eq!(ordinary[2], data);
        });
    }
}

#[test]
fn files_without_an_address_are_copied() {
    let file = object(Machine::X86_64).build();
    let at = TargetAddress::new(FLASH);
    for (list, expected) in
        [(&[][..], 0), (&[None], 0), (&[Some(at)], 2), (&[Some(at), Some(at)], 2)]
    {
        planned_with(&file, options(list), |plan| assert_eq!(staying(&plan).len(), expected));
    }
}

#[test]
fn what_is_not_aligned_there_is_copied() {
    let file = object(Machine::Riscv64).build();
    for (offset, expected) in [(0, 2), (8, 0), (16, 2), (1, 0)] {
        planned(&file, FLASH + offset, |plan| {
            assert_eq!(staying(&plan).len(), expected, "{offset}");
        });
    }
    // Nothing may reach past the end of the address space.
    planned(&file, u64::MAX - 15, |plan| assert_eq!(staying(&plan), []));
    let end = (file.section_at(RODATA) + 100) as u64;
    planned(&file, 0u64.wrapping_sub(end.next_multiple_of(16) + 16), |plan| {
        assert_eq!(staying(&plan).len(), 2);
    });
}

/// An object of one section besides `.text`, which stays.
fn beside(spec: SectionSpec) -> ElfBuilder {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0xc3; 16]);
    elf.add(spec);
    elf
}

#[test]
fn what_is_changed_cleared_or_gathered_is_copied() {
    let constants = |name: &str| SectionSpec {
        name: name.into(),
        kind: SHT_PROGBITS.0,
        flags: ALLOC,
        align: 8,
        bytes: vec![0; 16],
        ..SectionSpec::default()
    };
    let kind = |name, kind: SectionType| SectionSpec { kind: kind.0, ..constants(name) };
    let flags = |name, more| SectionSpec { flags: ALLOC | more, ..constants(name) };
    let copied = [
        flags(".data", WRITE),
        flags(".data.rel.ro", WRITE),
        flags(".tdata", WRITE | SHF_TLS.0),
        kind(".init_array", SHT_INIT_ARRAY),
        kind(".preinit_array", SHT_PREINIT_ARRAY),
        kind(".fini_array.3", SHT_FINI_ARRAY),
        constants(".ctors"),
        constants(".init_array"),
        constants(".eh_frame"),
        constants("commands"),
        constants("_commands"),
        SectionSpec { bytes: vec![], ..constants(".rodata.empty") },
        SectionSpec { nobits_size: 16, bytes: vec![], ..kind(".bss.constant", SHT_NOBITS) },
    ];
    for spec in copied {
        let name = spec.name.clone();
        planned(&beside(spec).build(), FLASH, |plan| {
            assert_eq!(staying(&plan).len(), 1, "{name}");
            assert!(plan.sections().any(|s| s.section.name().as_bytes() == name.as_bytes()));
        });
    }
    let stays = [
        constants(".rodata.str1.1"),
        constants("..."),
        constants(""),
        constants(".ctor"),
        constants(".init_arrays"),
        kind(".note.mine", SHT_NOTE),
        flags(".text.more", EXEC),
        flags(".rodata.merged", SHF_MERGE.0),
    ];
    for spec in stays {
        let name = spec.name.clone();
        planned(&beside(spec).build(), FLASH, |plan| {
            assert_eq!(staying(&plan).len(), 2, "{name}");
        });
    }
    // Not loaded at all.
    let debug = SectionSpec { flags: 0, ..constants(".debug_info") };
    planned(&beside(debug).build(), FLASH, |plan| assert_eq!(staying(&plan).len(), 1));
}

#[test]
fn any_relocation_has_its_section_copied() {
    // Even one that changes nothing: what it says of the bytes is the relocation's business.
    let mut elf = beside(SectionSpec::default());
    elf.rela(1, 0, R_X86_64_NONE.0, 0, 0);
    planned(&elf.build(), FLASH, |plan| assert_eq!(staying(&plan), []));
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[0x13; 4]));
    elf.rela(text, 4, R_RISCV_ALIGN.0, 0, 4);
    planned(&elf.build(), FLASH, |plan| assert_eq!(staying(&plan), []));
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[0x13; 4]));
    elf.rela(text, 4, R_RISCV_RELAX.0, 0, 0);
    planned(&elf.build(), FLASH, |plan| assert_eq!(staying(&plan), []));
}

#[test]
fn a_table_without_entries_changes_nothing() {
    let mut elf = object(Machine::X86_64);
    elf.add(SectionSpec {
        name: ".rela.text.leaf".into(),
        kind: SHT_RELA.0,
        align: 8,
        entsize: 24,
        link: crate::support::Link::Symtab,
        info: crate::support::Link::Raw(LEAF),
        ..SectionSpec::default()
    });
    planned(&elf.build(), FLASH, |plan| assert_eq!(staying(&plan).len(), 2));
}

#[test]
fn code_to_be_mended_is_copied() {
    for (machine, expected) in [(Machine::Aarch64, 1), (Machine::Riscv64, 2), (Machine::X86_64, 2)]
    {
        let file = object(machine).build();
        let list = [Some(TargetAddress::new(FLASH))];
        let mut options = options(&list);
        options.erratum_843419 = true;
        planned_with(&file, options, |plan| {
            assert_eq!(staying(&plan).len(), expected, "{machine:?}");
        });
    }
}

#[test]
fn a_section_that_stays_cannot_be_mapped() {
    let file = object(Machine::Aarch64).build();
    planned(&file, FLASH, |plan| {
        let manager = TestManager::new();
        let mut image = plan.place(&manager).unwrap();
        let at = TargetAddress::new(0x10_0000);
        let error = image.map_section_address(0, LEAF, at).unwrap_err();
        assert_eq!(error, Error::NoSuchSection { object: 0, index: LEAF });
        image.map_section_address(0, TEXT, at).unwrap();
    });
}

#[test]
fn of_two_comdat_groups_the_first_stays() {
    let build = || {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let inline = elf.section(".text.inline", ALLOC | EXEC | SHF_GROUP.0, &[0xc3; 16]);
        let symbol =
            elf.symbol(SymbolSpec { binding: STB_WEAK.0, ..SymbolSpec::new("inline", inline, 0) });
        elf.group(symbol, GRP_COMDAT.0, &[inline]);
        elf.build()
    };
    let (first, second) = (build(), build());
    let objects = [&first, &second].map(|file| loader_core::Object::parse("test.o", file).unwrap());
    let list = [Some(TargetAddress::new(FLASH)), Some(TargetAddress::new(2 * FLASH))];
    let mut scratch = vec![loader_core::Scratch::ZERO; options(&list).scratch_len(&objects)];
    let plan = loader_core::Plan::with_options(&objects, &mut scratch, options(&list)).unwrap();
    assert_eq!(staying(&plan), [(".text.inline".to_owned(), home(&first, 1))]);
}
