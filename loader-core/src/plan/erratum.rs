//! Room for mending Cortex-A53 erratum 843419, and where the code is.
//!
//! Which sequences are affected shows once addresses are known. But an ADRP is affected in the last
//! two words of a page alone, and of those two one at the most, as a load or store follows it: so a
//! section in which there is a sequence at all gets as many patches as pages can end in it. They lie
//! behind it and are a part of it, so that they are where it is mapped to, and in reach.

use crate::arch::aarch64::erratum::{PATCH, SHORTEST, may_become_sequence};
use crate::arch::{Action, Machine};
use crate::elf::{Mapping, Rela, SymbolPlace};
use crate::object::Object;
use crate::plan::Plan;
use crate::plan::state::{Residence, SectionState, State};
use crate::scratch::Scratch;
use crate::sort::sort_by_key;

/// What the bytes at a place are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    Code,
    Data,
    /// The section has no mapping symbols that would say so.
    Unknown,
}

/// A mapping symbol in code (AAELF64, "Mapping symbols").
#[derive(Clone, Copy)]
struct MappingSymbol {
    index: u32,
    section: u32,
    offset: u64,
    mapping: Mapping,
}

/// Calls `visit` for each mapping symbol in the code of an object. (Not an iterator: one copy of
/// this serves both who count and who list them.)
fn for_each_mapping_symbol(object: &Object<'_>, visit: &mut dyn FnMut(MappingSymbol)) {
    for (index, symbol) in object.symbols() {
        let Some(mapping) = symbol.mapping() else { continue };
        let SymbolPlace::Section(section) = symbol.place() else { continue };
        let home = object.section(section).filter(|home| home.is_loaded());
        if home.is_some_and(|home| home.has(object::elf::SHF_EXECINSTR)) {
            visit(MappingSymbol { index, section, offset: symbol.value(), mapping });
        }
    }
}

/// How many records an object needs.
pub(super) fn records(object: &Object<'_>) -> usize {
    let mut count = 0usize;
    if object.machine() == Machine::Aarch64 {
        for_each_mapping_symbol(object, &mut |_| count = count.saturating_add(1));
    }
    count
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
        if self.machine != Machine::Aarch64 || !self.options.mends_erratum() {
            return;
        }
        self.list_mapping_symbols();
        // More code than that is refused once it is laid out. A file that says so need not have
        // it: its sections may lie over each other.
        let mut left = u64::from(u32::MAX);
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section) in object.sections() {
                let state = self.state.section(number, index);
                let Some(mut state) = state.filter(|s| s.residence == Residence::Text) else {
                    continue;
                };
                let Some(rest) = left.checked_sub(section.size()) else { return };
                left = rest;
                let (code, _) = object.section_bytes(section).as_chunks::<4>();
                let begins = |at| code.get(at..).is_some_and(may_become_sequence);
                state.patches = (0..code.len()).any(begins) || self.is_patched(number, index);
                self.state.set_section(number, index, state);
            }
        }
    }

    /// Whether relocations put other instructions into a section, which are the client's.
    fn is_patched(&self, object: usize, index: u32) -> bool {
        let patches = |rela: Rela| {
            let row = self.machine.relocation(rela.number);
            row.is_some_and(|row| matches!(row.action, Action::PatchInstruction(_)))
        };
        self.rela_of(object, index).is_some_and(|table| table.iter().any(patches))
    }

    /// Sorts the mapping symbols by section and offset; of several at one place the last counts.
    fn list_mapping_symbols(&mut self) {
        let first = self.state.list_count;
        let mut used = first;
        for (number, object) in self.objects.iter().enumerate() {
            for_each_mapping_symbol(object, &mut |symbol| {
                let section = self.state.section_number(number, symbol.section);
                let record = self.state.lists.get_mut(used);
                if let (Some(section), Some(record)) = (section, record) {
                    let is_code = u32::from(symbol.mapping == Mapping::Code);
                    let high = section << 1 | is_code;
                    *record = Scratch { word: symbol.offset, low: symbol.index, high };
                    used = used.saturating_add(1);
                }
            });
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
        let is_own = |record: &&Scratch| record.high >> 1 == number;
        let is_code = |record: &Scratch| record.high & 1 != 0;
        let next = all.partition_point(|r| (r.high >> 1, r.word) <= (number, start));
        let at_start = next.checked_sub(1).and_then(|last| all.get(last)).filter(is_own);
        let mut behind = all.get(next..).unwrap_or_default().iter().take_while(is_own).peekable();
        if at_start.is_none() && behind.peek().is_none() {
            return Contents::Unknown;
        }
        let mut within = behind.take_while(|record| record.word < end);
        if at_start.is_some_and(is_code) && within.all(is_code) {
            Contents::Code
        } else {
            Contents::Data
        }
    }
}
