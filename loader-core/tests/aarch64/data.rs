//! Data: absolute and relative words of 16, 32 and 64 bits.

use loader_core::{Machine, SegmentKind};
use object::elf::*;

use super::PLACE;
use crate::support::fixup::Outcome::{Bytes, OutOfRange};
use crate::support::fixup::{Fixup, Outcome};
use crate::support::{ElfBuilder, load};

fn apply(number: RelocationType, width: usize, symbol: u64, addend: i64) -> Outcome {
    let (machine, field) = (Machine::Aarch64, &[0; 8][..width]);
    Fixup { machine, number: number.0, field, place: PLACE, symbol, addend }.apply()
}

fn bytes(value: i64, width: usize) -> Outcome {
    Bytes(value.to_le_bytes()[..width].to_vec())
}

#[test]
fn results_worked_out_by_hand() {
    assert_eq!(apply(R_AARCH64_ABS64, 8, 0xffff_0000_1234_5678, 8), bytes(-0xffff_edcb_a980, 8));
    assert_eq!(apply(R_AARCH64_PREL64, 8, 0x10, -0x10), bytes(-0x40_0000_0010, 8));
    assert_eq!(apply(R_AARCH64_PREL32, 4, PLACE + 0x20, -0x30), bytes(-0x10, 4));
    assert_eq!(apply(R_AARCH64_PREL16, 2, PLACE, 0x1234), bytes(0x1234, 2));
    assert_eq!(apply(R_AARCH64_ABS16, 2, 0xff00, 0xff), bytes(0xffff, 2));
}

#[test]
fn absolute_words_may_be_read_either_way() {
    for (number, width) in [(R_AARCH64_ABS32, 4), (R_AARCH64_ABS16, 2)] {
        let bits = 8 * width as u32;
        let (min, max) = (-(1i64 << (bits - 1)), (1i64 << bits) - 1);
        for value in [min, -1, 0, max / 2, max / 2 + 1, max] {
            assert_eq!(apply(number, width, value as u64, 0), bytes(value, width));
        }
        for value in [min - 1, max + 1, i64::MIN, i64::MAX] {
            assert_eq!(apply(number, width, value as u64, 0), OutOfRange(value));
        }
    }
}

#[test]
fn relative_words_are_signed() {
    for (number, width) in [(R_AARCH64_PREL32, 4), (R_AARCH64_PREL16, 2)] {
        let half = 1i64 << (8 * width - 1);
        let at = |value: i64| apply(number, width, PLACE.wrapping_add_signed(value - 7), 7);
        for value in [-half, -1, 0, half - 1] {
            assert_eq!(at(value), bytes(value, width));
        }
        for value in [-half - 1, half, 2 * half - 1] {
            assert_eq!(at(value), OutOfRange(value));
        }
    }
}

#[test]
fn offsets_from_the_got() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let data = elf.data(&[0; 24]);
    let symbol = elf.undefined("symbol");
    elf.rela(data, 0, R_AARCH64_GOTREL64.0, symbol, 4);
    elf.rela(data, 8, R_AARCH64_GOTREL32.0, symbol, 0);
    elf.rela(data, 16, R_AARCH64_GOTPCREL32.0, symbol, 2);
    let image = load(&elf.build(), &[("symbol", 0x1100_5000)]);
    let got = image.segments.iter().find(|s| s.0 == SegmentKind::ReadOnly).unwrap().1;
    assert_eq!(image.field(".data", 0, 8), 0x1100_5004 - got);
    assert_eq!(image.field(".data", 8, 4), 0x1100_5000 - got);
    let slot = (image.section_address(".data") + 16)
        .wrapping_add_signed(i64::from(image.word(".data", 16) as i32) - 2);
    assert_eq!(image.pointer(slot), 0x1100_5000);
}
