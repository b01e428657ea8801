//! Sections that can be read but not loaded, and sizes that nothing can count.

use loader_core::{Error, Machine, Phase, RefusedSection};
use object::elf;

use crate::support::elf::{ALLOC, EXEC, SectionSpec, WRITE};
use crate::support::{ElfBuilder, Link, load, refused};

fn section(name: &str, kind: u32, flags: u64) -> SectionSpec {
    SectionSpec {
        name: name.into(),
        kind,
        flags,
        align: 8,
        bytes: vec![0; 24],
        ..SectionSpec::default()
    }
}

fn refused_section(spec: SectionSpec, expected: RefusedSection, word: &str) {
    let name = format!("section 2 `{}`", spec.name);
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.text(&[0; 4]);
    elf.add(spec);
    refused(&elf.build(), Phase::Plan, &["test.o", &name, word], |error| {
        let Error::Section { place, reason } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset, reason), (2, 0, expected));
    });
}

const PROGBITS: u32 = elf::SHT_PROGBITS.0;

#[test]
fn writable_code() {
    let spec = section(".rwx", PROGBITS, ALLOC | WRITE | EXEC);
    refused_section(spec, RefusedSection::WritableCode, "writable and executable");
}

#[test]
fn thread_local_storage() {
    for (name, kind) in [(".tdata", PROGBITS), (".tbss", elf::SHT_NOBITS.0)] {
        let spec = section(name, kind, ALLOC | WRITE | elf::SHF_TLS.0);
        refused_section(spec, RefusedSection::ThreadLocal, "thread-local");
    }
}

#[test]
fn compressed_sections_that_would_be_loaded() {
    let spec = section(".rodata", PROGBITS, ALLOC | elf::SHF_COMPRESSED.0);
    refused_section(spec, RefusedSection::Compressed, "compressed");
}

#[test]
fn rel_in_place_of_rela() {
    let info = Link::Raw(1);
    let spec = SectionSpec { info, ..section(".rel.text", elf::SHT_REL.0, 0) };
    refused_section(spec, RefusedSection::Rel, "SHT_RELA");
}

#[test]
fn what_is_not_loaded_may_be_anything() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.text(&[0; 4]);
    elf.add(section(".debug_info", PROGBITS, elf::SHF_COMPRESSED.0));
    elf.add(section(".rwx", PROGBITS, WRITE | EXEC));
    elf.add(section(".llvm_addrsig", 0x6fff_4c03, elf::SHF_EXCLUDE.0));
    elf.add(section(".excluded", PROGBITS, ALLOC | elf::SHF_EXCLUDE.0));
    elf.add(section(".note.gnu.property", elf::SHT_NOTE.0, ALLOC));
    elf.add(section(".note.loader-core", elf::SHT_NOTE.0, ALLOC));
    elf.add(section(".comment", PROGBITS, 0x30));
    let debug = 2;
    elf.rela(debug, 0xffff, 0xffff, 0xffff, 0); // of a section that nobody reads
    let image = load(&elf.build(), &[]);
    assert_eq!(image.sections.len(), 1);
}

#[test]
fn segments_of_four_gigabytes() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.bss(".bss", 0x1_0000_0000, 8);
    refused(&elf.build(), Phase::Plan, &["test.o", "4 GiB"], |error| {
        assert_eq!(error, Error::TooLarge { object: "test.o".into() });
    });
}

#[test]
fn sizes_that_overflow_when_added() {
    for sizes in [[1, u64::MAX], [u64::MAX - 7, u64::MAX - 7], [0xffff_ffff, 1]] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        for size in sizes {
            elf.bss(".bss", size, 8);
        }
        refused(&elf.build(), Phase::Plan, &["test.o"], |error| {
            assert_eq!(error, Error::TooLarge { object: "test.o".into() });
        });
    }
}

#[test]
#[cfg(feature = "common-symbols")]
fn common_symbols_that_are_too_large() {
    for (size, align) in [(u64::MAX, 1), (0xffff_ffff_ffff, 8), (8, 1 << 63)] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        elf.bss(".bss", 8, 8);
        elf.common("common", size, align);
        refused(&elf.build(), Phase::Plan, &["test.o"], |error| {
            assert_eq!(error, Error::TooLarge { object: "test.o".into() });
        });
    }
}

#[test]
fn crel_in_place_of_rela() {
    // What clang -Wa,--crel writes; passing over it would load code without its relocations.
    let info = Link::Raw(1);
    let spec = SectionSpec { info, ..section(".crel.text", 0x4000_0014, 0) };
    refused_section(spec, RefusedSection::Rel, "--crel");
}

#[test]
fn a_null_section_is_not_loaded_whatever_its_flags() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.text(&[0x1f, 0x20, 0x03, 0xd5]);
    elf.add(section(".null", elf::SHT_NULL.0, ALLOC | EXEC));
    let image = load(&elf.build(), &[]);
    assert_eq!(image.sections.len(), 1);
}
