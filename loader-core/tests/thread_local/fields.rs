//! Types that ld.lld does not know, and code that it does not rewrite.

use loader_core::{Machine, TlsModel};
use object::elf::*;

use super::{tdata, variable, with};
use crate::support::decode::aarch64::imm12;
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Image, code};

/// The distance of the block from the thread pointer.
const DISTANCE: i64 = 0x40;

/// The words that AArch64 code of one variable, at offset 0x10 of its block, becomes.
fn aarch64(words: &[u32], relocations: &[(u64, RelocationType)], model: TlsModel) -> Vec<u32> {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(words));
    let image = tdata(&mut elf, &[0; 32]);
    let symbol = variable(&mut elf, "own", image, 0x10);
    let call = elf.undefined("__tls_get_addr");
    for &(at, number) in relocations {
        let symbol = if number == R_AARCH64_CALL26 { call } else { symbol };
        elf.rela(text, at, number.0, symbol, 0);
    }
    with(&elf, model, &Client::at(DISTANCE), |loaded| {
        let image = Image::of(&loaded.unwrap());
        (0..words.len()).map(|at| image.word(".text", at * 4)).collect()
    })
}

#[test]
fn checked_low_parts() {
    use TlsModel::{Dynamic, Static};
    for (insn, number, scale) in [
        (0x9100_0000, R_AARCH64_TLSLE_ADD_TPREL_LO12, 1),
        (0x3940_0000, R_AARCH64_TLSLE_LDST8_TPREL_LO12, 1),
        (0x7940_0000, R_AARCH64_TLSLE_LDST16_TPREL_LO12, 2),
        (0xb940_0000, R_AARCH64_TLSLE_LDST32_TPREL_LO12, 4),
        (0xf940_0000, R_AARCH64_TLSLE_LDST64_TPREL_LO12, 8),
        (0x3dc0_0000, R_AARCH64_TLSLE_LDST128_TPREL_LO12, 16),
    ] {
        for model in [Static, Dynamic] {
            let [word] = aarch64(&[insn], &[(0, number)], model)[..] else { panic!() };
            assert_eq!(imm12(word) * scale, 0x50, "{insn:#x}");
            assert_eq!(word & !0x3f_fc00, insn);
        }
    }
    for (insn, number, scale) in [
        (0x9100_0000, R_AARCH64_TLSLD_ADD_DTPREL_LO12, 1),
        (0x9100_0000, R_AARCH64_TLSLD_ADD_DTPREL_LO12_NC, 1),
        (0x3940_0000, R_AARCH64_TLSLD_LDST8_DTPREL_LO12, 1),
        (0x7940_0000, R_AARCH64_TLSLD_LDST16_DTPREL_LO12_NC, 2),
        (0xb940_0000, R_AARCH64_TLSLD_LDST32_DTPREL_LO12, 4),
        (0xf940_0000, R_AARCH64_TLSLD_LDST64_DTPREL_LO12_NC, 8),
        (0x3dc0_0000, R_AARCH64_TLSLD_LDST128_DTPREL_LO12, 16),
    ] {
        for model in [Static, Dynamic] {
            let [word] = aarch64(&[insn], &[(0, number)], model)[..] else { panic!() };
            assert_eq!(imm12(word) * scale, 0x10, "{insn:#x}");
        }
    }
}

/// GNU ld writes these words; the offset is 0x50.
#[test]
fn the_traditional_dialect_becomes_local_exec() {
    let (adrp, low, bl, nop) = (0x9000_0000, 0x9100_0000, 0x9400_0000, 0xd503_201f);
    let small =
        [(0, R_AARCH64_TLSGD_ADR_PAGE21), (4, R_AARCH64_TLSGD_ADD_LO12_NC), (8, R_AARCH64_CALL26)];
    let words = aarch64(&[adrp, low, bl, nop], &small, TlsModel::Static);
    // movz x0, #0, lsl 16; movk x0, #0x50; mrs x1, tpidr_el0; add x0, x1, x0
    assert_eq!(words, [0xd2a0_0000, 0xf280_0a00, 0xd53b_d041, 0x8b00_0020]);
    let tiny = [(0, R_AARCH64_TLSGD_ADR_PREL21), (4, R_AARCH64_CALL26)];
    let words = aarch64(&[0x1000_0000, bl, nop], &tiny, TlsModel::Static);
    // mrs x1, tpidr_el0; add x0, x1, #0, lsl 12; add x0, x0, #0x50
    assert_eq!(words, [0xd53b_d041, 0x9140_0020, 0x9101_4000]);
    let (movz, movk) = (0xd2a0_0000, 0xf280_0000);
    let (ldr, add, blr) = (0xf860_6861, 0x8b00_0060, 0xd63f_0020);
    let large = [
        (0, R_AARCH64_TLSDESC_OFF_G1),
        (4, R_AARCH64_TLSDESC_OFF_G0_NC),
        (8, R_AARCH64_TLSDESC_LDR),
        (12, R_AARCH64_TLSDESC_ADD),
        (16, R_AARCH64_TLSDESC_CALL),
    ];
    let words = aarch64(&[movz, movk, ldr, add, blr], &large, TlsModel::Static);
    // movz x0, #0, lsl 32; movk x0, #0, lsl 16; movk x0, #0x50; nop; nop
    assert_eq!(words, [0xd2c0_0000, 0xf2a0_0000, 0xf280_0a00, nop, nop]);
    let tiny = [
        (0, R_AARCH64_TLSDESC_LD_PREL19),
        (4, R_AARCH64_TLSDESC_ADR_PREL21),
        (8, R_AARCH64_TLSDESC_CALL),
    ];
    let words = aarch64(&[0x5800_0001, 0x1000_0000, blr], &tiny, TlsModel::Static);
    // movz x0, #0, lsl 16; movk x0, #0x50; nop
    assert_eq!(words, [0xd2a0_0000, 0xf280_0a00, nop]);
    // The block is at 0x40. With a block at 16, this is what GNU ld writes.
    let block =
        [(0, R_AARCH64_TLSLD_ADR_PAGE21), (4, R_AARCH64_TLSLD_ADD_LO12_NC), (8, R_AARCH64_CALL26)];
    let words = aarch64(&[adrp, low, bl, nop], &block, TlsModel::Static);
    assert_eq!(words, [0xd53b_d040, 0x9101_0000, nop, nop]);
}

#[test]
fn code_of_another_shape_keeps_its_slots() {
    let (adrp, add, bl) = (0x9000_0000, 0x9100_0000, 0x9400_0000);
    let small =
        [(0, R_AARCH64_TLSGD_ADR_PAGE21), (4, R_AARCH64_TLSGD_ADD_LO12_NC), (8, R_AARCH64_CALL26)];
    // No room for a fourth instruction.
    let words = aarch64(&[adrp, add, bl, 0xd65f_03c0], &small, TlsModel::Static);
    assert_eq!([words[0] & 0x9f00_001f, words[1] & 0xffc0_03ff], [adrp, add]);
    assert_eq!(words[2] >> 26, bl >> 26);
}

/// The large code model's sequences: what GNU ld makes of them.
#[test]
fn x86_64_large_code_becomes_local_exec() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let sequence = |end: [u8; 3]| {
        let lea = [0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0];
        [&lea[..], &end, &[0xff, 0xd0]].concat()
    };
    let text = elf.text(&[sequence([0x48, 0x01, 0xd8]), sequence([0x4c, 0x01, 0xf8])].concat());
    let image = tdata(&mut elf, &[0; 32]);
    let symbol = variable(&mut elf, "own", image, 0x10);
    let call = elf.undefined("__tls_get_addr");
    elf.rela(text, 3, R_X86_64_TLSGD.0, symbol, -4);
    elf.rela(text, 9, R_X86_64_PLTOFF64.0, call, 0);
    elf.rela(text, 25, R_X86_64_TLSLD.0, symbol, -4);
    elf.rela(text, 31, R_X86_64_PLTOFF64.0, call, 0);
    with(&elf, TlsModel::Static, &Client::at(-0x40), |loaded| {
        let module = loaded.unwrap();
        assert_eq!(module.plan().imports().count(), 0, "nothing calls it any more");
        let image = Image::of(&module);
        let load = [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]; // mov %fs:0, %rax
        let lea = [0x48, 0x8d, 0x80, 0xd0, 0xff, 0xff, 0xff]; // lea -0x30(%rax), %rax
        let nops = [0x66, 0x0f, 0x1f, 0x44, 0, 0]; // nopw 0(%rax, %rax)
        assert_eq!(image.section(".text")[..22], [&load[..], &lea, &nops].concat());
        let nops = [0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];
        assert_eq!(image.section(".text")[22..44], [&nops[..], &load].concat());
    });
}

/// ld.lld 22 writes r23 for r31 here. The bytes expected are the assembler's for
/// `{nf} addq $-0x30, %r31`.
#[test]
fn the_last_register_of_apx() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x62, 0x64, 0xfc, 0x0c, 0x03, 0x3d, 0, 0, 0, 0]);
    let image = tdata(&mut elf, &[0; 32]);
    let symbol = variable(&mut elf, "own", image, 0x10);
    elf.rela(text, 6, R_X86_64_CODE_6_GOTTPOFF.0, symbol, -4);
    with(&elf, TlsModel::Static, &Client::at(-0x40), |loaded| {
        let image = Image::of(&loaded.unwrap());
        let expected = [0x62, 0xdc, 0xfc, 0x0c, 0x81, 0xc7, 0xd0, 0xff, 0xff, 0xff];
        assert_eq!(image.section(".text"), expected);
    });
}
