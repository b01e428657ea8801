//! The fields of RISC-V instructions and data that relocations write (psABI, "Calculation symbols
//! and field types"; unprivileged ISA, "Base instruction formats").

use crate::arch::bits::put;
use crate::arch::field::Encoding::{Computed, Scattered};
use crate::arch::field::Field;
use crate::arch::relocation::Range;
use crate::arch::scatter::Scatter;

/// What AUIPC or LUI with a 12-bit signed low part reaches: -2^31 - 2^11 <= X < 2^31 - 2^11.
pub(crate) const HI20: Range = Range { min: -0x8000_0800, max: 0x7fff_f7ff, align: 1 };

/// Whether a 12-bit signed low part makes X alone.
pub(crate) const fn is_short(x: u64) -> bool {
    Range::signed(12).spans(x.cast_signed())
}

/// AUIPC: imm\[31:12\] = (X + 0x800)\[31:12\], as the low part is sign-extended.
pub(super) const AUIPC: &Field = &insn(0x7f, 0x17, &Scatter::rounded(&[(31, 12, 12)]));
/// AUIPC turned into LUI, so that the pair makes an absolute address.
pub(crate) const AUIPC_TO_LUI: &Field =
    &Field { encoding: Computed(|old, x| put(LUI.encode(old, x), 0x37, 7, 0)), ..*AUIPC };
/// LUI: imm\[31:12\] = (X + 0x800)\[31:12\].
pub(super) const LUI: &Field = &insn(0x7f, 0x37, &Scatter::rounded(&[(31, 12, 12)]));
/// I-type, such as ADDI, loads and JALR: imm\[11:0\] = X\[11:0\].
pub(super) const I_TYPE: &Field = &insn(0x3, 0x3, &Scatter::new(&[(11, 0, 20)]));
/// S-type, stores of integers and floats: imm\[11:5\] and imm\[4:0\] = X\[11:0\].
pub(super) const S_TYPE: &Field = &insn(0x7b, 0x23, &Scatter::new(&[(11, 5, 25), (4, 0, 7)]));
/// B-type, conditional branches: imm\[12|10:5\] and imm\[4:1|11\].
pub(super) const B_TYPE: &Field =
    &insn(0x7f, 0x63, &Scatter::new(&[(12, 12, 31), (10, 5, 25), (4, 1, 8), (11, 11, 7)]));
/// J-type, JAL: imm\[20|10:1|11|19:12\].
pub(super) const J_TYPE: &Field =
    &insn(0x7f, 0x6f, &Scatter::new(&[(20, 20, 31), (10, 1, 21), (11, 11, 20), (19, 12, 12)]));
/// AUIPC and the JALR behind it, as one field of eight bytes.
pub(super) const CALL_PAIR: &Field = &Field::instruction(
    8,
    2,
    0x7f_0000_007f,
    0x67_0000_0017,
    Scattered(&Scatter::rounded_pair(&[(31, 12, 12)])),
);
/// C.BEQZ, C.BNEZ: imm\[8|4:3\] and imm\[7:6|2:1|5\].
pub(super) const CB_TYPE: &Field = &Field::instruction(
    2,
    2,
    0xc003,
    0xc001,
    Scattered(&Scatter::new(&[(8, 8, 12), (4, 3, 10), (7, 6, 5), (2, 1, 3), (5, 5, 2)])),
);
/// C.J: imm\[11|4|9:8|10|6|7|3:1|5\].
pub(super) const CJ_TYPE: &Field = &Field::instruction(
    2,
    2,
    0xe003,
    0xa001,
    Scattered(&Scatter::new(&[
        (11, 11, 12),
        (4, 4, 11),
        (9, 8, 9),
        (10, 10, 8),
        (6, 6, 7),
        (7, 7, 6),
        (3, 1, 3),
        (5, 5, 2),
    ])),
);

/// A byte, X added to what is there.
pub(super) const ADD8: &Field = &Field::data(1, Computed(u64::wrapping_add));
/// Two bytes, X added to what is there.
pub(super) const ADD16: &Field = &Field::data(2, Computed(u64::wrapping_add));
/// Four bytes, X added to what is there.
pub(super) const ADD32: &Field = &Field::data(4, Computed(u64::wrapping_add));
/// Eight bytes, X added to what is there.
pub(super) const ADD64: &Field = &Field::data(8, Computed(u64::wrapping_add));
/// A byte, X subtracted from what is there.
pub(super) const SUB8: &Field = &Field::data(1, Computed(u64::wrapping_sub));
/// Two bytes, X subtracted from what is there.
pub(super) const SUB16: &Field = &Field::data(2, Computed(u64::wrapping_sub));
/// Four bytes, X subtracted from what is there.
pub(super) const SUB32: &Field = &Field::data(4, Computed(u64::wrapping_sub));
/// Eight bytes, X subtracted from what is there.
pub(super) const SUB64: &Field = &Field::data(8, Computed(u64::wrapping_sub));
/// The low six bits of a byte; its top two bits are another field's.
pub(super) const SET6: &Field = &Field::data(1, Computed(|old, x| put(old, x, 6, 0)));
/// The low six bits of a byte, X subtracted from them.
pub(super) const SUB6: &Field =
    &Field::data(1, Computed(|old, x| put(old, old.wrapping_sub(x), 6, 0)));

/// A 32-bit instruction, which the C extension lets lie at any even address.
const fn insn(mask: u64, opcode: u64, scatter: &'static Scatter) -> Field {
    Field::instruction(4, 2, mask, opcode, Scattered(scatter))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each expectation was read off an assembler's output for the instruction in the comment.
    #[test]
    fn fields_hold_what_the_assembler_writes() {
        let cases: &[(&Field, u64, u64, u64)] = &[
            (AUIPC, 0x0000_0517, 0x1234_5678, 0x1234_5517), // auipc a0, 0x12345
            (AUIPC, 0x0000_0517, 0x1234_5800, 0x1234_6517), // the low part is negative
            (LUI, 0x0000_0537, 0x8000_0000, 0x8000_0537),   // lui a0, 0x80000
            (I_TYPE, 0x0005_0513, 0xfff, 0xfff5_0513),      // addi a0, a0, -1
            (S_TYPE, 0x00a5_a023, 0x7ff, 0x7ea5_afa3),      // sw a0, 2047(a1)
            (B_TYPE, 0x00b5_0063, -4096i64 as u64, 0x80b5_0063), // beq a0, a1, .-4096
            (B_TYPE, 0x00b5_0063, 4094, 0x7eb5_0fe3),       // beq a0, a1, .+4094
            (J_TYPE, 0x0000_00ef, 0xf_fffe, 0x7fff_f0ef),   // jal .+0xffffe
            (J_TYPE, 0x0000_006f, -2i64 as u64, 0xffff_f06f), // j .-2
            (CALL_PAIR, 0x0000_80e7_0000_0097, 0x1800, 0x8000_80e7_0000_2097), // call .+0x1800
            (CB_TYPE, 0xc101, -256i64 as u64, 0xd101),      // c.beqz a0, .-256
            (CB_TYPE, 0xe101, 254, 0xed7d),                 // c.bnez a0, .+254
            (CJ_TYPE, 0xa001, 2046, 0xaffd),                // c.j .+2046
            (CJ_TYPE, 0xa001, -2i64 as u64, 0xbffd),        // c.j .-2
        ];
        for (field, old, x, expected) in cases {
            assert!(field.accepts(*old), "{old:#x}");
            assert_eq!(field.encode(*old, *x), *expected, "{old:#x} with {x:#x}");
            assert_eq!(field.encode(*expected, *x), *expected, "what was there must not matter");
        }
    }

    #[test]
    fn arithmetic_reads_what_is_there() {
        assert_eq!(ADD8.encode(0xff, 2) & 0xff, 1);
        assert_eq!(SUB16.encode(1, 2) & 0xffff, 0xffff);
        assert_eq!(SET6.encode(0xc0, 0x7f), 0xff);
        assert_eq!(SUB6.encode(0xc1, 2), 0xff);
        assert_eq!(SUB6.encode(0x7f, 0x3f), 0x40);
    }

    #[test]
    fn other_instructions_are_refused() {
        assert!(!AUIPC.accepts(0x537));
        assert!(!LUI.accepts(0x517));
        assert!(!CALL_PAIR.accepts(0x0000_8067_0000_0037));
        assert!(!B_TYPE.accepts(0x6f));
        assert!(!J_TYPE.accepts(0x63));
        assert!(!CJ_TYPE.accepts(0xc101));
        assert!(!S_TYPE.accepts(0x0005_0513));
    }
}
