//! What the plan knows of each section and symbol: records in the scratch memory that was lent.

use crate::features::{DELETIONS, INITIALISERS, SEVERAL_OBJECTS, THREAD_LOCALS};
use crate::hash;
use crate::memory::SegmentKind;
use crate::object::Object;
pub(crate) use crate::plan::records::{
    Entries, EntriesMut, Entry, LOOSE_LIMIT, SYMBOL_LIMIT, SymbolRecords,
};
pub(crate) use crate::plan::symbol::{STUB_LIMIT, SymbolState};
use crate::plan::{Keep, PlanOptions};
use crate::scratch::Scratch;

/// How many records of each sort a set of objects needs.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    objects: usize,
    sections: usize,
    pub(crate) symbols: usize,
    pub(crate) loose: usize,
    extra: usize,
    names: usize,
    named: usize,
    ties: usize,
}

impl Counts {
    pub(crate) fn of(objects: &[Object<'_>], options: PlanOptions<'_>) -> Self {
        let mut counts = Self { objects: objects.len(), ..Self::default() };
        let boundaries = objects.iter().any(Object::has_boundaries);
        let mut shared = 0usize;
        for object in objects {
            counts.sections = counts.sections.saturating_add(object.section_count() as usize);
            counts.symbols = counts.symbols.saturating_add(object.symbol_count() as usize);
            counts.loose = counts.loose.saturating_add(object.loose_symbols);
            counts.extra = counts.extra.saturating_add(object.extra_records());
            if options.relaxes() {
                counts.extra = counts.extra.saturating_add(object.relaxable());
            }
            if objects.len() > 1 {
                shared = shared.saturating_add(object.shared_names());
            }
            if boundaries {
                counts.named = counts.named.saturating_add(object.named_sections());
            }
            if options.kept_sections() != Keep::All {
                counts.ties = counts.ties.saturating_add(crate::plan::unused::ties(object));
            }
            #[cfg(feature = "aarch64")]
            if options.mends_erratum() {
                counts.extra = counts.extra.saturating_add(crate::plan::erratum::records(object));
            }
        }
        if objects.len() > 1 {
            counts.names = hash::buckets(shared);
        }
        counts
    }

    pub(crate) const fn total(&self) -> usize {
        self.objects
            .saturating_add(self.sections)
            .saturating_add(SymbolRecords::len_for(self.symbols))
            .saturating_add(self.loose)
            .saturating_add(self.extra)
            .saturating_add(self.names)
            .saturating_add(self.named)
            .saturating_add(self.ties)
    }
}

/// The scratch memory, divided.
#[derive(Debug)]
pub(crate) struct State<'s> {
    /// Per object: where its sections and symbols begin in the two tables below.
    objects: &'s mut [Scratch],
    sections: &'s mut [Scratch],
    pub(crate) symbols: SymbolRecords<'s>,
    /// Buckets of the table of shared names; empty for a single object.
    pub(crate) names: &'s mut [Scratch],
    /// Sections that `__start_` and `__stop_` symbols may speak of; none where there is no such symbol.
    pub(crate) named: &'s mut [Scratch],
    /// Which sections keep each other, in a plan that does not keep all.
    pub(crate) ties: &'s mut [Scratch],
    /// Sections that hold initialisers and finalisers; then, on RISC-V, the order of relocation
    /// tables that are out of order, and places where bytes may go; on AArch64, mapping symbols.
    pub(crate) lists: &'s mut [Scratch],
    pub(crate) list_count: usize,
    #[cfg(feature = "aarch64")]
    pub(crate) mapping: core::ops::Range<usize>,
    #[cfg(feature = "riscv64")]
    pub(crate) orders: core::ops::Range<usize>,
    #[cfg(feature = "riscv64")]
    pub(crate) deletions: core::ops::Range<usize>,
}

/// Where a section resides at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Residence {
    /// Nowhere: debug information, symbol tables, notes to the linker.
    None,
    /// Nowhere: another object's COMDAT group of the same signature was there first.
    Duplicate,
    Text,
    ReadOnly,
    Data,
    /// In the block of thread-local variables, whose image is in the read-only segment.
    ThreadLocal,
    /// Nowhere: nothing uses it, and the plan keeps what is used.
    Unused,
    /// In its object's file, at an address that the client gave.
    InPlace,
}

impl Residence {
    /// The segment that holds it.
    pub(crate) const fn segment(self) -> Option<SegmentKind> {
        if matches!(self, Self::Text) {
            Some(SegmentKind::Text)
        } else if matches!(self, Self::ReadOnly | Self::ThreadLocal) {
            Some(SegmentKind::ReadOnly)
        } else if matches!(self, Self::Data) {
            Some(SegmentKind::Data)
        } else {
            None
        }
    }

    /// Whether nothing of it is there at run time.
    pub(crate) const fn is_nowhere(self) -> bool {
        matches!(self, Self::None | Self::Duplicate | Self::Unused)
    }

    const fn from_bits(bits: u32) -> Self {
        match bits {
            1 if SEVERAL_OBJECTS => Self::Duplicate,
            2 => Self::Text,
            3 => Self::ReadOnly,
            4 => Self::Data,
            5 if THREAD_LOCALS => Self::ThreadLocal,
            6 if cfg!(feature = "unused-sections") => Self::Unused,
            7 if cfg!(feature = "in-place") => Self::InPlace,
            _ => Self::None,
        }
    }
}

/// A section's record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SectionState {
    /// Its address on the target, once placed; of one that stays in its file, always.
    pub(crate) target: u64,
    /// Its offset in its segment.
    pub(crate) offset: u32,
    pub(crate) residence: Residence,
    /// Whether bytes of it are deleted, or may be.
    pub(crate) shrinks: bool,
    /// Whether its relocations are out of order.
    pub(crate) unordered: bool,
    /// Whether room for patches lies behind it.
    pub(crate) patches: bool,
    /// Whether it lies with the others of its name, one behind the other.
    pub(crate) gathered: bool,
    /// The index of the section with its relocations.
    pub(crate) relocations: Option<u32>,
}

// Bits of a section record's `high`; the rest is the relocation section's index.
const RESIDENCE: u32 = 0b111;
const SHRINKS: u32 = 1 << 3;
const UNORDERED: u32 = 1 << 4;
const PATCHES: u32 = 1 << 5;
const GATHERED: u32 = 1 << 6;
const RELOCATIONS_SHIFT: u32 = 7;

/// The residences in segments, but for thread-local variables': a bit for each.
const ORDINARY: u32 =
    1 << Residence::Text as u32 | 1 << Residence::ReadOnly as u32 | 1 << Residence::Data as u32;

impl SectionState {
    /// Where the section resides that a record is of.
    pub(crate) const fn residence_in(record: &Scratch) -> Residence {
        Residence::from_bits(record.high & RESIDENCE)
    }

    /// The segment that holds the section that a record is of.
    pub(crate) fn segment_of(record: &Scratch) -> Option<SegmentKind> {
        const fn of(bits: u32) -> Option<SegmentKind> {
            Residence::from_bits(bits).segment()
        }
        // No jump, which sections in any order would mislead.
        const SEGMENTS: [Option<SegmentKind>; 8] =
            [of(0), of(1), of(2), of(3), of(4), of(5), of(6), of(7)];
        SEGMENTS.get((record.high & RESIDENCE) as usize).copied().flatten()
    }

    pub(crate) const fn set_residence(record: &mut Scratch, residence: Residence) {
        record.high = (record.high & !RESIDENCE) | residence as u32;
    }

    /// Whether the section that a record is of resides in a segment.
    pub(crate) const fn is_placed(record: &Scratch) -> bool {
        const PLACED: u32 = ORDINARY | 1 << Residence::ThreadLocal as u32;
        PLACED.wrapping_shr(record.high & RESIDENCE) & 1 != 0
    }

    /// Whether the section that a record is of resides in a segment, and not in each thread.
    pub(crate) const fn is_ordinary(record: &Scratch) -> bool {
        ORDINARY.wrapping_shr(record.high & RESIDENCE) & 1 != 0
    }

    /// Whether the section that a record is of takes as many bytes as in the file, and lies where its
    /// turn is.
    pub(crate) const fn is_as_in_file(record: &Scratch) -> bool {
        record.high & (SHRINKS | PATCHES | GATHERED) == 0 && Self::is_ordinary(record)
    }

    /// Whether the section that a record is of has relocations.
    pub(crate) const fn has_relocations(record: &Scratch) -> bool {
        record.high >> RELOCATIONS_SHIFT != 0
    }

    /// Which section has the relocations of the one that a record is of, if that resides in a segment.
    pub(crate) const fn relocations_of(record: &Scratch) -> Option<u32> {
        if Self::has_relocations(record) && Self::is_placed(record) {
            Some(record.high >> RELOCATIONS_SHIFT)
        } else {
            None
        }
    }

    /// Says which section has the relocations of the one that a record is of, which had none.
    pub(crate) const fn set_relocations(record: &mut Scratch, index: u32) {
        record.high |= index << RELOCATIONS_SHIFT;
    }

    /// Whether bytes of the section that a record is of are deleted, or may be.
    pub(crate) const fn shrinks(record: &Scratch) -> bool {
        DELETIONS && record.high & SHRINKS != 0
    }

    /// Whether the relocations are out of order of the section that a record is of.
    #[cfg(feature = "riscv64")]
    pub(crate) const fn is_unordered(record: &Scratch) -> bool {
        record.high & UNORDERED != 0
    }

    /// Whether room for patches lies behind the section that a record is of.
    pub(crate) const fn has_patches(record: &Scratch) -> bool {
        record.high & PATCHES != 0
    }

    /// Whether anything is written into the section that a record is of: relocations, or what
    /// mends an erratum. It may not be here.
    pub(crate) const fn is_written(record: &Scratch) -> bool {
        Self::has_relocations(record) || Self::has_patches(record)
    }

    pub(crate) const fn unpack(record: Scratch) -> Self {
        let relocations = record.high >> RELOCATIONS_SHIFT;
        Self {
            target: record.word,
            offset: record.low,
            residence: Residence::from_bits(record.high & RESIDENCE),
            shrinks: Self::shrinks(&record),
            unordered: record.high & UNORDERED != 0,
            patches: cfg!(feature = "erratum-843419") && record.high & PATCHES != 0,
            gathered: cfg!(feature = "boundaries") && record.high & GATHERED != 0,
            relocations: if relocations == 0 { None } else { Some(relocations) },
        }
    }

    fn pack(self) -> Scratch {
        let flag = |set, bit| if set { bit } else { 0 };
        let high = self.residence as u32
            | flag(self.shrinks, SHRINKS)
            | flag(self.unordered, UNORDERED)
            | flag(self.patches, PATCHES)
            | flag(self.gathered, GATHERED)
            | (self.relocations.unwrap_or(0) << RELOCATIONS_SHIFT);
        Scratch { word: self.target, low: self.offset, high }
    }
}

impl<'s> State<'s> {
    /// Divides the scratch memory; `None` where there is too little of it, or where the objects
    /// have more sections or symbols than 32 bits can count.
    pub(crate) fn carve(
        objects: &[Object<'_>],
        counts: &Counts,
        scratch: &'s mut [Scratch],
    ) -> Option<Self> {
        let scratch = scratch.get_mut(..counts.total())?;
        scratch.fill(Scratch::ZERO);
        let (bases, scratch) = scratch.split_at_mut_checked(counts.objects)?;
        let (sections, scratch) = scratch.split_at_mut_checked(counts.sections)?;
        let len = SymbolRecords::len_for(counts.symbols);
        let (symbols, scratch) = scratch.split_at_mut_checked(len)?;
        let (loose, scratch) = scratch.split_at_mut_checked(counts.loose)?;
        let (names, scratch) = scratch.split_at_mut_checked(counts.names)?;
        let (named, scratch) = scratch.split_at_mut_checked(counts.named)?;
        let (ties, lists) = scratch.split_at_mut_checked(counts.ties)?;
        let (mut section, mut symbol) = (0u32, 0u32);
        for (base, object) in bases.iter_mut().zip(objects) {
            *base = Scratch { word: section.into(), low: symbol, high: 0 };
            section = section.checked_add(object.section_count())?;
            symbol = symbol.checked_add(object.symbol_count())?;
        }
        if section > u32::MAX >> RELOCATIONS_SHIFT {
            return None;
        }
        Some(Self {
            objects: bases,
            sections,
            symbols: SymbolRecords::new(symbols, loose),
            names,
            named,
            ties,
            lists,
            list_count: 0,
            #[cfg(feature = "aarch64")]
            mapping: 0..0,
            #[cfg(feature = "riscv64")]
            orders: 0..0,
            #[cfg(feature = "riscv64")]
            deletions: 0..0,
        })
    }

    /// Whether several objects share names.
    pub(crate) const fn shares_names(&self) -> bool {
        SEVERAL_OBJECTS && !self.names.is_empty()
    }

    /// Whether there are sections that `__start_` and `__stop_` symbols may speak of, and such symbols.
    pub(crate) const fn has_named(&self) -> bool {
        cfg!(feature = "boundaries") && !self.named.is_empty()
    }

    /// The number, among all objects' sections, of one of them. Which object it is, is not asked where
    /// there is but one.
    pub(crate) fn section_number(&self, object: usize, index: u32) -> Option<u32> {
        if !SEVERAL_OBJECTS {
            return ((index as usize) < self.sections.len()).then_some(index);
        }
        let base = self.objects.get(object)?.word as u32;
        let number = base.checked_add(index)?;
        let end = match self.objects.get(object.checked_add(1)?) {
            Some(next) => next.word as u32,
            None => self.sections.len() as u32,
        };
        (number < end).then_some(number)
    }

    pub(crate) fn section(&self, object: usize, index: u32) -> Option<SectionState> {
        let number = self.section_number(object, index)?;
        self.sections.get(number as usize).copied().map(SectionState::unpack)
    }

    pub(crate) fn set_section(&mut self, object: usize, index: u32, state: SectionState) {
        let number = self.section_number(object, index);
        if let Some(record) = number.and_then(|number| self.sections.get_mut(number as usize)) {
            *record = state.pack();
        }
    }

    /// The object that the section with this number belongs to, and its index there.
    pub(crate) fn section_owner(&self, number: u32) -> Option<(usize, u32)> {
        if !SEVERAL_OBJECTS {
            return Some((0, number));
        }
        let after = self.objects.partition_point(|record| record.word <= number.into());
        let object = after.checked_sub(1)?;
        Some((object, number.checked_sub(self.objects.get(object)?.word as u32)?))
    }

    /// Where an object's symbols begin among all.
    pub(crate) fn symbol_base(&self, object: usize) -> Option<u32> {
        if !SEVERAL_OBJECTS {
            return Some(0);
        }
        self.objects.get(object).map(|record| record.low)
    }

    /// The object that the symbol with this number belongs to, and its index there.
    pub(crate) fn owner(&self, number: u32) -> Option<(usize, u32)> {
        if !SEVERAL_OBJECTS {
            return Some((0, number));
        }
        let after = self.objects.partition_point(|record| record.low <= number);
        let object = after.checked_sub(1)?;
        Some((object, number.checked_sub(self.objects.get(object)?.low)?))
    }

    /// The symbol with this number among all objects' symbols.
    pub(crate) fn symbol(&self, number: u32) -> Option<SymbolState> {
        self.symbols.get(number)
    }

    /// The records of an object's sections.
    pub(crate) fn sections_of(&self, number: usize, object: &Object<'_>) -> &[Scratch] {
        part(self.objects, self.sections, number, object)
    }

    /// The same, to be changed.
    pub(crate) fn sections_of_mut(&mut self, number: usize, object: &Object<'_>) -> &mut [Scratch] {
        if !SEVERAL_OBJECTS {
            return self.sections;
        }
        let first = self.objects.get(number).map_or(0, |record| record.word as usize);
        let rest = self.sections.get_mut(first..);
        rest.and_then(|rest| rest.get_mut(..object.section_count() as usize)).unwrap_or_default()
    }

    /// The records of an object's sections, and those of all objects' symbols.
    pub(crate) fn sections_and_symbols(
        &mut self,
        number: usize,
        object: &Object<'_>,
    ) -> (&[Scratch], &mut SymbolRecords<'s>) {
        (part(self.objects, self.sections, number, object), &mut self.symbols)
    }

    pub(crate) fn set_symbol(&mut self, number: u32, state: SymbolState) {
        self.symbols.set(number, state);
    }

    /// The number and the record of the symbol that counts: itself, or what it is an alias of.
    pub(crate) fn canonical(&self, number: u32) -> Option<(u32, SymbolState)> {
        let state = self.symbol(number)?;
        match state.alias() {
            Some(other) => Some((other, self.symbol(other)?)),
            None => Some((number, state)),
        }
    }

    /// The sections that hold initialisers and finalisers, in the order they run in.
    pub(crate) fn init_lists(&self) -> &[Scratch] {
        if !INITIALISERS {
            return &[];
        }
        self.lists.get(..self.list_count).unwrap_or_default()
    }
}

/// Of all objects' sections, an object's.
fn part<'a>(
    objects: &[Scratch],
    sections: &'a [Scratch],
    number: usize,
    object: &Object<'_>,
) -> &'a [Scratch] {
    if !SEVERAL_OBJECTS {
        return sections;
    }
    let first = objects.get(number).map_or(0, |record| record.word as usize);
    let rest = sections.get(first..);
    rest.and_then(|rest| rest.get(..object.section_count() as usize)).unwrap_or_default()
}
