//! What an object holds, so that a case cannot silently stop testing what it is for.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use goblin::elf::reloc::r_to_str;
use goblin::elf::section_header::{SHN_ABS, SHN_COMMON, SHN_UNDEF, SHN_XINDEX, SHT_GROUP};
use goblin::elf::sym::{STB_WEAK, STV_HIDDEN, STV_PROTECTED};
use object::LittleEndian as LE;
use object::elf::FileHeader64;
use object::read::elf::{FileHeader, SectionHeader, Sym};

use super::damage::sections;

/// Everything that a `holds:` directive can name: the relocation types, the sections' names, and
/// the kinds of symbols and sections, in capitals.
///
/// # Errors
/// The bytes are no object.
pub fn facts(object: &[u8]) -> Result<BTreeSet<String>> {
    let header = FileHeader64::<LE>::parse(object).context("not an ELF file")?;
    let machine = header.e_machine(LE);
    let sections = sections(object)?;
    let mut facts = BTreeSet::new();
    let mut add = |fact: &str| {
        facts.insert(fact.to_owned());
    };
    if header.e_shnum.get(LE) == 0 {
        add("SHN_XINDEX");
    }
    for section in sections.iter() {
        add(&String::from_utf8_lossy(sections.section_name(LE, section).unwrap_or_default()));
        if section.sh_type(LE).0 == SHT_GROUP {
            add("COMDAT");
        }
        let Some((relocations, _)) = section.rela(LE, object)? else { continue };
        for relocation in relocations {
            // goblin leaves the `R_` away on some machines.
            let name = r_to_str(relocation.r_type(LE, false).0, machine.0);
            add(&format!("R_{}", name.trim_start_matches("R_")));
        }
    }
    for symbol in sections.symbols(LE, object, object::elf::SHT_SYMTAB)?.iter() {
        let section = u32::from(symbol.st_shndx(LE).0);
        match (section, symbol.st_bind().0 == STB_WEAK) {
            (SHN_ABS, _) => add("ABSOLUTE"),
            (SHN_COMMON, _) => add("COMMON"),
            (SHN_XINDEX, _) => add("SHN_XINDEX"),
            (SHN_UNDEF, true) => add("UNDEFINED-WEAK"),
            (_, true) => add("WEAK"),
            _ => {}
        }
        match symbol.st_visibility().0 {
            STV_HIDDEN => add("HIDDEN"),
            STV_PROTECTED => add("PROTECTED"),
            _ => {}
        }
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::damage_sample::sample;

    #[test]
    fn an_object_says_what_it_holds() {
        let facts = facts(&sample()).unwrap();
        for fact in [".text", ".rela.data", "R_X86_64_64", "COMMON", "UNDEFINED-WEAK"] {
            assert!(facts.contains(fact), "{fact} is not in {facts:?}");
        }
        for fact in [".bss", "R_X86_64_PC32", "WEAK", "HIDDEN", "COMDAT", "SHN_XINDEX"] {
            assert!(!facts.contains(fact), "{fact} is in {facts:?}");
        }
    }

    #[test]
    fn what_is_no_object_says_nothing() {
        assert!(facts(b"\x7fELF").is_err());
    }
}
