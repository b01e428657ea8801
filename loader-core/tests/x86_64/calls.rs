//! Calls and jumps: direct where they reach, through a stub where they do not.

use loader_core::{Machine, Phase};
use object::elf::*;

use super::{LOW, apply};
use crate::support::decode::branch_offset;
use crate::support::fixup::Outcome::{Addend, Bytes, Stub};
use crate::support::{ElfBuilder, TestManager, load, load_with, refused_with};

const R_X86_64_PLT32_BND: u32 = 40; // deprecated, and so not in every list
const FAR: u64 = 0xffff_8000_1234_5678;

#[test]
fn direct_up_to_both_ends_of_the_range_and_a_stub_past_them() {
    for number in [R_X86_64_PLT32.0, R_X86_64_PLT32_BND] {
        for distance in [-0x8000_0000i64, -1, 0, 1, 0x7fff_ffff] {
            let symbol = LOW.wrapping_add_signed(distance + 4);
            let expected = Bytes(distance.to_le_bytes()[..4].to_vec());
            assert_eq!(apply(number, 4, LOW, symbol, -4), expected, "{distance:#x}");
        }
        for distance in [-0x8000_0001i64, 0x8000_0000] {
            let symbol = LOW.wrapping_add_signed(distance + 4);
            let outcome = apply(number, 4, LOW, symbol, -4);
            assert!(matches!(outcome, Stub(_)), "{distance:#x}: {outcome:?}");
        }
    }
}

#[test]
fn a_stub_jumps_through_a_slot_with_the_address() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    // call far; call far; jmp other
    let text = elf.text(&[0xe8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0, 0xe9, 0, 0, 0, 0]);
    let (far, other) = (elf.undefined("far"), elf.undefined("other"));
    elf.rela(text, 1, R_X86_64_PLT32.0, far, -4);
    elf.rela(text, 6, R_X86_64_PLT32.0, far, -4);
    elf.rela(text, 11, R_X86_64_PLT32.0, other, -4);
    let image = load(&elf.build(), &[("far", FAR), ("other", FAR + 0x10)]);
    assert_eq!((image.stubs, image.got_entries), (2, 2), "one for each symbol");
    let start = image.section_address(".text");
    let target = |at: usize| {
        let field = &image.section(".text")[at..at + 4];
        let offset = branch_offset(Machine::X86_64, field).unwrap();
        (start + at as u64 + 4).wrapping_add_signed(offset)
    };
    assert_eq!(target(1), target(6));
    for (at, address) in [(1, FAR), (11, FAR + 0x10)] {
        let stub = target(at);
        let [0xff, 0x25, a, b, c, d, ..] = *image.at(stub, 8) else { panic!("no jmp *(%rip)") };
        let slot = (stub + 6).wrapping_add_signed(i32::from_le_bytes([a, b, c, d]).into());
        assert_eq!(image.pointer(slot), address);
    }
}

#[test]
#[cfg(feature = "several-objects")]
fn a_call_within_the_module_never_needs_one() {
    let mut callee = ElfBuilder::new(Machine::X86_64);
    let text = callee.text(&[0xc3]);
    callee.global("callee", text, 0);
    let mut caller = ElfBuilder::new(Machine::X86_64);
    let text = caller.text(&[0xe8, 0, 0, 0, 0]);
    let symbol = caller.undefined("callee");
    caller.rela(text, 1, R_X86_64_PLT32.0, symbol, -4);
    for order in [false, true] {
        let (callee, caller) = (callee.build(), caller.build());
        let mut files: [(&str, &[u8]); 2] = [("callee.o", &callee), ("caller.o", &caller)];
        if order {
            files.reverse();
        }
        let image = load_with(&files, &TestManager::new(), &[]);
        assert_eq!((image.stubs, image.got_entries), (0, 0));
        let call = image.sections.iter().find(|s| s.3.len() == 5).unwrap();
        let offset = branch_offset(Machine::X86_64, &call.3[1..]).unwrap();
        assert_eq!((call.2 + 5).wrapping_add_signed(offset), image.exports["callee"]);
    }
}

#[test]
fn a_stub_stands_for_the_symbol_itself_only() {
    assert_eq!(apply(R_X86_64_PLT32.0, 4, LOW, FAR, 4), Addend(4));
    let near = apply(R_X86_64_PLT32.0, 4, LOW, LOW + 0x100, 4);
    assert_eq!(near, Bytes(0x104u32.to_le_bytes().to_vec()));
}

#[test]
fn a_stub_that_cannot_reach_its_slot_is_refused() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xe8, 0, 0, 0, 0]);
    let far = elf.undefined("far");
    elf.rela(text, 1, R_X86_64_PLT32.0, far, -4);
    let file = elf.build();
    // The stub lies at 8 and ends its displacement at 14: 0x7fff_ffff from there is the limit.
    for (got, reaches) in [(0x8010_0008u64, true), (0x8010_0010, false)] {
        let manager = TestManager::at(0x10_0000, got, 0);
        let files: [(&str, &[u8]); 1] = [("test.o", &file)];
        if reaches {
            load_with(&files, &manager, &[("far", FAR)]);
            continue;
        }
        let words = ["far", "0x100008", "0x80100010", "closer together"];
        refused_with(&files, &manager, &[("far", FAR)], Phase::Resolve, &words, |error| {
            let loader_core::Error::StubReach { symbol, stub, slot } = error else {
                panic!("{error:?}")
            };
            assert_eq!(symbol.as_bytes(), b"far");
            assert_eq!((stub.value(), slot.value()), (0x10_0008, 0x8010_0010));
        });
    }
}

#[test]
fn a_stub_that_no_call_goes_through_need_not_reach() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xe8, 0, 0, 0, 0]);
    let near = elf.undefined("near");
    elf.rela(text, 1, R_X86_64_PLT32.0, near, -4);
    let manager = TestManager::at(0x10_0000, 0x1_8010_0000, 0);
    let image = load_with(&[("test.o", &elf.build())], &manager, &[("near", 0x20_0000)]);
    assert_eq!(image.word(".text", 1), 0x20_0000 - 0x10_0005);
}
