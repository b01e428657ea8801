//! Room for mending Cortex-A53 erratum 843419, and where the code is.
//!
//! Which sequences are affected shows once addresses are known. But an ADRP is affected in the last
//! two words of a page alone, and of those two one at the most, as a load or store follows it: so a
//! section in which there is a sequence at all gets as many patches as pages can end in it. They lie
//! behind it and are a part of it, so that they are where it is mapped to, and in reach.

use crate::arch::aarch64::erratum::{PATCH, SHORTEST, may_become_sequence};
use crate::arch::{Action, Machine};
use crate::elf::{Mapping, Section, SymbolPlace};
use crate::object::Object;
use crate::plan::Plan;
use crate::plan::state::{Residence, SectionState, State};
use crate::scratch::{Scratch, sort_by_key};

/// What the bytes at a place are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    Code,
    Data,
    /// The section has no mapping symbols that would say so.
    Unknown,
}

/// The mapping symbols in code (AAELF64, "Mapping symbols"): index, section, offset there.
fn mapping_symbols<'a>(
    object: &'a Object<'_>,
) -> impl Iterator<Item = (u32, u32, u64, Mapping)> + 'a {
    object.symbols().filter_map(|(index, symbol)| {
        let mapping = symbol.mapping()?;
        let SymbolPlace::Section(section) = symbol.place() else { return None };
        let is_code = |section: Section<'_>| section.has(object::elf::SHF_EXECINSTR);
        let loaded = object.section(section).filter(|section| section.is_loaded());
        loaded.is_some_and(is_code).then_some((index, section, symbol.value(), mapping))
    })
}

/// How many records an object needs.
pub(super) fn records(object: &Object<'_>) -> usize {
    if object.machine() == Machine::Aarch64 { mapping_symbols(object).count() } else { 0 }
}

/// Bytes of a section with patches behind it, whose own bytes are `size`.
pub(super) fn size_with_patches(size: u64) -> u64 {
    let patches = page_ends(size).wrapping_mul(PATCH);
    patches_offset(size).saturating_add(patches)
}

/// Where the patches of a section of `size` bytes begin in it.
pub(crate) const fn patches_offset(size: u64) -> u64 {
    size.saturating_add(3) & !3
}

/// How many pages at the most end between the first word of a section and the last one that can
/// begin a sequence.
const fn page_ends(size: u64) -> u64 {
    // The last two words of a page are one end, so the first may be the second of them.
    match size.checked_sub(SHORTEST.wrapping_sub(4)) {
        Some(length) => (length >> 12).wrapping_add(1),
        None => 0,
    }
}

impl Plan<'_, '_> {
    /// Finds the sections that hold a sequence, wherever in a page it will lie, and lists the
    /// mapping symbols.
    pub(super) fn find_erratum_sequences(&mut self) {
        if self.machine != Machine::Aarch64 || !self.options.erratum_843419 {
            return;
        }
        self.list_mapping_symbols();
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section) in object.sections() {
                let state = self.state.section(number, index);
                let Some(mut state) = state.filter(|s| s.residence == Residence::Text) else {
                    continue;
                };
                let (code, _) = object.section_bytes(section).as_chunks::<4>();
                let begins = |at| code.get(at..).is_some_and(may_become_sequence);
                state.patches = (0..code.len()).any(begins) || self.is_patched(number, index);
                self.state.set_section(number, index, state);
            }
        }
    }

    /// Whether relocations put other instructions into a section, which are the client's.
    fn is_patched(&self, object: usize, index: u32) -> bool {
        let rows = self.rela_of(object, index).into_iter().flat_map(|table| table.iter());
        let mut rows = rows.filter_map(|rela| self.machine.relocation(rela.number));
        rows.any(|row| matches!(row.action, Action::PatchInstruction(_)))
    }

    /// Sorts the mapping symbols by section and offset; of several at one place the last counts.
    fn list_mapping_symbols(&mut self) {
        let first = self.state.list_count;
        let mut used = first;
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section, offset, mapping) in mapping_symbols(object) {
                let section = self.state.section_number(number, section);
                let record = self.state.lists.get_mut(used);
                let (Some(section), Some(record)) = (section, record) else { continue };
                let high = section << 1 | u32::from(mapping == Mapping::Code);
                *record = Scratch { word: offset, low: index, high };
                used = used.saturating_add(1);
            }
        }
        self.state.mapping = first..used;
        if let Some(records) = self.state.lists.get_mut(first..used) {
            sort_by_key(records, |record| (record.high >> 1, record.word, record.low));
        }
    }
}

impl SectionState {
    /// Its size in memory, of `size` bytes that are its own.
    pub(super) fn size_in_memory(self, size: u64) -> u64 {
        if self.patches { size_with_patches(size) } else { size }
    }
}

impl State<'_> {
    /// What a section holds from offset `start` to `end`: code, only if all of it is.
    pub(crate) fn contents(&self, object: usize, index: u32, start: u64, end: u64) -> Contents {
        let all = self.lists.get(self.mapping.clone()).unwrap_or_default();
        let Some(number) = self.section_number(object, index) else { return Contents::Unknown };
        let first = all.partition_point(|record| record.high >> 1 < number);
        let behind = all.partition_point(|record| record.high >> 1 <= number);
        let own = all.get(first..behind).unwrap_or_default();
        if own.is_empty() {
            return Contents::Unknown;
        }
        let before = own.partition_point(|record| record.word <= start);
        let within = own.get(before..).unwrap_or_default();
        let mut within = within.iter().take_while(|record| record.word < end);
        let is_code = |record: &Scratch| record.high & 1 != 0;
        let at_start = before.checked_sub(1).and_then(|last| own.get(last));
        if at_start.is_some_and(is_code) && within.all(is_code) {
            Contents::Code
        } else {
            Contents::Data
        }
    }
}
