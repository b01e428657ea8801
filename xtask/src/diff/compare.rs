//! The comparison: every byte of every section, every symbol, and what GOT slots hold (`slots`).

mod slots;

use std::collections::BTreeMap;

use super::link::Linked;
use super::linker::{Kind, Linker};
use super::load::{Section, Table};
use super::prepare::{Site, Sites};
use super::told::Told;
use super::types::Field;

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
    /// Bytes of debug sections.
    pub debug_bytes: usize,
    /// Relocations.
    pub relocations: usize,
    /// Relocations that speak of a GOT slot, or whose call goes through a stub.
    pub by_meaning: usize,
    /// Instructions that make the address of an undefined weak symbol from nothing.
    pub from_nothing: usize,
    /// Bytes that stay in the objects' files.
    pub in_place: usize,
    /// Symbols.
    pub symbols: usize,
    /// The types of the relocations, and by which type each was given to the linker.
    pub types: BTreeMap<u32, u32>,
}

impl Counts {
    /// Adds what was compared elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.high += other.high;
        self.objects += other.objects;
        self.sections += other.sections;
        self.bytes += other.bytes;
        self.debug_bytes += other.debug_bytes;
        self.relocations += other.relocations;
        self.by_meaning += other.by_meaning;
        self.from_nothing += other.from_nothing;
        self.in_place += other.in_place;
        self.symbols += other.symbols;
        other.types.iter().for_each(|(number, given)| self.add_type(*number, *given));
    }

    /// Adds a type, and the one by which a linker got it: another one only where it never gets
    /// the type itself. A marker is compared by what others make of its instruction.
    pub fn add_type(&mut self, number: u32, given: u32) {
        if given == number {
            self.types.insert(number, number);
        } else if given != 0 {
            self.types.entry(number).or_insert(given);
        }
    }

    /// All of it, in the order in which it is shown.
    pub fn numbers(&self) -> [usize; 9] {
        let Self { high, objects, sections, bytes, debug_bytes, symbols, .. } = *self;
        let (relocations, by_meaning, types) =
            (self.relocations, self.by_meaning, self.types.len());
        [high, objects, sections, bytes, debug_bytes, symbols, relocations, by_meaning, types]
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

/// A comparison on its way.
struct Comparison<'a> {
    linker: &'a Linker,
    sites: &'a Sites<'a>,
    sides: [Side<'a>; 2],
    /// The functions that initialise words, by the places of these, as the linker has it.
    resolvers: &'a BTreeMap<u64, u64>,
    masks: Vec<Mask>,
    counts: Counts,
    differences: Vec<String>,
}

/// Compares what both sides made of the same objects.
pub fn compare(
    sites: &Sites<'_>,
    linker: &Linker,
    linked: &Linked,
    told: &Told,
) -> (Counts, Vec<String>) {
    let mut counts = Counts { objects: sites.files.len(), ..Counts::default() };
    let name = linker.kind.name();
    let mut differences = compare_symbols(sites, name, linked, &mut counts);
    let Some(theirs) = their_sections(sites, name, linked, &mut counts, &mut differences) else {
        return (counts, differences);
    };
    if linker.kind == Kind::Lld {
        differences.extend(sites.loaded.debug.compare(linked, &mut counts));
    }
    let ours: Vec<&[u8]> = sites.loaded.sections.iter().map(|s| s.bytes.as_slice()).collect();
    let got = &sites.loaded.got;
    let ours = Side { sections: ours, got, got_base: got.address };
    let theirs = Side { sections: theirs, got: &linked.got, got_base: linked.got_base };
    let sides = [ours, theirs];
    let masks = told.masks.clone();
    let resolvers = &linked.resolvers;
    let mut comparison = Comparison { linker, sites, sides, resolvers, masks, counts, differences };
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
        let linked_name = sites.loaded.linked_name(*object, *index);
        let Some(theirs) = linked.sections.get(&linked_name) else {
            // GNU ld leaves out what is empty.
            if bytes.is_empty() {
                found.push(&[][..]);
                continue;
            }
            differences.push(format!("{name}: {linker} leaves it out"));
            continue;
        };
        let (size, their_size) = (bytes.len(), theirs.bytes.len());
        if let Some((start, end)) = sites.loaded.gathered.extent(&linked_name) {
            let their_end = theirs.address + their_size as u64;
            let part = theirs.at(*address).and_then(|rest| rest.get(..size));
            let part = part.or(bytes.is_empty().then_some(&[]));
            let Some(part) = part.filter(|_| (start, end) == (theirs.address, their_end)) else {
                differences.push(format!(
                    "{name}: all of this name from {start:#x} to {end:#x}; {linker}: from {:#x} to \
                     {their_end:#x}",
                    theirs.address,
                ));
                continue;
            };
            counts.sections += 1;
            counts.bytes += size;
            found.push(part);
            continue;
        }
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
}
