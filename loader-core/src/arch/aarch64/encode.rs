//! The fields of AArch64 instructions that relocations write (Arm ARM, C6 and C7).

use crate::arch::bits::{put, take};
use crate::arch::field::Encoding::{self, Computed, Scattered, Whole};
use crate::arch::field::Field;
use crate::arch::scatter::Scatter;

/// A 32-bit instruction.
const fn insn(mask: u64, opcode: u64, encoding: Encoding) -> Field {
    Field::instruction(4, 4, mask, opcode, encoding)
}

/// One in which pieces of the value have their places.
const fn scattered(mask: u64, opcode: u64, scatter: &'static Scatter) -> Field {
    insn(mask, opcode, Scattered(scatter))
}

/// B, BL: imm26 = X\[27:2\].
pub(super) const IMM26: &Field = &scattered(0x7c00_0000, 0x1400_0000, &Scatter::new(&[(27, 2, 0)]));
/// B.cond, BC.cond, CBZ, CBNZ: imm19 = X\[20:2\].
pub(super) const CONDITIONAL19: &Field = &Field {
    other: (0x7e00_0000, 0x3400_0000),
    ..scattered(0xff00_0000, 0x5400_0000, &Scatter::new(&[(20, 2, 5)]))
};
/// LDR (literal): imm19 = X\[20:2\].
pub(super) const LITERAL19: &Field =
    &scattered(0x3b00_0000, 0x1800_0000, &Scatter::new(&[(20, 2, 5)]));
/// TBZ, TBNZ: imm14 = X\[15:2\].
pub(super) const IMM14: &Field = &scattered(0x7e00_0000, 0x3600_0000, &Scatter::new(&[(15, 2, 5)]));

/// ADR: immhi:immlo = X\[20:0\].
pub(super) const ADR: &Field =
    &scattered(0x9f00_0000, 0x1000_0000, &Scatter::new(&[(1, 0, 29), (20, 2, 5)]));
/// ADRP: immhi:immlo = X\[32:12\].
pub(super) const ADRP: &Field =
    &scattered(0x9f00_0000, 0x9000_0000, &Scatter::new(&[(13, 12, 29), (32, 14, 5)]));

/// ADR turned into MOVZ or MOVN, which makes X itself.
pub(crate) const ADR_TO_MOV: &Field = &insn(0x9f00_0000, 0x1000_0000, Computed(move_wide));
/// ADRP turned into MOVZ or MOVN, which makes X itself.
pub(crate) const ADRP_TO_MOV: &Field = &insn(0x9f00_0000, 0x9000_0000, Computed(move_wide));

/// A whole instruction, whatever was there.
pub(super) const INSTRUCTION: &Field = &insn(0, 0, Whole);

/// ADD (immediate) with its immediate shifted by 12: imm12 = X\[23:12\].
pub(super) const ADD_HI12: &Field =
    &scattered(0x7fc0_0000, 0x1140_0000, &Scatter::new(&[(23, 12, 10)]));
/// ADD (immediate): imm12 = X\[11:0\].
pub(super) const ADD_LO12: &Field =
    &scattered(0x7fc0_0000, 0x1100_0000, &Scatter::new(&[(11, 0, 10)]));
/// Load or store of a byte: imm12 = X\[11:0\].
pub(super) const LDST8_LO12: &Field = &load_store(&Scatter::new(&[(11, 0, 10)]));
/// Load or store of two bytes: imm12 = X\[11:1\].
pub(super) const LDST16_LO12: &Field = &load_store(&Scatter::new(&[(11, 1, 10)]));
/// Load or store of four bytes: imm12 = X\[11:2\].
pub(super) const LDST32_LO12: &Field = &load_store(&Scatter::new(&[(11, 2, 10)]));
/// Load or store of eight bytes: imm12 = X\[11:3\].
pub(super) const LDST64_LO12: &Field = &load_store(&Scatter::new(&[(11, 3, 10)]));
/// Load or store of sixteen bytes: imm12 = X\[11:4\].
pub(super) const LDST128_LO12: &Field = &load_store(&Scatter::new(&[(11, 4, 10)]));
/// Load of eight bytes, 32 KiB of reach: imm12 = X\[14:3\].
pub(super) const LD64_LO15: &Field = &load_store(&Scatter::new(&[(14, 3, 10)]));

/// MOVZ, MOVK: imm16 = X\[15:0\].
pub(super) const MOVW_G0: &Field = &wide(Scattered(&Scatter::new(&[(15, 0, 5)])));
/// MOVZ, MOVK: imm16 = X\[31:16\].
pub(super) const MOVW_G1: &Field = &wide(Scattered(&Scatter::new(&[(31, 16, 5)])));
/// MOVZ, MOVK: imm16 = X\[47:32\].
pub(super) const MOVW_G2: &Field = &wide(Computed(|old, x| put(old, take(x, 47, 32), 16, 5)));
/// MOVZ, MOVK: imm16 = X\[63:48\].
pub(super) const MOVW_G3: &Field = &wide(Computed(|old, x| put(old, take(x, 63, 48), 16, 5)));
/// MOVZ or MOVN by the sign of X: imm16 = X\[15:0\].
pub(super) const MOVW_S0: &Field = &wide(Computed(|old, x| signed_wide(old, x, 0)));
/// MOVZ or MOVN by the sign of X: imm16 = X\[31:16\].
pub(super) const MOVW_S1: &Field = &wide(Computed(|old, x| signed_wide(old, x, 16)));
/// MOVZ or MOVN by the sign of X: imm16 = X\[47:32\].
pub(super) const MOVW_S2: &Field = &wide(Computed(|old, x| signed_wide(old, x, 32)));
/// MOVZ or MOVN by the sign of X: imm16 = X\[63:48\].
pub(super) const MOVW_S3: &Field = &wide(Computed(|old, x| signed_wide(old, x, 48)));

/// MOVZ or MOVN of all 64 bits, into the register of ADR or ADRP.
const fn move_wide(old: u64, x: u64) -> u64 {
    signed_wide(put(0xd280_0000, old, 5, 0), x, 0)
}

/// A load or store with an unsigned 12-bit offset, of any register.
const fn load_store(scatter: &'static Scatter) -> Field {
    scattered(0x3b00_0000, 0x3900_0000, scatter)
}

/// MOVN, MOVZ or MOVK.
const fn wide(encoding: Encoding) -> Field {
    insn(0x1f80_0000, 0x1280_0000, encoding)
}

/// Turns MOVZ into MOVN for a negative value, and back (opc, bits 30:29: MOVN 00, MOVZ 10). A
/// MOVK (11) takes the bits as they are.
const fn signed_wide(old: u64, x: u64, shift: u32) -> u64 {
    if take(old, 29, 29) == 1 {
        return put(old, x >> shift, 16, 5);
    }
    let negative = x.cast_signed() < 0;
    let (bits, opc) = if negative { (!x, 0b00) } else { (x, 0b10) };
    put(put(old, bits >> shift, 16, 5), opc, 2, 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each expectation was read off GNU as or llvm-mc output for the instruction in the comment.
    #[test]
    fn fields_hold_what_the_assembler_writes() {
        let cases: &[(&Field, u64, u64, u64)] = &[
            (IMM26, 0x9400_0000, 0x7ff_fffc, 0x95ff_ffff), // bl .+0x7fffffc
            (IMM26, 0x1400_0000, -4i64 as u64, 0x17ff_ffff), // b .-4
            (CONDITIONAL19, 0x5400_0001, -8i64 as u64, 0x54ff_ffc1), // b.ne .-8
            (CONDITIONAL19, 0xb400_0003, 0xf_fffc, 0xb47f_ffe3), // cbz x3, .+0xffffc
            (LITERAL19, 0x5800_0005, 0x10, 0x5800_0085),   // ldr x5, .+16
            (IMM14, 0x3608_0002, 0x7ffc, 0x360b_ffe2),     // tbz w2, #1, .+0x7ffc
            (ADR, 0x1000_0000, 0xf_ffff, 0x707f_ffe0),     // adr x0, .+0xfffff
            (ADRP, 0x9000_0001, 0x1234_5000, 0xb009_1a21), // adrp x1, page+0x12345
            (ADD_LO12, 0x9100_0000, 0xabc, 0x912a_f000),   // add x0, x0, #0xabc
            (ADD_HI12, 0x9140_0000, 0xab_cdef, 0x916a_f000), // add x0, x0, #0xabc, lsl #12
            (LDST8_LO12, 0x3940_0000, 0xfff, 0x397f_fc00), // ldrb w0, [x0, #4095]
            (LDST16_LO12, 0x7940_0000, 0xffe, 0x795f_fc00), // ldrh w0, [x0, #4094]
            (LDST32_LO12, 0xb940_0000, 0xffc, 0xb94f_fc00), // ldr w0, [x0, #4092]
            (LDST64_LO12, 0xf940_0000, 0xff8, 0xf947_fc00), // ldr x0, [x0, #4088]
            (LDST128_LO12, 0x3dc0_0000, 0xff0, 0x3dc3_fc00), // ldr q0, [x0, #4080]
            (LD64_LO15, 0xf940_0000, 0x7ff8, 0xf97f_fc00), // ldr x0, [x0, #32760]
            (MOVW_G0, 0xd280_0000, 0x1_ffff, 0xd29f_ffe0), // movz x0, #0xffff
            (MOVW_G1, 0xf2a0_0000, 0x1234_5678, 0xf2a2_4680), // movk x0, #0x1234, lsl #16
            (MOVW_G2, 0xf2c0_0000, 0x9_0000_0000, 0xf2c0_0120), // movk x0, #9, lsl #32
            (MOVW_G3, 0xf2e0_0000, 1 << 63, 0xf2f0_0000),  // movk x0, #0x8000, lsl #48
            (MOVW_S0, 0xd280_0000, 5, 0xd280_00a0),        // movz x0, #5
            (MOVW_S0, 0xd280_0000, -6i64 as u64, 0x9280_00a0), // movn x0, #5
            (MOVW_S1, 0x92a0_0000, 0x7_0000, 0xd2a0_00e0), // movz x0, #7, lsl #16
            (MOVW_S2, 0xd2c0_0000, -1i64 as u64, 0x92c0_0000), // movn x0, #0, lsl #32
            (ADRP_TO_MOV, 0x9000_0003, 0x3000, 0xd286_0003), // adrp x3 -> mov x3, #0x3000
            (ADRP_TO_MOV, 0xb07f_ffe3, -0x1000i64 as u64, 0x9281_ffe3), // mov x3, #-0x1000
            (ADR_TO_MOV, 0x7000_001e, 0, 0xd280_001e),     // adr x30 -> mov x30, #0
            (MOVW_S3, 0xf2e0_0000, -1i64 as u64, 0xf2ff_ffe0), // movk keeps its opcode
        ];
        for (field, old, x, expected) in cases {
            assert!(field.accepts(*old), "{old:#x}");
            let all_ones = field.encode(*old | (*expected ^ *old), *x);
            assert_eq!(field.encode(*old, *x), *expected, "{old:#x} with {x:#x}");
            assert_eq!(all_ones, *expected, "what was in the field must not matter");
        }
    }

    #[test]
    fn other_instructions_are_refused() {
        let nop = 0xd503_201f;
        for field in [IMM26, LITERAL19, IMM14, ADR, ADRP, ADD_LO12, LDST8_LO12, MOVW_G0] {
            assert!(!field.accepts(nop));
        }
        for other in [0x3608_0002, 0x1400_0000, 0x9400_0000, nop] {
            assert!(!CONDITIONAL19.accepts(other)); // TBZ, B, BL
        }
        for insn in [0x5400_0001, 0x5400_0011, 0x3400_0000, 0xb500_0000] {
            assert!(CONDITIONAL19.accepts(insn)); // B.NE, BC.NE, CBZ, CBNZ
        }
        assert!(!ADR.accepts(0x9000_0000));
        assert!(!ADRP.accepts(0x1000_0000));
        assert!(!ADD_LO12.accepts(0x9140_0000)); // ADD with its immediate shifted by 12
    }
}
