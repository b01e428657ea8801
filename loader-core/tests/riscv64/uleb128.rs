//! `R_RISCV_SET_ULEB128` and `R_RISCV_SUB_ULEB128`: a difference, in as many bytes as were there.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use crate::support::{ElfBuilder, load, refused};

const SET: u32 = R_RISCV_SET_ULEB128.0;
const SUB: u32 = R_RISCV_SUB_ULEB128.0;

/// Reads a ULEB128 number (DWARF 5, 7.6).
fn uleb128(bytes: &[u8]) -> (u128, usize) {
    let len = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let digits = bytes[..len].iter().rev();
    (digits.fold(0, |value, byte| value << 7 | u128::from(byte & 0x7f)), len)
}

/// A number of `width` bytes between two bytes that must stay, made `end - start`.
fn object(width: usize, start: u64, end: u64) -> ElfBuilder {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let mut bytes = vec![0x80; width + 2];
    bytes[0] = 0xee;
    bytes[width] = 0x00;
    bytes[width + 1] = 0xee;
    let data = elf.data(&bytes);
    let (start, end) = (elf.absolute("start", start), elf.absolute("end", end));
    elf.rela(data, 1, SET, end, 0);
    elf.rela(data, 1, SUB, start, 0);
    elf
}

#[test]
fn the_difference_keeps_its_width() {
    for width in 1..=11 {
        let bits = (7 * width as u32).min(64);
        let most = u64::MAX >> (64 - bits);
        for value in [0, 1, 0x7f, most / 3, most - 1, most] {
            let value = value.min(most);
            for start in [0u64, 0x8000_0000, u64::MAX - 5] {
                let image = load(&object(width, start, start.wrapping_add(value)).build(), &[]);
                let bytes = image.section(".data");
                assert_eq!((bytes[0], bytes[width + 1]), (0xee, 0xee));
                assert_eq!(uleb128(&bytes[1..]), (u128::from(value), width));
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    for width in 1..=9 {
        let file = object(width, 0x1000, 0x1000 + (1 << (7 * width))).build();
        let words = [".data", "+0x1", "R_RISCV_SUB_ULEB128"];
        refused(&file, Phase::Resolve, &words, |error| {
            assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
        });
    }
}

#[test]
fn a_number_without_an_end_is_refused() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let data = elf.data(&[0x80, 0x80]);
    elf.section(".data.next", 3, &[0; 8]); // must not be reached
    let symbol = elf.absolute("symbol", 1);
    elf.rela(data, 0, SET, symbol, 0);
    elf.rela(data, 0, SUB, symbol, 0);
    refused(&elf.build(), Phase::Resolve, &[".data", "R_RISCV_SUB_ULEB128"], |_| {});
}

#[test]
fn addends_count() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let data = elf.data(&[0x80, 0x00]);
    let (start, end) = (elf.absolute("start", 0x1000), elf.absolute("end", 0x1000));
    elf.rela(data, 0, SET, end, 0x123);
    elf.rela(data, 0, SUB, start, 0x23);
    assert_eq!(uleb128(load(&elf.build(), &[]).section(".data")), (0x100, 2));
}

#[test]
fn halves_without_each_other_are_refused() {
    let cases: &[(&[(u64, u32)], u32)] = &[
        (&[(0, SET)], SET),
        (&[(0, SUB)], SUB),
        (&[(0, SUB), (0, SET)], SUB),
        (&[(0, SET), (2, SUB)], SET),
        (&[(0, SET), (0, SET), (0, SUB)], SET),
        (&[(0, SET), (0, SUB), (0, SUB)], SUB),
        (&[(0, SET), (0, SUB), (2, SET)], SET),
    ];
    for &(rows, lonely) in cases {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let data = elf.data(&[0x80, 0x00, 0x80, 0x00]);
        let symbol = elf.absolute("symbol", 1);
        for &(offset, number) in rows {
            elf.rela(data, offset, number, symbol, 0);
        }
        refused(&elf.build(), Phase::Plan, &[".data", "_ULEB128"], |error| {
            let Error::Unpaired { relocation, .. } = error else { panic!("{error:?}") };
            assert_eq!(relocation.number(), lonely, "{rows:?}");
        });
    }
}
