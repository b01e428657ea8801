//! Symbols that point nowhere.

use loader_core::{Defect, Machine, Phase};
use object::elf;

use super::malformed;
use crate::support::lies::{Elf, section, symbol};
use crate::support::{ElfBuilder, SymbolSpec};

const PARSE: Phase = Phase::Parse;
/// The first symbol's entry: where it is wrong, not where it points.
const ENTRY: (&str, u32, u64) = (".symtab", 2, 24);

/// An object with one symbol; 32 bytes of `.text`.
fn one_symbol() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x90; 32]);
    elf.global("name", text, 8);
    elf.build()
}

#[test]
fn names_outside_their_string_table() {
    let strtab = one_symbol().symtab() + 1;
    let size = one_symbol().section_field(strtab, section::SIZE);
    for name in [size, size + 1, 0xffff_ffff] {
        let lie = one_symbol().set_symbol(1, symbol::NAME, name);
        malformed(&lie, PARSE, ENTRY, Defect::StringOffset, name);
    }
}

#[test]
fn sections_that_do_not_exist() {
    for index in [one_symbol().section_count().into(), 0x1000, 0xff00, 0xff02, 0xfffe] {
        let lie = one_symbol().set_symbol(1, symbol::SHNDX, index);
        malformed(&lie, PARSE, ENTRY, Defect::SectionIndex, index);
    }
}

#[test]
fn an_extended_index_without_its_table() {
    let lie = one_symbol().set_symbol(1, symbol::SHNDX, elf::SHN_XINDEX.0.into());
    malformed(&lie, PARSE, ENTRY, Defect::SectionIndex, u32::MAX.into());
}

#[test]
fn values_past_the_end_of_the_section() {
    for value in [33, 0x1000, u64::MAX] {
        let lie = one_symbol().set_symbol(1, symbol::VALUE, value);
        malformed(&lie, PARSE, (".text", 1, value), Defect::SymbolValue, value);
    }
    // A local label may be an anchor of gcc's (-fsection-anchors), which code counts back from.
    let mut riscv = ElfBuilder::new(Machine::Riscv64);
    let data = riscv.data(&[0; 0x20]);
    let anchor = riscv.symbol(SymbolSpec {
        binding: elf::STB_LOCAL.0,
        kind: elf::STT_NOTYPE.0,
        ..SymbolSpec::new("anchor", data, 0x1000)
    });
    riscv.rela(data, 0, elf::R_RISCV_64.0, anchor, -0xff0);
    let image = crate::support::load(&riscv.build(), &[]);
    assert_eq!(image.field(".data", 0, 8), image.section_address(".data") + 0x10);
    // The end itself is where `end:` labels are.
    crate::support::load(&one_symbol().set_symbol(1, symbol::VALUE, 32), &[]);
}

#[test]
fn alignments_of_common_symbols() {
    for align in [3, 0xfff, u64::MAX] {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.text(&[0x90]);
        elf.common("common", 4, align);
        malformed(&elf.build(), PARSE, ENTRY, Defect::CommonAlignment, align);
    }
}
