//! Cortex-A53 erratum 843419: the instruction sequences that it affects, and what mends them.
//!
//! Arm's Software Developers Errata Notice (ARM-EPM-048406), first sequence:
//! 1. ADRP to Xn, at an address whose low 12 bits are 0xff8 or 0xffc;
//! 2. a load or store of one register, an STP or STNP, or an ST1, that does not write Xn;
//! 3. optionally one more instruction that is no branch;
//! 4. a load or store with an unsigned immediate whose base is Xn: it may take a wrong address.
//!
//! The third may not write Xn either. Which instructions do is not looked at, as in ld.lld and GNU
//! ld: to mend what needs no mending changes nothing but the time it takes. The notice's second
//! sequence is not one that compilers write, and neither linker looks for it.

use super::encode;
use crate::arch::relocation::Range;

/// How far ADR reaches, in bytes.
const ADR_REACH: Range = Range::signed(21);
/// How far B reaches, in bytes.
const B_REACH: Range = Range::signed(28);

const ADRP: u32 = 0x9000_0000;
const ADR: u64 = 0x1000_0000;
const B: u64 = 0x1400_0000;

/// Bytes of a patch: the load or store that was moved there, and a branch back.
pub(crate) const PATCH: u64 = 8;
/// Bytes of the shortest sequence.
pub(crate) const SHORTEST: u64 = 12;
/// Bytes of an instruction.
pub(crate) const INSTRUCTION: usize = 4;

/// Where in `code`, which begins with the first instruction, the last one of a sequence is: 2 or 3
/// instructions further on. `None` where there is no sequence.
pub(crate) fn sequence(code: &[[u8; 4]]) -> Option<usize> {
    let (last, third) = shape(code)?;
    if last == 3 && is_branch(third) {
        return None;
    }
    Some(last)
}

/// The same of code whose relocations are not applied yet: whether they can make a sequence of it.
/// They turn branches into other instructions (thread-local code), and make neither ADRPs nor
/// loads and stores, nor change their registers.
pub(crate) fn may_become_sequence(code: &[[u8; 4]]) -> bool {
    shape(code).is_some()
}

/// Where the last instruction is, and what the third one is.
fn shape(code: &[[u8; 4]]) -> Option<(usize, u32)> {
    let [first, second, third, rest @ ..] = code else { return None };
    let [first, second, third] = [first, second, third].map(|word| u32::from_le_bytes(*word));
    if first & 0x9f00_0000 != ADRP {
        return None;
    }
    let register = first & 0x1f;
    if !is_second(second, register) {
        return None;
    }
    let is_last = |insn: u32| is_unsigned_immediate(insn) && base(insn) == register;
    if is_last(third) {
        return Some((2, third));
    }
    let fourth = rest.first().map(|word| u32::from_le_bytes(*word));
    fourth.is_some_and(is_last).then_some((3, third))
}

/// ADRP at `place` made ADR, with the same result; `None` where that is out of its reach.
pub(crate) fn adr(adrp: [u8; 4], place: u64) -> Option<[u8; 4]> {
    let adrp = u32::from_le_bytes(adrp);
    let pages = u64::from(adrp >> 29 & 0b11 | (adrp >> 5 & 0x7_ffff) << 2);
    // A signed number of 21 bits, in pages of 4 KiB.
    let distance = (pages << 43).cast_signed() >> 31;
    let target = (place & !0xfff).wrapping_add_signed(distance);
    let offset = target.wrapping_sub(place);
    let fits = ADR_REACH.spans(offset.cast_signed());
    let adr = encode::ADR.encode(ADR | u64::from(adrp & 0x1f), offset);
    fits.then_some((adr as u32).to_le_bytes())
}

/// A branch from a load or store to its patch, `distance` bytes further on, and the one back from
/// behind it; `None` where that is out of reach.
pub(crate) fn branches(distance: u64) -> Option<[[u8; 4]; 2]> {
    let branch = |offset: u64| (encode::IMM26.encode(B, offset) as u32).to_le_bytes();
    let fits = B_REACH.spans(distance.cast_signed());
    fits.then_some([branch(distance), branch(distance.wrapping_neg())])
}

/// A class of loads and stores (Arm ARM, C4.1, "Loads and Stores") that can come second.
struct Class {
    mask: u32,
    opcode: u32,
    /// Which of them write the general register that they name first.
    loads: Loads,
    /// The bit that is set in those that count their base register on; 0 where none does.
    indexed: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Loads {
    None,
    Exclusive,
    Literal,
    Single,
}

const fn class(mask: u32, opcode: u32, loads: Loads, indexed: u32) -> Class {
    Class { mask, opcode, loads, indexed }
}

/// Loads, stores and prefetches of one register, STP and STNP, ST1.
static SECOND: [Class; 13] = [
    class(0x3f00_0000, 0x0800_0000, Loads::Exclusive, 0),
    class(0x3b00_0000, 0x1800_0000, Loads::Literal, 0),
    // Unsigned immediate; signed immediate, unscaled, unprivileged or indexed; register offset.
    class(0x3b00_0000, 0x3900_0000, Loads::Single, 0),
    class(0x3b20_0000, 0x3800_0000, Loads::Single, 1 << 10),
    class(0x3b20_0c00, 0x3820_0800, Loads::Single, 0),
    class(0x3a40_0000, 0x2800_0000, Loads::None, 1 << 23),
    // ST1 of four registers, of three, of one and of two.
    class(0xbf60_f000, 0x0c00_2000, Loads::None, 1 << 23),
    class(0xbf60_f000, 0x0c00_6000, Loads::None, 1 << 23),
    class(0xbf60_f000, 0x0c00_7000, Loads::None, 1 << 23),
    class(0xbf60_f000, 0x0c00_a000, Loads::None, 1 << 23),
    // ST1 of an element of 8 bits, of 16, of 32 or 64.
    class(0xbf60_e000, 0x0d00_0000, Loads::None, 1 << 23),
    class(0xbf60_e000, 0x0d00_4000, Loads::None, 1 << 23),
    class(0xbf60_e000, 0x0d00_8000, Loads::None, 1 << 23),
];

/// Whether an instruction can be the second one, behind an ADRP to a register. A vector register of
/// the same number is another one, which ld.lld overlooks.
fn is_second(insn: u32, register: u32) -> bool {
    let Some(class) = SECOND.iter().find(|class| insn & class.mask == class.opcode) else {
        return false;
    };
    let general = insn & 1 << 26 == 0;
    let (size, kind) = (insn >> 30, insn >> 22 & 0b11);
    // Where it is a prefetch, the first register is none.
    let loads = match class.loads {
        Loads::None => false,
        Loads::Exclusive => kind & 1 != 0,
        Loads::Literal => general && size != 0b11,
        Loads::Single => general && kind != 0 && (size, kind) != (0b11, 0b10),
    };
    let indexed = insn & class.indexed != 0;
    !(loads && insn & 0x1f == register || indexed && base(insn) == register)
}

/// Load or store of a register at an unsigned immediate from its base.
const fn is_unsigned_immediate(insn: u32) -> bool {
    insn & 0x3b00_0000 == 0x3900_0000
}

const fn base(insn: u32) -> u32 {
    insn >> 5 & 0x1f
}

/// Any branch (Arm ARM, C4.1, "Branches, Exception Generating and System instructions").
const fn is_branch(insn: u32) -> bool {
    let immediate = insn & 0x7c00_0000 == 0x1400_0000;
    let compare_or_test = insn & 0x7c00_0000 == 0x3400_0000;
    let conditional = insn & 0xfe00_0000 == 0x5400_0000;
    let register = insn & 0xfe00_0000 == 0xd600_0000;
    immediate || compare_or_test || conditional || register
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `adrp x0, .`
    const FIRST: u32 = ADRP;
    /// `ldr x1, [x0, #8]`
    const LAST: u32 = 0xf940_0401;
    const NOP: u32 = 0xd503_201f;

    fn found<const N: usize>(code: [u32; N]) -> Option<usize> {
        let code = code.map(u32::to_le_bytes);
        let at = sequence(&code);
        assert!(at.is_none() || may_become_sequence(&code));
        at
    }

    /// What follows ADRP to x0, as clang assembles it; with `y`, it is a second instruction.
    const SECONDS: &[(u32, char)] = &[
        (0xf940_0041, 'y'), // ldr x1, [x2]
        (0xb900_0441, 'y'), // str w1, [x2, #4]
        (0xb980_0041, 'y'), // ldrsw x1, [x2]
        (0xf980_0040, 'y'), // prfm pldl1keep, [x2]
        (0x3dc0_0041, 'y'), // ldr q1, [x2]
        (0xf85f_8041, 'y'), // ldur x1, [x2, #-8]
        (0x3c9f_8041, 'y'), // stur q1, [x2, #-8]
        (0xf840_8441, 'y'), // ldr x1, [x2], #8
        (0xf800_8c41, 'y'), // str x1, [x2, #8]!
        (0xf840_0841, 'y'), // ldtr x1, [x2]
        (0x3800_0841, 'y'), // sttrb w1, [x2]
        (0xf863_6841, 'y'), // ldr x1, [x2, x3]
        (0xb823_5841, 'y'), // str w1, [x2, w3, uxtw #2]
        (0xbc63_6841, 'y'), // ldr s1, [x2, x3]
        (0x5800_0041, 'y'), // ldr x1, .+8
        (0xd800_0040, 'y'), // prfm pldl1keep, .+8
        (0x9c00_0081, 'y'), // ldr q1, .+16
        (0xc85f_7c41, 'y'), // ldxr x1, [x2]
        (0xc801_7c43, 'y'), // stxr w1, x3, [x2]
        (0xc89f_fc41, 'y'), // stlr x1, [x2]
        (0xa900_0c41, 'y'), // stp x1, x3, [x2]
        (0xa881_0c41, 'y'), // stp x1, x3, [x2], #16
        (0xa981_0c41, 'y'), // stp x1, x3, [x2, #16]!
        (0xa800_0c41, 'y'), // stnp x1, x3, [x2]
        (0xad00_0c41, 'y'), // stp q1, q3, [x2]
        (0x2900_0c41, 'y'), // stp w1, w3, [x2]
        (0x0c00_7041, 'y'), // st1 { v1.8b }, [x2]
        (0x0c00_a041, 'y'), // st1 { v1.8b, v2.8b }, [x2]
        (0x4c00_6041, 'y'), // st1 { v1.16b - v3.16b }, [x2]
        (0x4c00_2841, 'y'), // st1 { v1.4s - v4.4s }, [x2]
        (0x4c83_a041, 'y'), // st1 { v1.16b, v2.16b }, [x2], x3
        (0x0d00_0441, 'y'), // st1 { v1.b }[1], [x2]
        (0x0d00_4841, 'y'), // st1 { v1.h }[1], [x2]
        (0x0d00_9041, 'y'), // st1 { v1.s }[1], [x2]
        (0x4d9f_8441, 'y'), // st1 { v1.d }[1], [x2], #8
        (0xa940_0c41, 'n'), // ldp x1, x3, [x2]
        (0xa840_0c41, 'n'), // ldnp x1, x3, [x2]
        (0xacc1_0c41, 'n'), // ldp q1, q3, [x2], #32
        (0x0c40_7041, 'n'), // ld1 { v1.8b }, [x2]
        (0x0d40_0441, 'n'), // ld1 { v1.b }[1], [x2]
        (0x0d40_c041, 'n'), // ld1r { v1.8b }, [x2]
        (0x0c00_8041, 'n'), // st2 { v1.8b, v2.8b }, [x2]
        (0x0c00_4041, 'n'), // st3 { v1.8b - v3.8b }, [x2]
        (0x0c00_0041, 'n'), // st4 { v1.8b - v4.8b }, [x2]
        (0x0d20_0441, 'n'), // st2 { v1.b, v2.b }[1], [x2]
        (0x0d00_2441, 'n'), // st3 { v1.b - v3.b }[1], [x2]
        (0x8b03_0041, 'n'), // add x1, x2, x3
        (0xd50b_7a21, 'n'), // dc cvac, x1
        (0x9000_0001, 'n'), // adrp x1, .
        (0xf821_0043, 'n'), // ldadd x1, x3, [x2], which the Cortex-A53 does not know
        (0xf940_0040, 'n'), // ldr x0, [x2]
        (0xb840_4440, 'n'), // ldr w0, [x2], #4
        (0x39c0_0040, 'n'), // ldrsb w0, [x2]
        (0x5800_0040, 'n'), // ldr x0, .+8
        (0xc85f_7c40, 'n'), // ldxr x0, [x2]
        (0xf840_8401, 'n'), // ldr x1, [x0], #8
        (0xf800_8c01, 'n'), // str x1, [x0, #8]!
        (0xa881_0801, 'n'), // stp x1, x2, [x0], #16
        (0xad80_8801, 'n'), // stp q1, q2, [x0, #16]!
        (0x0c9f_7001, 'n'), // st1 { v1.8b }, [x0], #8
        (0x0d9f_0401, 'n'), // st1 { v1.b }[1], [x0], #1
        (0x3c81_0401, 'n'), // str q1, [x0], #16
        (0x3dc0_0040, 'y'), // ldr q0, [x2]
        (0x5c00_0040, 'y'), // ldr d0, .+8
        (0xd800_0040, 'y'), // prfm pldl1keep, .+8
        (0xf900_0040, 'y'), // str x0, [x2]
        (0xf900_0001, 'y'), // str x1, [x0]
        (0xa900_0440, 'y'), // stp x0, x1, [x2]
        (0x3c81_0440, 'y'), // str q0, [x2], #16
        (0xf862_6801, 'y'), // ldr x1, [x0, x2]
    ];

    #[test]
    fn second_instructions_are_those_of_the_notice() {
        for &(second, is_one) in SECONDS {
            let [three, four] = if is_one == 'y' { [Some(2), Some(3)] } else { [None; 2] };
            assert_eq!(found([FIRST, second, LAST]), three, "{second:#x}");
            assert_eq!(found([FIRST, second, LAST, NOP]), three, "{second:#x}");
            assert_eq!(found([FIRST, second, NOP, LAST]), four, "{second:#x}");
        }
    }

    #[test]
    fn all_four_must_fit_together() {
        let second = 0xf940_0041; // ldr x1, [x2]
        let to = |register: u32| FIRST | register;
        assert_eq!(found([to(3), second, LAST]), None, "another base");
        assert_eq!(found([to(3), second, 0x3d80_0060]), Some(2), "str q0, [x3]");
        assert_eq!(found([to(30), second, 0xf980_03c0]), Some(2), "prfm pldl1keep, [x30]");
        assert_eq!(found([0xf0ff_ffe0, second, LAST]), Some(2), "any page");
        assert_eq!(found([0x1000_0000, second, LAST]), None, "adr x0, .");
        for last in [0xf840_8001, 0xf862_6801, 0xa940_0801, 0xf840_8401] {
            assert_eq!(found([FIRST, second, last]), None, "no unsigned immediate: {last:#x}");
        }
        assert_eq!(found([FIRST, second]), None);
        assert_eq!(found([FIRST, second, NOP]), None);
        assert_eq!(found([FIRST, second, NOP, NOP, LAST]), None, "too far");
        assert_eq!(found([FIRST, NOP, second, LAST]), None);
    }

    #[test]
    fn a_branch_between_is_none_until_relocations_take_it_away() {
        // b, bl, b.eq, cbz, tbz, br, blr, ret
        for branch in [
            0x1400_0001,
            0x9400_0001,
            0x5400_0020,
            0xb400_0021,
            0x3618_0021,
            0xd61f_0020,
            0xd63f_0020,
            0xd65f_03c0,
        ] {
            let code = [FIRST, 0xf940_0041, branch, LAST];
            assert_eq!(found(code), None, "{branch:#x}");
            assert!(may_become_sequence(&code.map(u32::to_le_bytes)));
        }
    }

    #[test]
    fn adrp_becomes_adr_within_a_mebibyte() {
        let adr_of = |adrp: u32, place| adr(adrp.to_le_bytes(), place).map(u32::from_le_bytes);
        // From the last word of a page but one: the next page, this one, the page before.
        assert_eq!(adr_of(0xb000_0003, 0x4000_0ff8), Some(0x1000_0043), "adr x3, .+8");
        assert_eq!(adr_of(0x9000_001e, 0x4000_0ffc), Some(0x10ff_803e), "adr x30, .-0xffc");
        assert_eq!(adr_of(0xf0ff_ffe0, 0x4000_0ff8), Some(0x10ff_0040), "adr x0, .-0x1ff8");
        // 256 pages on are just within reach, 255 back as well.
        assert_eq!(adr_of(0x9000_0800, 0x4000_0ff8), Some(0x107f_8040), "adr x0, .+0xff008");
        assert_eq!(adr_of(0xb000_0800, 0x4000_0ff8), None);
        assert_eq!(adr_of(0xb0ff_f800, 0x4000_0ff8), Some(0x1080_0040), "adr x0, .-0xffff8");
        assert_eq!(adr_of(0x90ff_f800, 0x4000_0ff8), None);
    }

    #[test]
    fn branches_reach_128_mebibytes() {
        let code = |distance| branches(distance).map(|pair| pair.map(u32::from_le_bytes));
        assert_eq!(code(0x10), Some([0x1400_0004, 0x17ff_fffc]));
        assert_eq!(code(0x7ff_fffc), Some([0x15ff_ffff, 0x1600_0001]));
        assert_eq!(code(0x800_0000), None);
    }
}
