//! `__start_SECTION` and `__stop_SECTION`: symbols that nothing defines but the linker, which has
//! them for the beginning of the first and the end of the last of all sections of a name that is
//! a C identifier. Programs gather tables so, whose entries many objects add to.
//!
//! Sections of a name that such a symbol speaks of lie one behind the other, where the first of
//! them stands. A record for each section that may be one is lent where an object has such a symbol,
//! sorted by name and then as the sections stand: `word` is its object and its index there, `low`,
//! in the first record of a name, how many have the name, and `high` the name's length and what
//! is said of all of them.

use core::ops::Range;

use crate::elf::{Symbol, SymbolPlace};
use crate::error::{Error, RefusedSection};
use crate::object::Object;
use crate::plan::state::{Residence, SymbolState};
use crate::plan::{Keep, Plan, PlannedSection};
use crate::scratch::Scratch;
use crate::sort::sort_by_key;

/// Bits of a record's `high`: the name's length, and of a name's first record what follows.
const LENGTH: u32 = 0xff;
/// A symbol speaks of the sections of this name.
const SPOKEN_OF: u32 = 1 << 8;
/// A section that is kept speaks of them, in a plan that does not keep all.
const REACHED: u32 = 1 << 10;
/// None of them has bytes in the file, and they lie behind those of their segment that have.
const ZEROED: u32 = 1 << 9;
/// The exponent of the greatest of their alignments.
const ALIGN_SHIFT: u32 = 16;

/// The section that a record stands for: its object, and its index there.
const fn section_of(record: &Scratch) -> (usize, u32) {
    ((record.word >> 32) as usize, record.word as u32)
}

/// The name of the section that a record stands for.
fn name_of<'o>(objects: &[Object<'o>], record: &Scratch) -> &'o [u8] {
    let (object, index) = section_of(record);
    let section = objects.get(object).and_then(|object| object.section(index));
    section.map_or(&[], |section| section.begin_of_name((record.high & LENGTH) as usize))
}

impl<'o> Plan<'o, '_> {
    /// Makes the symbols that speak of boundaries of sections what they are, and none to be asked
    /// for.
    pub(super) fn bind_boundaries(&mut self) -> Result<(), Error<'o>> {
        if !self.state.has_named() {
            return Ok(());
        }
        self.list_named_sections();
        for (number, object) in self.objects.iter().enumerate().filter(|(_, o)| o.has_boundaries())
        {
            let base = self.state.symbol_base(number).unwrap_or(0);
            for (index, symbol) in object.symbols() {
                let Some(boundary) = symbol.boundary() else { continue };
                let at = base.wrapping_add(index);
                let Some(mut state) = self.state.symbol(at) else { continue };
                let undefined = state.is_import() && state.alias().is_none();
                if !undefined || state.is_thread_local() {
                    continue;
                }
                let Some(first) = self.first_named(boundary.section) else { continue };
                let which = u32::try_from(first).ok().and_then(|first| first.checked_mul(2));
                let which = which.unwrap_or(u32::MAX) | u32::from(boundary.is_stop);
                if !state.set_boundary(which) {
                    return Err(Error::TooLarge { object: object.name() });
                }
                self.state.set_symbol(at, state);
                if let Some(record) = self.state.named.get_mut(first) {
                    record.high |= SPOKEN_OF;
                }
            }
        }
        Ok(())
    }

    fn list_named_sections(&mut self) {
        let mut used = 0usize;
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section) in object.sections() {
                let Some(name) = section.identifier() else { continue };
                let state = self.state.section(number, index);
                let loaded = state.is_some_and(|state| state.residence.segment().is_some());
                let Some(record) = self.state.named.get_mut(used).filter(|_| loaded) else {
                    continue;
                };
                let word = (number as u64) << 32 | u64::from(index);
                *record = Scratch { word, low: 0, high: name.len() as u32 & LENGTH };
                used = used.saturating_add(1);
            }
        }
        let named = core::mem::take(&mut self.state.named);
        let named = named.get_mut(..used).unwrap_or_default();
        let objects = self.objects.all();
        sort_by_key(named, |record| (name_of(objects, record), record.word));
        let mut rest = &mut *named;
        while let Some(name) = rest.first().map(|first| name_of(objects, first)) {
            let len = rest.partition_point(|record| name_of(objects, record) == name);
            if let Some(first) = rest.first_mut() {
                first.low = len as u32; // no more than there are sections, which 32 bits count
            }
            rest = rest.get_mut(len..).unwrap_or_default();
        }
        self.state.named = named;
    }

    /// The first record of the sections of this name.
    fn first_named(&self, name: &[u8]) -> Option<usize> {
        let named = &self.state.named;
        let first = named.partition_point(|record| name_of(self.objects.all(), record) < name);
        let found = named.get(first)?;
        (name_of(self.objects.all(), found) == name).then_some(first)
    }

    /// The records of all sections of a name, of which `first` is the first.
    fn set_at(&self, first: usize) -> Range<usize> {
        let count = self.state.named.get(first).map_or(0, |record| record.low);
        first..first.saturating_add(count as usize)
    }

    /// The records of the sections that a boundary keeps, the first time that one of them is reached;
    /// none for any other symbol.
    pub(super) fn reach_boundary(&mut self, state: SymbolState) -> Range<usize> {
        let first = state.boundary().map(|which| (which >> 1) as usize);
        match first.and_then(|first| Some((first, self.state.named.get_mut(first)?))) {
            Some((first, record)) if record.high & REACHED == 0 => {
                record.high |= REACHED;
                self.set_at(first)
            }
            _ => 0..0,
        }
    }

    /// The section that a record stands for, and its object.
    pub(super) fn member(&self, at: usize) -> Option<(usize, u32)> {
        self.state.named.get(at).map(section_of)
    }

    /// Puts the sections of each name that is spoken of where the least restricted of them belongs.
    pub(super) fn gather_named_sections(&mut self) -> Result<(), Error<'o>> {
        let mut at = 0usize;
        while let Some(first) = self.state.named.get(at).filter(|_| self.state.has_named()) {
            let bit = if self.options.kept_sections() == Keep::All { SPOKEN_OF } else { REACHED };
            let spoken_of = first.high & bit != 0;
            let set = self.set_at(at);
            at = set.end.max(at.saturating_add(1));
            if spoken_of {
                self.gather(set)?;
            }
        }
        Ok(())
    }

    fn gather(&mut self, set: Range<usize>) -> Result<(), Error<'o>> {
        let first = set.start;
        let mut whole = None;
        let (mut zeroed, mut align) = (true, 1u64);
        for (object, index) in set.clone().filter_map(|at| self.member(at)) {
            let (Some(file), Some(state)) =
                (self.objects.get(object), self.state.section(object, index))
            else {
                continue;
            };
            let Some(section) = file.section(index) else { continue };
            zeroed &= section.is_nobits() && state.residence != Residence::Text;
            align = align.max(section.align());
            whole = Some(match (whole.unwrap_or(state.residence), state.residence) {
                (Residence::Text, Residence::Text) => Residence::Text,
                (Residence::Text, _) | (_, Residence::Text) => {
                    let place = file.place(index, 0);
                    return Err(Error::Section { place, reason: RefusedSection::MixedCode });
                }
                (Residence::Data, _) | (_, Residence::Data) => Residence::Data,
                (known, _) => known,
            });
        }
        for at in set {
            let Some((object, index)) = self.member(at) else { continue };
            if let (Some(mut state), Some(whole)) = (self.state.section(object, index), whole) {
                state.residence = whole;
                state.gathered = true;
                self.state.set_section(object, index, state);
            }
        }
        if let Some(record) = self.state.named.get_mut(first) {
            record.high |= if zeroed { ZEROED } else { 0 } | align.trailing_zeros() << ALIGN_SHIFT;
        }
        Ok(())
    }

    /// What is laid out where a section stands: the sections that are gathered there, if it is the
    /// first of them; nothing, if it is another of them. `None` for one that is not gathered.
    pub(super) fn gathered(&self, object: usize, index: u32) -> Option<Gathered> {
        if !self.state.has_named() || !self.state.section(object, index)?.gathered {
            return None;
        }
        let name = self.objects.get(object)?.section(index)?.identifier()?;
        let first = self.first_named(name)?;
        let record = self.state.named.get(first)?;
        let is_first = section_of(record) == (object, index);
        Some(Gathered {
            first: section_of(record),
            set: if is_first { self.set_at(first) } else { 0..0 },
            zeroed: record.high & ZEROED != 0,
            align: 1u64.wrapping_shl(record.high >> ALIGN_SHIFT),
        })
    }

    /// The sections of a set, in the order in which they lie.
    pub(super) fn planned_of(&self, set: Range<usize>) -> impl Iterator<Item = PlannedSection<'o>> {
        set.filter_map(|at| {
            let (object, index) = self.member(at)?;
            self.planned_section(object, index)
        })
    }

    /// The address of a boundary of sections; `None` for any other symbol. It follows the first
    /// section, or the last one, wherever that is mapped to, and ends where that one ends now.
    pub(crate) fn boundary_address(&self, symbol: Symbol<'o>, state: SymbolState) -> Option<u64> {
        if symbol.place() != SymbolPlace::Undefined {
            return None;
        }
        let which = state.boundary()?;
        let set = self.set_at((which >> 1) as usize);
        let is_stop = which & 1 != 0;
        let at = if is_stop { set.end.checked_sub(1)? } else { set.start };
        let (object, index) = self.member(at)?;
        let size = self.objects.get(object)?.section(index)?.size();
        Some(self.address_in(object, index, if is_stop { size } else { 0 }))
    }

    /// Gives the boundaries of sections the addresses that these have now.
    pub(crate) fn resolve_boundaries(&mut self) {
        if !self.state.has_named() {
            return;
        }
        for at in 0..self.state.symbols.loose_count() {
            let Some((number, mut state, _, symbol)) = self.loose_symbol(at) else { continue };
            if let Some(address) = self.boundary_address(symbol, state) {
                state.set_address(address);
                self.state.set_symbol(number, state);
            }
        }
    }
}

/// Sections that lie one behind the other because of their name.
pub(super) struct Gathered {
    /// The first of them: its object, and its index there.
    pub(super) first: (usize, u32),
    /// All of them, where the first stands, and else none.
    pub(super) set: Range<usize>,
    /// Whether they lie behind the sections of their segment that have bytes.
    pub(super) zeroed: bool,
    /// The greatest of their alignments.
    pub(super) align: u64,
}
