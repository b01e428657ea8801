//! Undefined weak symbols are 0, however far from 0 the code lies.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use crate::support::{ElfBuilder, Image, TestManager, load_with, refused_with};

const FAR: u64 = 0xffff_8000_0008_0000;

/// An instruction whose last four bytes are relocated against an undefined weak symbol.
fn object(instruction: &[u8], number: RelocationType, addend: i64) -> Vec<u8> {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(instruction);
    let symbol = elf.undefined_weak("weak");
    elf.rela(text, instruction.len() as u64 - 4, number.0, symbol, addend);
    elf.build().into_bytes()
}

fn at(file: &[u8], text: u64) -> Image {
    load_with(&[("test.o", file)], &TestManager::at(text, text + 0x10_0000, 0), &[])
}

#[test]
fn lea_becomes_mov_where_it_does_not_reach() {
    // lea weak(%rip), %r12 -> mov $0, %r12
    let file = object(&[0x4c, 0x8d, 0x25, 0, 0, 0, 0], R_X86_64_PC32, -4);
    let lea = [0x4c, 0x8d, 0x25];
    let mov = [0x49, 0xc7, 0xc4, 0, 0, 0, 0];
    assert_eq!(at(&file, FAR).section(".text"), mov);
    // The field's end is 7 bytes into the text: the last place that reaches, and the next one.
    let near = at(&file, 0x7fff_fff0);
    assert_eq!(near.section(".text")[..3], lea);
    assert_eq!(near.field(".text", 3, 4), 0x8000_0009);
    assert_eq!(at(&file, 0x8000_0000).section(".text"), mov);
    // From the top of the address space, 0 is close.
    assert_eq!(at(&file, 0xffff_ffff_8000_0000).section(".text")[..3], lea);
    // lea weak+0x10(%rip), %rax -> mov $0x10, %rax
    let file = object(&[0x48, 0x8d, 0x05, 0, 0, 0, 0], R_X86_64_PC32, 12);
    assert_eq!(at(&file, FAR).section(".text"), [0x48, 0xc7, 0xc0, 0x10, 0, 0, 0]);
}

#[test]
fn calls_go_through_the_stub_to_zero() {
    let image = at(&object(&[0xe8, 0, 0, 0, 0], R_X86_64_PLT32, -4), FAR);
    let field = i64::from((image.field(".text", 1, 4) as u32).cast_signed());
    let stub = (FAR + 5).wrapping_add_signed(field);
    let [0xff, 0x25, a, b, c, d, ..] = *image.at(stub, 8) else { panic!("no jmp *(%rip)") };
    let slot = (stub + 6).wrapping_add_signed(i32::from_le_bytes([a, b, c, d]).into());
    assert_eq!(image.pointer(slot), 0);
}

#[test]
fn what_has_no_such_form_is_out_of_range() {
    let mov_from_it: &[u8] = &[0x48, 0x8b, 0x05, 0, 0, 0, 0];
    let lea: &[u8] = &[0x48, 0x8d, 0x05, 0, 0, 0, 0];
    for (instruction, addend) in [(mov_from_it, -4), (lea, 0x7fff_fffc), (&lea[1..], -4)] {
        let file = object(instruction, R_X86_64_PC32, addend);
        let manager = TestManager::at(FAR, FAR + 0x10_0000, 0);
        let (files, words) = ([("test.o", file.as_slice())], ["`weak`", ".text"]);
        refused_with(&files, &manager, &[], Phase::Resolve, &words, |error| {
            assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
        });
    }
}

#[test]
fn data_is_never_taken_for_an_instruction() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0x48, 0x8d, 0x05, 0, 0, 0, 0]);
    let symbol = elf.undefined_weak("weak");
    elf.rela(data, 3, R_X86_64_PC32.0, symbol, -4);
    let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
    let manager = TestManager::at(0, 0, FAR);
    refused_with(&files, &manager, &[], Phase::Resolve, &["`weak`", ".data"], |error| {
        assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
    });
}

#[test]
fn a_defined_symbol_at_zero_is_out_of_range() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x48, 0x8d, 0x05, 0, 0, 0, 0]);
    let symbol = elf.absolute("zero", 0);
    elf.rela(text, 3, R_X86_64_PC32.0, symbol, -4);
    let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
    let manager = TestManager::at(FAR, 0, 0);
    refused_with(&files, &manager, &[], Phase::Resolve, &["`zero`"], |error| {
        assert!(matches!(error, Error::OutOfRange { .. }), "{error:?}");
    });
}
