//! Symbols' records as they lie in the lent memory.
//!
//! A symbol takes 8 bytes. Where it is follows from its section and the object's file, so that is not
//! written down; a *loose* symbol, for which it does not follow, takes 16 bytes more: one that is
//! undefined, COMMON, thread-local or an IFUNC.

use crate::arch::Brief;
use crate::plan::symbol::{
    ALIAS, DEAD, EXTERNAL, IMPORT, INDIRECT, NEEDED, NUMBER, SymbolState, THREAD_LOCAL, UNRESOLVED,
    USED,
};
use crate::scratch::Scratch;

/// The most loose symbols that a module can have.
pub(crate) const LOOSE_LIMIT: usize = NUMBER as usize;

/// The most symbols that a module can have.
pub(crate) const SYMBOL_LIMIT: usize = LOOSE_SYMBOL as usize;

/// All symbols' records.
#[derive(Debug)]
pub(crate) struct SymbolRecords<'s> {
    /// One for each symbol; perhaps one more.
    entries: &'s mut [u64],
    /// Of loose symbols: in `word` the address, in `low` the number, in `high` which symbol it is.
    loose: &'s mut [Scratch],
    loose_count: usize,
    /// No symbol before this one has a GOT slot.
    first_slot: u32,
    /// Whether any is a thread-local variable.
    has_variables: bool,
}

/// What every symbol has: above, `low` as in its state, and of `high` what [`STAYS`] says.
#[derive(Clone, Copy)]
pub(crate) struct Entry(u64);

/// The entries of an object's symbols.
#[derive(Clone, Copy)]
pub(crate) struct Entries<'a>(&'a [u64]);

/// The same, to be changed.
pub(crate) struct EntriesMut<'a>(&'a mut [u64]);

/// The symbol is loose, and its entry has the place of its loose record for a number.
const LOOSE: u32 = UNRESOLVED;
/// It has a call stub.
const STUB: u32 = INDIRECT;
/// The flags that entries have from states.
const STAYS: u32 = !(LOOSE | STUB | NUMBER);

/// Flags in a loose record: the state's own, which its entry has other uses for.
const LOOSE_UNRESOLVED: u32 = 1 << 31;
const LOOSE_INDIRECT: u32 = 1 << 30;
/// The symbol's number among all.
const LOOSE_SYMBOL: u32 = LOOSE_INDIRECT - 1;

impl Entry {
    const fn new(low: u32, high: u32) -> Self {
        Self((low as u64) << 32 | high as u64)
    }

    const fn low(self) -> u32 {
        (self.0 >> 32) as u32
    }

    const fn high(self) -> u32 {
        self.0 as u32
    }

    const fn has_slot(self) -> bool {
        self.low() != 0 && self.high() & ALIAS == 0
    }

    /// Whether the symbol is where its object's file says that it is, in a section that is placed: so
    /// it is not undefined, as such a symbol is loose, and the null symbol external.
    pub(crate) const fn is_at_home(self) -> bool {
        self.high() & (ALIAS | DEAD | EXTERNAL | LOOSE) == 0
    }

    /// Notes a use by a type, where that is all that is to be done: the symbol stands for itself, is
    /// no thread-local variable, and has what the type needs. Whether it is.
    #[inline]
    const fn note_simple_use(&mut self, by: &Brief, has_got: bool) -> bool {
        const OTHER: u32 = ALIAS | DEAD | THREAD_LOCAL | EXTERNAL;
        const MUCH: u8 = Brief::SLOT | Brief::GOT | Brief::MORE;
        // One branch, as nothing foretells which types come next.
        if (self.high() & OTHER & by.symbol_bits) | (by.needs & MUCH) as u32 != 0 {
            return self.has_all(by.needs, has_got);
        }
        self.0 |= (USED & by.symbol_bits) as u64;
        true
    }

    /// Whether the symbol was used before, and has all that this use needs.
    const fn has_all(self, needs: u8, has_got: bool) -> bool {
        let (high, slot) = (self.high(), self.low());
        let calls_out = needs & Brief::STUB != 0 && high & EXTERNAL != 0;
        needs & Brief::MORE == 0
            && high & (ALIAS | DEAD | THREAD_LOCAL | USED) == USED
            && high & (IMPORT | NEEDED) != IMPORT
            && (slot != 0 || !(needs & Brief::SLOT != 0 || calls_out))
            && (high & STUB != 0 || !calls_out)
            && (has_got || needs & Brief::GOT == 0)
    }
}

impl<'a> Entries<'a> {
    /// How many there are.
    pub(crate) const fn len(self) -> usize {
        self.0.len()
    }

    /// The first of them, or none where there are fewer.
    pub(crate) fn first(self, count: usize) -> Self {
        Self(self.0.get(..count).unwrap_or_default())
    }

    /// That of the symbol with this index.
    #[inline]
    pub(crate) fn get(self, index: u32) -> Option<Entry> {
        self.0.get(index as usize).copied().map(Entry)
    }
}

impl EntriesMut<'_> {
    /// As [`Entry::note_simple_use`], of the symbol with this index.
    #[inline]
    pub(crate) fn note_simple_use(&mut self, index: u32, by: &Brief, has_got: bool) -> bool {
        let Some(record) = self.0.get_mut(index as usize) else { return false };
        let mut entry = Entry(*record);
        let simple = entry.note_simple_use(by, has_got);
        *record = entry.0;
        simple
    }
}

impl<'s> SymbolRecords<'s> {
    /// How many records so many symbols take, but for loose ones.
    pub(crate) const fn len_for(count: usize) -> usize {
        count.div_ceil(2)
    }

    /// Over memory that is all zeros.
    pub(crate) fn new(entries: &'s mut [Scratch], loose: &'s mut [Scratch]) -> Self {
        let entries = Scratch::halves(entries);
        let first_slot = entries.len() as u32; // no more than there are symbols, and one
        Self { entries, loose, loose_count: 0, first_slot, has_variables: false }
    }

    pub(crate) fn get(&self, number: u32) -> Option<SymbolState> {
        let entry = self.entry(number)?;
        let (low, high) = (entry.low(), entry.high());
        if high & LOOSE == 0 {
            return Some(SymbolState(Scratch { word: 0, low, high: high & !STUB }));
        }
        let loose = self.loose.get((high & NUMBER) as usize)?;
        let mut flags = high & STAYS;
        if loose.high & LOOSE_UNRESOLVED != 0 {
            flags |= UNRESOLVED;
        }
        if loose.high & LOOSE_INDIRECT != 0 {
            flags |= INDIRECT;
        }
        Some(SymbolState(Scratch { word: loose.word, low, high: flags | (loose.low & NUMBER) }))
    }

    pub(crate) fn set(&mut self, number: u32, state: SymbolState) {
        let Some(entry) = self.entry(number) else { return };
        let Scratch { word, low, high } = state.0;
        let stub = if state.stub().is_some() { STUB } else { 0 };
        let own = if entry.high() & LOOSE == 0 {
            high & NUMBER
        } else if let Some(loose) = self.loose.get_mut((entry.high() & NUMBER) as usize) {
            let mut which = loose.high & LOOSE_SYMBOL;
            if high & UNRESOLVED != 0 {
                which |= LOOSE_UNRESOLVED;
            }
            if high & INDIRECT != 0 {
                which |= LOOSE_INDIRECT;
            }
            *loose = Scratch { word, low: high & NUMBER, high: which };
            entry.high() & (LOOSE | NUMBER)
        } else {
            return;
        };
        self.has_variables |= state.is_thread_local();
        let entry = Entry::new(low, (high & STAYS) | stub | own);
        if entry.has_slot() {
            self.first_slot = self.first_slot.min(number);
        }
        self.put(number, entry);
    }

    /// Gives a symbol that has no number a loose record.
    pub(crate) fn loosen(&mut self, number: u32) {
        let Some(entry) = self.entry(number) else { return };
        let Some(loose) = self.loose.get_mut(self.loose_count) else { return };
        loose.high = number & LOOSE_SYMBOL;
        self.put(number, Entry(entry.0 | u64::from(LOOSE | self.loose_count as u32)));
        self.loose_count = self.loose_count.saturating_add(1);
    }

    /// The address of a loose symbol that stands for itself.
    #[inline]
    pub(crate) fn loose_address(&self, number: u32) -> Option<u64> {
        let entry = self.entry(number).filter(|entry| entry.high() & (ALIAS | LOOSE) == LOOSE)?;
        self.loose.get((entry.high() & NUMBER) as usize).map(|loose| loose.word)
    }

    /// How many loose symbols there are, if any is a thread-local variable; those are loose.
    pub(crate) const fn variables_among(&self) -> usize {
        if self.has_variables { self.loose_count } else { 0 }
    }

    /// How many loose symbols there are.
    pub(crate) const fn loose_count(&self) -> usize {
        self.loose_count
    }

    /// The number of the `at`-th loose symbol, in the order of the symbols.
    pub(crate) fn loose(&self, at: usize) -> Option<u32> {
        let loose = self.loose.get(..self.loose_count)?.get(at)?;
        Some(loose.high & LOOSE_SYMBOL)
    }

    /// The numbers of symbols that have GOT slots.
    pub(crate) fn with_slots(&self) -> impl Iterator<Item = u32> + '_ {
        let entries = self.entries.get(self.first_slot as usize..).unwrap_or_default();
        let entries = (self.first_slot..).zip(entries);
        entries.filter(|(_, entry)| Entry(**entry).has_slot()).map(|(number, _)| number)
    }

    #[inline]
    pub(crate) fn entry(&self, number: u32) -> Option<Entry> {
        self.entries.get(number as usize).copied().map(Entry)
    }

    /// Those of `count` symbols, from this number on.
    pub(crate) fn entries_from(&self, number: u32, count: usize) -> Entries<'_> {
        let rest = self.entries.get(number as usize..).unwrap_or_default();
        Entries(rest.get(..count).unwrap_or_default())
    }

    /// The same, to be changed.
    pub(crate) fn entries_from_mut(&mut self, number: u32, count: usize) -> EntriesMut<'_> {
        let rest = self.entries.get_mut(number as usize..).unwrap_or_default();
        EntriesMut(rest.get_mut(..count).unwrap_or_default())
    }

    fn put(&mut self, number: u32, entry: Entry) {
        if let Some(record) = self.entries.get_mut(number as usize) {
            *record = entry.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_as_it_was_set() {
        let (mut entries, mut loose) = ([Scratch::ZERO; 3], [Scratch::ZERO; 2]);
        let mut records = SymbolRecords::new(&mut entries, &mut loose);
        let state = |word, high| SymbolState(Scratch { word, low: 7, high });
        let parts = |state: SymbolState| (state.0.word, state.0.low, state.0.high);
        for (number, high) in [(0, USED), (1, USED | EXTERNAL | 5), (4, ALIAS), (2, NUMBER)] {
            records.set(number, state(0, high));
            assert_eq!(records.get(number).map(parts), Some((0, 7, high)));
        }
        // A loose one keeps its address, and flags that entries have other uses for.
        records.loosen(3);
        records.loosen(5);
        assert_eq!(
            (records.loose(0), records.loose(1), records.loose(2)),
            (Some(3), Some(5), None)
        );
        for high in [UNRESOLVED, INDIRECT | 9, UNRESOLVED | IMPORT | EXTERNAL | NUMBER, USED] {
            records.set(3, state(u64::MAX - 1, high));
            assert_eq!(records.get(3).map(parts), Some((u64::MAX - 1, 7, high)));
            assert!(!records.entry(3).is_some_and(Entry::is_at_home));
        }
        assert_eq!(records.variables_among(), 0);
        records.set(5, state(0, THREAD_LOCAL));
        assert_eq!(records.variables_among(), 2);
        records.set(5, SymbolState::default());
        assert_eq!(records.get(5).map(parts), Some((0, 0, 0)));
        assert_eq!(records.get(2).map(parts), Some((0, 7, NUMBER)));
        assert!(records.get(6).is_none());
    }

    #[test]
    fn a_stub_is_seen_without_its_number() {
        let (mut entries, mut loose) = ([Scratch::ZERO; 1], [Scratch::ZERO; 2]);
        let mut records = SymbolRecords::new(&mut entries, &mut loose);
        records.loosen(1);
        let mut state = SymbolState::default();
        state.set_import();
        state.set_needed();
        state.set_used();
        assert_eq!(records.with_slots().count(), 0);
        state.set_slot(0);
        records.set(1, state);
        assert!(records.with_slots().eq([1]));
        assert!(!records.entries_from_mut(0, 2).note_simple_use(
            1,
            &Brief::needing(Brief::STUB),
            true
        ));
        assert!(records.entries_from_mut(0, 2).note_simple_use(
            1,
            &Brief::needing(Brief::SLOT),
            true
        ));
        state.set_stub(0);
        records.set(1, state);
        assert!(records.entries_from_mut(0, 2).note_simple_use(
            1,
            &Brief::needing(Brief::STUB),
            true
        ));
    }
}
