//! A hundred thousand relocations of the kinds that are searched for elsewhere.

use loader_core::Machine;
use object::elf::*;

use crate::support::{ElfBuilder, Image, TestManager, code, load, load_with};

const COUNT: u64 = 100_000;

#[test]
fn low_parts_of_as_many_high_parts() {
    for backwards in [false, true] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let text = elf.text(&code(&[0x517, 0x0005_0513]).repeat(COUNT as usize / 2));
        let symbol = elf.absolute("symbol", 0x1800_0000);
        let mut rows: Vec<_> = (0..COUNT / 2)
            .flat_map(|pair| {
                let label = elf.local(".L", text, pair * 8);
                [
                    (pair * 8, R_RISCV_PCREL_HI20, symbol),
                    (pair * 8 + 4, R_RISCV_PCREL_LO12_I, label),
                ]
            })
            .collect();
        if backwards {
            rows.reverse();
        }
        for (offset, number, symbol) in rows {
            elf.rela(text, offset, number.0, symbol, 0);
        }
        let image = load(&elf.build(), &[]);
        assert_ne!(image.word(".text", COUNT as usize * 4 - 4), 0x0005_0513);
    }
}

#[test]
fn low_parts_of_one_high_part() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let mut words = vec![0x0005_0513; COUNT as usize];
    words[0] = 0x517;
    let text = elf.text(&code(&words));
    let symbol = elf.absolute("symbol", 0x1000_0123);
    let label = elf.local(".L", text, 0);
    elf.rela(text, 0, R_RISCV_PCREL_HI20.0, symbol, 0);
    for at in 1..COUNT {
        elf.rela(text, at * 4, R_RISCV_PCREL_LO12_I.0, label, 0);
    }
    let image = load(&elf.build(), &[]);
    assert_eq!(image.word(".text", 4), 0x1235_0513);
}

#[test]
fn relocations_at_one_offset() {
    // Each low part looks for the high part among all that stand at one place.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[0x517, 0x0005_0513]));
    let symbol = elf.absolute("symbol", 0x1000_0123);
    let label = elf.local(".L", text, 0);
    elf.rela(text, 0, R_RISCV_PCREL_HI20.0, symbol, 0);
    for _ in 0..COUNT / 2 {
        elf.rela(text, 0, R_RISCV_RELAX.0, 0, 0);
    }
    for _ in 0..COUNT / 2 {
        elf.rela(text, 4, R_RISCV_PCREL_LO12_I.0, label, 0);
    }
    assert_eq!(load(&elf.build(), &[]).word(".text", 4), 0x1235_0513);
}

#[test]
#[cfg(feature = "riscv-align")]
fn paddings_and_symbols_behind_them() {
    for (count, backwards) in [(COUNT, false), (COUNT / 4, true)] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        // 8 bytes of code, a padding of 6 that goes, and so on.
        let text = elf.text(&vec![1; count as usize * 14]);
        let mut places: Vec<u64> = (0..count).map(|n| n * 14 + 8).collect();
        if backwards {
            places.reverse();
        }
        for &at in &places {
            elf.rela(text, at, R_RISCV_ALIGN.0, 0, 6);
            elf.local(".L", text, at + 6);
        }
        let end = elf.global("end", text, count * 14);
        let data = elf.data(&[0; 8]);
        elf.rela(data, 0, R_RISCV_64.0, end, 0);
        let image = load(&elf.build(), &[]);
        assert_eq!(image.section(".text").len() as u64, count * 8);
        assert_eq!(image.field(".data", 0, 8), image.section_address(".text") + count * 8);
    }
}

fn calls_to_as_many_symbols() -> Image {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&vec![0x9400_0000; COUNT as usize]));
    for at in 0..COUNT {
        let symbol = elf.absolute(&format!("function{at}"), 0xffff_0000_0000 + at * 4);
        elf.rela(text, at * 4, R_AARCH64_CALL26.0, symbol, 0);
    }
    load(&elf.build(), &[])
}

#[test]
fn stubs_and_got_entries() {
    let image = calls_to_as_many_symbols();
    assert_eq!((u64::from(image.stubs), u64::from(image.got_entries)), (COUNT, COUNT));
}

#[test]
fn calls_to_one_symbol() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xe8, 0, 0, 0, 0].repeat(COUNT as usize));
    let symbol = elf.undefined("far");
    for at in 0..COUNT {
        elf.rela(text, at * 5 + 1, R_X86_64_PLT32.0, symbol, -4);
    }
    let image = load(&elf.build(), &[("far", u64::MAX / 2)]);
    assert_eq!((image.stubs, image.got_entries), (1, 1));
}

#[test]
#[cfg(feature = "several-objects")]
fn names_shared_by_two_objects() {
    let build = |owner: bool| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let data = elf.data(&vec![0; COUNT as usize * 8]);
        for at in 0..COUNT {
            // Every eighth is defined, in the other object than the one before.
            let name = format!("name{at}");
            let mine = at % 16 == if owner { 0 } else { 8 };
            let symbol = match mine {
                true => elf.global(&name, data, at * 8),
                false if at % 8 == 0 => elf.undefined(&name),
                false => elf.weak(&name, data, at),
            };
            elf.rela(data, at * 8, R_X86_64_64.0, symbol, 0);
        }
        elf.build()
    };
    let (one, two) = (build(true), build(false));
    let files: [(&str, &[u8]); 2] = [("one.o", &one), ("two.o", &two)];
    let image = load_with(&files, &TestManager::new(), &[]);
    let words = |at: usize| image.sections[at].3.as_chunks::<8>().0.to_vec();
    assert!(words(0) == words(1), "both objects mean the same symbols");
}
