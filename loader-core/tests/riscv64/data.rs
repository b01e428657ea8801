//! Data words: set, added to and subtracted from, at every width.

use loader_core::Machine;
use object::elf::*;

use super::{PLACE, apply, patched};
use crate::support::fixup::Outcome::{Bytes, OutOfRange};
use crate::support::{ElfBuilder, load};

#[test]
fn words_hold_addresses() {
    let symbol = 0xfedc_ba98_7654_3210u64;
    assert_eq!(patched(R_RISCV_64.0, &[0xff; 8], PLACE, symbol, 1), Ok(symbol + 1));
    for value in [-0x8000_0000i64, -1, 0, 0x7fff_ffff, 0xffff_ffff] {
        let now = patched(R_RISCV_32.0, &[0xff; 4], PLACE, value as u64, 0);
        assert_eq!(now, Ok(u64::from(value as u32)));
    }
    for value in [-0x8000_0001i64, 0x1_0000_0000] {
        assert_eq!(apply(R_RISCV_32.0, &[0; 4], PLACE, value as u64, 0), OutOfRange(value));
    }
}

#[test]
fn relative_words_are_signed() {
    for value in [-0x8000_0000i64, -1, 0, 0x7fff_ffff] {
        let symbol = PLACE.wrapping_add_signed(value - 3);
        let bytes = (value as u32).to_le_bytes().to_vec();
        assert_eq!(apply(R_RISCV_32_PCREL.0, &[0; 4], PLACE, symbol, 3), Bytes(bytes));
    }
    for value in [-0x8000_0001i64, 0x8000_0000] {
        let symbol = PLACE.wrapping_add_signed(value);
        assert_eq!(apply(R_RISCV_32_PCREL.0, &[0; 4], PLACE, symbol, 0), OutOfRange(value));
    }
}

#[test]
fn additions_and_subtractions_wrap_at_their_own_width() {
    let rows = [
        (R_RISCV_ADD8, R_RISCV_SUB8, 1),
        (R_RISCV_ADD16, R_RISCV_SUB16, 2),
        (R_RISCV_ADD32, R_RISCV_SUB32, 4),
        (R_RISCV_ADD64, R_RISCV_SUB64, 8),
    ];
    for (add, sub, width) in rows {
        let mask = u64::MAX >> (64 - 8 * width);
        for old in [0, 1, 0x7f, u64::MAX, 0x8877_6655_4433_2211] {
            for symbol in [0, 1, 0x80, 0xffff_8000_1234_5678] {
                let field = &old.to_le_bytes()[..width];
                let sum = old.wrapping_add(symbol).wrapping_add(3) & mask;
                assert_eq!(patched(add.0, field, PLACE, symbol, 3), Ok(sum));
                let difference = old.wrapping_sub(symbol).wrapping_add(3) & mask;
                assert_eq!(patched(sub.0, field, PLACE, symbol, -3), Ok(difference));
            }
        }
    }
}

#[test]
fn sets_take_the_low_bits() {
    let symbol = 0xffff_8000_1234_5678u64;
    for (number, width) in [(R_RISCV_SET8, 1), (R_RISCV_SET16, 2), (R_RISCV_SET32, 4)] {
        let mask = u64::MAX >> (64 - 8 * width);
        let now = patched(number.0, &[0xff; 8][..width as usize], PLACE, symbol, 5);
        assert_eq!(now, Ok((symbol + 5) & mask));
    }
}

#[test]
fn six_bit_fields_leave_the_upper_two_alone() {
    for upper in [0x00u8, 0x40, 0x80, 0xc0] {
        for old in [0, 1, 0x1f, 0x20, 0x3f] {
            for symbol in [0u64, 1, 0x1f, 0x20, 0x3f, 0x40, 0x1234_56ff] {
                let now = patched(R_RISCV_SET6.0, &[upper | old], PLACE, symbol, 0);
                assert_eq!(now, Ok(u64::from(upper) | (symbol & 0x3f)));
                let difference = u64::from(old).wrapping_sub(symbol) & 0x3f;
                let now = patched(R_RISCV_SUB6.0, &[upper | old], PLACE, symbol, 0);
                assert_eq!(now, Ok(u64::from(upper) | difference));
            }
        }
    }
}

#[test]
fn a_difference_is_made_by_a_pair() {
    // .byte end - start as DW_CFA_advance_loc (6 bits), .half, .word and .dword of the same.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&[0; 0x40]);
    let data = elf.data(&[0x40, 0xee, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let (start, end) = (elf.local("start", text, 4), elf.local("end", text, 0x38));
    for (at, set, sub) in [
        (0, R_RISCV_SET6, R_RISCV_SUB6),
        (1, R_RISCV_SET8, R_RISCV_SUB8),
        (2, R_RISCV_SET16, R_RISCV_SUB16),
        (4, R_RISCV_ADD32, R_RISCV_SUB32),
        (8, R_RISCV_ADD64, R_RISCV_SUB64),
    ] {
        elf.rela(data, at, set.0, end, 0);
        elf.rela(data, at, sub.0, start, 0);
    }
    let image = load(&elf.build(), &[]);
    let expected = [0x74, 0x34, 0x34, 0, 0x34, 0, 0, 0, 0x34, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(image.section(".data"), expected);
}

#[test]
fn a_got_offset_in_data_finds_the_slot() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let data = elf.data(&[0; 8]);
    let symbol = elf.undefined("symbol");
    elf.rela(data, 4, R_RISCV_GOT32_PCREL.0, symbol, 4);
    let image = load(&elf.build(), &[("symbol", 0x1234)]);
    let slot = (image.section_address(".data") + 4)
        .wrapping_add_signed(i64::from(image.word(".data", 4) as i32) - 4);
    assert_eq!(image.pointer(slot), 0x1234);
}
