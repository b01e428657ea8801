//! `R_RISCV_ALIGN`: what padding keeps, and which paddings are lies.

use loader_core::{Defect, Error, Machine, Phase, SegmentKind};
use object::elf::*;

use crate::support::{ElfBuilder, load, refused};

const NOP: [u8; 4] = [0x13, 0, 0, 0];
const C_NOP: [u8; 2] = [0x01, 0];

/// Code of `before` bytes, a padding of `length`, and a marker behind it.
fn object(before: u64, length: u64, align: u64) -> ElfBuilder {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let mut bytes = vec![0xc0; before as usize];
    bytes.resize((before + length) as usize, 0xbb);
    bytes.extend([0xee; 4]);
    let text = elf.text(&bytes);
    elf.edit(text).align = align;
    elf.rela(text, before, R_RISCV_ALIGN.0, 0, length as i64);
    elf.global("behind", text, before + length);
    elf
}

#[test]
fn what_follows_is_aligned_and_the_padding_is_nops() {
    // The assembler writes `align - 2` bytes with compressed instructions, `align - 4` without.
    for align in [4u64, 8, 16, 64, 4096] {
        for (length, step) in [(align - 2, 2), (align.saturating_sub(4), 4)] {
            if length == 0 {
                continue;
            }
            for before in (0..=2 * align.min(64)).step_by(step) {
                let image = load(&object(before, length, align).build(), &[]);
                let text = image.section(".text");
                let keeps = before.next_multiple_of(align) - before;
                let behind = (before + keeps) as usize;
                assert_eq!(image.exports["behind"] % align, 0);
                assert_eq!(image.exports["behind"], image.section_address(".text") + behind as u64);
                assert_eq!(text.len(), behind + 4, "the section shrinks");
                assert!(text[..before as usize].iter().all(|&byte| byte == 0xc0));
                let padding = &text[before as usize..behind];
                let (nops, rest) = padding.as_chunks::<4>();
                let filled =
                    nops.iter().all(|nop| *nop == NOP) && (rest.is_empty() || rest == C_NOP);
                let whole = keeps == length && padding.iter().all(|&byte| byte == 0xbb);
                assert!(filled || whole, "what stays whole may stay as it was: {padding:x?}");
                assert_eq!(text[behind..], [0xee; 4]);
            }
        }
    }
}

#[test]
fn the_segment_is_as_small_as_its_contents() {
    let image = load(&object(16, 14, 16).build(), &[]);
    let text = image.segments.iter().find(|s| s.0 == SegmentKind::Text).unwrap();
    assert_eq!(text.2.len(), 20);
}

#[test]
fn several_paddings_add_up() {
    // c.nop; 6 bytes to 8; 2 bytes of code; 6 to 8; 4 of code; 14 to 16
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let mut bytes = vec![1; 2 + 6 + 2 + 6 + 4 + 14];
    bytes.extend([0xee; 2]);
    let text = elf.text(&bytes);
    for (offset, length) in [(2, 6), (10, 6), (20, 14)] {
        elf.rela(text, offset, R_RISCV_ALIGN.0, 0, length);
        elf.global(&format!("behind{offset}"), text, offset + length as u64);
    }
    let image = load(&elf.build(), &[]);
    let start = image.section_address(".text");
    let offset = |name: &str| image.exports[name] - start;
    // 2+6=8 keeps 6; at 10 keeps 6 = 16; at 20 keeps 12 of 14 = 32.
    assert_eq!((offset("behind2"), offset("behind10"), offset("behind20")), (8, 16, 32));
    assert_eq!(image.section(".text")[32..], [0xee; 2]);
}

#[test]
fn tables_out_of_order_mean_the_same() {
    let build = |rows: &[(u64, i64)]| {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let bytes: Vec<u8> = (0..40).collect();
        let text = elf.text(&bytes);
        for &(offset, length) in rows {
            elf.rela(text, offset, R_RISCV_ALIGN.0, 0, length);
        }
        load(&elf.build(), &[]).section(".text").to_vec()
    };
    let sorted = build(&[(0, 6), (10, 6), (20, 14)]);
    assert_eq!(sorted, build(&[(20, 14), (10, 6), (0, 6)]));
    assert_eq!(sorted, build(&[(10, 6), (0, 6), (20, 14)]));
    assert_eq!(sorted[..4], [6, 7, 8, 9]);
}

#[test]
fn lies_are_refused() {
    for (name, offset, length, align) in [
        ("past the end of the section", 36, 6, 16),
        ("negative", 8, -2, 16),
        ("odd", 8, 3, 16),
        ("at an odd offset", 9, 6, 16),
        ("more than the section's own alignment", 8, 6, 4),
        ("too short for what it must align", 2, 4, 16),
        ("huge", 8, i64::MAX, 16),
        ("at a huge offset", u64::MAX - 1, 6, 16),
    ] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let text = elf.text(&[0; 40]);
        elf.edit(text).align = align;
        elf.rela(text, offset, R_RISCV_ALIGN.0, 0, length);
        let place = format!("{offset:#x}");
        let words = ["test.o", ".text", place.as_str(), "R_RISCV_ALIGN"];
        refused(&elf.build(), Phase::Plan, &words, |error| {
            let Error::Malformed { defect, value, place, .. } = error else {
                panic!("{name}: {error:?}")
            };
            assert_eq!((defect, value), (Defect::Padding, length as u64), "{name}");
            assert_eq!((place.index, place.offset), (1, offset));
        });
    }
}

#[test]
fn paddings_that_overlap_are_refused() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&[0; 40]);
    elf.rela(text, 8, R_RISCV_ALIGN.0, 0, 14);
    elf.rela(text, 16, R_RISCV_ALIGN.0, 0, 6);
    refused(&elf.build(), Phase::Plan, &[".text", "0x10"], |error| {
        assert!(matches!(error, Error::Malformed { defect: Defect::Padding, .. }), "{error:?}");
    });
}
