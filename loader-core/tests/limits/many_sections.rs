//! More than 65,279 sections: indices and counts that do not fit where they usually stand.

use loader_core::{Defect, Error, Machine, Object, Phase};
use object::elf::{R_RISCV_PCREL_HI20, R_RISCV_PCREL_LO12_I, R_X86_64_64, SHN_ABS};

use crate::support::elf::SectionSpec;
use crate::support::lies::{Elf, symbol};
use crate::support::{ElfBuilder, code, load, refused};

/// 66,000 sections of data, each eight bytes, each pointing to the next and the last to the
/// first; every 1000th has a symbol.
fn object() -> (Elf, u32) {
    const COUNT: u32 = 66_000;
    let mut elf = ElfBuilder::new(Machine::X86_64);
    for index in 1..=COUNT {
        let data = elf.section(".data", 3, &u64::from(index).to_le_bytes());
        elf.edit(data).align = 8;
    }
    let last = elf.local("last", COUNT, 4);
    elf.rela(1, 0, R_X86_64_64.0, last, 0);
    let first = elf.global("first", 1, 0);
    elf.rela(COUNT, 0, R_X86_64_64.0, first, 0);
    for index in (1000..COUNT).step_by(1000) {
        elf.global(&format!("data{index}"), index, 0);
    }
    (elf.build(), COUNT)
}

#[test]
fn extended_indices_and_counts() {
    let (file, count) = object();
    let parsed = Object::parse("test.o", &file).unwrap();
    assert_eq!(parsed.section_count(), count + 1 + 2 + 4, "two of .rela and four tables");
    let image = load(&file, &[]);
    assert_eq!(image.sections.len(), count as usize);
    let start = image.section_address(".data");
    assert_eq!(image.pointer(start), start + u64::from(count - 1) * 8 + 4);
    assert_eq!(image.pointer(start + u64::from(count - 1) * 8), start);
    for index in (1000..count).step_by(1000) {
        let address = image.exports[&format!("data{index}")];
        assert_eq!(address, start + u64::from(index - 1) * 8);
        assert_eq!(image.pointer(address), u64::from(index));
    }
}

#[test]
fn reserved_indices_name_no_section() {
    // With this many sections there is one that has the number; the index still means none.
    let (file, _) = object();
    for index in [0xff00u32, 0xff02, 0xff3f, 0xfff0, 0xfffe] {
        let lie = file.clone().set_symbol(1, symbol::SHNDX, index.into());
        refused(&lie, Phase::Parse, &[], |error| {
            assert!(
                matches!(error, Error::Malformed { defect: Defect::SectionIndex, .. }),
                "{error:?}"
            );
        });
    }
}

#[test]
fn an_absolute_label_is_in_no_section() {
    // The text's index is the one that an absolute symbol has in the place of an index.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    for _ in 1..SHN_ABS.0 {
        elf.section(".data", 3, &[]);
    }
    let text = elf.text(&code(&[0x13, 0x0000_0517, 0x0005_0513])); // nop; auipc a0, 0; addi a0, a0, 0
    assert_eq!(text, SHN_ABS.0.into());
    let (symbol, label) = (elf.local("symbol", text, 0), elf.absolute("label", 4));
    elf.rela(text, 4, R_RISCV_PCREL_HI20.0, symbol, 0);
    elf.rela(text, 8, R_RISCV_PCREL_LO12_I.0, label, 0);
    refused(&elf.build(), Phase::Resolve, &["R_RISCV_PCREL_LO12_I"], |error| {
        assert!(matches!(error, Error::Unpaired { .. }), "{error:?}");
    });
}

#[test]
fn extended_indices_that_lie() {
    let (file, count) = object();
    let shndx = file.symtab() + 1;
    for lie in [count + 7, u32::MAX] {
        let mut file = file.clone();
        let at = file.section_at(shndx) + file.symbol(1) as usize * 4;
        file.write(at, (0, 4), lie.into());
        refused(&file, Phase::Parse, &[], |error| {
            let Error::Malformed { defect, value, .. } = error else { panic!("{error:?}") };
            assert_eq!((defect, value), (Defect::SectionIndex, lie.into()));
        });
    }
}

#[test]
fn tens_of_thousands_of_zero_sections() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    for index in 0..20_000u64 {
        elf.bss(&format!(".bss.v{index}"), 1 + index % 13, 1 << (index % 5));
    }
    let image = load(&elf.build(), &[]);
    for section in &image.sections {
        assert!(section.3.iter().all(|&byte| byte == 0));
    }
}

#[test]
fn sections_of_no_bytes() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    for name in [".text", ".rodata", ".data"] {
        elf.add(SectionSpec {
            name: name.into(),
            kind: 1,
            flags: 2,
            align: 16,
            ..SectionSpec::default()
        });
    }
    let image = load(&elf.build(), &[]);
    assert!(image.segments.is_empty(), "nothing is asked for");
}
