//! Types that speak of a variable's GOT slots: where the instruction leads, and what is there.

use loader_core::{Machine, TlsModel};
use object::elf::*;

use super::{outside, tdata, variable, with};
use crate::support::decode::aarch64;
use crate::support::threads::{Client, DESCRIPTOR, MODULE, OUTSIDE};
use crate::support::{ElfBuilder, Image, code};

/// Where `with` loads code.
const AT: u64 = 0x4000_0000;
/// What is before AArch64's, so that the slots, 1 MiB, the image and those of other symbols further
/// on, are within 1 MiB.
static NOPS: [u32; 0x4040] = [0xd503_201f; 0x4040];
/// How many symbols have a slot before those of the variables: 64 KiB.
const OTHERS: u64 = 0x2000;
/// The distance of the block from the thread pointer, and the variable's offset in the block.
const DISTANCE: i64 = 0x40;
const OFFSET: u64 = 0x18;
/// The distance of `outside` from the thread pointer.
const FAR: u64 = 0x1_0000 + OUTSIDE.1;

/// Loads words of AArch64 with relocations against `own` or, where it says so, `outside`.
fn aarch64(words: &[u32], relocations: &[(RelocationType, bool)]) -> Image {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[&NOPS[..], words].concat()));
    let image = tdata(&mut elf, &[0; 32]);
    let own = variable(&mut elf, "own", image, OFFSET);
    let other = outside(&mut elf, "outside");
    for (at, (number, is_outside)) in relocations.iter().enumerate() {
        elf.rela(
            text,
            4 * (NOPS.len() + at) as u64,
            number.0,
            if *is_outside { other } else { own },
            0,
        );
    }
    let data = elf.data(&[0; 4 * OTHERS as usize]);
    for at in 0..OTHERS {
        let symbol = elf.absolute(&format!("symbol{at}"), at);
        elf.rela(data, 4 * at, R_AARCH64_GOTPCREL32.0, symbol, 0);
    }
    with(&elf, TlsModel::Dynamic, &Client::at(DISTANCE), |loaded| Image::of(&loaded.unwrap()))
}

/// The slot that MOVZ and MOVK name, by its distance from the GOT, which is behind the image.
fn by_moves(image: &Image, at: usize) -> u64 {
    let at = at + 4 * NOPS.len();
    let (high, low) = (image.word(".text", at), image.word(".text", at + 4));
    assert_eq!([high & 0xffe0_001f, low & 0xffe0_001f], [0xd2a0_0000, 0xf280_0000]);
    let group = |word: u32| u64::from(word >> 5 & 0xffff);
    0x4010_0000 + 32 + (group(high) << 16 | group(low))
}

#[test]
fn aarch64_distances_from_the_got() {
    let image = aarch64(
        &[0xd2a0_0000, 0xf280_0000].repeat(4),
        &[
            (R_AARCH64_TLSLD_MOVW_G1, false),
            (R_AARCH64_TLSLD_MOVW_G0_NC, false),
            (R_AARCH64_TLSGD_MOVW_G1, false),
            (R_AARCH64_TLSGD_MOVW_G0_NC, false),
            (R_AARCH64_TLSGD_MOVW_G1, true),
            (R_AARCH64_TLSGD_MOVW_G0_NC, true),
            (R_AARCH64_TLSIE_MOVW_GOTTPREL_G1, true),
            (R_AARCH64_TLSIE_MOVW_GOTTPREL_G0_NC, true),
        ],
    );
    let words = |at| {
        let slot = by_moves(&image, at);
        [image.pointer(slot), image.pointer(slot + 8)]
    };
    assert_eq!(words(0), [MODULE, 0]);
    assert_eq!(words(8), [MODULE, OFFSET]);
    assert_eq!(words(16), [OUTSIDE.0, OUTSIDE.1]);
    assert_eq!(image.pointer(by_moves(&image, 24)), FAR);
}

#[test]
fn aarch64_distances_from_the_place() {
    let (literal, adr) = (0x5800_0000, 0x1000_0000);
    let image = aarch64(
        &[literal, adr, literal, 0x9000_0000, 0xf940_0000],
        &[
            (R_AARCH64_TLSLD_LD_PREL19, false),
            (R_AARCH64_TLSLD_ADR_PREL21, false),
            (R_AARCH64_TLSIE_LD_GOTTPREL_PREL19, false),
            (R_AARCH64_TLSIE_ADR_GOTTPREL_PAGE21, false),
            (R_AARCH64_TLSIE_LD64_GOTTPREL_LO12_NC, false),
        ],
    );
    let start = 4 * NOPS.len();
    let word = |at| image.word(".text", start + at);
    let from = |at: u64, distance: i64| (AT + start as u64 + at).wrapping_add_signed(distance);
    let pair = from(0, aarch64::imm19(word(0)));
    assert_eq!([image.pointer(pair), image.pointer(pair + 8)], [MODULE, 0]);
    assert_eq!(from(4, aarch64::adr(word(4))), pair);
    let slot = from(8, aarch64::imm19(word(8)));
    assert_eq!(image.pointer(slot), OFFSET + DISTANCE as u64);
    assert_eq!((from(12, aarch64::adrp(word(12))) & !0xfff) + 8 * aarch64::imm12(word(16)), slot);
}

/// Each instruction is left as it is, whatever its length, and its field leads to the slot.
#[test]
fn x86_64_by_the_length_of_the_instruction() {
    const ADDEND: i64 = -4;
    let offset = (DISTANCE as u64) + OFFSET;
    let descriptor = [DESCRIPTOR, MODULE << 32 | OFFSET];
    let cases: &[(RelocationType, &[u8], &[u64])] = &[
        (R_X86_64_CODE_4_GOTTPOFF, &[0xd5, 0x48, 0x8b, 0x05], &[offset]), // mov ..., %r16
        (R_X86_64_CODE_5_GOTTPOFF, &[0x48, 0x0f, 0x38, 0x8b, 0x05], &[offset]), // movrs ..., %rax
        (R_X86_64_CODE_6_GOTTPOFF, &[0x62, 0xe4, 0xfc, 0x0c, 0x03, 0x05], &[offset]), // {nf} add
        (R_X86_64_CODE_4_GOTPC32_TLSDESC, &[0xd5, 0x48, 0x8d, 0x05], &descriptor), // lea ..., %r16
        (R_X86_64_CODE_5_GOTPC32_TLSDESC, &[0x2e, 0xd5, 0x48, 0x8d, 0x05], &descriptor),
        (R_X86_64_CODE_6_GOTPC32_TLSDESC, &[0x2e, 0x2e, 0xd5, 0x48, 0x8d, 0x05], &descriptor),
    ];
    for (number, before, expected) in cases {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let text = elf.text(&[before, &[0; 4][..]].concat());
        let image = tdata(&mut elf, &[0; 32]);
        let own = variable(&mut elf, "own", image, OFFSET);
        elf.rela(text, before.len() as u64, number.0, own, ADDEND);
        with(&elf, TlsModel::Dynamic, &Client::at(DISTANCE), |loaded| {
            let image = Image::of(&loaded.unwrap());
            assert_eq!(image.section(".text")[..before.len()], **before);
            let distance = (image.field(".text", before.len(), 4) as u32).cast_signed();
            let end = AT + before.len() as u64 + 4;
            let slot = end.wrapping_add_signed(distance.into());
            for (at, word) in expected.iter().enumerate() {
                assert_eq!(image.pointer(slot + 8 * at as u64), *word, "{number:?}");
            }
        });
    }
}
