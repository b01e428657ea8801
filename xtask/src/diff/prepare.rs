//! Between our load and a linker's link: where each relocation ended up.

use std::collections::{BTreeMap, BTreeSet};

use object::LittleEndian;
use object::read::elf::SectionHeader;

use super::linker::Linker;
use super::load::{Loaded, Section};
use super::relocations::{File, Relocation, Relocations, Target};
use super::types;
use crate::arch::Arch;

/// `R_RISCV_ALIGN`
const RISCV_ALIGN: u32 = 43;
/// A module's relocations, and where they are in memory.
pub struct Sites<'a> {
    /// The machine.
    pub arch: Arch,
    /// The module.
    pub loaded: &'a Loaded,
    /// The objects.
    pub files: &'a [File<'a>],
    /// The names of the objects.
    pub names: Vec<&'a str>,
    /// The relocations of loaded sections, object by object.
    pub all: Vec<Site<'a>>,
    /// Relocations that are not where alignments alone would have them.
    pub misplaced: Vec<String>,
    /// The global symbols that the objects define.
    defined: BTreeSet<&'a [u8]>,
    /// For each section its place in `loaded.sections`.
    sections: BTreeMap<(usize, u32), usize>,
}

/// A relocation of a loaded section.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The number of its object.
    pub object: usize,
    /// The relocation.
    pub relocation: &'a Relocation,
    /// The section's place in `loaded.sections`.
    pub section: usize,
    /// The offset of its field in memory.
    pub offset: usize,
}

impl<'a> Sites<'a> {
    /// Finds the place of each relocation.
    pub fn new(
        arch: Arch,
        names: Vec<&'a str>,
        loaded: &'a Loaded,
        files: &'a [File<'a>],
        relocations: &'a [Relocations],
    ) -> Self {
        let of = |(at, section): (usize, &Section)| ((section.object, section.index), at);
        let sections: BTreeMap<_, _> = loaded.sections.iter().enumerate().map(of).collect();
        let defined = loaded.symbols.iter().filter(|(_, local, _)| !local);
        let defined = defined.map(|(name, ..)| name.as_slice()).collect();
        let (mut all, mut misplaced) = (Vec::new(), Vec::new());
        for (object, relocations) in relocations.iter().enumerate() {
            let deleted = deletions(arch, relocations);
            for relocation in &relocations.all {
                let Some(&section) = sections.get(&(object, relocation.section)) else { continue };
                let before = deleted.get(&relocation.section).map_or(0, |deletions| {
                    let count = deletions.partition_point(|(at, _)| *at < relocation.offset);
                    count.checked_sub(1).and_then(|last| deletions.get(last)).map_or(0, |d| d.1)
                });
                let expected = relocation.offset.wrapping_sub(before);
                let offset = loaded.moved.offset(object, relocation.section, relocation.offset);
                if offset != expected && !loaded.relaxed {
                    let Relocation { section, offset: from, .. } = relocation;
                    misplaced.push(format!(
                        "{}: section {section}+{from:#x} is at +{offset:#x}, not +{expected:#x}",
                        names.get(object).copied().unwrap_or_default()
                    ));
                }
                all.push(Site { object, relocation, section, offset: offset as usize });
            }
        }
        Self { arch, loaded, files, names, all, misplaced, defined, sections }
    }

    /// A loaded section.
    pub fn section(&self, site: Site<'_>) -> &'a Section {
        &self.loaded.sections[site.section]
    }

    /// The bytes of a field in its object, and those behind it, from so many bytes before it on.
    pub fn original(&self, site: Site<'_>, before: usize) -> &'a [u8] {
        let Relocation { section, offset, .. } = *site.relocation;
        let file = &self.files[site.object];
        let section = file.sections.section(object::SectionIndex(section as usize));
        let data = section.and_then(|section| section.data(LittleEndian, file.bytes));
        let start = usize::try_from(offset).ok().and_then(|offset| offset.checked_sub(before));
        start.and_then(|start| data.ok()?.get(start..)).unwrap_or_default()
    }

    /// The address of a field.
    pub fn address(&self, site: Site<'_>) -> u64 {
        self.section(site).address.wrapping_add(site.offset as u64)
    }

    /// The address of a global symbol that an object defines.
    pub fn global(&self, name: &[u8]) -> Option<u64> {
        let mut symbols = self.loaded.symbols.iter();
        symbols.find(|(other, local, _)| !local && other == name).map(|(.., address)| *address)
    }

    /// Whether the symbol is one that nothing defines.
    pub fn is_undefined(&self, relocation: &Relocation) -> bool {
        relocation.target == Target::Undefined
            && !self.loaded.imports.contains_key(&relocation.name)
            && !self.loaded.gathered.boundaries.contains_key(&relocation.name)
            && !self.defined.contains(relocation.name.as_slice())
    }

    /// Whether the symbol is its object's own, in a section that is not loaded: of a COMDAT group
    /// that another object has, too.
    pub fn is_discarded(&self, site: Site<'_>) -> bool {
        match site.relocation.target {
            Target::Section(index, _) => {
                let locals = &self.loaded.thread_locals.sections;
                let is_local =
                    locals.iter().any(|(object, i, _)| (*object, *i) == (site.object, index));
                let is_loaded = is_local || self.sections.contains_key(&(site.object, index));
                site.relocation.local && !is_loaded
            }
            _ => false,
        }
    }

    /// A type that the linker does not know and that does more than write a field.
    pub fn rewritten_unknown(&self, linker: &Linker) -> Option<String> {
        let unknown = self.all.iter().map(|site| site.relocation.number);
        let mut unknown = unknown.filter(|number| self.given_as(linker, *number).is_none());
        unknown.find_map(|number| {
            let name = type_name(self.arch, number);
            types::rewrites(self.arch, number, &name).then_some(name)
        })
    }

    /// A relocation, for a message.
    pub fn describe(&self, site: Site<'_>) -> String {
        let Section { name, index, .. } = self.section(site);
        let Relocation { number, addend, .. } = *site.relocation;
        let symbol = String::from_utf8_lossy(&site.relocation.name);
        let object = self.names.get(site.object).copied().unwrap_or_default();
        let kind = type_name(self.arch, number);
        let addend = if addend == 0 { String::new() } else { format!(" {addend:+#x}") };
        format!(
            "{object}: section {index} {name}+{:#x}: {kind} against {symbol}{addend}",
            site.offset
        )
    }
}

/// The name of a relocation type.
pub fn type_name(arch: Arch, number: u32) -> String {
    let machine = match arch {
        Arch::Aarch64 => loader_core::Machine::Aarch64,
        Arch::Riscv64 => loader_core::Machine::Riscv64,
        Arch::X86_64 => loader_core::Machine::X86_64,
    };
    machine.relocation(number).map_or(format!("type {number}"), |row| row.name().to_owned())
}

/// For each section, the paddings that are cut: their offsets, and how many bytes are deleted up
/// to their ends (RISC-V psABI, "Alignment").
fn deletions(arch: Arch, relocations: &Relocations) -> BTreeMap<u32, Vec<(u64, u64)>> {
    let mut paddings: BTreeMap<u32, Vec<(u64, u64)>> = BTreeMap::new();
    if arch != Arch::Riscv64 {
        return paddings;
    }
    for relocation in relocations.all.iter().filter(|r| r.number == RISCV_ALIGN) {
        let list = paddings.entry(relocation.section).or_default();
        list.push((relocation.offset, relocation.addend.cast_unsigned()));
    }
    for list in paddings.values_mut() {
        list.sort_unstable();
        let mut deleted = 0;
        for (offset, length) in list {
            let align = (*length + 1).next_power_of_two();
            let start = *offset - deleted;
            deleted += *length - (start.next_multiple_of(align) - start);
            *length = deleted;
        }
    }
    paddings
}
