//! Branches, jumps and calls: every width up to both ends of its range, and past them.

use loader_core::Machine;
use object::elf::*;

use super::{PLACE, apply, patched};
use crate::support::decode::riscv64::{b_imm, call, cb_imm, cj_imm, i_imm, j_imm, u_imm};
use crate::support::fixup::Outcome::{Addend, Bytes, Instruction, Misaligned, OutOfRange, Stub};
use crate::support::{ElfBuilder, TestManager, load_with, number};

/// Number, instruction, its bytes, which of its bits are the offset, half the range, decoder.
type Branch = (RelocationType, u64, usize, u64, i64, fn(u64) -> i64);

const BRANCHES: &[Branch] = &[
    (R_RISCV_BRANCH, 0x00b5_0063, 4, 0xfe00_0f80, 1 << 12, |i| b_imm(i as u32)), // beq a0, a1
    (R_RISCV_BRANCH, 0x0005_5063, 4, 0xfe00_0f80, 1 << 12, |i| b_imm(i as u32)), // bge a0, zero
    (R_RISCV_JAL, 0x0000_00ef, 4, 0xffff_f000, 1 << 20, |i| j_imm(i as u32)),    // jal
    (R_RISCV_JAL, 0x0000_006f, 4, 0xffff_f000, 1 << 20, |i| j_imm(i as u32)),    // j
    (R_RISCV_RVC_BRANCH, 0xc101, 2, 0x1c7c, 1 << 8, |i| cb_imm(i as u16)),       // c.beqz a0
    (R_RISCV_RVC_BRANCH, 0xe381, 2, 0x1c7c, 1 << 8, |i| cb_imm(i as u16)),       // c.bnez a5
    (R_RISCV_RVC_JUMP, 0xa001, 2, 0x1ffc, 1 << 11, |i| cj_imm(i as u16)),        // c.j
];

fn at_distance(branch: &Branch, insn: u64, distance: i64) -> Result<u64, super::Outcome> {
    let field = &insn.to_le_bytes()[..branch.2];
    patched(branch.0.0, field, PLACE, PLACE.wrapping_add_signed(distance), 0)
}

#[test]
fn every_offset_near_the_limits_is_written_and_nothing_else() {
    for branch in BRANCHES {
        let &(_, insn, _, mask, half, decode) = branch;
        for near in [-half, -half / 2, 0, half / 2, half - 2] {
            for distance in (near - 64..=near + 64).step_by(2) {
                if !(-half..half).contains(&distance) {
                    continue;
                }
                for field in [insn, insn | mask] {
                    let now = at_distance(branch, field, distance).unwrap();
                    assert_eq!(decode(now), distance, "{now:#x}");
                    assert_eq!(now & !mask, insn & !mask, "other bits");
                }
            }
        }
    }
}

#[test]
fn one_step_past_the_limits() {
    for branch in BRANCHES {
        let &(number, insn, _, _, half, _) = branch;
        for distance in [-half - 2, half, half + 2, -2 * half, 0x7fff_0000] {
            let outcome = at_distance(branch, insn, distance).unwrap_err();
            if number == R_RISCV_JAL {
                assert!(matches!(outcome, Stub(_)), "{outcome:?}");
            } else {
                assert_eq!(outcome, OutOfRange(distance));
            }
        }
    }
}

#[test]
fn odd_targets_are_refused() {
    for branch in BRANCHES {
        assert_eq!(at_distance(branch, branch.1, 0x11), Err(Misaligned(0x11)));
        assert_eq!(at_distance(branch, branch.1, -1), Err(Misaligned(-1)));
    }
}

#[test]
fn other_instructions_are_refused() {
    for branch in BRANCHES {
        // add a0, a0, a1 and c.mv a0, a1
        let other = if branch.2 == 4 { 0x00b5_0533 } else { 0x852e };
        assert_eq!(at_distance(branch, other, 0), Err(Instruction(other)));
    }
    let other = 0x0005_0513_0000_0097u64; // auipc; addi
    let outcome = apply(R_RISCV_CALL_PLT.0, &other.to_le_bytes(), PLACE, PLACE, 0);
    assert_eq!(outcome, Instruction(other));
}

const CALL: u64 = 0x0000_80e7_0000_0097; // auipc ra, 0; jalr ra

#[test]
fn calls_reach_what_auipc_and_a_signed_low_part_reach() {
    let (min, max) = (-0x8000_0800i64, 0x7fff_f7ff);
    for number in [R_RISCV_CALL, R_RISCV_CALL_PLT] {
        for distance in [min, min + 2, -0x801, -0x800, 0, 0x7fe, 0x800, 0xfff, 0x1800, max - 1, max]
        {
            let symbol = PLACE.wrapping_add_signed(distance);
            let now = patched(number.0, &CALL.to_le_bytes(), PLACE, symbol, 0).unwrap();
            assert_eq!(call(now as u32, (now >> 32) as u32), distance);
            assert_eq!(now & 0x000f_ffff_0000_0fff, CALL);
        }
        for distance in [min - 1, min - 2, max + 1, 0x8000_0000] {
            let symbol = PLACE.wrapping_add_signed(distance);
            let outcome = apply(number.0, &CALL.to_le_bytes(), PLACE, symbol, 0);
            assert!(matches!(outcome, Stub(_)), "{distance:#x}: {outcome:?}");
        }
    }
}

#[test]
fn a_stub_loads_the_address_from_its_slot() {
    let far = 0xffff_ffc0_0000_1234u64;
    for got in [0x8100_0000u64, 0x8100_07f8, 0x8100_0800, 0x7000_0ff8] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let mut bytes = CALL.to_le_bytes().to_vec();
        bytes.extend(0x0000_00efu32.to_le_bytes());
        let text = elf.text(&bytes);
        let symbol = elf.undefined("far");
        elf.rela(text, 0, R_RISCV_CALL_PLT.0, symbol, 0);
        elf.rela(text, 8, R_RISCV_JAL.0, symbol, 0);
        let manager = TestManager::at(0x8000_0000, got, 0);
        let image = load_with(&[("test.o", &elf.build())], &manager, &[("far", far)]);
        let offset = call(image.word(".text", 0), image.word(".text", 4));
        let stub = 0x8000_0000u64.wrapping_add_signed(offset);
        let jump = 0x8000_0008u64.wrapping_add_signed(j_imm(image.word(".text", 8)));
        assert_eq!((jump, image.stubs), (stub, 1));
        let insn = |at: u64| number(image.at(stub + at, 4)) as u32;
        assert_eq!(insn(0) & 0xfff, 0xe17, "auipc t3");
        assert_eq!(insn(4) & 0xf_ffff, 0xe3e03 & 0xf_ffff, "ld t3, imm(t3)");
        assert_eq!(insn(8), 0x000e_0067, "jr t3");
        let slot = stub.wrapping_add_signed(u_imm(insn(0)) + i_imm(insn(4)));
        assert_eq!(image.pointer(slot), far);
    }
}

#[test]
fn a_stub_stands_for_the_symbol_itself_only() {
    let far = PLACE + 0x1_0000_0000;
    assert_eq!(apply(R_RISCV_CALL_PLT.0, &CALL.to_le_bytes(), PLACE, far, 4), Addend(4));
}

#[test]
fn data_that_calls_goes_through_a_stub_where_it_must() {
    let near = apply(R_RISCV_PLT32.0, &[0; 4], PLACE, PLACE + 0x1000, -4);
    assert_eq!(near, Bytes(0xffcu32.to_le_bytes().into()));
    assert!(matches!(apply(R_RISCV_PLT32.0, &[0; 4], PLACE, PLACE + (1 << 31), 0), Stub(_)));
}

#[test]
fn a_weak_call_to_nowhere_loads_at_any_address() {
    // The psABI is silent; linkers leave a branch that goes nowhere near. It must not be refused.
    for text in [0x8000_0000u64, 0xffff_ffc0_0000_0000] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let section = elf.text(&CALL.to_le_bytes());
        let symbol = elf.undefined_weak("nowhere");
        elf.rela(section, 0, R_RISCV_CALL_PLT.0, symbol, 0);
        let manager = TestManager::at(text, text + 0x10_0000, 0);
        load_with(&[("test.o", &elf.build())], &manager, &[]);
    }
}
