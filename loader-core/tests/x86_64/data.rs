//! Absolute and PC-relative fields, by results worked out by hand, and their ranges.

use object::elf::*;

use super::{LOW, apply};
use crate::support::fixup::Outcome::{self, Bytes, OutOfRange};
use crate::support::{ElfBuilder, SymbolSpec, TestManager, load, load_with};
use loader_core::Machine;

const R_X86_64_PC32_BND: u32 = 39; // deprecated, and so not in every list

fn bytes(value: i64, width: usize) -> Outcome {
    Bytes(value.to_le_bytes()[..width].to_vec())
}

#[test]
fn results_worked_out_by_hand() {
    let apply =
        |number: RelocationType, width, symbol, addend| apply(number.0, width, LOW, symbol, addend);
    assert_eq!(apply(R_X86_64_64, 8, 0x1234_5678_9abc_def0, 0x10), bytes(0x1234_5678_9abc_df00, 8));
    assert_eq!(apply(R_X86_64_64, 8, 0x10, -0x20), bytes(-0x10, 8), "wraps as the hardware does");
    assert_eq!(apply(R_X86_64_PC64, 8, 0xffff_8000_0000_0000, 0), bytes(-0x8000_0020_0010, 8));
    assert_eq!(apply(R_X86_64_PC32, 4, 0x30_0000, -4), bytes(0xf_ffec, 4));
    assert_eq!(apply(R_X86_64_PC32, 4, 0x10_0000, -8), bytes(-0x10_0018, 4));
    assert_eq!(apply(R_X86_64_32, 4, 0xffff_fff0, 0xf), bytes(0xffff_ffff, 4));
    assert_eq!(apply(R_X86_64_32S, 4, 0xffff_ffff_8000_0000, 0), bytes(-0x8000_0000, 4));
    assert_eq!(apply(R_X86_64_16, 2, 0x1234, 1), bytes(0x1235, 2));
    assert_eq!(apply(R_X86_64_8, 1, 0x12, 1), bytes(0x13, 1));
    assert_eq!(apply(R_X86_64_PC16, 2, LOW + 0x1000, 0), bytes(0x1000, 2));
    assert_eq!(apply(R_X86_64_PC8, 1, LOW - 0x10, 0), bytes(-0x10, 1));
}

#[test]
fn absolute_fields_hold_their_range_and_nothing_more() {
    for (number, width, min, max) in [
        (R_X86_64_32, 4, 0, 0xffff_ffff),
        (R_X86_64_32S, 4, -0x8000_0000, 0x7fff_ffff),
        (R_X86_64_16, 2, -0x8000, 0xffff),
        (R_X86_64_8, 1, -0x80, 0xff),
    ] {
        for value in [min, min + 1, max / 2, max - 1, max] {
            assert_eq!(apply(number.0, width, LOW, value as u64, 0), bytes(value, width));
            assert_eq!(apply(number.0, width, LOW, 0, value), bytes(value, width), "all addend");
        }
        for value in [min - 1, max + 1, i64::MIN, i64::MAX] {
            assert_eq!(apply(number.0, width, LOW, value as u64, 0), OutOfRange(value));
        }
    }
}

#[test]
fn relative_fields_hold_their_range_at_any_place() {
    for place in [LOW, 0x7fff_ffff_0010, 0xffff_ffff_8000_0010, 0xffff_ffff_ffff_0010] {
        for (number, width) in [
            (R_X86_64_PC32, 4),
            (RelocationType(R_X86_64_PC32_BND), 4),
            (R_X86_64_PC16, 2),
            (R_X86_64_PC8, 1),
        ] {
            let half = 1i64 << (8 * width - 1);
            let at = |distance: i64| {
                apply(number.0, width, place, place.wrapping_add_signed(distance + 4), -4)
            };
            for distance in [-half, 1 - half, -1, 0, 1, half - 2, half - 1] {
                assert_eq!(at(distance), bytes(distance, width), "{distance} from {place:#x}");
            }
            for distance in [-half - 1, half, 4 * half] {
                assert_eq!(at(distance), OutOfRange(distance), "{distance} from {place:#x}");
            }
        }
    }
}

#[test]
fn a_section_symbol_counts_from_its_section() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 24]);
    let rodata = elf.rodata(&[0; 32]);
    let symbol = elf.section_symbol(rodata);
    elf.rela(data, 1, R_X86_64_64.0, symbol, 8);
    elf.rela(data, 9, R_X86_64_64.0, symbol, 0x1000); // far past the end, which ELF permits
    let image = load(&elf.build(), &[]);
    assert_eq!(image.field(".data", 1, 8), 0x1100_0008, "unaligned");
    assert_eq!(image.field(".data", 9, 8), 0x1100_1000);
}

#[test]
fn sizes_are_those_of_the_symbol() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 16]);
    let symbol = elf.symbol(SymbolSpec { size: 0x123, ..SymbolSpec::new("sized", data, 0) });
    elf.rela(data, 0, R_X86_64_SIZE32.0, symbol, 1);
    elf.rela(data, 8, R_X86_64_SIZE64.0, symbol, -0x124);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.field(".data", 0, 4), 0x124);
    assert_eq!(image.field(".data", 8, 8), u64::MAX);
}

#[test]
#[cfg(feature = "several-objects")]
fn a_size_is_the_definitions_though_another_object_asks() {
    let mut user = ElfBuilder::new(Machine::X86_64);
    let data = user.data(&[0; 8]);
    let symbol = user.undefined("sized");
    user.rela(data, 0, R_X86_64_SIZE64.0, symbol, 0);
    let mut owner = ElfBuilder::new(Machine::X86_64);
    let rodata = owner.rodata(&[0; 32]);
    owner.symbol(SymbolSpec { size: 32, ..SymbolSpec::new("sized", rodata, 0) });
    let files: [(&str, &[u8]); 2] = [("user.o", &user.build()), ("owner.o", &owner.build())];
    let image = load_with(&files, &TestManager::new(), &[]);
    assert_eq!(image.field(".data", 0, 8), 32);
}
