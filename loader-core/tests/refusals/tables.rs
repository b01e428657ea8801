//! Section headers, string tables, relocation tables and groups that contradict the file.

use loader_core::{Defect, Machine, Phase};
use object::elf;

use super::{good, malformed};
use crate::support::ElfBuilder;
use crate::support::elf::rela_section;
use crate::support::lies::{file, section};

const PARSE: Phase = Phase::Parse;
const TEXT: (&str, u32, u64) = (".text", 1, 0);

#[test]
fn sections_outside_the_file() {
    let len = good().len() as u64;
    for offset in [len, len - 31, u64::MAX, u64::MAX - 16, 1 << 63] {
        let lie = good().set_section(1, section::OFFSET, offset);
        malformed(&lie, PARSE, TEXT, Defect::SectionOutsideFile, offset);
    }
    let offset = good().section_field(1, section::OFFSET);
    for size in [len, u64::MAX, u64::MAX - offset, 0u64.wrapping_sub(offset)] {
        let lie = good().set_section(1, section::SIZE, size);
        malformed(&lie, PARSE, TEXT, Defect::SectionOutsideFile, offset);
    }
}

#[test]
fn alignments_that_are_no_power_of_two() {
    for align in [3, 6, 0xfff, u64::MAX, (1 << 63) + 1] {
        let lie = good().set_section(2, section::ALIGN, align);
        malformed(&lie, PARSE, (".data", 2, 0), Defect::Alignment, align);
    }
}

#[test]
fn names_outside_their_string_table() {
    let names = good().section_count() - 1;
    let size = good().section_field(names, section::SIZE);
    for name in [size, size + 1, 0xffff_ffff] {
        let lie = good().set_section(1, section::NAME, name);
        malformed(&lie, PARSE, ("", 1, 0), Defect::StringOffset, name);
    }
}

#[test]
fn string_tables_that_do_not_end() {
    let names = good().section_count() - 1;
    let last = good().section_field(names, section::SIZE) as usize - 1;
    // Without its name table the file has no names to tell.
    let lie = good().set_byte(names, last, b'x');
    malformed(&lie, PARSE, ("", names, 0), Defect::StringTable, names.into());
    let lie = good().set_section(names, section::SIZE, 0);
    malformed(&lie, PARSE, ("", names, 0), Defect::StringTable, names.into());
    for index in [0, 1, 0x1000] {
        let lie = good().set_file(file::SHSTRNDX, index);
        malformed(&lie, PARSE, ("", index as u32, 0), Defect::StringTable, index);
    }
    // The symbols' table is one that `.symtab` does not link to rightly.
    let (symtab, strtab) = (good().symtab(), good().symtab() + 1);
    let last = good().section_field(strtab, section::SIZE) as usize - 1;
    let lie = good().set_byte(strtab, last, b'x');
    malformed(&lie, PARSE, (".symtab", symtab, 0), Defect::SectionLink, strtab.into());
}

#[test]
fn symbol_tables_without_names() {
    let symtab = good().symtab();
    for link in [0, 1, 0x1000, 0xffff_ffff] {
        let lie = good().set_section(symtab, section::LINK, link);
        malformed(&lie, PARSE, (".symtab", symtab, 0), Defect::SectionLink, link);
    }
}

#[test]
fn two_symbol_tables() {
    let symtab = good().symtab();
    let lie = good().set_section(2, section::TYPE, elf::SHT_SYMTAB.0.into());
    malformed(&lie, PARSE, (".symtab", symtab, 0), Defect::DuplicateSymbolTable, 2);
}

#[test]
fn entries_of_another_size() {
    let (rela, symtab) = (3, good().symtab());
    for (index, name) in [(rela, ".rela.text"), (symtab, ".symtab")] {
        for size in [0, 16, 23, 25, 48, u64::MAX] {
            let lie = good().set_section(index, section::ENTSIZE, size);
            malformed(&lie, PARSE, (name, index, 0), Defect::EntrySize, size);
        }
        let size = good().section_field(index, section::SIZE);
        let lie = good().set_section(index, section::SIZE, size - 1);
        malformed(&lie, PARSE, (name, index, 0), Defect::EntrySize, 24);
    }
}

#[test]
fn relocations_of_sections_that_do_not_exist() {
    for target in [0, good().section_count().into(), 0xffff_ffff] {
        let lie = good().set_section(3, section::INFO, target);
        malformed(&lie, PARSE, (".rela.text", 3, 0), Defect::SectionIndex, target);
    }
}

#[test]
fn relocations_by_symbols_of_no_table() {
    for link in [0, 1, 0xffff_ffff] {
        let lie = good().set_section(3, section::LINK, link);
        malformed(&lie, PARSE, (".rela.text", 3, 0), Defect::SectionLink, link);
    }
}

#[test]
fn two_relocation_sections_for_one_section() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0; 16]);
    let mut entry = vec![0; 24];
    entry[8] = 0; // R_X86_64_NONE
    elf.add(rela_section(".rela.a", text, entry.clone()));
    let second = elf.add(rela_section(".rela.b", text, entry));
    let at = (".rela.b", second, 0);
    malformed(&elf.build(), Phase::Plan, at, Defect::DuplicateRelocations, text.into());
}

#[test]
fn relocations_of_memory_without_bytes() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let bss = elf.bss(".bss", 64, 8);
    let rela = elf.add(rela_section(".rela.bss", bss, vec![0; 24]));
    let at = (".rela.bss", rela, 0);
    malformed(&elf.build(), Phase::Plan, at, Defect::RelocationTarget, bss.into());
}

/// Groups, which are looked at where sections may be left out.
#[cfg(any(feature = "several-objects", feature = "unused-sections"))]
mod groups {
    use object::elf::GRP_COMDAT;

    use super::*;

    fn group(words: &[u32]) -> ElfBuilder {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let text = elf.text(&[0; 16]);
        let symbol = elf.global("signature", text, 0);
        elf.group(symbol, words[0], &words[1..]);
        elf
    }

    #[test]
    fn of_sections_that_do_not_exist() {
        for member in [6, 7, 0xffff_ffff] {
            let lie = group(&[GRP_COMDAT.0, 1, member]).build();
            assert_eq!(lie.section_count(), 6);
            malformed(&lie, PARSE, (".group", 2, 0), Defect::SectionIndex, member.into());
        }
    }

    #[test]
    fn signed_by_symbols_that_do_not_exist() {
        for signature in [2, 3, 0xffff_ffff] {
            let lie = group(&[GRP_COMDAT.0, 1]).build().set_section(2, section::INFO, signature);
            malformed(&lie, PARSE, (".group", 2, 0), Defect::SymbolIndex, signature);
        }
    }

    #[test]
    fn cut_short() {
        for size in [0, 1, 3, 5, 7] {
            let lie = group(&[GRP_COMDAT.0, 1]).build().set_section(2, section::SIZE, size);
            malformed(&lie, PARSE, (".group", 2, 0), Defect::Group, size);
        }
    }
}
