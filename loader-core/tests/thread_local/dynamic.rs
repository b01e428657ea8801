//! Blocks that come with the first use: what the GOT holds for `__tls_get_addr` and descriptors.

use loader_core::{Machine, TlsModel};
use object::elf::*;

use super::{outside, tdata, variable, with};
use crate::support::decode::{aarch64, riscv64};
use crate::support::threads::{Client, DESCRIPTOR, MODULE, OUTSIDE};
use crate::support::{ElfBuilder, Image, code};

const AT: u64 = 0x4000_0000;

fn page_and_low(image: &Image, at: usize, scale: u64) -> u64 {
    let page = (AT & !0xfff).wrapping_add_signed(aarch64::adrp(image.word(".text", at)));
    page + aarch64::imm12(image.word(".text", at + 4)) * scale
}

#[test]
fn aarch64_pairs_and_descriptors() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let (adrp, add, ldr) = (0x9000_0000, 0x9100_0000, 0xf940_0001);
    let text = elf.text(&code(&[adrp, add, adrp, ldr, adrp, add, adrp, ldr]));
    let image = tdata(&mut elf, &[0; 32]);
    let own = variable(&mut elf, "own", image, 8);
    let other = outside(&mut elf, "outside");
    for (at, number, symbol) in [
        (0, R_AARCH64_TLSGD_ADR_PAGE21, own),
        (4, R_AARCH64_TLSGD_ADD_LO12_NC, own),
        (8, R_AARCH64_TLSDESC_ADR_PAGE21, own),
        (12, R_AARCH64_TLSDESC_LD64_LO12, own),
        (16, R_AARCH64_TLSLD_ADR_PAGE21, own),
        (20, R_AARCH64_TLSLD_ADD_LO12_NC, own),
        (24, R_AARCH64_TLSDESC_ADR_PAGE21, other),
        (28, R_AARCH64_TLSDESC_LD64_LO12, other),
    ] {
        elf.rela(text, at, number.0, symbol, 0);
    }
    with(&elf, TlsModel::Dynamic, &Client::dynamic(), |loaded| {
        let module = loaded.unwrap();
        let image = Image::of(&module);
        assert_eq!(image.got_entries, 8);
        let pair = |at| [image.pointer(at), image.pointer(at + 8)];
        assert_eq!(pair(page_and_low(&image, 0, 1)), [MODULE, 8]);
        assert_eq!(pair(page_and_low(&image, 8, 8)), [DESCRIPTOR, MODULE << 32 | 8]);
        assert_eq!(pair(page_and_low(&image, 16, 1)), [MODULE, 0]);
        assert_eq!(pair(page_and_low(&image, 24, 8)), [DESCRIPTOR, OUTSIDE.0 << 32 | OUTSIDE.1]);
    });
}

#[test]
fn riscv64_offsets_are_biased() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[0x517, 0x0005_0513, 0x517, 0x0005_3503]));
    let image = tdata(&mut elf, &[0; 32]);
    let own = variable(&mut elf, "own", image, 8);
    let other = outside(&mut elf, "outside");
    let labels = [elf.local(".L0", text, 0), elf.local(".L1", text, 8)];
    elf.rela(text, 0, R_RISCV_TLS_GD_HI20.0, own, 0);
    elf.rela(text, 4, R_RISCV_PCREL_LO12_I.0, labels[0], 0);
    elf.rela(text, 8, R_RISCV_TLS_GOT_HI20.0, other, 0);
    elf.rela(text, 12, R_RISCV_PCREL_LO12_I.0, labels[1], 0);
    let client = Client { outside: Some(0x100), ..Client::dynamic() };
    with(&elf, TlsModel::Dynamic, &client, |loaded| {
        let module = loaded.unwrap();
        let image = Image::of(&module);
        let slot = |at: usize| {
            let words = [image.word(".text", at), image.word(".text", at + 4)];
            let distance = riscv64::u_imm(words[0]) + riscv64::i_imm(words[1]);
            (AT + at as u64).wrapping_add_signed(distance)
        };
        assert_eq!(image.pointer(slot(0)), MODULE);
        assert_eq!(image.pointer(slot(0) + 8), 8u64.wrapping_sub(0x800));
        assert_eq!(image.pointer(slot(8)), 0x100 + OUTSIDE.1, "initial-exec, in a static block");
        assert_eq!(image.got_entries, 3);
    });
}

#[test]
fn x86_64_offsets_count_from_the_block() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let lea = [0x48, 0x8d, 0x3d, 0, 0, 0, 0];
    let text = elf.text(&[&lea[..], &[0xe8, 0, 0, 0, 0], &[0; 4]].concat());
    let image = tdata(&mut elf, &[0; 32]);
    let own = variable(&mut elf, "own", image, 8);
    let call = elf.undefined("__tls_get_addr");
    elf.rela(text, 3, R_X86_64_TLSLD.0, own, -4);
    elf.rela(text, 8, R_X86_64_PLT32.0, call, -4);
    elf.rela(text, 12, R_X86_64_DTPOFF32.0, own, 2);
    with(&elf, TlsModel::Dynamic, &Client::dynamic(), |loaded| {
        let image = Image::of(&loaded.unwrap());
        let distance = i64::from((image.field(".text", 3, 4) as u32).cast_signed());
        let slot = (AT + 7).wrapping_add_signed(distance);
        assert_eq!([image.pointer(slot), image.pointer(slot + 8)], [MODULE, 0]);
        assert_eq!(image.field(".text", 12, 4), 10);
    });
}
