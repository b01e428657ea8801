//! `GOTPCRELX`: loads from the GOT become direct where the symbol is in reach, and only there.

use loader_core::{Error, Machine, Phase, SegmentKind};
use object::elf::*;

use crate::support::{ElfBuilder, Image, TestManager, load_with, refused_with};

const TEXT: u64 = 0x10_0000;
const GOT: u64 = 0x20_0000;

/// One instruction at `TEXT + 8` whose last four bytes are relocated against `symbol`.
fn object(instruction: &[u8], number: RelocationType, addend: i64) -> Vec<u8> {
    let mut bytes = vec![0x90; 8];
    bytes.extend(instruction);
    bytes.extend([0xcc; 4]);
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&bytes);
    let symbol = elf.undefined("symbol");
    elf.rela(text, 4 + instruction.len() as u64, number.0, symbol, addend);
    elf.build().into_bytes()
}

fn load(instruction: &[u8], number: RelocationType, addend: i64, symbol: u64) -> Image {
    let file = object(instruction, number, addend);
    let manager = TestManager::at(TEXT, GOT, 0);
    load_with(&[("test.o", &file)], &manager, &[("symbol", symbol)])
}

/// The instruction after the load; nothing around it may have changed.
fn relaxed(instruction: &[u8], symbol: u64) -> Vec<u8> {
    let rex = instruction.len() == 7;
    let number = if rex { R_X86_64_REX_GOTPCRELX } else { R_X86_64_GOTPCRELX };
    let image = load(instruction, number, -4, symbol);
    let text = image.section(".text");
    assert_eq!(text[..8], [0x90; 8]);
    assert_eq!(text[8 + instruction.len()..], [0xcc; 4]);
    text[8..8 + instruction.len()].to_vec()
}

fn displacement(instruction: &[u8]) -> i64 {
    let field = *instruction.last_chunk::<4>().unwrap();
    i32::from_le_bytes(field).into()
}

#[test]
fn mov_becomes_lea() {
    // mov symbol@GOTPCREL(%rip), %rax and %r15
    for (mov, lea) in
        [([0x48, 0x8b, 0x05], [0x48, 0x8d, 0x05]), ([0x4c, 0x8b, 0x3d], [0x4c, 0x8d, 0x3d])]
    {
        let end = TEXT + 8 + 7;
        for distance in [-0x8000_0000i64, -1, 0, 0x7fff_ffff] {
            let symbol = end.wrapping_add_signed(distance);
            let now = relaxed(&[mov.as_slice(), &[0; 4]].concat(), symbol);
            assert_eq!(now[..3], lea);
            assert_eq!(displacement(&now), distance);
        }
    }
}

#[test]
fn what_is_out_of_reach_still_loads_from_the_got() {
    let end = TEXT + 8 + 7;
    for distance in [-0x8000_0001i64, 0x8000_0000, i64::MAX] {
        let symbol = end.wrapping_add_signed(distance);
        let now = relaxed(&[0x48, 0x8b, 0x05, 0, 0, 0, 0], symbol);
        assert_eq!(now[..3], [0x48, 0x8b, 0x05]);
        assert_eq!(end.wrapping_add_signed(displacement(&now)), GOT);
    }
    let image = load(&[0x48, 0x8b, 0x05, 0, 0, 0, 0], R_X86_64_REX_GOTPCRELX, -4, u64::MAX);
    assert_eq!(image.pointer(GOT), u64::MAX);
}

#[test]
fn another_addend_is_left_alone() {
    for addend in [-8, -3, 0] {
        let image = load(&[0x48, 0x8b, 0x05, 0, 0, 0, 0], R_X86_64_REX_GOTPCRELX, addend, TEXT);
        let now = &image.section(".text")[8..15];
        assert_eq!(now[..3], [0x48, 0x8b, 0x05]);
        let field = TEXT + 8 + 3;
        assert_eq!(field.wrapping_add_signed(displacement(now)), GOT.wrapping_add_signed(addend));
    }
}

#[test]
fn plain_gotpcrel_is_never_rewritten() {
    let image = load(&[0x48, 0x8b, 0x05, 0, 0, 0, 0], R_X86_64_GOTPCREL, -4, TEXT);
    assert_eq!(image.section(".text")[8..11], [0x48, 0x8b, 0x05]);
}

#[test]
fn calls_and_jumps_become_direct() {
    // call *symbol@GOTPCREL(%rip) -> addr32 call symbol
    let now = relaxed(&[0xff, 0x15, 0, 0, 0, 0], TEXT + 0x100);
    assert_eq!(now[..2], [0x67, 0xe8]);
    assert_eq!(TEXT as i64 + 8 + 6 + displacement(&now), TEXT as i64 + 0x100);
    // jmp *symbol@GOTPCREL(%rip) -> jmp symbol; nop
    let now = relaxed(&[0xff, 0x25, 0, 0, 0, 0], TEXT + 0x100);
    assert_eq!((now[0], now[5]), (0xe9, 0x90));
    assert_eq!(TEXT as i64 + 8 + 5 + displacement(&now[..5]), TEXT as i64 + 0x100);
}

#[test]
fn the_jump_reaches_a_byte_less_because_it_ends_a_byte_earlier() {
    let end = TEXT + 8 + 6;
    let far = end + 0x7fff_ffff;
    assert_eq!(relaxed(&[0xff, 0x25, 0, 0, 0, 0], far)[..2], [0xff, 0x25]);
    assert_eq!(relaxed(&[0xff, 0x15, 0, 0, 0, 0], far)[..2], [0x67, 0xe8]);
    assert_eq!(relaxed(&[0xff, 0x25, 0, 0, 0, 0], far - 1)[0], 0xe9);
}

#[test]
fn arithmetic_takes_the_address_as_an_immediate() {
    let operations = [0x03, 0x0b, 0x13, 0x1b, 0x23, 0x2b, 0x33, 0x3b];
    for (operation, opcode) in (0u8..).zip(operations) {
        // op symbol@GOTPCREL(%rip), %r9 -> op $symbol, %r9
        let now = relaxed(&[0x4c, opcode, 0x0d, 0, 0, 0, 0], 0x1234_5678);
        assert_eq!(now, [0x49, 0x81, 0xc1 | operation << 3, 0x78, 0x56, 0x34, 0x12]);
    }
    // test %rax, symbol@GOTPCREL(%rip) -> test $symbol, %rax
    let now = relaxed(&[0x48, 0x85, 0x05, 0, 0, 0, 0], 0x1234_5678);
    assert_eq!(now, [0x48, 0xf7, 0xc0, 0x78, 0x56, 0x34, 0x12]);
}

#[test]
fn an_immediate_that_does_not_fit_is_left_in_the_got() {
    for opcode in [0x3b, 0x85] {
        let instruction = [0x48, opcode, 0x05, 0, 0, 0, 0];
        assert_eq!(relaxed(&instruction, 0x8000_0000)[1], opcode);
        assert_eq!(relaxed(&instruction, 0xffff_ffff_7fff_ffff)[1], opcode);
        assert_ne!(relaxed(&instruction, 0x7fff_ffff)[1], opcode);
        assert_ne!(relaxed(&instruction, 0xffff_ffff_8000_0000)[1], opcode);
    }
}

#[test]
fn a_weak_symbol_that_is_nowhere_is_zero_in_every_form() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x48, 0x8b, 0x05, 0, 0, 0, 0]);
    let symbol = elf.undefined_weak("symbol");
    elf.rela(text, 3, R_X86_64_REX_GOTPCRELX.0, symbol, -4);
    let file = elf.build();
    for text in [TEXT, 0xffff_ffff_8000_0000] {
        let manager = TestManager::at(text, text + 0x10_0000, 0);
        let image = load_with(&[("test.o", &file)], &manager, &[]);
        let now = image.section(".text");
        let operand = (text + 7).wrapping_add_signed(displacement(&now[..7]));
        let value = if now[1] == 0x8d { operand } else { image.pointer(operand) };
        assert_eq!(value, 0);
    }
}

#[test]
fn a_got_too_far_away_is_refused_where_the_symbol_is_too() {
    let file = object(&[0x48, 0x8b, 0x05, 0, 0, 0, 0], R_X86_64_REX_GOTPCRELX, -4);
    let manager = TestManager::at(TEXT, TEXT + 0x1_0000_0000, 0);
    let imports = [("symbol", u64::MAX / 2)];
    let words = ["R_X86_64_REX_GOTPCRELX", "`symbol`", ".text", "0xb", "text segment"];
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    refused_with(&files, &manager, &imports, Phase::Resolve, &words, |error| {
        let Error::OutOfRange { place, value, segment, .. } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset, segment), (1, 11, SegmentKind::Text));
        assert_eq!(value, 0x1_0000_0000 - 11 - 4);
    });
}
