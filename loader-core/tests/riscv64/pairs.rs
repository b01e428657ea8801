//! High and low parts: a low part takes its value from the high part that its label names,
//! wherever in the section and in the relocation table that one is.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use super::{PLACE, apply, patched};
use crate::support::decode::riscv64::{i_imm, s_imm, u_imm};
use crate::support::fixup::Outcome::{Instruction, OutOfRange};
use crate::support::{
    ElfBuilder, Image, TestManager, code, load, load_with, refused, refused_with,
};

const AUIPC: u32 = 0x0000_0517; // auipc a0, 0
const ADDI: u32 = 0x0005_0513; // addi a0, a0, 0
const LD: u32 = 0x0005_3503; // ld a0, 0(a0)
const SD: u32 = 0x00b5_3023; // sd a1, 0(a0)
const FSD: u32 = 0x00a5_3027; // fsd fa0, 0(a0)
const LUI: u32 = 0x0000_0537; // lui a0, 0
const TEXT: u64 = 0x8000_0000;

/// What an AUIPC at one offset and a low part at another compute.
fn pair(image: &Image, high: usize, low: usize) -> u64 {
    let (auipc, insn) = (image.word(".text", high), image.word(".text", low));
    let low = if insn & 0x7f == 0x23 || insn & 0x7f == 0x27 { s_imm(insn) } else { i_imm(insn) };
    (image.section_address(".text") + high as u64).wrapping_add_signed(u_imm(auipc) + low)
}

/// A relocation: offset, number, and the label (as an offset) or the symbol it is against.
type Row = (u64, RelocationType, Option<u64>);

/// Loads instructions with these relocations; `None` is against `symbol` with the addend given.
fn load_rows(instructions: &[u32], rows: &[Row], symbol: u64, addend: i64) -> Image {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(instructions));
    let import = elf.undefined("symbol");
    for &(offset, number, label) in rows {
        match label {
            None => elf.rela(text, offset, number.0, import, addend),
            Some(at) => {
                let label = elf.local(".Lpcrel_hi", text, at);
                elf.rela(text, offset, number.0, label, 0);
            }
        }
        elf.rela(text, offset, R_RISCV_RELAX.0, 0, 0);
    }
    let manager = TestManager::at(TEXT, TEXT + 0x100_0000, TEXT + 0x200_0000);
    load_with(&[("test.o", &elf.build())], &manager, &[("symbol", symbol)])
}

const HI: RelocationType = R_RISCV_PCREL_HI20;
const LO_I: RelocationType = R_RISCV_PCREL_LO12_I;
const LO_S: RelocationType = R_RISCV_PCREL_LO12_S;

#[test]
fn the_low_part_counts_from_the_high_part() {
    for low in [0u64, 1, 0x7ff, 0x800, 0x801, 0xfff] {
        for addend in [0, 8, -8, 0x800] {
            let symbol = TEXT + 0x12_3000 + low;
            let rows =
                [(0, HI, None), (8, LO_I, Some(0)), (12, LO_S, Some(0)), (16, LO_S, Some(0))];
            let image = load_rows(&[AUIPC, 0x13, ADDI, SD, FSD], &rows, symbol, addend);
            for at in [8, 12, 16] {
                assert_eq!(pair(&image, 0, at), symbol.wrapping_add_signed(addend));
            }
        }
    }
}

#[test]
fn the_order_of_the_table_does_not_matter() {
    let symbol = TEXT + 0x5_4876;
    let rows = [
        (0, HI, None),
        (4, LO_I, Some(0)),
        (8, HI, None),
        (12, LO_I, Some(8)),
        (16, LO_S, Some(0)),
        (20, LO_S, Some(8)),
    ];
    let instructions = [AUIPC, ADDI, AUIPC, LD, SD, SD];
    // Every rotation, forwards and backwards: low parts before their high parts included.
    for turn in 0..rows.len() {
        for backwards in [false, true] {
            let mut rows = rows;
            rows.rotate_left(turn);
            if backwards {
                rows.reverse();
            }
            let image = load_rows(&instructions, &rows, symbol, 0);
            for (high, low) in [(0, 4), (8, 12), (0, 16), (8, 20)] {
                assert_eq!(pair(&image, high, low), symbol, "{rows:?}");
            }
        }
    }
}

#[test]
fn a_low_part_may_stand_before_its_high_part_in_the_code() {
    let symbol = TEXT + 0x1_0800;
    let rows = [(0, LO_I, Some(8)), (8, HI, None)];
    let image = load_rows(&[ADDI, 0x13, AUIPC], &rows, symbol, 0);
    assert_eq!(pair(&image, 8, 0), symbol);
}

#[test]
fn far_apart_and_in_another_section() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let mut words = vec![0x13; 0x4000];
    words[0] = AUIPC;
    words[0x3fff] = ADDI;
    let text = elf.text(&code(&words));
    let cold = elf.section(".text.cold", 6, &code(&[LD]));
    let (symbol, label) = (elf.undefined("symbol"), elf.local(".Lhi", text, 0));
    elf.rela(text, 0, HI.0, symbol, 0);
    elf.rela(text, 0xfffc, LO_I.0, label, 0);
    elf.rela(cold, 0, LO_I.0, label, 0);
    let target = 0x1000_0000 + 0x3_2a84;
    let image = load(&elf.build(), &[("symbol", target)]);
    assert_eq!(pair(&image, 0, 0xfffc), target);
    assert_eq!(i_imm(image.word(".text.cold", 0)), i_imm(image.word(".text", 0xfffc)));
}

#[test]
fn a_got_high_part_leads_to_the_slot() {
    let rows = [(0, R_RISCV_GOT_HI20, None), (4, LO_I, Some(0))];
    let image = load_rows(&[AUIPC, LD], &rows, 0x1234_5678_9abc_def0, 0);
    assert_eq!(image.pointer(pair(&image, 0, 4)), 0x1234_5678_9abc_def0);
}

#[test]
fn of_several_high_parts_at_one_place_the_first_counts() {
    // The first goes the long way. Its slot is a multiple of pages away.
    let rows = [(0, R_RISCV_GOT_HI20, None), (0, HI, None), (4, LO_I, Some(0))];
    let image = load_rows(&[AUIPC, ADDI], &rows, TEXT + 0x1ff8, 0);
    assert_eq!(i_imm(image.word(".text", 4)), 0);
    // Out of order: the first in the table, whatever lies between.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[AUIPC, AUIPC, ADDI]));
    let [first, second] = [0x118, 0x220].map(|at| elf.absolute("symbol", TEXT + at));
    let label = elf.local("label", text, 0);
    elf.rela(text, 0, HI.0, first, 0);
    elf.rela(text, 4, HI.0, second, 0);
    elf.rela(text, 0, HI.0, second, 0);
    elf.rela(text, 8, LO_I.0, label, 0);
    let manager = TestManager::at(TEXT, TEXT + 0x100_0000, TEXT + 0x200_0000);
    let image = load_with(&[("test.o", &elf.build())], &manager, &[]);
    assert_eq!(i_imm(image.word(".text", 8)), 0x118);
}

#[test]
fn a_low_part_without_a_high_part_is_refused() {
    let high_elsewhere = |elf: &mut ElfBuilder, text| {
        let symbol = elf.undefined("symbol");
        elf.rela(text, 0, HI.0, symbol, 0);
        elf.local("label", text, 4)
    };
    let none_at_all = |elf: &mut ElfBuilder, text| elf.local("label", text, 0);
    let undefined = |elf: &mut ElfBuilder, _| elf.undefined_weak("label");
    let absolute = |elf: &mut ElfBuilder, _| elf.absolute("label", 0);
    type Label = fn(&mut ElfBuilder, u32) -> u32;
    for label in [high_elsewhere as Label, none_at_all, undefined, absolute] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let text = elf.text(&code(&[AUIPC, ADDI]));
        let label = label(&mut elf, text);
        elf.rela(text, 4, LO_I.0, label, 0);
        let manager = TestManager::new();
        let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
        let words = ["test.o", ".text", "+0x4", "R_RISCV_PCREL_LO12_I"];
        let imports = [("symbol", 0x1000_0000)];
        refused_with(&files, &manager, &imports, Phase::Resolve, &words, |error| {
            let Error::Unpaired { place, relocation, .. } = error else { panic!("{error:?}") };
            assert_eq!((place.index, place.offset), (1, 4));
            assert_eq!(relocation.number(), LO_I.0);
        });
    }
}

#[test]
fn a_low_part_with_an_addend_is_refused() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[AUIPC, ADDI]));
    let (symbol, label) = (elf.absolute("symbol", 0x1000_0000), elf.local("label", text, 0));
    elf.rela(text, 0, HI.0, symbol, 0);
    elf.rela(text, 4, LO_I.0, label, 4);
    refused(&elf.build(), Phase::Resolve, &["R_RISCV_PCREL_LO12_I", "`label`", "0x4"], |error| {
        assert!(matches!(error, Error::Addend { addend: 4, .. }), "{error:?}");
    });
}

#[test]
fn high_parts_reach_what_a_signed_low_part_lets_them() {
    let (min, max) = (-0x8000_0800i64, 0x7fff_f7ff);
    for distance in [min, -0x801, -0x800, 0x7ff, 0x800, max] {
        let symbol = PLACE.wrapping_add_signed(distance);
        let now = patched(HI.0, &AUIPC.to_le_bytes(), PLACE, symbol, 0).unwrap() as u32;
        assert_eq!(u_imm(now), (distance + 0x800) >> 12 << 12);
        assert_eq!(now & 0xfff, AUIPC);
        let absolute = patched(R_RISCV_HI20.0, &LUI.to_le_bytes(), PLACE, distance as u64, 0);
        assert_eq!(u_imm(absolute.unwrap() as u32), (distance + 0x800) >> 12 << 12);
    }
    for distance in [min - 1, max + 1, 0x8000_0000, i64::MIN] {
        let symbol = PLACE.wrapping_add_signed(distance);
        assert_eq!(apply(HI.0, &AUIPC.to_le_bytes(), PLACE, symbol, 0), OutOfRange(distance));
        let absolute = apply(R_RISCV_HI20.0, &LUI.to_le_bytes(), PLACE, distance as u64, 0);
        assert_eq!(absolute, OutOfRange(distance));
    }
}

#[test]
fn absolute_parts_make_the_address() {
    for symbol in [0u64, 0x7ff, 0x800, 0x1234_5678, 0x7fff_f7ff, 0xffff_ffff_8000_0000] {
        let part = |number: RelocationType, insn: u32| {
            patched(number.0, &insn.to_le_bytes(), PLACE, symbol, 0).unwrap() as u32
        };
        let high = u_imm(part(R_RISCV_HI20, LUI));
        assert_eq!(high + i_imm(part(R_RISCV_LO12_I, ADDI)), symbol as i64);
        assert_eq!(high + s_imm(part(R_RISCV_LO12_S, SD)), symbol as i64);
    }
}

#[test]
fn other_instructions_are_refused() {
    let cases =
        [(HI, LUI), (R_RISCV_HI20, AUIPC), (R_RISCV_LO12_S, ADDI), (R_RISCV_GOT_HI20, ADDI)];
    for (number, insn) in cases {
        let outcome = apply(number.0, &insn.to_le_bytes(), PLACE, PLACE, 0);
        let refused = Instruction(insn.into());
        let out_of_range = matches!(outcome, OutOfRange(_)); // HI20 of an address above 2 GiB
        assert!(outcome == refused || out_of_range && number == R_RISCV_HI20, "{outcome:?}");
    }
}

#[test]
fn a_weak_symbol_that_is_nowhere_is_zero_above_two_gigabytes() {
    // What gcc writes for `&weak` with -mcmodel=medany; GNU ld makes the AUIPC a LUI.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[AUIPC, ADDI]));
    let (symbol, label) = (elf.undefined_weak("weak"), elf.local(".L0", text, 0));
    elf.rela(text, 0, HI.0, symbol, 0);
    elf.rela(text, 4, LO_I.0, label, 0);
    let file = elf.build();
    for start in [0x10_0000, 0x8020_0000, 0xffff_ffc0_0000_0000] {
        let manager = TestManager::at(start, start + 0x10_0000, 0);
        let image = load_with(&[("test.o", &file)], &manager, &[]);
        let (high, low) = (image.word(".text", 0), image.word(".text", 4));
        let base = if high & 0x7f == 0x37 { 0 } else { start };
        let value = base.wrapping_add_signed(u_imm(high)).wrapping_add_signed(i_imm(low));
        assert_eq!(value, 0, "loaded at {start:#x}");
    }
}

#[test]
#[cfg(feature = "several-objects")]
fn a_label_that_lost_its_name_is_still_the_label() {
    let mut loser = ElfBuilder::new(Machine::Riscv64);
    let text = loser.section(".text.loser", 6, &code(&[AUIPC, ADDI]));
    let (symbol, label) = (loser.undefined("symbol"), loser.weak("name", text, 0));
    loser.rela(text, 0, HI.0, symbol, 0);
    loser.rela(text, 4, LO_I.0, label, 0);
    let mut winner = ElfBuilder::new(Machine::Riscv64);
    let text = winner.section(".text.winner", 6, &[0; 0x104]);
    winner.global("name", text, 0x100);
    let files: [(&str, &[u8]); 2] = [("a.o", &loser.build()), ("b.o", &winner.build())];
    let manager = TestManager::at(TEXT, TEXT + 0x100_0000, TEXT + 0x200_0000);
    let image = load_with(&files, &manager, &[("symbol", TEXT + 0x1ff8)]);
    let (high, low) = (image.word(".text.loser", 0), image.word(".text.loser", 4));
    let place = image.section_address(".text.loser");
    assert_eq!(place.wrapping_add_signed(u_imm(high) + i_imm(low)), TEXT + 0x1ff8);
}
