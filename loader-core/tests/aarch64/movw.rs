//! MOVZ, MOVK and MOVN: sixteen bits at a time, with and without a check.

use object::elf::*;

use super::{PLACE, apply, patched};
use crate::support::decode::aarch64::imm16;
use crate::support::fixup::Outcome::OutOfRange;

const MOVZ: u32 = 0xd280_0003;
const MOVK: u32 = 0xf280_0003;
const MOVN: u32 = 0x9280_0003;

/// An instruction for the n-th sixteen bits.
const fn group(insn: u32, n: u32) -> u32 {
    insn | n << 21
}

#[test]
fn unsigned_groups_take_their_bits_and_check_the_rest() {
    let checked = [R_AARCH64_MOVW_UABS_G0, R_AARCH64_MOVW_UABS_G1, R_AARCH64_MOVW_UABS_G2];
    for (n, number) in (0u32..).zip(checked) {
        let limit = 1i64 << (16 * (n + 1));
        for value in [0, 1, 0x1234_5678_9abc % limit, limit - 1] {
            for insn in [group(MOVZ, n), group(MOVK, n), group(MOVZ, n) | 0x1f_ffe0] {
                let now = patched(number.0, insn, PLACE, value as u64, 0).unwrap();
                assert_eq!(imm16(now).0, (value as u64 >> (16 * n)) & 0xffff);
                assert_eq!(now & !0x1f_ffe0, insn & !0x1f_ffe0);
            }
        }
        for value in [limit, -1, i64::MIN, i64::MAX, 2 * limit - 1] {
            let outcome = apply(number.0, group(MOVZ, n), PLACE, value as u64, 0);
            assert_eq!(outcome, OutOfRange(value));
        }
    }
}

#[test]
fn unchecked_groups_take_their_bits_of_anything() {
    let numbers = [
        R_AARCH64_MOVW_UABS_G0_NC,
        R_AARCH64_MOVW_UABS_G1_NC,
        R_AARCH64_MOVW_UABS_G2_NC,
        R_AARCH64_MOVW_UABS_G3,
    ];
    let value = 0xfedc_ba98_7654_3210u64;
    for (n, number) in (0u32..).zip(numbers) {
        let now = patched(number.0, group(MOVK, n), PLACE, value - 5, 5).unwrap();
        assert_eq!(imm16(now).0, (value >> (16 * n)) & 0xffff);
    }
}

#[test]
fn signed_groups_choose_between_movz_and_movn() {
    let absolute = [R_AARCH64_MOVW_SABS_G0, R_AARCH64_MOVW_SABS_G1, R_AARCH64_MOVW_SABS_G2];
    let relative = [R_AARCH64_MOVW_PREL_G0, R_AARCH64_MOVW_PREL_G1, R_AARCH64_MOVW_PREL_G2];
    for (n, (absolute, relative)) in (0u32..).zip(absolute.into_iter().zip(relative)) {
        let limit = 1i64 << (16 * (n + 1));
        let low = (1i64 << (16 * n)) - 1;
        for value in [-limit, 1 - limit, -2, -1, 0, 1, limit / 3, limit - 1] {
            for insn in [group(MOVZ, n), group(MOVN, n)] {
                let from_place = PLACE.wrapping_add_signed(value);
                for now in [
                    patched(absolute.0, insn, PLACE, value as u64, 0).unwrap(),
                    patched(relative.0, insn, PLACE, from_place, 0).unwrap(),
                ] {
                    // The bits below the group are all ones after MOVN, and zeros after MOVZ.
                    assert_eq!(imm16(now).1 >> (16 * n), value >> (16 * n), "{value} {now:#x}");
                    assert_eq!(imm16(now).1 & low, if value < 0 { low } else { 0 });
                    assert_eq!(now & 0x9fe0_001f, insn & 0x9fe0_001f);
                }
            }
        }
        for value in [-limit - 1, limit, i64::MIN, i64::MAX] {
            let outcome = apply(absolute.0, group(MOVZ, n), PLACE, value as u64, 0);
            assert_eq!(outcome, OutOfRange(value));
        }
    }
}

#[test]
fn the_whole_sequence_makes_the_value() {
    let numbers = [
        R_AARCH64_MOVW_PREL_G3,
        R_AARCH64_MOVW_PREL_G2_NC,
        R_AARCH64_MOVW_PREL_G1_NC,
        R_AARCH64_MOVW_PREL_G0_NC,
    ];
    for distance in [0x1234_5678_9abc_def0i64, -0x1234_5678_9abc_def0, -1, 0, i64::MIN] {
        let symbol = PLACE.wrapping_add_signed(distance);
        let mut value = 0u64;
        for (number, n) in numbers.into_iter().zip([3u32, 2, 1, 0]) {
            let insn = group(if n == 3 { MOVZ } else { MOVK }, n);
            let (bits, whole) = imm16(patched(number.0, insn, PLACE, symbol, 0).unwrap());
            let kept = value & !(0xffff << (16 * n));
            value = if n == 3 { whole as u64 } else { kept | bits << (16 * n) };
        }
        assert_eq!(value as i64, distance);
    }
}
