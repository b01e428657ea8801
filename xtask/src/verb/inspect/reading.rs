//! A second reading of the same file, by goblin, to hold the core's against.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use goblin::elf::Elf;
use goblin::elf::section_header::{SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHT_REL, SHT_RELA};
use loader_core::{Plan, PlanOptions, SegmentKind};

/// The symbol that stands for the GOT itself: the loader defines it.
const GOT: &str = "_GLOBAL_OFFSET_TABLE_";

/// What goblin reads.
#[derive(Debug)]
pub(super) struct Reading {
    machine: u16,
    sections: Vec<Section>,
    /// The relocations of sections that are loaded, counted by their type.
    pub(super) relocations: BTreeMap<u32, u64>,
    /// The undefined symbols that these need, by type of relocation.
    undefined: BTreeSet<(u32, String)>,
}

#[derive(Debug)]
struct Section {
    name: String,
    flags: u64,
    size: u64,
}

impl Reading {
    /// Reads a file.
    pub(super) fn of(bytes: &[u8]) -> Result<Self> {
        let elf = Elf::parse(bytes)?;
        let name = |at| elf.shdr_strtab.get_at(at).unwrap_or_default().to_owned();
        let sections: Vec<Section> = elf
            .section_headers
            .iter()
            .map(|header| Section {
                name: name(header.sh_name),
                flags: header.sh_flags,
                size: header.sh_size,
            })
            .collect();
        let (mut relocations, mut undefined) = (BTreeMap::new(), BTreeSet::new());
        for (at, table) in &elf.shdr_relocs {
            let header = elf.section_headers.get(*at).context("a table without a header")?;
            let target = sections.get(usize::try_from(header.sh_info)?);
            let loaded = target.is_some_and(Section::is_loaded);
            if !loaded || !matches!(header.sh_type, SHT_REL | SHT_RELA) {
                continue;
            }
            for relocation in table.iter() {
                *relocations.entry(relocation.r_type).or_insert(0) += 1;
                let symbol = elf.syms.get(relocation.r_sym);
                let symbol = symbol.filter(|symbol| relocation.r_sym != 0 && symbol.st_shndx == 0);
                let name = symbol.and_then(|symbol| elf.strtab.get_at(symbol.st_name));
                undefined.extend(name.map(|name| (relocation.r_type, name.to_owned())));
            }
        }
        Ok(Self { machine: elf.header.e_machine, sections, relocations, undefined })
    }

    /// In what the core's plan for this file is another.
    pub(super) fn differences(&self, plan: &Plan<'_, '_>, options: PlanOptions<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let machine = crate::arch::Arch::ALL.into_iter().find(|a| a.elf_machine() == self.machine);
        if machine.map(|arch| arch.name()) != Some(plan.machine().name()) {
            found.push(format!("the machine is {:#x}", self.machine));
        }
        self.compare_sections(plan, options, &mut found);
        self.compare_relocations(plan, &mut found);
        found
    }

    fn compare_sections(
        &self,
        plan: &Plan<'_, '_>,
        options: PlanOptions<'_>,
        found: &mut Vec<String>,
    ) {
        let mut planned = BTreeSet::new();
        for section in plan.sections() {
            let (index, name) = (section.index, section.section.name().to_string());
            planned.insert(index as usize);
            let Some(other) = self.sections.get(index as usize) else {
                found.push(format!("there is no section {index}, {name}"));
                continue;
            };
            if other.name != name {
                found.push(format!("section {index} is called {}, not {name}", other.name));
            }
            let has = |flag: u32| other.flags & u64::from(flag) != 0;
            let agrees = match section.segment {
                SegmentKind::Text => has(SHF_EXECINSTR) && !has(SHF_WRITE),
                SegmentKind::ReadOnly => !has(SHF_EXECINSTR),
                SegmentKind::Data => has(SHF_WRITE) && !has(SHF_EXECINSTR),
            };
            if !agrees || !other.is_loaded() {
                found.push(format!("section {index}, {name}, has the flags {:#x}", other.flags));
            }
            // RISC-V code may lose padding and get shorter; AArch64's may have patches behind it.
            let machine = plan.machine().name();
            let may_differ = section.segment == SegmentKind::Text
                && match section.size < other.size {
                    true => machine == "riscv64",
                    false => machine == "aarch64" && options.erratum_843419,
                };
            if section.size != other.size && !may_differ {
                let (ours, theirs) = (section.size, other.size);
                found.push(format!("section {index}, {name}, has {theirs} bytes, not {ours}"));
            }
        }
        let forgotten = self.sections.iter().enumerate().filter(|(index, section)| {
            section.is_loaded() && section.size > 0 && !planned.contains(index)
        });
        for (index, section) in forgotten {
            found.push(format!("section {index}, {}, is to be loaded", section.name));
        }
    }

    fn compare_relocations(&self, plan: &Plan<'_, '_>, found: &mut Vec<String>) {
        let mut ours = BTreeMap::new();
        for relocation in plan.relocations(0) {
            *ours.entry(relocation.number()).or_insert(0u64) += 1;
        }
        let kinds: BTreeSet<&u32> = ours.keys().chain(self.relocations.keys()).collect();
        for kind in kinds {
            let count = |of: &BTreeMap<u32, u64>| of.get(kind).copied().unwrap_or(0);
            if count(&ours) != count(&self.relocations) {
                let (ours, theirs) = (count(&ours), count(&self.relocations));
                found.push(format!("it has {theirs} relocations of type {kind}, not {ours}"));
            }
        }
        let ours: BTreeSet<String> = plan.imports().map(|import| import.name.to_string()).collect();
        let writes = |kind| {
            let row = plan.machine().relocation(kind);
            !row.is_some_and(|row| row.name().ends_with("_NONE"))
        };
        let needed = self.undefined.iter().filter(|(kind, name)| writes(*kind) && name != GOT);
        let theirs: BTreeSet<String> = needed.map(|(_, name)| name.clone()).collect();
        for name in ours.symmetric_difference(&theirs) {
            let (has, not) = if ours.contains(name) { ("plan", "file") } else { ("file", "plan") };
            found.push(format!("the {has} needs {name}, and the {not} does not"));
        }
    }
}

impl Section {
    /// Whether it takes memory at run time; what speaks to linkers, or to the
    /// loader, alone does not.
    fn is_loaded(&self) -> bool {
        const SHF_EXCLUDE: u64 = 1 << 31;
        self.flags & u64::from(SHF_ALLOC) != 0
            && self.flags & SHF_EXCLUDE == 0
            && !matches!(self.name.as_str(), ".note.gnu.property" | ".note.loader-core")
    }
}
