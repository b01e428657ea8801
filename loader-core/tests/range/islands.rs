//! Texts longer than a call reaches: stubs lie between the sections.

use loader_core::{
    Error, Machine, Object, Phase, Plan, Scratch, SegmentKind, TargetAddress, scratch_len,
};
use object::elf::*;

use crate::support::decode::aarch64::{adrp, imm12, imm26};
use crate::support::elf::{ALLOC, EXEC, SectionSpec};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Imports, TestManager, code, number, refused_with};

const TEXT: u64 = 0x40_0000_0000;
const FAR: u64 = 0xffff_8000_0000_1000;
const MIB: usize = 1 << 20;

const BL: u32 = 0x9400_0000;

/// Three sections of code, 96 MiB of zeros between each two, which take no room in the file but keep
/// their place: from one end to the other is farther than a call reaches, to the middle is not.
struct Long {
    elf: ElfBuilder,
    sections: [u32; 3],
    symbols: [u32; 3],
}

const CODE: [&str; 3] = [".text.first", ".text.middle", ".text.last"];
/// Where the calls in each section are.
const CALLS: [u64; 4] = [0, 4, 8, 12];

fn long() -> Long {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let mut sections = [0; 3];
    for (at, name) in CODE.into_iter().enumerate() {
        if at != 0 {
            elf.add(SectionSpec {
                name: ".text.filler".into(),
                kind: SHT_NOBITS.0,
                flags: ALLOC | EXEC,
                align: 4096,
                nobits_size: 96 * MIB as u64,
                ..SectionSpec::default()
            });
        }
        sections[at] = elf.section(name, ALLOC | EXEC, &code(&[BL; 5]));
    }
    let names = ["first", "middle", "last"];
    let symbols = [0, 1, 2].map(|at| elf.global(names[at], sections[at], 16));
    Long { elf, sections, symbols }
}

/// What `then` makes of the plan of one file.
fn planned<R>(file: &[u8], then: impl FnOnce(Plan<'_, '_>) -> R) -> R {
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    then(Plan::new(&objects, &mut scratch).unwrap())
}

fn manager() -> TestManager {
    TestManager::at(TEXT, TEXT + (1 << 30), TEXT + (2 << 30)).limited_to(256 * MIB)
}

/// The address of a symbol that begins 16 bytes behind the start of its section, or of `far`.
fn module_symbol(name: &str, starts: &[u64]) -> u64 {
    let own = ["first", "middle", "last"].iter().position(|own| *own == name);
    own.map_or(FAR, |at| TEXT + starts[at] + 16)
}

/// Where the call at an offset of the text goes in the end, and the stub that it goes through.
fn follow(text: &[u8], got: &[u8], at: u64) -> (u64, Option<u64>) {
    let insn = |at: u64| number(&text[at as usize..at as usize + 4]) as u32;
    let target = (TEXT + at).wrapping_add_signed(imm26(insn(at)));
    let stub = target - TEXT;
    if insn(stub) & 0x9f00_001f != 0x9000_0010 {
        return (target, None);
    }
    (follow_stub(text, got, stub), Some(stub))
}

/// Where the stub at an offset of the text leads.
fn follow_stub(text: &[u8], got: &[u8], stub: u64) -> u64 {
    let insn = |at: u64| number(&text[at as usize..at as usize + 4]) as u32;
    let page = ((TEXT + stub) & !0xfff).wrapping_add_signed(adrp(insn(stub)));
    let to = match insn(stub + 4) & 0xffc0_03ff {
        0x9100_0210 => page + imm12(insn(stub + 4)), // add
        0xf940_0210 => {
            let slot = (page + imm12(insn(stub + 4)) * 8 - (TEXT + (1 << 30))) as usize;
            number(&got[slot..slot + 8])
        }
        other => panic!("{other:#x}"),
    };
    assert_eq!(insn(stub + 8), 0xd61f_0200, "br x16");
    to
}

#[test]
fn every_call_arrives_by_a_stub_of_its_own_stretch_where_it_must() {
    let Long { mut elf, sections, symbols: [first, middle, last] } = long();
    let far = elf.undefined("far");
    for section in sections {
        for (offset, symbol) in CALLS.into_iter().zip([first, middle, last, far]) {
            elf.rela(section, offset, R_AARCH64_CALL26.0, symbol, 0);
        }
        elf.rela(section, 16, R_AARCH64_JUMP26.0, far, 0);
        elf.edit(section).bytes[16..20].copy_from_slice(&0x1400_0000u32.to_le_bytes());
    }
    let file = elf.build();
    let manager = manager();
    planned(&file, |plan| {
        // Each stretch: two of its own symbols and the import. The sections begin at 0, 96 and
        // 192 MiB, so in the first, the second and the fourth 64 MiB.
        assert_eq!((plan.stubs(), plan.got_entries()), (9, 1));
        let starts: Vec<u64> = CODE
            .iter()
            .map(|name| plan.sections().find(|s| s.section.name().as_bytes() == name.as_bytes()))
            .map(|planned| planned.unwrap().offset)
            .collect();
        let imports = Imports::of(&[("far", FAR)]);
        let image = plan.place(&manager).unwrap().resolve(&imports).unwrap();
        let text = image.segment_bytes(SegmentKind::Text).to_vec();
        let got = image.segment_bytes(SegmentKind::ReadOnly).to_vec();
        let mut through = Vec::new();
        for (from, start) in starts.iter().enumerate() {
            for (to, offset) in CALLS.into_iter().enumerate() {
                let (address, stub) = follow(&text, &got, start + offset);
                let expected = starts.get(to).map_or(FAR, |start| TEXT + start + 16);
                assert_eq!(address, expected, "from {from} to {to}");
                // Only what a call does not reach goes through a stub.
                assert_eq!(stub.is_some(), to == 3 || from.abs_diff(to) == 2);
                through.extend(stub);
            }
            // The jump to `far` behind the calls has the stub of the call.
            let jump = follow(&text, &got, start + 16);
            assert_eq!(jump, (FAR, through.last().copied()));
        }
        through.sort_unstable();
        let count = through.len();
        through.dedup();
        assert_eq!((count, through.len()), (5, 5), "no stub serves two stretches");
        // None lies in a section.
        for planned in image.plan().sections() {
            let range = planned.offset..planned.offset + planned.size;
            assert!(planned.offset % planned.section.align() == 0);
            assert!(!through.iter().any(|stub| range.contains(stub)));
        }
        // Once more: the stubs have their numbers, and get them again.
        let again = image.unresolve().resolve(&imports).unwrap();
        assert!(again.segment_bytes(SegmentKind::Text) == text, "another result");
        let mut module = again.seal().unwrap();
        let mut listed = Vec::new();
        module.for_each_stub(|stub| {
            let target = stub.target.unwrap().value();
            let at = stub.address.value() - TEXT;
            // Those that a call does not need are there all the same.
            assert_eq!(follow_stub(&text, &got, at), target, "{stub:?}");
            let own = module_symbol(&stub.symbol.to_string(), &starts);
            assert_eq!(target, own, "{stub:?}");
            listed.push(at);
        });
        assert_eq!(listed.len(), 9);
        listed.sort_unstable();
        listed.dedup();
        assert_eq!(listed.len(), 9, "each once");
        assert!(through.iter().all(|stub| listed.contains(stub)));
    });
}

#[test]
fn what_neither_call_nor_stub_reaches_is_out_of_range() {
    let Long { mut elf, sections, symbols: [first, ..] } = long();
    elf.rela(sections[2], 4, R_AARCH64_CALL26.0, first, 0);
    let file = elf.build();
    let manager = manager();
    planned(&file, |plan| {
        let mut image = plan.place(&manager).unwrap();
        let away = TargetAddress::new(TEXT - (8 << 30));
        image.map_section_address(0, sections[0], away).unwrap();
        // The symbol is the module's own: it has no GOT slot that could be out of reach.
        let error = image.resolve(&Imports::of(&[])).err().unwrap();
        let Error::OutOfRange { symbol, to, .. } = error else { panic!("{error:?}") };
        assert_eq!((symbol.to_string(), to.value()), ("first".into(), away.value() + 16));
    });
    assert_eq!(manager.live(), 0);
}

#[test]
fn what_a_stub_cannot_stand_for_is_out_of_range() {
    let Long { mut elf, sections, symbols } = long();
    let section = elf.section_symbol(sections[2]);
    elf.rela(sections[0], 4, R_AARCH64_CALL26.0, section, 0);
    elf.rela(sections[0], 8, R_AARCH64_CALL26.0, symbols[2], 4);
    let file = elf.build();
    let words = ["R_AARCH64_CALL26", ".text.first", "0x8", "last"];
    refused_with(&[("test.o", &file)], &manager(), &[], Phase::Resolve, &words, |error| {
        assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
    });
}

#[test]
fn a_section_longer_than_a_call_reaches_is_out_of_range() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let mut bytes = vec![0; 129 * MIB];
    bytes[..4].copy_from_slice(&BL.to_le_bytes());
    let text = elf.text(&bytes);
    let far = elf.undefined("far");
    elf.rela(text, 0, R_AARCH64_CALL26.0, far, 0);
    let (file, words) = (elf.build(), ["R_AARCH64_CALL26", "far"]);
    let imports = [("far", FAR)];
    refused_with(&[("test.o", &file)], &manager(), &imports, Phase::Resolve, &words, |error| {
        assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
    });
}

/// Two sections that call each other's code and an import, the second aligned to `align`.
fn apart(machine: Machine, align: u64) -> Elf {
    let (bytes, offset, number, addend) = match machine {
        Machine::Aarch64 => (code(&[BL; 2]), 0, R_AARCH64_CALL26.0, 0),
        Machine::Riscv64 => (code(&[0x97, 0x80e7, 0x97, 0x80e7]), 0, R_RISCV_CALL_PLT.0, 0),
        _ => (vec![0xe8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0], 1, R_X86_64_PLT32.0, -4),
    };
    let mut elf = ElfBuilder::new(machine);
    let sections = [1, 2].map(|_| elf.text(&bytes));
    elf.edit(sections[1]).align = align;
    let symbols = sections.map(|section| elf.global(&format!("s{section}"), section, 0));
    let far = elf.undefined("far");
    for (section, other) in [(sections[0], symbols[1]), (sections[1], symbols[0])] {
        elf.rela(section, offset, number, other, addend);
        elf.rela(section, offset + bytes.len() as u64 / 2, number, far, addend);
    }
    elf.build()
}

#[test]
fn only_a_long_text_is_divided() {
    for (machine, half) in
        [(Machine::Aarch64, 64 << 20), (Machine::Riscv64, 1u64 << 30), (Machine::X86_64, 1 << 30)]
    {
        let second = |plan: &Plan<'_, '_>| plan.sections().nth(1).unwrap().offset;
        planned(&apart(machine, half / 2), |plan| {
            assert_eq!((plan.stubs(), second(&plan)), (1, half / 2), "{machine:?}");
        });
        planned(&apart(machine, half), |plan| {
            // The first island lies before the second section, which stays aligned.
            assert_eq!((plan.stubs(), second(&plan)), (4, 2 * half), "{machine:?}");
        });
    }
}

#[test]
fn a_text_that_islands_make_too_long_is_refused() {
    // 1 GiB apart, and moved by as much again for each island: past 4 GiB.
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let far = elf.undefined("far");
    for _ in 0..4 {
        let section = elf.text(&[0xe8, 0, 0, 0, 0]);
        elf.edit(section).align = 1 << 30;
        elf.rela(section, 1, R_X86_64_PLT32.0, far, -4);
    }
    refused_with(&[("test.o", &elf.build())], &manager(), &[], Phase::Plan, &["test.o"], |error| {
        assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    });
}
