//! GOT loads: what `-fPIC`, `-fpic` and precompiled Rust use for every symbol of another object.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use crate::support::decode::aarch64::{adrp, imm12, imm19};
use crate::support::{ElfBuilder, TestManager, code, load_with, refused_with};

const ADRP_X0: u32 = 0x9000_0000;
const LDR_X0: u32 = 0xf940_0000;

#[test]
fn a_page_and_the_low_bits_find_the_slot() {
    for got in [0x4100_0000u64, 0x4100_0ff8, 0x1_3fff_fff0] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = elf.text(&code(&[ADRP_X0, LDR_X0, ADRP_X0, LDR_X0]));
        let symbols = [elf.undefined("one"), elf.undefined("two")];
        for (at, symbol) in [(0, symbols[0]), (8, symbols[1])] {
            elf.rela(text, at, R_AARCH64_ADR_GOT_PAGE.0, symbol, 0);
            elf.rela(text, at + 4, R_AARCH64_LD64_GOT_LO12_NC.0, symbol, 0);
        }
        let manager = TestManager::at(0x4000_0000, got, 0);
        let imports = [("one", 0x1111_0000_1111), ("two", 0x2222_0000_2222)];
        let image = load_with(&[("test.o", &elf.build())], &manager, &imports);
        assert_eq!(image.got_entries, 2);
        for (at, value) in [(0, 0x1111_0000_1111), (8, 0x2222_0000_2222)] {
            let page = 0x4000_0000u64.wrapping_add_signed(adrp(image.word(".text", at)));
            let slot = page + imm12(image.word(".text", at + 4)) * 8;
            assert_eq!(image.pointer(slot), value);
        }
    }
}

#[test]
fn a_literal_load_finds_the_slot() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x5800_0000]));
    let symbol = elf.undefined("symbol");
    elf.rela(text, 0, R_AARCH64_GOT_LD_PREL19.0, symbol, 0);
    let file = elf.build();
    for (got, reaches) in [(0x400f_fff8u64, true), (0x4010_0000, false)] {
        let manager = TestManager::at(0x4000_0000, got, 0);
        let files: [(&str, &[u8]); 1] = [("test.o", &file)];
        if reaches {
            let image = load_with(&files, &manager, &[("symbol", 7)]);
            let slot = 0x4000_0000u64.wrapping_add_signed(imm19(image.word(".text", 0)));
            assert_eq!(image.pointer(slot), 7);
            continue;
        }
        let words = ["R_AARCH64_GOT_LD_PREL19", "`symbol`", "0x100000"];
        refused_with(&files, &manager, &[("symbol", 7)], Phase::Resolve, &words, |error| {
            assert!(matches!(error, Error::OutOfRange { value: 0x10_0000, .. }), "{error:?}");
        });
    }
}

/// What `gcc -fpic` writes: the page of the GOT, and offsets in it of up to 32 KiB.
fn small_pic(symbols: usize) -> ElfBuilder {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let mut words = vec![ADRP_X0];
    words.resize(symbols + 1, LDR_X0);
    let text = elf.text(&code(&words));
    let table = elf.undefined("_GLOBAL_OFFSET_TABLE_");
    elf.rela(text, 0, R_AARCH64_ADR_PREL_PG_HI21.0, table, 0);
    for at in 1..=symbols {
        let symbol = elf.absolute(&format!("symbol{at}"), at as u64);
        elf.rela(text, at as u64 * 4, R_AARCH64_LD64_GOTPAGE_LO15.0, symbol, 0);
    }
    elf
}

#[test]
fn the_gots_page_and_fifteen_bits_find_the_slot() {
    for got in [0x4100_0000u64, 0x4100_0ff8] {
        let manager = TestManager::at(0x4000_0000, got, 0);
        let file = small_pic(600).build();
        let image = load_with(&[("test.o", &file)], &manager, &[]);
        let page = 0x4000_0000u64.wrapping_add_signed(adrp(image.word(".text", 0)));
        for at in 1..=600 {
            let slot = page + imm12(image.word(".text", at * 4)) * 8;
            assert_eq!(image.pointer(slot), at as u64);
        }
    }
}

#[test]
fn a_got_larger_than_that_is_refused() {
    let file = small_pic(4096).build();
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    load_with(&files, &TestManager::at(0x4000_0000, 0x4100_0000, 0), &[]);
    let file = small_pic(4097).build();
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    let manager = TestManager::at(0x4000_0000, 0x4100_0000, 0);
    let words = ["R_AARCH64_LD64_GOTPAGE_LO15", "`symbol4097`", "0x7fff"];
    refused_with(&files, &manager, &[], Phase::Resolve, &words, |error| {
        assert!(matches!(error, Error::OutOfRange { value: 0x8000, .. }), "{error:?}");
    });
}

#[test]
fn a_weak_symbol_that_is_nowhere_has_a_slot_of_zero() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[ADRP_X0, LDR_X0]));
    let symbol = elf.undefined_weak("symbol");
    elf.rela(text, 0, R_AARCH64_ADR_GOT_PAGE.0, symbol, 0);
    elf.rela(text, 4, R_AARCH64_LD64_GOT_LO12_NC.0, symbol, 0);
    let manager = TestManager::at(0xffff_8000_0000_0000, 0xffff_8000_0010_0000, 0);
    let image = load_with(&[("test.o", &elf.build())], &manager, &[]);
    assert_eq!(image.pointer(0xffff_8000_0010_0000), 0);
}

#[test]
fn an_addend_is_refused() {
    for number in [R_AARCH64_ADR_GOT_PAGE, R_AARCH64_LD64_GOT_LO12_NC] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let insn = if number == R_AARCH64_ADR_GOT_PAGE { ADRP_X0 } else { LDR_X0 };
        let text = elf.text(&code(&[insn]));
        let symbol = elf.undefined("symbol");
        elf.rela(text, 0, number.0, symbol, 8);
        let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
        let words = ["_GOT_", "`symbol`", "0x8"];
        let manager = TestManager::new();
        refused_with(&files, &manager, &[("symbol", 7)], Phase::Resolve, &words, |error| {
            assert!(matches!(error, Error::Addend { addend: 8, .. }), "{error:?}");
        });
    }
}

/// What llvm-mc writes for the offset of the second slot, 8: MOVZ where there was MOVN.
#[test]
fn groups_of_the_distance_from_the_gots_start() {
    let cases = [
        (R_AARCH64_MOVW_GOTOFF_G0, 0x9280_0001, 0xd280_0101), // movz x1, #8
        (R_AARCH64_MOVW_GOTOFF_G0_NC, 0xf280_0001, 0xf280_0101), // movk x1, #8
        (R_AARCH64_MOVW_GOTOFF_G1, 0x92a0_0001, 0xd2a0_0001), // movz x1, #0, lsl #16
        (R_AARCH64_MOVW_GOTOFF_G1_NC, 0xf2bf_ffe1, 0xf2a0_0001), // movk x1, #0, lsl #16
        (R_AARCH64_MOVW_GOTOFF_G2, 0x92c0_0001, 0xd2c0_0001), // movz x1, #0, lsl #32
        (R_AARCH64_MOVW_GOTOFF_G2_NC, 0xf2df_ffe1, 0xf2c0_0001), // movk x1, #0, lsl #32
        (R_AARCH64_MOVW_GOTOFF_G3, 0x92e0_0001, 0xd2e0_0001), // movz x1, #0, lsl #48
        (R_AARCH64_LD64_GOTOFF_LO15, 0xf940_0041, 0xf940_0441), // ldr x1, [x2, #8]
    ];
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let words: Vec<u32> = cases.iter().map(|(_, word, _)| *word).collect();
    let text = elf.text(&code(&[&[LDR_X0], &words[..]].concat()));
    let (first, second) = (elf.undefined("first"), elf.undefined("second"));
    elf.rela(text, 0, R_AARCH64_LD64_GOTOFF_LO15.0, first, 0);
    for (at, (number, ..)) in cases.iter().enumerate() {
        elf.rela(text, 4 * (at + 1) as u64, number.0, second, 0);
    }
    let manager = TestManager::at(0x4000_0000, 0xffff_8000_0010_0000, 0);
    let image = load_with(&[("test.o", &elf.build())], &manager, &[("first", 7), ("second", 9)]);
    assert_eq!(image.pointer(0xffff_8000_0010_0008), 9);
    for (at, (number, _, expected)) in cases.iter().enumerate() {
        let found = image.word(".text", 4 * (at + 1));
        assert_eq!(found, *expected, "{number:?}: {found:#x}");
    }
}

/// In a GOT of more than 64 KiB.
#[test]
fn groups_of_a_distance_of_more_than_sixteen_bits() {
    const SLOTS: usize = 0x2002;
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let data = elf.data(&[0; 4 * SLOTS]);
    let text = elf.text(&code(&[0xd2a0_0001, 0xf280_0001]));
    let mut last = 0;
    for at in 0..SLOTS {
        last = elf.absolute(&format!("symbol{at}"), at as u64);
        elf.rela(data, 4 * at as u64, R_AARCH64_GOTPCREL32.0, last, 0);
    }
    elf.rela(text, 0, R_AARCH64_MOVW_GOTOFF_G1.0, last, 0);
    elf.rela(text, 4, R_AARCH64_MOVW_GOTOFF_G0_NC.0, last, 0);
    let image = load_with(&[("test.o", &elf.build())], &TestManager::new(), &[]);
    // movz x1, #1, lsl #16; movk x1, #8
    assert_eq!([image.word(".text", 0), image.word(".text", 4)], [0xd2a0_0021, 0xf280_0101]);
}
