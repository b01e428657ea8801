//! Sections that nothing uses, and that are not loaded where a client asks for it
//! ([`Keep`](crate::Keep)): what linkers call garbage collection (`--gc-sections`).
//!
//! What is kept follows from some sections and symbols, by relocations and by what ties sections to
//! each other. While it is found out, a section's record holds in `offset` whether it was reached, and
//! in `target` the next one to look at: a list that needs no memory of its own. The groups' own
//! sections, which are never loaded, are in it as well. The ties have a record each, sorted: the number
//! of a section, and above it that of the one that keeps it.

use object::elf;

use crate::elf::{Binding, RelaTable, Section, Symbol, SymbolPlace};
use crate::error::{Defect, Error, Phase};
use crate::object::Object;
use crate::plan::state::{Residence, SymbolState};
use crate::plan::{Keep, Plan};
use crate::scratch::Scratch;
use crate::sort::sort_by_key;

/// A section that is not loaded because nothing uses it.
#[derive(Debug, Clone, Copy)]
pub struct UnusedSection<'o> {
    /// Its object's place among the plan's objects.
    pub object: usize,
    /// Its index in the object's section header table.
    pub index: u32,
    /// The section itself.
    pub section: Section<'o>,
}

/// The sections that were reached and not yet looked at: the number of the last one, plus one.
#[derive(Default)]
struct Reached(u32);

/// How many ties an object has.
pub(super) fn ties(object: &Object<'_>) -> usize {
    let of_section = |(_, section): (u32, Section<'_>)| match object.group(section) {
        Some(members) => members.len(),
        None => usize::from(section.has(elf::SHF_LINK_ORDER)),
    };
    object.sections().map(of_section).fold(0, usize::saturating_add)
}

impl<'o> Plan<'o, '_> {
    /// The sections that are left out because nothing uses them
    /// ([`PlanOptions::keep`](crate::PlanOptions::keep)), object by object.
    pub fn unused_sections(&self) -> impl Iterator<Item = UnusedSection<'o>> + '_ {
        let objects =
            if self.options.kept_sections() == Keep::All { &[] } else { self.objects.all() };
        objects.iter().enumerate().flat_map(move |(number, object)| {
            object.sections().filter_map(move |(index, section)| {
                let unused = self.state.section(number, index)?.residence == Residence::Unused;
                unused.then_some(UnusedSection { object: number, index, section })
            })
        })
    }

    /// Leaves out what nothing uses.
    pub(super) fn discard_unused(&mut self, keep: Keep<'_>) -> Result<(), Error<'o>> {
        if keep == Keep::All {
            return Ok(());
        }
        self.list_ties()?;
        let mut reached = Reached::default();
        self.reach_kept_sections(&mut reached);
        self.reach_kept_symbols(keep, &mut reached);
        while let Some((object, index)) = self.next_reached(&mut reached) {
            self.follow_ties(object, index, &mut reached);
            self.follow_section(object, index, &mut reached);
        }
        self.discard_unreached();
        self.bury_symbols();
        Ok(())
    }

    /// Lists what keeps a section besides relocations: any member of a group keeps the group, and
    /// a section keeps those that are linked to it (`SHF_LINK_ORDER`).
    fn list_ties(&mut self) -> Result<(), Error<'o>> {
        let mut used = 0usize;
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section) in object.sections() {
                if let Some(members) = object.group(section) {
                    for member in members {
                        self.tie(number, member, index, &mut used);
                    }
                } else if section.has(elf::SHF_LINK_ORDER) {
                    let link = section.links_to();
                    if section.is_loaded() && link >= object.section_count() {
                        let (phase, place) = (Phase::Plan, object.place(index, 0));
                        let (defect, value) = (Defect::SectionIndex, link.into());
                        return Err(Error::Malformed { phase, place, defect, value });
                    }
                    self.tie(number, link, index, &mut used);
                }
            }
        }
        sort_by_key(self.state.ties, |record| record.word);
        Ok(())
    }

    /// Notes that section `from` keeps section `to`.
    fn tie(&mut self, object: usize, from: u32, to: u32, used: &mut usize) {
        let numbers = |index| self.state.section_number(object, index);
        let (Some(from), Some(to)) = (numbers(from), numbers(to)) else { return };
        if let Some(record) = self.state.ties.get_mut(*used) {
            record.word = u64::from(from) << 32 | u64::from(to);
            *used = used.saturating_add(1);
        }
    }

    /// What is kept whatever refers to it.
    fn reach_kept_sections(&mut self, reached: &mut Reached) {
        for (number, object) in self.objects.iter().enumerate() {
            for (index, _) in object.sections().filter(|(_, section)| section.is_kept()) {
                self.reach(number, index, reached);
            }
        }
    }

    /// What the client wants to be kept.
    fn reach_kept_symbols(&mut self, keep: Keep<'_>, reached: &mut Reached) {
        let is_kept = |symbol: Symbol<'_>, state: SymbolState| match keep {
            Keep::All => false,
            Keep::Exported => state.is_exported(symbol) && symbol.place() != SymbolPlace::Undefined,
            Keep::Named(names) => {
                let name = symbol.name();
                symbol.binding() != Binding::Local && names.iter().any(|&kept| name == kept.into())
            }
        };
        for (number, object) in self.objects.iter().enumerate() {
            let base = self.state.symbol_base(number).unwrap_or(0);
            for (index, symbol) in object.symbols() {
                let at = base.wrapping_add(index);
                let state = self.state.symbol(at).unwrap_or_default();
                if state.alias().is_none() && !state.is_dead() && is_kept(symbol, state) {
                    self.follow(number, index, false, reached);
                }
            }
        }
    }

    /// Puts a section on the list, where it can be loaded, stays in its file or is a group, and was
    /// not on it before.
    fn reach(&mut self, object: usize, index: u32, reached: &mut Reached) {
        let (Some(number), Some(mut state)) =
            (self.state.section_number(object, index), self.state.section(object, index))
        else {
            return;
        };
        let section = || self.objects.get(object)?.section(index);
        let is_group = || section().is_some_and(|s| s.kind() == elf::SHT_GROUP.0);
        let is_here = state.residence.segment().is_some() || state.residence == Residence::InPlace;
        if state.offset != 0 || !(is_here || is_group()) {
            return;
        }
        state.offset = 1;
        state.target = reached.0.into();
        reached.0 = number.wrapping_add(1);
        self.state.set_section(object, index, state);
    }

    /// Takes a section from the list.
    fn next_reached(&self, reached: &mut Reached) -> Option<(usize, u32)> {
        let (object, index) = self.state.section_owner(reached.0.checked_sub(1)?)?;
        reached.0 = self.state.section(object, index)?.target as u32;
        Some((object, index))
    }

    fn follow_ties(&mut self, object: usize, index: u32, reached: &mut Reached) {
        let Some(number) = self.state.section_number(object, index) else { return };
        let from = |record: &Scratch| (record.word >> 32) as u32;
        let mut at = self.state.ties.partition_point(|record| from(record) < number);
        while let Some(tie) = self.state.ties.get(at).filter(|record| from(record) == number) {
            if let Some((object, index)) = self.state.section_owner(tie.word as u32) {
                self.reach(object, index, reached);
            }
            at = at.saturating_add(1);
        }
    }

    /// Follows what a section speaks of: a group of its members, any other of its relocations' symbols.
    fn follow_section(&mut self, number: usize, index: u32, reached: &mut Reached) {
        let Some(object) = self.objects.get(number) else { return };
        let Some(section) = object.section(index) else { return };
        if let Some(members) = object.group(section) {
            members.for_each(|member| self.reach(number, member, reached));
            return;
        }
        let Some(table) = self.rela_of(number, index) else { return };
        if section.is_unwind_table() {
            return self.follow_unwind_table(number, section, table, reached);
        }
        for rela in table.iter() {
            self.follow(number, rela.symbol, false, reached);
        }
    }

    /// An unwind table speaks of all functions, and keeps none: only what unwinding those needs that
    /// are kept.
    fn follow_unwind_table(
        &mut self,
        number: usize,
        section: Section<'o>,
        table: RelaTable<'o>,
        reached: &mut Reached,
    ) {
        let Some(object) = self.objects.get(number) else { return };
        let mut records = FrameRecords::new(object.section_bytes(section));
        for rela in table.iter() {
            let of_function = records.is_in_fde(rela.offset);
            self.follow(number, rela.symbol, of_function, reached);
        }
    }

    /// Reaches what defines a symbol of an object.
    ///
    /// `from_fde` is for the record of a function in an unwind table (FDE), which speaks of the
    /// function and perhaps of its exception table (LSDA). That is kept but where it comes with the
    /// function anyway: in a group, or linked to it. So has it ld.lld.
    fn follow(&mut self, object: usize, index: u32, from_fde: bool, reached: &mut Reached) {
        let own = self.state.symbol_base(object).and_then(|base| base.checked_add(index));
        let is_own = self.objects.get(object).is_some_and(|o| index < o.symbol_count());
        let Some(own) = own.filter(|_| is_own && index != 0) else { return };
        let Some((number, mut state)) = self.state.canonical(own) else { return };
        let home = match number == own {
            true => self.objects.get(object).and_then(|o| Some((object, o.symbol(index)?))),
            false => self.home_of(number),
        };
        let Some((home, symbol)) = home.filter(|_| !state.is_dead()) else { return };
        match symbol.place() {
            SymbolPlace::Section(section) => {
                let target = self.objects.get(home).and_then(|o| o.section(section));
                if !from_fde || target.is_some_and(|target| !target.comes_with_function()) {
                    self.reach(home, section, reached);
                }
            }
            SymbolPlace::Common => {
                state.set_used();
                self.state.set_symbol(number, state);
            }
            SymbolPlace::Undefined => {
                for at in self.reach_boundary(state) {
                    if let Some((object, index)) = self.member(at) {
                        self.reach(object, index, reached);
                    }
                }
            }
            SymbolPlace::Absolute | SymbolPlace::Reserved(_) => {}
        }
    }

    /// Makes the sections that were not reached unused, and the records what they were. What stays in
    /// its file takes no memory, and may as well be there.
    fn discard_unreached(&mut self) {
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let Some(mut state) = self.state.section(number, index) else { continue };
                if state.residence.segment().is_some() && state.offset == 0 {
                    state.residence = Residence::Unused;
                }
                (state.offset, state.target) = (0, 0);
                self.state.set_section(number, index, state);
            }
        }
    }

    /// Symbols in unused sections are nowhere, as are COMMON ones that nothing uses, and what stands
    /// for either.
    fn bury_symbols(&mut self) {
        for (number, object) in self.objects.iter().enumerate() {
            let base = self.state.symbol_base(number).unwrap_or(0);
            for (index, symbol) in object.symbols() {
                let at = base.wrapping_add(index);
                let Some(mut state) = self.state.symbol(at) else { continue };
                let dead = match symbol.place() {
                    SymbolPlace::Section(section) => {
                        let home = self.state.section(number, section);
                        home.is_some_and(|home| home.residence == Residence::Unused)
                    }
                    SymbolPlace::Common => state.alias().is_none() && !state.is_used(),
                    _ => false,
                };
                if dead {
                    state.set_dead();
                    state.forget_indirect();
                    self.state.set_symbol(at, state);
                }
            }
        }
        let mut number = 0u32;
        while let Some(mut state) = self.state.symbol(number) {
            let canonical = state.alias().and_then(|alias| self.state.symbol(alias));
            if canonical.is_some_and(|canonical| canonical.is_dead()) {
                state.bury_alias();
                self.state.set_symbol(number, state);
            }
            number = number.saturating_add(1);
        }
    }
}

/// The records of a `.eh_frame` section, one after another.
struct FrameRecords<'o> {
    bytes: &'o [u8],
    /// Where the record begins that was looked at last, and where it ends.
    start: u64,
    end: u64,
    /// Whether it is that of a function.
    is_fde: bool,
}

impl<'o> FrameRecords<'o> {
    const fn new(bytes: &'o [u8]) -> Self {
        Self { bytes, start: 0, end: 0, is_fde: false }
    }

    /// Whether an offset lies in the record of a function. What is damaged or out of order does not.
    fn is_in_fde(&mut self, offset: u64) -> bool {
        while offset >= self.end {
            let (length, is_fde) = self.at(self.end).unwrap_or((u64::MAX, false));
            self.start = self.end;
            self.end = self.end.saturating_add(length);
            self.is_fde = is_fde;
            if self.end == u64::MAX {
                break;
            }
        }
        self.is_fde && offset >= self.start
    }

    /// The length of the record at an offset, and whether it is that of a function: where it does
    /// not begin with 0, the mark of what functions have in common (CIE).
    fn at(&self, offset: u64) -> Option<(u64, bool)> {
        let rest = self.bytes.get(usize::try_from(offset).ok()?..)?;
        let length = u32::from_le_bytes(*rest.first_chunk()?);
        if length == u32::MAX {
            return None; // a record of more than 4 GiB
        }
        let id =
            rest.get(4..).and_then(<[u8]>::first_chunk).map_or(0, |id| u32::from_le_bytes(*id));
        Some((u64::from(length).wrapping_add(4), length != 0 && id != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of these lengths, behind the length itself, and with these marks.
    fn table(records: &[(u32, u32)]) -> alloc::vec::Vec<u8> {
        let mut bytes = alloc::vec::Vec::new();
        for (length, id) in records {
            bytes.extend(length.to_le_bytes());
            let end = bytes.len() + *length as usize;
            bytes.extend(id.to_le_bytes().iter().take(*length as usize));
            bytes.resize(end, 0xff);
        }
        bytes
    }

    #[test]
    fn records_of_functions_are_told_apart() {
        let bytes = table(&[(12, 0), (8, 20), (0, 0), (4, 0), (16, 8)]);
        let mut records = FrameRecords::new(&bytes);
        // From 0, 16, 28, 32, 40 to 60.
        let expected = [(9, false), (15, false), (16, true), (27, true), (30, false), (36, false)];
        for (offset, is_fde) in expected {
            assert_eq!(records.is_in_fde(offset), is_fde, "{offset}");
        }
        assert!(records.is_in_fde(59));
        assert!(!records.is_in_fde(45 - 28), "out of order");
        assert!(!records.is_in_fde(60) && !records.is_in_fde(u64::MAX), "behind the end");
    }

    #[test]
    fn damaged_records_are_nobodys() {
        for bytes in [&[][..], &[1, 0, 0], &[0xff; 64], &[8, 0, 0, 0, 1]] {
            let mut records = FrameRecords::new(bytes);
            let _ = records.is_in_fde(0);
            assert!(!records.is_in_fde(1000), "{bytes:?}");
            assert!(!records.is_in_fde(u64::MAX), "{bytes:?}");
        }
    }
}
