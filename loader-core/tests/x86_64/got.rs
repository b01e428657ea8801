//! GOT entries: one per symbol, and every form that speaks of them.

use loader_core::{Machine, SegmentKind};
use object::elf::*;

use crate::support::{ElfBuilder, Image, TestManager, load, load_with};

/// Loads one section of zeros with one relocation per number, all against `symbol` = 0x1234.
fn load_forms(forms: &[(RelocationType, i64)]) -> Image {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&vec![0; forms.len() * 8]);
    let symbol = elf.undefined("symbol");
    for (at, &(number, addend)) in (0u64..).step_by(8).zip(forms) {
        elf.rela(data, at, number.0, symbol, addend);
    }
    load(&elf.build(), &[("symbol", 0x1234)])
}

fn got(image: &Image) -> u64 {
    image.segments.iter().find(|s| s.0 == SegmentKind::ReadOnly).map(|s| s.1).unwrap()
}

#[test]
fn every_form_finds_the_one_slot() {
    let image = load_forms(&[
        (R_X86_64_GOTPCREL, -4),
        (R_X86_64_GOTPCREL64, 8),
        (R_X86_64_GOT32, 0),
        (R_X86_64_GOT64, 3),
        (R_X86_64_GOTPLT64, 0),
        (R_X86_64_CODE_4_GOTPCRELX, -4),
        (R_X86_64_CODE_5_GOTPCRELX, -4),
        (R_X86_64_CODE_6_GOTPCRELX, -4),
    ]);
    assert_eq!(image.got_entries, 1);
    let (got, place) = (got(&image), image.section_address(".data"));
    assert_eq!(image.pointer(got), 0x1234);
    let relative = |at: u64, addend: i64| got.wrapping_add_signed(addend).wrapping_sub(place + at);
    assert_eq!(image.field(".data", 0, 4), relative(0, -4) & 0xffff_ffff);
    assert_eq!(image.field(".data", 8, 8), relative(8, 8));
    assert_eq!(image.field(".data", 16, 4), 0, "G is the offset in the GOT");
    assert_eq!(image.field(".data", 24, 8), 3);
    assert_eq!(image.field(".data", 32, 8), 0);
    for at in [40, 48, 56] {
        assert_eq!(image.field(".data", at, 4), relative(at as u64, -4) & 0xffff_ffff);
    }
}

#[test]
fn offsets_are_from_the_got() {
    let image = load_forms(&[
        (R_X86_64_GOTPCREL, -4),
        (R_X86_64_GOTOFF64, 5),
        (R_X86_64_PLTOFF64, 0),
        (R_X86_64_GOTPC32, 4),
        (R_X86_64_GOTPC64, 0),
    ]);
    let (got, place) = (got(&image), image.section_address(".data"));
    assert_eq!(image.field(".data", 8, 8), 0x1239u64.wrapping_sub(got));
    assert_eq!(image.field(".data", 16, 8), 0x1234u64.wrapping_sub(got));
    assert_eq!(
        image.field(".data", 24, 4),
        got.wrapping_sub(place + 24).wrapping_add(4) as u32 as u64
    );
    assert_eq!(image.field(".data", 32, 8), got.wrapping_sub(place + 32));
}

#[test]
fn the_got_is_a_symbol_that_nobody_has_to_define() {
    // What compilers write for -mcmodel=medium: lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x48, 0x8d, 0x1d, 0, 0, 0, 0]);
    let table = elf.undefined("_GLOBAL_OFFSET_TABLE_");
    let symbol = elf.undefined("symbol");
    let data = elf.data(&[0; 8]);
    elf.rela(text, 3, R_X86_64_GOTPC32.0, table, -4);
    elf.rela(data, 0, R_X86_64_GOT64.0, symbol, 0);
    let image = load(&elf.build(), &[("symbol", 0x1234)]);
    let lea = (image.section_address(".text") + 7)
        .wrapping_add_signed(i64::from(image.word(".text", 3) as i32));
    assert_eq!(image.pointer(lea + image.field(".data", 0, 8)), 0x1234);
}

#[test]
fn a_got_without_entries_is_still_near() {
    // lea _GLOBAL_OFFSET_TABLE_(%rip), %rbx; movabs $data@GOTOFF, %rax: no entry is needed.
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x48, 0x8d, 0x1d, 0, 0, 0, 0, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0]);
    let data = elf.data(&[1; 8]);
    let (table, symbol) = (elf.undefined("_GLOBAL_OFFSET_TABLE_"), elf.local("data", data, 4));
    elf.rela(text, 3, R_X86_64_GOTPC32.0, table, -4);
    elf.rela(text, 9, R_X86_64_GOTOFF64.0, symbol, 0);
    let file = elf.build();
    for base in [0x10_0000u64, 0x10_0000_0000, 0xffff_ffff_8000_0000] {
        let manager = TestManager::at(base, base + 0x10_0000, base + 0x20_0000);
        let image = load_with(&[("test.o", &file)], &manager, &[]);
        let lea = (base + 7).wrapping_add_signed(i64::from(image.word(".text", 3) as i32));
        assert_eq!(lea.wrapping_add(image.field(".text", 9, 8)), base + 0x20_0004);
    }
}

#[test]
#[cfg(feature = "several-objects")]
fn objects_share_slots_by_name() {
    let object = |symbols: [&str; 2]| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let data = elf.data(&[0; 16]);
        for (at, name) in [0, 8].into_iter().zip(symbols) {
            let symbol = elf.undefined(name);
            elf.rela(data, at, R_X86_64_GOT64.0, symbol, 0);
        }
        elf.build()
    };
    let (one, other) = (object(["a", "b"]), object(["b", "c"]));
    let image = load_with(
        &[("one.o", &one), ("other.o", &other)],
        &TestManager::new(),
        &[("a", 1), ("b", 2), ("c", 3)],
    );
    assert_eq!(image.got_entries, 3);
    let slots: Vec<u64> = image
        .sections
        .iter()
        .flat_map(|s| s.3.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)))
        .collect();
    assert_eq!(slots.len(), 4);
    assert_eq!(slots[1], slots[2], "b has one slot for both objects");
    let values = slots.iter().map(|slot| image.pointer(got(&image) + slot));
    assert_eq!(values.collect::<Vec<_>>(), [1, 2, 2, 3]);
}
