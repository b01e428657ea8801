//! The comparison: every byte of every section, every symbol, and what GOT slots hold.

use std::collections::{BTreeMap, BTreeSet};

use super::link::Linked;
use super::linker::{Kind, Linker};
use super::load::{Section, Table};
use super::prepare::{Site, Sites, Told};
use super::relocations::{File, Target};
use super::types::{self, Field, SlotForm};
use super::write::section_name;

/// The most differences that are told of one module.
const TOLD: usize = 20;

/// What was compared.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Modules that were loaded above 2 GiB.
    pub high: usize,
    /// Objects.
    pub objects: usize,
    /// Sections.
    pub sections: usize,
    /// Bytes.
    pub bytes: usize,
    /// Relocations.
    pub relocations: usize,
    /// Relocations that speak of a GOT slot, or whose call goes through a stub.
    pub by_meaning: usize,
    /// Symbols.
    pub symbols: usize,
    /// The types of the relocations.
    pub types: BTreeSet<u32>,
}

impl Counts {
    /// Adds what was compared elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.high += other.high;
        self.objects += other.objects;
        self.sections += other.sections;
        self.bytes += other.bytes;
        self.relocations += other.relocations;
        self.by_meaning += other.by_meaning;
        self.symbols += other.symbols;
        self.types.extend(&other.types);
    }

    /// All of it, in the order in which it is shown.
    pub fn numbers(&self) -> [usize; 8] {
        let Self { high, objects, sections, bytes, relocations, by_meaning, symbols, types } = self;
        [*high, *objects, *sections, *bytes, *symbols, *relocations, *by_meaning, types.len()]
    }
}

/// One of the two results.
struct Side<'a> {
    /// The sections' bytes, in the order of our loader's.
    sections: Vec<&'a [u8]>,
    got: &'a Table,
    /// What offsets into the GOT count from.
    got_base: u64,
}

/// Bits of a section that are not compared one by one, because their meaning is.
#[derive(Clone, Copy, Debug)]
pub struct Mask {
    /// The section's place in `loaded.sections`.
    pub section: usize,
    /// The offset there.
    pub offset: usize,
    /// The bits.
    pub field: Field,
}

/// The slots, on each side, that all relocations of one symbol can speak of, and what they hold.
struct Slots([Vec<(u64, u64)>; 2]);

/// A comparison on its way.
struct Comparison<'a> {
    linker: &'a Linker,
    sites: &'a Sites<'a>,
    files: &'a [File<'a>],
    sides: [Side<'a>; 2],
    masks: Vec<Mask>,
    counts: Counts,
    differences: Vec<String>,
}

/// Compares what both sides made of the same objects.
pub fn compare(
    sites: &Sites<'_>,
    files: &[File<'_>],
    linker: &Linker,
    linked: &Linked,
    told: &Told,
) -> (Counts, Vec<String>) {
    let mut counts = Counts { objects: files.len(), ..Counts::default() };
    let name = linker.kind.name();
    let mut differences = compare_symbols(sites, name, linked, &mut counts);
    let Some(theirs) = their_sections(sites, name, linked, &mut counts, &mut differences) else {
        return (counts, differences);
    };
    let ours: Vec<&[u8]> = sites.loaded.sections.iter().map(|s| s.bytes.as_slice()).collect();
    let got = &sites.loaded.got;
    let ours = Side { sections: ours, got, got_base: got.address };
    let theirs = Side { sections: theirs, got: &linked.got, got_base: linked.got_base };
    let sides = [ours, theirs];
    let masks = told.masks.clone();
    let mut comparison = Comparison { linker, sites, files, sides, masks, counts, differences };
    comparison.slots();
    comparison.bytes();
    comparison.differences.truncate(TOLD);
    (comparison.counts, comparison.differences)
}

/// The linker's sections; `None` where one is not there, is elsewhere or has another size.
fn their_sections<'l>(
    sites: &Sites<'_>,
    linker: &str,
    linked: &'l Linked,
    counts: &mut Counts,
    differences: &mut Vec<String>,
) -> Option<Vec<&'l [u8]>> {
    let mut found = Vec::new();
    for Section { object, index, name, address, bytes } in &sites.loaded.sections {
        let name = format!("{}: section {index} {name}", sites.names[*object]);
        let Some(theirs) = linked.sections.get(&section_name(*object, *index)) else {
            // GNU ld leaves out what is empty.
            if bytes.is_empty() {
                found.push(&[][..]);
                continue;
            }
            differences.push(format!("{name}: {linker} leaves it out"));
            continue;
        };
        let (size, their_size) = (bytes.len(), theirs.bytes.len());
        if (*address, size) != (theirs.address, their_size) {
            differences.push(format!(
                "{name}: {size:#x} bytes at {address:#x}; {linker}: {their_size:#x} bytes at {:#x}",
                theirs.address,
            ));
            continue;
        }
        counts.sections += 1;
        counts.bytes += size;
        found.push(theirs.bytes.as_slice());
    }
    (found.len() == sites.loaded.sections.len()).then_some(found)
}

/// Compares the address of each symbol. A hidden one is local in what a linker writes.
fn compare_symbols(
    sites: &Sites<'_>,
    linker: &str,
    linked: &Linked,
    counts: &mut Counts,
) -> Vec<String> {
    let mut theirs: BTreeMap<&[u8], Vec<u64>> = BTreeMap::new();
    for (name, _, address) in &linked.symbols {
        theirs.entry(name).or_default().push(*address);
    }
    let mut differences = Vec::new();
    for (name, local, address) in &sites.loaded.symbols {
        counts.symbols += 1;
        let found = theirs.get_mut(name.as_slice());
        let at = found.as_ref().and_then(|all| all.iter().position(|other| other == address));
        match (found, at) {
            // Several local symbols may have one name: each is found once.
            (Some(all), Some(at)) if *local => drop(all.swap_remove(at)),
            (_, Some(_)) => {}
            // GNU ld drops the labels that mark data where it leaves out a section.
            (None, None) if *local && name.starts_with(b"$") => {}
            (found, None) => {
                let name = String::from_utf8_lossy(name);
                let found = found.map(|all| all.clone()).unwrap_or_default();
                differences.push(format!("{name} is at {address:#x}; {linker}: {found:#x?}"));
            }
        }
    }
    differences
}

impl<'a> Comparison<'a> {
    /// Compares the relocations that speak of GOT slots: by what those hold.
    fn slots(&mut self) {
        let mut symbols: BTreeMap<(usize, u32, bool), (Site<'a>, Slots)> = BTreeMap::new();
        let highs = self.highs();
        let sites = self.sites;
        for &site in &sites.all {
            let number = site.relocation.number;
            if !self.linker.knows(number) {
                continue;
            }
            self.counts.relocations += 1;
            self.counts.types.insert(number);
            let high = highs.get(&label(site)).copied();
            let form = types::slot_form(sites.arch, number);
            let (field, of) = match (form, types::low_part(sites.arch, number), high) {
                (Some(SlotForm::Relaxable), ..) if self.relaxed(site) => continue,
                (Some(form), ..) => (form.field(), site),
                (None, Some(field), Some(high)) => (field, high),
                _ => continue,
            };
            let address = sites.address(of);
            let words = [0, 1].map(|side| self.word(side, site, field.width));
            let highs = [0, 1].map(|side| self.word(side, of, 4));
            let pair = types::is_pair(sites.arch, of.relocation.number);
            // What is in the second word of a pair, with the module's number, which is small.
            let held = |got: &Table, slot: u64, word: u64| match pair {
                true => got.slot(slot + 8).map_or(0, |second| second ^ word << 48),
                false => word,
            };
            let all = || {
                let slots = [0, 1].map(|side| {
                    let got = self.sides[side].got;
                    got.slots().map(|(slot, word)| (slot, held(got, slot, word))).collect()
                });
                (of, Slots(slots))
            };
            let key = (of.object, of.relocation.symbol, pair);
            let (_, slots) = symbols.entry(key).or_insert_with(all);
            for side in 0..2 {
                let base = self.sides[side].got_base;
                let fits = |slot: u64| match form {
                    Some(form) => {
                        form.fits(words[side], address, site.relocation.addend, base, slot)
                    }
                    None => types::auipc_pair(address, highs[side], words[side], number) == slot,
                };
                slots.0[side].retain(|(slot, _)| fits(*slot));
            }
            self.mask(site, 0, field);
        }
        for (site, Slots([ours, theirs])) in symbols.into_values() {
            if !ours.iter().any(|(_, held)| theirs.iter().any(|(_, other)| held == other)) {
                let (text, linker) = (self.sites.describe(site), self.linker.kind.name());
                self.differences
                    .push(format!("{text}: (slot, content) {ours:#x?}; {linker}: {theirs:#x?}"));
            }
        }
    }

    /// Compares all bits that no mask covers.
    fn bytes(&mut self) {
        let [mut ours, mut theirs] = [0, 1].map(|side: usize| -> Vec<Vec<u8>> {
            self.sides[side].sections.iter().map(|bytes| bytes.to_vec()).collect()
        });
        for Mask { section, offset, field } in &self.masks {
            for side in [&mut ours, &mut theirs] {
                let bytes = side[*section].iter_mut().skip(*offset).take(field.width);
                for (byte, mask) in bytes.zip(field.mask.to_le_bytes()) {
                    *byte &= !mask;
                }
            }
        }
        let mut by_section: BTreeMap<usize, Vec<Site<'_>>> = BTreeMap::new();
        for site in &self.sites.all {
            by_section.entry(site.section).or_default().push(*site);
        }
        for (at, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            if ours == theirs {
                continue;
            }
            let mut here = by_section.remove(&at).unwrap_or_default();
            here.sort_by_key(|site| site.offset);
            let mut told = None;
            for (offset, _) in ours.iter().zip(theirs).enumerate().filter(|(_, (a, b))| a != b) {
                // The relocation whose field this is: fields have at most eight bytes, and the
                // instruction before x86-64's may change with it.
                let upper = here.partition_point(|site| site.offset <= offset + 3);
                let fields = here.get(..upper).unwrap_or_default().iter().rev();
                let site = fields.take_while(|site| site.offset + 8 > offset);
                let site = site.max_by_key(|site| (site.offset <= offset, site.offset)).copied();
                let start = site.map_or(offset & !7, |site| site.offset.min(offset));
                if told != Some(start) {
                    told = Some(start);
                    self.difference(at, start, site);
                }
            }
        }
    }

    fn difference(&mut self, at: usize, start: usize, site: Option<Site<'_>>) {
        let [ours, theirs] = [0, 1].map(|side: usize| {
            let bytes = self.sides[side].sections[at].get(start..).unwrap_or_default();
            let digits: Vec<String> = bytes.iter().take(8).map(|b| format!("{b:02x}")).collect();
            digits.join(" ")
        });
        let place = site.map(|site| self.sites.describe(site)).unwrap_or_else(|| {
            let Section { object, index, name, .. } = &self.sites.loaded.sections[at];
            let object = self.sites.names[*object];
            format!("{object}: section {index} {name}+{start:#x}: no relocation")
        });
        let linker = self.linker.kind.name();
        self.differences.push(format!("{place}: {ours}; {linker}: {theirs}"));
    }

    /// The RISC-V relocations of the upper part of a slot's distance, by the place that those of
    /// the lower part name.
    fn highs(&self) -> BTreeMap<(usize, u32, u64), Site<'a>> {
        let is_high = |site: &&Site<'_>| {
            types::slot_form(self.sites.arch, site.relocation.number) == Some(SlotForm::Auipc)
        };
        let key = |site: &Site<'a>| {
            let relocation = site.relocation;
            ((site.object, relocation.section, relocation.offset), *site)
        };
        self.sites.all.iter().filter(is_high).map(key).collect()
    }

    /// Whether an x86-64 GOT load is no load any more on one side at least. Where it still is on
    /// the other side, it must be one that the linker does not relax and we do, and mean the same:
    /// ld.lld leaves alone what names an undefined or absolute symbol, and arithmetic without a
    /// REX prefix; GNU ld is told to leave all alone, and changes loads of 0 all the same.
    fn relaxed(&mut self, site: Site<'_>) -> bool {
        let relocation = site.relocation;
        // The bytes before the field that may change: a REX prefix, opcode and ModRM.
        let before = match relocation.number {
            41 => 2,
            43 => 4,
            _ => 3,
        };
        let index = object::SectionIndex(relocation.section as usize);
        let data = self.files[site.object].sections.section(index);
        let data = data.and_then(|section| {
            object::read::elf::SectionHeader::data(
                section,
                object::LittleEndian,
                self.files[site.object].bytes,
            )
        });
        let data = data.unwrap_or_default();
        let Some(start) = site.offset.checked_sub(2) else { return false };
        let opcode = data.get(start..site.offset).unwrap_or_default();
        let is_relaxed =
            |side: &Side<'_>| side.sections[site.section].get(start..site.offset) != Some(opcode);
        let relaxed = [0, 1].map(|side: usize| is_relaxed(&self.sides[side]));
        if relaxed == [false; 2] {
            return false;
        }
        // ld.lld must make the same instruction, unless it leaves this one alone.
        let fixed = matches!(relocation.target, Target::Fixed(_))
            || self.sites.loaded.absolutes.contains(&relocation.name)
            || self.sites.is_undefined(relocation);
        let arithmetic = relocation.number == 41 && !matches!(opcode, [0x8b, _] | [0xff, _]);
        let may_differ = match self.linker.kind {
            Kind::Lld => relaxed == [true, false] && (fixed || arithmetic),
            Kind::Bfd => true,
        };
        if may_differ {
            let [ours, theirs] = [0, 1].map(|side| self.meaning(side, site, relaxed[side]));
            if ours.is_some() && ours == theirs {
                self.mask(site, before, Field { width: before + 4, mask: u64::MAX });
            }
        }
        true
    }

    /// What an x86-64 GOT load loads, calls or takes for an operand.
    fn meaning(&self, side: usize, site: Site<'_>, relaxed: bool) -> Option<u64> {
        let address = self.sites.address(site);
        if relaxed {
            return types::relaxed_meaning(
                self.sides[side].sections[site.section],
                site.offset,
                address,
            );
        }
        let word = self.word(side, site, 4);
        let slot = address
            .wrapping_add_signed(i64::from((word as u32).cast_signed()))
            .wrapping_add_signed(-site.relocation.addend);
        self.sides[side].got.slot(slot)
    }

    fn mask(&mut self, site: Site<'_>, before: usize, field: Field) {
        let offset = site.offset.saturating_sub(before);
        self.masks.push(Mask { section: site.section, offset, field });
        self.counts.by_meaning += 1;
    }

    /// What is in a field on one side.
    fn word(&self, side: usize, site: Site<'_>, width: usize) -> u64 {
        let bytes = self.sides[side].sections[site.section].get(site.offset..).unwrap_or_default();
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(bytes).take(width) {
            *to = *from;
        }
        u64::from_le_bytes(word)
    }
}

/// Where the symbol of a relocation lies in the file.
fn label(site: Site<'_>) -> (usize, u32, u64) {
    match site.relocation.target {
        Target::Section(section, offset) => (site.object, section, offset),
        Target::Fixed(_) | Target::Undefined => (usize::MAX, 0, 0),
    }
}
