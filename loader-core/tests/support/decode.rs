//! Immediates read back out of instructions: written from the architecture manuals and apart
//! from the crate's encoders, so that one mistake is not made twice.

use loader_core::Machine;

use super::number;

/// The low `bits` of a value, as a signed number.
pub fn sign_extend(value: u64, bits: u32) -> i64 {
    ((value << (64 - bits)) as i64) >> (64 - bits)
}

/// Bits `high..=low` of an instruction.
fn bits(insn: u32, high: u32, low: u32) -> u64 {
    (u64::from(insn) >> low) & ((1 << (high - low + 1)) - 1)
}

/// AArch64 (Arm ARM, C4.1).
pub mod aarch64 {
    use super::{bits, sign_extend};

    /// B, BL
    pub fn imm26(insn: u32) -> i64 {
        sign_extend(bits(insn, 25, 0), 26) * 4
    }

    /// B.cond, CBZ, CBNZ, LDR (literal)
    pub fn imm19(insn: u32) -> i64 {
        sign_extend(bits(insn, 23, 5), 19) * 4
    }

    /// TBZ, TBNZ
    pub fn imm14(insn: u32) -> i64 {
        sign_extend(bits(insn, 18, 5), 14) * 4
    }

    /// ADR
    pub fn adr(insn: u32) -> i64 {
        sign_extend(bits(insn, 23, 5) * 4 + bits(insn, 30, 29), 21)
    }

    /// ADRP
    pub fn adrp(insn: u32) -> i64 {
        adr(insn) * 4096
    }

    /// ADD (immediate), loads and stores: the bare field
    pub fn imm12(insn: u32) -> u64 {
        bits(insn, 21, 10)
    }

    /// MOVN, MOVZ or MOVK: the 16 bits, and the value that MOVN or MOVZ makes of them
    pub fn imm16(insn: u32) -> (u64, i64) {
        let (imm, shift) = (bits(insn, 20, 5), bits(insn, 22, 21) * 16);
        let value = (imm << shift) as i64;
        (imm, if bits(insn, 30, 29) == 0 { !value } else { value })
    }
}

/// RISC-V (unprivileged ISA, "Instruction formats").
pub mod riscv64 {
    use super::{bits, sign_extend};

    /// AUIPC, LUI
    pub fn u_imm(insn: u32) -> i64 {
        i64::from((insn & 0xffff_f000) as i32)
    }

    pub fn i_imm(insn: u32) -> i64 {
        i64::from(insn as i32 >> 20)
    }

    pub fn s_imm(insn: u32) -> i64 {
        sign_extend(bits(insn, 31, 25) << 5 | bits(insn, 11, 7), 12)
    }

    pub fn b_imm(insn: u32) -> i64 {
        let low = bits(insn, 30, 25) << 5 | bits(insn, 11, 8) << 1;
        sign_extend(bits(insn, 31, 31) << 12 | bits(insn, 7, 7) << 11 | low, 13)
    }

    pub fn j_imm(insn: u32) -> i64 {
        let high = bits(insn, 31, 31) << 20 | bits(insn, 19, 12) << 12;
        sign_extend(high | bits(insn, 20, 20) << 11 | bits(insn, 30, 21) << 1, 21)
    }

    /// C.BEQZ, C.BNEZ: offset\[8|4:3\] in 12:10, offset\[7:6|2:1|5\] in 6:2
    pub fn cb_imm(insn: u16) -> i64 {
        gather(insn, &[(12, 8), (11, 4), (10, 3), (6, 7), (5, 6), (4, 2), (3, 1), (2, 5)], 9)
    }

    /// C.J: offset\[11|4|9:8|10|6|7|3:1|5\] in 12:2
    pub fn cj_imm(insn: u16) -> i64 {
        let map = [
            (12, 11),
            (11, 4),
            (10, 9),
            (9, 8),
            (8, 10),
            (7, 6),
            (6, 7),
            (5, 3),
            (4, 2),
            (3, 1),
            (2, 5),
        ];
        gather(insn, &map, 12)
    }

    /// AUIPC and JALR, as CALL has them
    pub fn call(auipc: u32, jalr: u32) -> i64 {
        u_imm(auipc).wrapping_add(i_imm(jalr))
    }

    /// Each pair names a bit of the instruction and the bit of the offset that it is.
    fn gather(insn: u16, map: &[(u32, u32)], width: u32) -> i64 {
        let value = map.iter().fold(0, |sum, &(from, to)| sum | u64::from(insn >> from & 1) << to);
        sign_extend(value, width)
    }
}

/// The distance that a call or jump goes, of a kind for which stubs are made.
pub fn branch_offset(machine: Machine, field: &[u8]) -> Option<i64> {
    let word = number(field.get(..4)?) as u32;
    match machine {
        Machine::Aarch64 if word & 0x7c00_0000 == 0x1400_0000 => Some(aarch64::imm26(word)),
        Machine::Riscv64 if word & 0x7f == 0x6f => Some(riscv64::j_imm(word)),
        Machine::Riscv64 if field.len() == 8 => {
            Some(riscv64::call(word, number(&field[4..]) as u32))
        }
        // The field itself is the offset, from itself on.
        _ => Some(i64::from(word as i32)),
    }
}
