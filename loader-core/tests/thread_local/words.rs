//! Offsets of variables in the fields of instructions: the words are those that llvm-mc writes for
//! the instruction with the offset in it.

use loader_core::{Machine, TlsModel};
use object::elf::*;

use super::{tdata, variable, with};
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Image, code};

/// The distance of the block from the thread pointer, and the variable's offset in the block.
const DISTANCE: i64 = 0x40;
const OFFSET: u64 = 0x18;

/// Positive and negative, with every group of bits different.
const X: i64 = 0x1234_5678_9abc;
const NOT_X: i64 = !X;

/// The type, the instruction, X, and what it becomes.
type Case = (RelocationType, u32, i64, u32);

/// Applies each type to its instruction, in one object, such that X is as it says; `base` is the
/// offset of the variable that the type speaks of.
fn apply(machine: Machine, cases: &[Case], base: i64) {
    let words: Vec<u32> = cases.iter().map(|(_, insn, ..)| *insn).collect();
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&code(&words));
    let image = tdata(&mut elf, &[0; 32]);
    let symbol = variable(&mut elf, "own", image, OFFSET);
    for (at, (number, _, x, _)) in cases.iter().enumerate() {
        elf.rela(text, 4 * at as u64, number.0, symbol, x - base);
    }
    for model in [TlsModel::Static, TlsModel::Dynamic] {
        with(&elf, model, &Client::at(DISTANCE), |loaded| {
            let image = Image::of(&loaded.unwrap());
            for (at, (number, _, x, expected)) in cases.iter().enumerate() {
                let found = image.word(".text", 4 * at);
                assert_eq!(found, *expected, "{number:?} of {x:#x}: {found:#x}");
            }
        });
    }
}

#[test]
fn aarch64_from_the_thread_pointer() {
    let cases = [
        (R_AARCH64_TLSLE_MOVW_TPREL_G2, 0xd2c0_0001, X, 0xd2c2_4681), // movz x1, #0x1234, lsl #32
        (R_AARCH64_TLSLE_MOVW_TPREL_G2, 0xd2c0_0001, NOT_X, 0x92c2_4681), // movn
        (R_AARCH64_TLSLE_MOVW_TPREL_G1, 0xd2a0_0001, X & 0xffff_ffff, 0xd2aa_cf01),
        (R_AARCH64_TLSLE_MOVW_TPREL_G1, 0xd2a0_0001, !(X & 0xffff_ffff), 0x92aa_cf01),
        (R_AARCH64_TLSLE_MOVW_TPREL_G1_NC, 0xf2a0_0001, X, 0xf2aa_cf01), // movk x1, #0x5678, lsl #16
        (R_AARCH64_TLSLE_MOVW_TPREL_G0, 0x9280_0001, X & 0xffff, 0xd293_5781), // movz x1, #0x9abc
        (R_AARCH64_TLSLE_MOVW_TPREL_G0, 0xd280_0001, !(X & 0xffff), 0x9293_5781), // movn
        (R_AARCH64_TLSLE_MOVW_TPREL_G0_NC, 0xf280_0001, X, 0xf293_5781), // movk x1, #0x9abc
        (R_AARCH64_TLSLE_ADD_TPREL_HI12, 0x9140_0041, 0x9a_bcde, 0x9166_ac41), // add ..., lsl #12
        (R_AARCH64_TLSLE_ADD_TPREL_LO12_NC, 0x9100_0041, 0x1_29ab, 0x9126_ac41),
        (R_AARCH64_TLSLE_LDST8_TPREL_LO12_NC, 0x3940_0041, 0x1_29ab, 0x3966_ac41), // ldrb
        (R_AARCH64_TLSLE_LDST8_TPREL_LO12_NC, 0x3900_0041, 0x1_29ab, 0x3926_ac41), // strb
        (R_AARCH64_TLSLE_LDST16_TPREL_LO12_NC, 0x7940_0041, 0x1_29aa, 0x7953_5441), // ldrh
        (R_AARCH64_TLSLE_LDST32_TPREL_LO12_NC, 0xb940_0041, 0x1_29a8, 0xb949_a841), // ldr w1
        (R_AARCH64_TLSLE_LDST64_TPREL_LO12_NC, 0xf940_0041, 0x1_29a8, 0xf944_d441), // ldr x1
        (R_AARCH64_TLSLE_LDST128_TPREL_LO12_NC, 0x3dc0_0041, 0x1_29a0, 0x3dc2_6841), // ldr q1
    ];
    apply(Machine::Aarch64, &cases, DISTANCE + OFFSET.cast_signed());
}

#[test]
fn aarch64_from_the_block() {
    let cases = [
        (R_AARCH64_TLSLD_MOVW_DTPREL_G2, 0xd2c0_0001, X, 0xd2c2_4681), // movz x1, #0x1234, lsl #32
        (R_AARCH64_TLSLD_MOVW_DTPREL_G2, 0xd2c0_0001, NOT_X, 0x92c2_4681), // movn
        (R_AARCH64_TLSLD_MOVW_DTPREL_G1, 0xd2a0_0001, X & 0xffff_ffff, 0xd2aa_cf01),
        (R_AARCH64_TLSLD_MOVW_DTPREL_G1, 0xd2a0_0001, !(X & 0xffff_ffff), 0x92aa_cf01),
        (R_AARCH64_TLSLD_MOVW_DTPREL_G1_NC, 0xf2a0_0001, X, 0xf2aa_cf01),
        (R_AARCH64_TLSLD_MOVW_DTPREL_G0, 0x9280_0001, X & 0xffff, 0xd293_5781),
        (R_AARCH64_TLSLD_MOVW_DTPREL_G0, 0xd280_0001, !(X & 0xffff), 0x9293_5781),
        (R_AARCH64_TLSLD_MOVW_DTPREL_G0_NC, 0xf280_0001, X, 0xf293_5781),
        (R_AARCH64_TLSLD_ADD_DTPREL_HI12, 0x9140_0041, 0x9a_bcde, 0x9166_ac41),
        (R_AARCH64_TLSLD_ADD_DTPREL_LO12_NC, 0x9100_0041, 0x1_29ab, 0x9126_ac41),
        (R_AARCH64_TLSLD_LDST8_DTPREL_LO12_NC, 0x3940_0041, 0x1_29ab, 0x3966_ac41),
        (R_AARCH64_TLSLD_LDST16_DTPREL_LO12, 0x7940_0041, 0x9aa, 0x7953_5441),
        (R_AARCH64_TLSLD_LDST16_DTPREL_LO12_NC, 0x7940_0041, 0x1_29aa, 0x7953_5441),
        (R_AARCH64_TLSLD_LDST32_DTPREL_LO12_NC, 0xb940_0041, 0x1_29a8, 0xb949_a841),
        (R_AARCH64_TLSLD_LDST64_DTPREL_LO12, 0xf940_0041, 0x9a8, 0xf944_d441),
        (R_AARCH64_TLSLD_LDST64_DTPREL_LO12_NC, 0xf940_0041, 0x1_29a8, 0xf944_d441),
        (R_AARCH64_TLSLD_LDST128_DTPREL_LO12_NC, 0x3dc0_0041, 0x1_29a0, 0x3dc2_6841),
    ];
    apply(Machine::Aarch64, &cases, OFFSET.cast_signed());
}

#[test]
fn riscv64_low_parts() {
    let cases = [
        (R_RISCV_TPREL_LO12_I, 0x0002_0513, 0x1_29ab, 0x9ab2_0513), // addi a0, tp, -0x655
        (R_RISCV_TPREL_LO12_I, 0x0002_0513, 0x123, 0x1232_0513),    // addi a0, tp, 0x123
        (R_RISCV_TPREL_LO12_S, 0x00b5_2023, 0x1_29ab, 0x9ab5_25a3), // sw a1, -0x655(a0)
        (R_RISCV_TPREL_LO12_S, 0x00b5_0023, 0x123, 0x12b5_01a3),    // sb a1, 0x123(a0)
    ];
    apply(Machine::Riscv64, &cases, DISTANCE + OFFSET.cast_signed());
}

/// Offsets count from the thread pointer; those in the block do where code is local-exec.
#[test]
fn x86_64_words() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0; 32]);
    let image = tdata(&mut elf, &[0; 32]);
    let symbol = variable(&mut elf, "own", image, OFFSET);
    elf.rela(text, 1, R_X86_64_TPOFF64.0, symbol, -0x1_0000_0000);
    elf.rela(text, 9, R_X86_64_TPOFF32.0, symbol, 4);
    elf.rela(text, 13, R_X86_64_DTPOFF64.0, symbol, 0x7000_0000_0000);
    elf.rela(text, 21, R_X86_64_DTPOFF32.0, symbol, -0x20);
    for (model, block) in [(TlsModel::Static, -0x40), (TlsModel::Dynamic, 0)] {
        with(&elf, model, &Client::at(-0x40), |loaded| {
            let image = Image::of(&loaded.unwrap());
            let field = |at, width| image.field(".text", at, width);
            assert_eq!(field(1, 8).cast_signed(), -0x40 + 0x18 - 0x1_0000_0000);
            assert_eq!((field(9, 4) as u32).cast_signed(), -0x40 + 0x18 + 4);
            assert_eq!(field(13, 8).cast_signed(), block + 0x18 + 0x7000_0000_0000);
            assert_eq!(i64::from((field(21, 4) as u32).cast_signed()), block + 0x18 - 0x20);
        });
    }
}
