//! ADRP and what goes with it: pages, and the low twelve bits in every scale.

use object::elf::*;

use super::{PLACE, apply, patched};
use crate::support::decode::aarch64::{adr, adrp, imm12};
use crate::support::fixup::Outcome::{Instruction, Misaligned, OutOfRange};

const ADRP: u32 = 0x9000_0001;
const ADR: u32 = 0x1000_0001;

#[test]
fn pages_are_counted_from_the_places_page() {
    for offset in [0x10u64, 0x7f0, 0xff0] {
        let place = (PLACE & !0xfff) + offset;
        for (symbol, addend, expected) in [
            (place, 0, 0),
            (place & !0xfff, -1, -0x1000),
            (place | 0xfff, 1, 0x1000),
            (place + 0x1234_5000, 0, 0x1234_5000),
            (place - 0x1234_5000, 0x1000, -0x1234_4000),
        ] {
            let now = patched(R_AARCH64_ADR_PREL_PG_HI21.0, ADRP, place, symbol, addend);
            assert_eq!(now.map(adrp), Ok(expected), "{symbol:#x} from {place:#x}");
        }
    }
}

#[test]
fn adrp_reaches_four_gigabytes_of_pages() {
    let page = PLACE & !0xfff;
    for delta in [-0x1_0000_0000i64, -0xffff_f000, 0, 0xffff_e000, 0xffff_f000] {
        for low in [0, 0xfff] {
            let symbol = page.wrapping_add_signed(delta) + low;
            for field in [ADRP, ADRP | 0x60ff_ffe0] {
                let now = patched(R_AARCH64_ADR_PREL_PG_HI21.0, field, PLACE, symbol, 0).unwrap();
                assert_eq!((adrp(now), now & 0x9f00_001f), (delta, ADRP));
            }
        }
    }
    for (symbol, delta) in [
        (page - 0x1_0000_0000 - 1, -0x1_0000_1000),
        (page + 0x1_0000_0000, 0x1_0000_0000),
        (page + 0x10_0000_0000, 0x10_0000_0000),
    ] {
        let outcome = apply(R_AARCH64_ADR_PREL_PG_HI21.0, ADRP, PLACE, symbol, 0);
        assert_eq!(outcome, OutOfRange(delta));
        let now = patched(R_AARCH64_ADR_PREL_PG_HI21_NC.0, ADRP, PLACE, symbol, 0).unwrap();
        assert_eq!(adrp(now) as u64 & 0x1_ffff_ffff, delta as u64 & 0x1_ffff_ffff, "unchecked");
    }
}

#[test]
fn adr_reaches_a_megabyte_in_bytes() {
    for near in [-0x10_0000i64, 0, 0xf_ffff] {
        for distance in near - 5..near + 5 {
            let symbol = PLACE.wrapping_add_signed(distance);
            let outcome = patched(R_AARCH64_ADR_PREL_LO21.0, ADR, PLACE, symbol, 0);
            if (-0x10_0000..0x10_0000).contains(&distance) {
                assert_eq!(outcome.map(adr), Ok(distance));
            } else {
                assert_eq!(outcome, Err(OutOfRange(distance)));
            }
        }
    }
}

/// Number, instruction, the bytes that its offset counts.
const LOW: &[(RelocationType, u32, u64)] = &[
    (R_AARCH64_ADD_ABS_LO12_NC, 0x9100_0020, 1), // add x0, x1, #0
    (R_AARCH64_ADD_ABS_LO12_NC, 0x1100_0020, 1), // add w0, w1, #0
    (R_AARCH64_LDST8_ABS_LO12_NC, 0x3940_0020, 1), // ldrb w0, [x1]
    (R_AARCH64_LDST8_ABS_LO12_NC, 0x3900_0020, 1), // strb w0, [x1]
    (R_AARCH64_LDST16_ABS_LO12_NC, 0x7940_0020, 2), // ldrh w0, [x1]
    (R_AARCH64_LDST32_ABS_LO12_NC, 0xb940_0020, 4), // ldr w0, [x1]
    (R_AARCH64_LDST32_ABS_LO12_NC, 0xbd00_0020, 4), // str s0, [x1]
    (R_AARCH64_LDST64_ABS_LO12_NC, 0xf900_0020, 8), // str x0, [x1]
    (R_AARCH64_LDST128_ABS_LO12_NC, 0x3dc0_0020, 16), // ldr q0, [x1]
];

#[test]
fn low_bits_are_scaled_by_the_size_of_the_access() {
    for &(number, insn, scale) in LOW {
        for low in (0..0x1000).step_by(0x55 * 16).chain([0x800, 0xff0]) {
            for symbol in [low, 0xffff_8000_1234_5000 | low] {
                let now = patched(number.0, insn, PLACE, symbol + scale, -(scale as i64)).unwrap();
                assert_eq!(imm12(now) * scale, low);
                assert_eq!(now & !0x003f_fc00, insn);
            }
        }
    }
}

#[test]
fn a_misaligned_access_is_refused() {
    for &(number, insn, scale) in LOW {
        for low in 1..scale {
            let symbol = 0x1230 + low;
            let outcome = apply(number.0, insn, PLACE, symbol, 0);
            assert_eq!(outcome, Misaligned(symbol as i64), "{insn:#x}");
        }
    }
}

#[test]
fn other_instructions_are_refused() {
    let nop = 0xd503_201f;
    let numbers = LOW.iter().map(|row| row.0);
    for number in numbers.chain([R_AARCH64_ADR_PREL_LO21, R_AARCH64_ADR_PREL_PG_HI21]) {
        let symbol = PLACE & !0xf;
        assert_eq!(apply(number.0, nop, PLACE, symbol, 0), Instruction(nop.into()));
    }
    // ADR for ADRP, and the other way round.
    assert!(patched(R_AARCH64_ADR_PREL_LO21.0, ADRP, PLACE, PLACE, 0).is_err());
    assert!(patched(R_AARCH64_ADR_PREL_PG_HI21.0, ADR, PLACE, PLACE, 0).is_err());
}
