//! A second reading of the same file, by goblin, to hold the core's against.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use goblin::elf::Elf;
use goblin::elf::section_header::{
    SHF_ALLOC, SHF_EXECINSTR, SHF_TLS, SHF_WRITE, SHT_REL, SHT_RELA,
};
use goblin::elf::sym::{STV_HIDDEN, STV_INTERNAL};
use loader_core::{Plan, PlanOptions, SegmentKind};

/// The symbol that stands for the GOT itself: the loader defines it.
const GOT: &str = "_GLOBAL_OFFSET_TABLE_";

/// What goblin reads.
#[derive(Debug)]
pub(super) struct Reading {
    machine: u16,
    sections: Vec<Section>,
    /// The relocations of sections that are loaded, counted by their section and type.
    relocations: BTreeMap<(usize, u32), u64>,
    /// The undefined symbols that these need, by section and type of relocation.
    undefined: BTreeSet<(usize, u32, String)>,
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
            let target = usize::try_from(header.sh_info)?;
            let loaded = sections.get(target).is_some_and(Section::is_loaded);
            if !loaded || !matches!(header.sh_type, SHT_REL | SHT_RELA) {
                continue;
            }
            for relocation in table.iter() {
                *relocations.entry((target, relocation.r_type)).or_insert(0) += 1;
                let symbol = elf.syms.get(relocation.r_sym);
                // Nobody is asked for one that is hidden.
                let symbol = symbol.filter(|symbol| {
                    let hidden = matches!(symbol.st_visibility(), STV_HIDDEN | STV_INTERNAL);
                    relocation.r_sym != 0 && symbol.st_shndx == 0 && !hidden
                });
                let name = symbol.and_then(|symbol| elf.strtab.get_at(symbol.st_name));
                undefined.extend(name.map(|name| (target, relocation.r_type, name.to_owned())));
            }
        }
        Ok(Self { machine: elf.header.e_machine, sections, relocations, undefined })
    }

    /// In what the core's plan for this file is another.
    pub(super) fn differences(&self, plan: &Plan<'_, '_>, options: PlanOptions<'_>) -> Vec<String> {
        let mut found = Vec::new();
        let machine = crate::arch::Arch::ALL.into_iter().find(|a| a.elf_machine() == self.machine);
        if machine.is_none() || machine != crate::arch::Arch::of_machine(plan.machine()) {
            found.push(format!("the machine is {:#x}", self.machine));
        }
        // What is used is not for a reader to say.
        let unused = plan.unused_sections().map(|unused| unused.index as usize).collect();
        self.compare_sections(plan, options, &unused, &mut found);
        self.compare_relocations(plan, &unused, &mut found);
        found
    }

    /// The types of the relocations in some of the sections, with their counts.
    pub(super) fn kinds(&self, wanted: impl Fn(usize) -> bool) -> BTreeMap<u32, u64> {
        let mut kinds = BTreeMap::new();
        for ((_, kind), count) in self.relocations.iter().filter(|((at, _), _)| wanted(*at)) {
            *kinds.entry(*kind).or_default() += count;
        }
        kinds
    }

    /// Whether a section of this name may be written.
    fn writes_some(&self, name: &str) -> bool {
        let writes = |section: &Section| section.flags & u64::from(SHF_WRITE) != 0;
        self.sections.iter().any(|section| section.name == name && writes(section))
    }

    /// Whether the loader defines a symbol itself: the GOT, or a boundary of sections of a name.
    fn is_loaders(&self, symbol: &str) -> bool {
        let section = symbol.strip_prefix("__start_").or_else(|| symbol.strip_prefix("__stop_"));
        let identifier = |name: &str| {
            let mut letters = name.bytes();
            letters.next().is_some_and(|first| first == b'_' || first.is_ascii_alphabetic())
                && letters.all(|letter| letter == b'_' || letter.is_ascii_alphanumeric())
        };
        let is_one = |name: &str| {
            let loaded = |s: &Section| s.name == name && s.is_loaded() && !s.is_thread_local();
            identifier(name) && self.sections.iter().any(loaded)
        };
        symbol == GOT || section.is_some_and(is_one)
    }

    fn compare_sections(
        &self,
        plan: &Plan<'_, '_>,
        options: PlanOptions<'_>,
        unused: &BTreeSet<usize>,
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
                // Among sections that lie together because of their name, one may write.
                SegmentKind::Data => {
                    (has(SHF_WRITE) || self.writes_some(&name)) && !has(SHF_EXECINSTR)
                }
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
        for section in plan.in_place_sections() {
            let (index, name) = (section.index, section.section.name().to_string());
            planned.insert(index as usize);
            let other = self.sections.get(index as usize);
            let constant = u64::from(SHF_WRITE) | u64::from(SHF_TLS);
            if !other.is_some_and(|other| other.is_loaded() && other.flags & constant == 0) {
                found.push(format!("section {index}, {name}, must not stay in place"));
            }
        }
        let forgotten = self.sections.iter().enumerate().filter(|(index, section)| {
            let known = planned.contains(index) || unused.contains(index);
            section.is_loaded() && section.size > 0 && !known
        });
        for (index, section) in forgotten {
            found.push(format!("section {index}, {}, is to be loaded", section.name));
        }
    }

    fn compare_relocations(
        &self,
        plan: &Plan<'_, '_>,
        unused: &BTreeSet<usize>,
        found: &mut Vec<String>,
    ) {
        let mut ours = BTreeMap::new();
        for relocation in plan.relocations(0) {
            *ours.entry(relocation.number()).or_insert(0u64) += 1;
        }
        let theirs = self.kinds(|section| !unused.contains(&section));
        let kinds: BTreeSet<&u32> = ours.keys().chain(theirs.keys()).collect();
        for kind in kinds {
            let count = |of: &BTreeMap<u32, u64>| of.get(kind).copied().unwrap_or(0);
            if count(&ours) != count(&theirs) {
                let (ours, theirs) = (count(&ours), count(&theirs));
                found.push(format!("it has {theirs} relocations of type {kind}, not {ours}"));
            }
        }
        let ours: BTreeSet<String> = plan.imports().map(|import| import.name.to_string()).collect();
        let writes = |kind| {
            let row = plan.machine().relocation(kind);
            !row.is_some_and(|row| row.name().ends_with("_NONE"))
        };
        let needed = self.undefined.iter().filter(|(section, kind, name)| {
            writes(*kind) && !unused.contains(section) && !self.is_loaders(name)
        });
        let theirs: BTreeSet<String> = needed.map(|(.., name)| name.clone()).collect();
        for name in ours.symmetric_difference(&theirs) {
            let (has, not) = if ours.contains(name) { ("plan", "file") } else { ("file", "plan") };
            found.push(format!("the {has} needs {name}, and the {not} does not"));
        }
    }
}

impl Section {
    fn is_thread_local(&self) -> bool {
        self.flags & u64::from(SHF_TLS) != 0
    }

    /// Whether it takes memory at run time; what speaks to linkers, or to the
    /// loader, alone does not.
    fn is_loaded(&self) -> bool {
        const SHF_EXCLUDE: u64 = 1 << 31;
        self.flags & u64::from(SHF_ALLOC) != 0
            && self.flags & SHF_EXCLUDE == 0
            && !matches!(self.name.as_str(), ".note.gnu.property" | ".note.loader-core")
    }
}
