//! Undefined weak symbols are 0, however far from 0 the code lies.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use crate::support::decode::aarch64::{adrp, imm12};
use crate::support::{ElfBuilder, Image, TestManager, code, load_with, refused_with};

const NEAR: u64 = 0x4000_0000;
/// The last page from which ADRP reaches page 0, and the first from which it does not.
const EDGES: [u64; 2] = [0x1_0000_0000, 0x1_0000_1000];
const FAR: u64 = 0xffff_8000_0008_0000;

/// `adrp x3, weak; add x3, x3, :lo12:weak; ldr w4, [x3, :lo12:weak]`
fn pages(high: RelocationType, addend: i64) -> Vec<u8> {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9000_0003, 0x9100_0063, 0xb940_0064]));
    let symbol = elf.undefined_weak("weak");
    elf.rela(text, 0, high.0, symbol, addend);
    elf.rela(text, 4, R_AARCH64_ADD_ABS_LO12_NC.0, symbol, addend);
    elf.rela(text, 8, R_AARCH64_LDST32_ABS_LO12_NC.0, symbol, addend);
    elf.build().into_bytes()
}

fn at(file: &[u8], text: u64) -> Image {
    load_with(&[("test.o", file)], &TestManager::at(text, text + 0x10_0000, 0), &[])
}

/// What MOVZ or MOVN of a 64-bit register without a shift makes.
fn wide(insn: u32) -> i64 {
    let imm = i64::from(insn >> 5 & 0xffff);
    match insn & 0xffe0_0000 {
        0xd280_0000 => imm,
        0x9280_0000 => !imm,
        _ => panic!("{insn:#x} is neither"),
    }
}

#[test]
fn pages_are_made_from_nothing_where_adrp_does_not_reach() {
    for high in [R_AARCH64_ADR_PREL_PG_HI21, R_AARCH64_ADR_PREL_PG_HI21_NC] {
        for addend in [0, 4, 0xfffc, -4, -0x1_0000] {
            let file = pages(high, addend);
            for (start, is_far) in [(NEAR, false), (EDGES[0], false), (EDGES[1], true), (FAR, true)]
            {
                if EDGES.contains(&start) && !(0..0x1000).contains(&addend) {
                    continue; // the edges are those of page 0
                }
                let image = at(&file, start);
                let insn = image.word(".text", 0);
                assert_eq!(insn & 0x1f, 3, "its register");
                let page = if is_far { wide(insn) } else { start as i64 + adrp(insn) };
                let low = i64::from(image.word(".text", 4) >> 10 & 0xfff);
                assert_eq!(page + low, addend, "from {start:#x}");
                assert_eq!(imm12(image.word(".text", 8)) * 4, addend as u64 & 0xfff);
                assert_eq!(insn & 0x1f00_0000 == 0x1000_0000, !is_far, "ADRP where it reaches");
            }
        }
    }
}

#[test]
fn the_top_of_the_address_space_is_next_to_zero() {
    let image = at(&pages(R_AARCH64_ADR_PREL_PG_HI21, 0), 0xffff_ffff_0000_1000);
    assert_eq!(adrp(image.word(".text", 0)), 0xffff_f000);
}

#[test]
fn adr_is_made_from_nothing_too() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x1000_001e]));
    let symbol = elf.undefined_weak("weak");
    elf.rela(text, 0, R_AARCH64_ADR_PREL_LO21.0, symbol, 0);
    let file = elf.build();
    assert_eq!(at(&file, 0x10_0000).word(".text", 0), 0x1080_001e, "adr x30, .-1 MiB");
    assert_eq!(at(&file, 0x10_0010).word(".text", 0), 0xd280_001e, "mov x30, #0");
}

#[test]
fn what_has_no_such_form_is_out_of_range() {
    // ldr x0, weak; adrp x0 with more than a MOV makes; a defined symbol.
    let weak = |elf: &mut ElfBuilder| elf.undefined_weak("weak");
    let defined = |elf: &mut ElfBuilder| elf.absolute("weak", 0);
    type Symbol = fn(&mut ElfBuilder) -> u32;
    for (symbol, number, insn, addend) in [
        (weak as Symbol, R_AARCH64_LD_PREL_LO19, 0x5800_0000, 0),
        (weak, R_AARCH64_ADR_PREL_PG_HI21, 0x9000_0000, 0x1_0000),
        (weak, R_AARCH64_ADR_PREL_PG_HI21, 0x9000_0000, -0x1_0001),
        (weak, R_AARCH64_PREL32, 0, 0),
        (defined, R_AARCH64_ADR_PREL_PG_HI21, 0x9000_0000, 0),
    ] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = elf.text(&code(&[insn]));
        let symbol = symbol(&mut elf);
        elf.rela(text, 0, number.0, symbol, addend);
        let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
        let manager = TestManager::at(FAR, FAR + 0x10_0000, 0);
        refused_with(&files, &manager, &[], Phase::Resolve, &["`weak`", ".text"], |error| {
            assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
        });
    }
}

#[test]
fn other_instructions_are_refused() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0xd503_201f]));
    let symbol = elf.undefined_weak("weak");
    elf.rela(text, 0, R_AARCH64_ADR_PREL_PG_HI21.0, symbol, 0);
    let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
    let manager = TestManager::at(FAR, FAR + 0x10_0000, 0);
    refused_with(&files, &manager, &[], Phase::Resolve, &[".text"], |error| {
        assert!(matches!(error, Error::Instruction { found: 0xd503_201f, .. }), "{error:?}");
    });
}
