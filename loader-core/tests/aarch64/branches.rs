//! Branches: direct up to both ends of their ranges; past them calls and jumps go through a
//! stub, and conditional branches, for which AAELF64 permits none, are refused.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use super::{PLACE, apply, patched};
use crate::support::decode::aarch64::{adrp, imm12, imm14, imm19, imm26};
use crate::support::fixup::Outcome::{Addend, Bytes, Instruction, Misaligned, OutOfRange, Stub};
use crate::support::{ElfBuilder, TestManager, code, load, load_with, number, refused};

/// Number, instruction, which of its bits are the offset, half the range, decoder.
type Branch = (RelocationType, u32, u32, i64, fn(u32) -> i64);

const LONG: &[Branch] = &[
    (R_AARCH64_CALL26, 0x9400_0000, 0x03ff_ffff, 1 << 27, imm26), // bl
    (R_AARCH64_JUMP26, 0x1400_0000, 0x03ff_ffff, 1 << 27, imm26), // b
];
const SHORT: &[Branch] = &[
    (R_AARCH64_CONDBR19, 0x5400_0001, 0x00ff_ffe0, 1 << 20, imm19), // b.ne
    (R_AARCH64_CONDBR19, 0x3500_0003, 0x00ff_ffe0, 1 << 20, imm19), // cbnz w3
    (R_AARCH64_TSTBR14, 0x3608_0002, 0x0007_ffe0, 1 << 15, imm14),  // tbz w2, #1
    (R_AARCH64_TSTBR14, 0xb7f8_0002, 0x0007_ffe0, 1 << 15, imm14),  // tbnz x2, #63
    (R_AARCH64_LD_PREL_LO19, 0x5800_0005, 0x00ff_ffe0, 1 << 20, imm19), // ldr x5, symbol
];

#[test]
fn every_offset_near_the_limits_is_written_and_nothing_else() {
    for &(number, insn, mask, half, decode) in LONG.iter().chain(SHORT) {
        for near in [-half, -4096, 0, 4096, half - 4] {
            for distance in (near - 16..=near + 16).step_by(4) {
                if !(-half..half).contains(&distance) {
                    continue;
                }
                for field in [insn, insn | mask] {
                    let symbol = PLACE.wrapping_add_signed(distance);
                    let now = patched(number.0, field, PLACE, symbol, 0).unwrap();
                    assert_eq!(decode(now), distance, "{now:#x}");
                    assert_eq!(now & !mask, insn & !mask, "other bits");
                }
            }
        }
    }
}

#[test]
fn one_step_past_the_limits() {
    for distance_of in [|half: i64| -half - 4, |half| half, |half| half + 4, |half| 16 * half] {
        for &(number, insn, _, half, _) in LONG {
            let symbol = PLACE.wrapping_add_signed(distance_of(half));
            let outcome = apply(number.0, insn, PLACE, symbol, 0);
            assert!(matches!(outcome, Stub(_)), "{outcome:?}");
        }
        for &(number, insn, _, half, _) in SHORT {
            let distance = distance_of(half);
            let symbol = PLACE.wrapping_add_signed(distance);
            assert_eq!(apply(number.0, insn, PLACE, symbol, 0), OutOfRange(distance));
        }
    }
}

#[test]
fn a_target_between_instructions_is_refused() {
    for &(number, insn, ..) in LONG.iter().chain(SHORT) {
        for odd in [1, 2, 3, -1] {
            let symbol = PLACE.wrapping_add_signed(0x100 + odd);
            assert_eq!(apply(number.0, insn, PLACE, symbol, 0), Misaligned(0x100 + odd));
        }
    }
}

#[test]
fn an_addend_moves_the_target() {
    let now = patched(R_AARCH64_CALL26.0, 0x9400_0000, PLACE, PLACE + 0x100, -8).unwrap();
    assert_eq!(imm26(now), 0xf8);
    let far = PLACE + (1 << 27);
    let now = patched(R_AARCH64_CALL26.0, 0x9400_0000, PLACE, far, -4).unwrap();
    assert_eq!(imm26(now), (1 << 27) - 4, "in range thanks to the addend");
    let outcome = apply(R_AARCH64_CALL26.0, 0x9400_0000, PLACE, far, 4);
    assert_eq!(outcome, Addend(4), "a stub stands for the symbol itself only");
}

#[test]
fn other_instructions_are_refused() {
    let add = 0x9100_0000;
    for &(number, ..) in LONG.iter().chain(SHORT) {
        assert_eq!(apply(number.0, add, PLACE, PLACE, 0), Instruction(add.into()));
    }
}

#[test]
fn a_field_between_instructions_is_refused() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&[0x94; 8]);
    let symbol = elf.undefined("symbol");
    elf.rela(text, 2, R_AARCH64_CALL26.0, symbol, 0);
    let words = ["test.o", ".text", "0x2", "R_AARCH64_CALL26"];
    refused(&elf.build(), Phase::Resolve, &words, |error| {
        assert!(matches!(error, Error::Instruction { .. }), "{error:?}");
    });
}

#[test]
fn a_stub_loads_the_address_from_its_slot() {
    let far = 0xffff_8000_0000_1234u64;
    for got in [0x5000_0000u64, 0x5000_0ff8, 0x1234_5678, 0x1_3fff_fff0] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = elf.text(&code(&[0x9400_0000, 0x9400_0000, 0x1400_0000]));
        let symbols = [elf.undefined("far"), elf.undefined("near")];
        elf.rela(text, 0, R_AARCH64_CALL26.0, symbols[0], 0);
        elf.rela(text, 4, R_AARCH64_CALL26.0, symbols[1], 0);
        elf.rela(text, 8, R_AARCH64_JUMP26.0, symbols[0], 0);
        let manager = TestManager::at(0x4000_0000, got & !7, 0);
        let imports = [("far", far), ("near", 0x4000_1000)];
        let image = load_with(&[("test.o", &elf.build())], &manager, &imports);
        let start = image.section_address(".text");
        let target = |at: usize| {
            let insn = image.word(".text", at);
            (start + at as u64).wrapping_add_signed(imm26(insn))
        };
        assert_eq!(target(4), 0x4000_1000, "direct although it has a stub");
        let stub = target(0);
        assert_eq!(target(8), stub, "one stub for both");
        let insn = |at: u64| number(image.at(stub + at, 4)) as u32;
        assert_eq!(insn(0) & 0x9f00_001f, 0x9000_0010, "adrp x16");
        assert_eq!(insn(4) & 0xffc0_03ff, 0xf940_0210, "ldr x16, [x16, #imm]");
        assert_eq!(insn(8), 0xd61f_0200, "br x16");
        let page = (stub & !0xfff).wrapping_add_signed(adrp(insn(0)));
        assert_eq!(image.pointer(page + imm12(insn(4)) * 8), far);
    }
}

#[test]
fn a_weak_symbol_that_is_nowhere_falls_through() {
    // AAELF64, "Weak symbols": the branch goes to the next instruction.
    for &(number, insn, mask, _, decode) in LONG.iter().chain(&SHORT[..4]) {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = elf.text(&code(&[insn, 0xd503_201f]));
        let symbol = elf.undefined_weak("nowhere");
        elf.rela(text, 0, number.0, symbol, 0);
        let image = load(&elf.build(), &[]);
        let now = image.word(".text", 0);
        assert_eq!((decode(now), now & !mask), (4, insn));
    }
}

#[test]
fn data_that_calls_goes_through_a_stub_where_it_must() {
    let symbol = PLACE + 0x1000;
    assert_eq!(
        apply(R_AARCH64_PLT32.0, 0, PLACE, symbol, 4),
        Bytes(0x1004u32.to_le_bytes().into())
    );
    assert!(matches!(apply(R_AARCH64_PLT32.0, 0, PLACE, PLACE + (1 << 31), 0), Stub(_)));
    let least = apply(R_AARCH64_PLT32.0, 0, PLACE, PLACE - (1 << 31), 0);
    assert_eq!(least, Bytes(0x8000_0000u32.to_le_bytes().into()));
}

#[test]
#[cfg(feature = "several-objects")]
fn a_weak_reference_that_is_defined_at_address_zero_is_a_branch_there() {
    let mut owner = ElfBuilder::new(Machine::Aarch64);
    let text = owner.section(".text.owner", 6, &[0x1f, 0x20, 0x03, 0xd5]);
    owner.global("name", text, 0);
    let mut user = ElfBuilder::new(Machine::Aarch64);
    let text = user.section(".text.user", 6, &0x9400_0000u32.to_le_bytes());
    let symbol = user.undefined_weak("name");
    user.rela(text, 0, R_AARCH64_CALL26.0, symbol, 0);
    let files: [(&str, &[u8]); 2] = [("a.o", &owner.build()), ("b.o", &user.build())];
    let image = load_with(&files, &TestManager::at(0, 0x100_0000, 0x200_0000), &[]);
    let place = image.section_address(".text.user").cast_signed();
    assert_eq!(imm26(image.word(".text.user", 0)), -place);
}
