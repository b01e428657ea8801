//! Sizes, which are known before any address, and mapping as often as one likes.

use loader_core::{Object, ObjectImage, Plan, Scratch, SegmentKind, TargetAddress, Unmended};

use super::*;
use crate::support::decode::aarch64::imm26;

const CODE: &[u32] = &[ADRP, SECOND, LAST];

/// Plans with the option.
fn planned<R>(file: &[u8], then: impl FnOnce(Plan<'_, '_>) -> R) -> R {
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; options().scratch_len(&objects)];
    then(Plan::with_options(&objects, &mut scratch, options()).unwrap())
}

#[test]
fn a_section_has_room_for_as_many_patches_as_pages_can_end_in_it() {
    for (size, patches) in [
        (12, 1),
        (16, 1),
        (0x1004, 1),
        (0x1008, 2), // from 0xffc on: its first word and, a page on, one with two words behind it
        (0x2004, 2),
        (0x2008, 3),
    ] {
        planned(&object(size, &[(0, CODE)]), |plan| {
            assert_eq!(plan.segment(SegmentKind::Text).size, size + 8 * patches, "{size:#x}");
            let text = plan.sections().next().unwrap();
            assert_eq!(text.size, size + 8 * patches);
        });
    }
    // No sequence, no room; two words are none.
    for (size, code) in [(0x2008, &[ADRP, NOP, LAST][..]), (8, &[ADRP, SECOND])] {
        planned(&object(size, &[(0, code)]), |plan| {
            assert_eq!(plan.segment(SegmentKind::Text).size, size);
        });
    }
}

#[test]
fn patches_are_aligned_behind_a_section_that_is_not() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, 12, &[(0, CODE)]);
    elf.edit(text).bytes.push(7);
    mapping(&mut elf, "$x", text, 0);
    let variable = variable(&mut elf);
    speak(&mut elf, text, [0, 8], variable);
    let image = mended(&elf.build(), TEXT + 0xff8, FAR);
    assert_eq!(image.section(".text").len(), 16 + 8);
    assert_eq!(image.section(".text")[12..16], [7, 0, 0, 0]);
    assert_eq!(image.word(".text", 8), 0x1400_0002, "b .+8");
}

#[test]
fn each_mapping_symbol_in_code_takes_a_record() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, 16, &[]);
    let data = elf.data(&[0; 16]);
    for (name, home) in [("$x", text), ("$d.1", text), ("$x", text), ("$d", data), ("x", text)] {
        mapping(&mut elf, name, home, 0);
    }
    let file = elf.build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let (without, with) = (loader_core::scratch_len(&objects), options().scratch_len(&objects));
    assert_eq!(with, without + 3);
    let mut scratch = vec![Scratch::ZERO; with];
    let error = Plan::with_options(&objects, &mut scratch[1..], options()).unwrap_err();
    assert_eq!(error, Error::Scratch { needed: with, lent: with - 1 });
    assert!(Plan::with_options(&objects, &mut scratch, options()).is_ok());
}

#[test]
fn other_machines_are_not_affected() {
    for machine in [Machine::Riscv64, Machine::X86_64] {
        let mut elf = ElfBuilder::new(machine);
        let text = section(&mut elf, 2 * PAGE, &[(0xff8, CODE)]);
        mapping(&mut elf, "$x", text, 0);
        let file = elf.build();
        let objects = [Object::parse("test.o", &file).unwrap()];
        assert_eq!(options().scratch_len(&objects), loader_core::scratch_len(&objects));
        let image = mended(&file, TEXT, FAR);
        assert_eq!(image.section(".text").len() as u64, 2 * PAGE);
        assert_eq!(image.word(".text", 0x1000), LAST);
    }
}

type Placed<'o, 's, 'm> = ObjectImage<'o, 's, &'m TestManager>;

/// Resolves, shows the text, and goes back.
fn text<'o, 's, 'm>(image: Placed<'o, 's, 'm>) -> (Vec<u8>, Placed<'o, 's, 'm>) {
    let image = image.resolve(&Imports::default()).unwrap();
    let text = image.segment_bytes(SegmentKind::Text).to_vec();
    (text, image.unresolve())
}

/// The same, with the text mapped to an address.
fn text_at<'o, 's, 'm>(
    mut image: Placed<'o, 's, 'm>,
    address: u64,
) -> (Vec<u8>, Placed<'o, 's, 'm>) {
    image.map_segment_address(SegmentKind::Text, TargetAddress::new(address)).unwrap();
    text(image)
}

#[test]
fn mapped_elsewhere_it_is_as_if_it_had_been_there_first() {
    let file = object(0x1800, &[(0x10, CODE), (0x810, &[ADRP, SECOND, NOP, LAST])]);
    // The first sequence at a page's end, the second, neither; and where ADR reaches.
    let places = [
        (TEXT + 0xfe8, FAR),
        (TEXT + 0x7ec, FAR),
        (TEXT, FAR),
        (TEXT + 0xfec, NEAR),
        (TEXT + 0xfe8, FAR),
    ];
    let first = places.map(|(at, data)| {
        let image = mended(&file, at, data);
        image.segments.into_iter().find(|(kind, ..)| *kind == SegmentKind::Text).unwrap().2
    });
    for (number, bytes) in first.iter().enumerate() {
        let same = first.iter().position(|other| other == bytes).unwrap();
        assert_eq!(same, if number == 4 { 0 } else { number }, "each place has its own");
    }
    let manager = TestManager::new();
    planned(&file, |plan| {
        let mut image = plan.place(&manager).unwrap();
        for ((at, data), expected) in places.into_iter().zip(first) {
            let [at, data] = [at, data].map(TargetAddress::new);
            image.map_segment_address(SegmentKind::Text, at).unwrap();
            image.map_segment_address(SegmentKind::Data, data).unwrap();
            let (found, again) = text(image);
            assert!(found == expected, "at {at}");
            image = again;
        }
    });
}

#[test]
fn a_section_takes_its_patches_along() {
    let file = object(0x20, &[(0, CODE)]);
    let manager = manager(TEXT, FAR);
    planned(&file, |plan| {
        let index = plan.sections().next().unwrap().index;
        let mut image = plan.place(&manager).unwrap();
        // Farther from its segment than a branch reaches.
        let far = FAR + 0x3000_0ff8;
        image.map_section_address(0, index, TargetAddress::new(far)).unwrap();
        let (bytes, mut image) = text(image);
        assert_eq!(bytes[8..12], 0x1400_0006u32.to_le_bytes(), "b .+24");
        assert_eq!(bytes[0x24..], 0x17ff_fffau32.to_le_bytes(), "b .-24");
        // With its patches it must fit below 2^64.
        let top = |size: u64| TargetAddress::new(0u64.wrapping_sub(size));
        assert!(image.map_section_address(0, index, top(0x28)).is_err());
        assert!(image.map_section_address(0, index, top(0x2c)).is_ok());
    });
}

#[test]
fn where_no_instruction_can_run_nothing_is_done() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, PAGE, &[(0, CODE)]);
    // The same, half a word further on than a word begins; its ADRP speaks of a page far away.
    let again: Vec<u8> = CODE.iter().flat_map(|word| word.to_le_bytes()).collect();
    elf.edit(text).align = 1;
    elf.edit(text).bytes[0x802..0x80e].copy_from_slice(&again);
    elf.edit(text).bytes[0x804] = 0x40;
    mapping(&mut elf, "$x", text, 0);
    let file = elf.build();
    let manager = manager(TEXT, FAR);
    planned(&file, |plan| {
        let mut image = plan.place(&manager).unwrap();
        let (first, again) = text_at(image, TEXT);
        image = again;
        let (second, _) = text_at(image, TEXT + 0xff8 - 0x802);
        assert!(first == second, "changed");
    });
}

#[test]
fn patches_and_the_stubs_of_a_long_text_keep_apart() {
    const HALF: u64 = 64 << 20;
    // Two stretches of code, each with a call of what only a stub reaches.
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let texts = [1, 2].map(|_| section(&mut elf, 0x1008, &[(0, &[0x9400_0000]), (0xff8, CODE)]));
    elf.edit(texts[1]).align = HALF;
    let (variable, away) = (variable(&mut elf), elf.undefined("away"));
    for text in texts {
        mapping(&mut elf, "$x", text, 0);
        speak(&mut elf, text, [0xff8, 0x1000], variable);
        elf.rela(text, 0, R_AARCH64_CALL26.0, away, 0);
    }
    let file = elf.build();
    let manager = manager(TEXT, TEXT + 0x1000_0000).limited_to(256 << 20);
    planned(&file, |plan| {
        assert_eq!(plan.stubs(), 2);
        let imports = Imports::of(&[("away", 0xffff_0000_0000_0000)]);
        let image = plan.place(&manager).unwrap().resolve(&imports).unwrap();
        let text = image.segment_bytes(SegmentKind::Text);
        let goes = |at: u64| {
            let word = u32::from_le_bytes(text[at as usize..][..4].try_into().unwrap());
            at.wrapping_add_signed(imm26(word))
        };
        let sections = || image.plan().sections().take(2);
        for planned in sections() {
            let (start, end) = (planned.offset, planned.offset + planned.size);
            assert_eq!(planned.size, 0x1008 + 16);
            assert_eq!((goes(start + 0x1000), goes(start + 0x100c)), (end - 16, start + 0x1004));
            let stub = goes(start);
            assert!(!sections().any(|s| (s.offset..s.offset + s.size).contains(&stub)));
            assert_eq!(text[stub as usize..][8..12], 0xd61f_0200u32.to_le_bytes(), "br x16");
        }
    });
}

#[test]
fn a_section_longer_than_a_branch_reaches_is_refused() {
    const REACH: u64 = 128 << 20;
    // Its end just within reach of the load, and just out of it.
    for (size, is_mended) in [(0xff8 + 4 + REACH, true), (0xff8 + 8 + REACH, false)] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = section(&mut elf, 2 * PAGE, &[(0xff8, CODE)]);
        elf.edit(text).bytes.resize(size as usize, 0);
        mapping(&mut elf, "$x", text, 0);
        let variable = variable(&mut elf);
        speak(&mut elf, text, [0xff8, 0x1000], variable);
        let file = elf.build();
        let limited = |data| manager(TEXT, data).limited_to(256 << 20);
        let far = TEXT + 0x1000_0000;
        if is_mended {
            let image = load(&file, &limited(far), options());
            assert_eq!(image.word(".text", 0x1000), 0x15ff_ffff, "b .+0x7fffffc");
            assert_eq!(image.word(".text", size as usize + 4), 0x1600_0001, "b .-0x7fffffc");
        } else {
            let words = [".text", "+0xff8", "843419", "-ffunction-sections"];
            refused(&file, &limited(far), &words, |error| {
                let reason = Unmended::Reach;
                assert!(matches!(error, Error::Erratum { reason: r, .. } if r == reason));
            });
        }
    }
}
