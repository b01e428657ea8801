//! Bytes that go from a section on RISC-V, and where its offsets end up.
//!
//! Assemblers write as much padding as an alignment can ever need (`R_RISCV_ALIGN`), and the
//! longest form of a call; what is too much of it is deleted. Each place where bytes may go has a
//! record: `word` holds its offset in the object's section, `low` how many bytes of the section
//! are deleted up to its end, `high` the section's number and the kind. They are sorted by section
//! and offset, and do not overlap. Of a place that loses bytes, the first stay.

use core::ops::Range;

use crate::arch::riscv64::{C_NOP, NOP};
use crate::elf::{Rela, RelaTable, Section};
use crate::features::DELETIONS;
use crate::plan::Plan;
use crate::plan::state::State;
use crate::scratch::Scratch;
use crate::tables::Deletion;

/// A place where bytes may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Padding of so many bytes.
    Padding(u32),
    /// An instruction, or two, with so many bytes and the relocation at this place in its table.
    Code { length: u32, relocation: u32 },
}

/// Bits of a record's `high` that tell the kind; the section's number is above them.
const KIND_BITS: u32 = 5;
const PADDING: u32 = 0;

/// The record of a place in the section with this number.
pub(super) const fn record(section: u32, start: u32, kind: Kind) -> Scratch {
    let (value, bits) = match kind {
        Kind::Padding(length) => (length, PADDING),
        Kind::Code { length, relocation } => (relocation, length),
    };
    let word = ((value as u64) << 32) | start as u64;
    Scratch { word, low: 0, high: (section << KIND_BITS) | bits }
}

pub(super) const fn start(record: &Scratch) -> u64 {
    record.word & 0xffff_ffff
}

pub(super) const fn section_of(record: &Scratch) -> u32 {
    record.high >> KIND_BITS
}

pub(super) const fn kind(record: &Scratch) -> Kind {
    let value = (record.word >> 32) as u32;
    match record.high & ((1 << KIND_BITS) - 1) {
        PADDING => Kind::Padding(value),
        length => Kind::Code { length, relocation: value },
    }
}

pub(super) const fn length(record: &Scratch) -> u64 {
    match kind(record) {
        Kind::Padding(length) | Kind::Code { length, .. } => length as u64,
    }
}

/// The record of a relocation's place in the order of a section's table.
pub(super) const fn order_record(section: u32, offset: u64, at: u32) -> Scratch {
    Scratch { word: offset, low: at, high: section << KIND_BITS }
}

impl State<'_> {
    /// The `at`-th relocation of a section by offset, and its place in the table.
    pub(crate) fn in_order<'o>(
        &self,
        section: u32,
        unordered: bool,
        table: RelaTable<'o>,
        at: usize,
    ) -> Option<(usize, Rela)> {
        let at = if unordered { self.order_of(section).get(at)?.low as usize } else { at };
        Some((at, table.get(at)?))
    }

    /// The order records of a section whose relocations are out of order.
    pub(crate) fn order_of(&self, section: u32) -> &[Scratch] {
        self.of_section(self.orders.clone(), section)
    }

    /// The records of a section.
    pub(crate) fn deletions_of(&self, section: u32) -> &[Scratch] {
        self.of_section(self.deletions.clone(), section)
    }

    fn of_section(&self, range: Range<usize>, section: u32) -> &[Scratch] {
        let all = self.lists.get(range).unwrap_or_default();
        let start = all.partition_point(|record| section_of(record) < section);
        let rest = all.get(start..).unwrap_or_default();
        let len = rest.partition_point(|record| section_of(record) <= section);
        rest.get(..len).unwrap_or_default()
    }

    /// How many of all records are before an offset of a section: those of sections before it, and
    /// its own that begin before the offset; 0 where the last of these is not its own.
    pub(crate) fn places_before(&self, object: usize, index: u32, before: u64) -> Option<usize> {
        let number = self.section_number(object, index)?;
        let all = self.lists.get(self.deletions.clone())?;
        let count = all.partition_point(|record| {
            section_of(record) < number || section_of(record) == number && start(record) < before
        });
        let last = count.checked_sub(1).and_then(|last| all.get(last));
        let own = last.is_some_and(|record| section_of(record) == number);
        Some(if own { count } else { 0 })
    }

    /// How many bytes are deleted before an offset that has so many places before it.
    pub(crate) fn deleted_up_to(&self, count: usize) -> Option<u64> {
        let Some(last) = count.checked_sub(1) else { return Some(0) };
        Some(self.lists.get(self.deletions.clone())?.get(last)?.low.into())
    }

    /// The places of a section that loses bytes; none of any other.
    fn places_of(&self, object: usize, index: u32) -> &[Scratch] {
        if !DELETIONS {
            return &[];
        }
        let shrinks = self.section(object, index).is_some_and(|state| state.shrinks);
        let number = self.section_number(object, index).filter(|_| shrinks);
        number.map_or(&[], |number| self.deletions_of(number))
    }

    /// Those that begin before an offset.
    fn places_begun(&self, object: usize, index: u32, before: u64) -> &[Scratch] {
        let places = self.places_of(object, index);
        let begun = places.partition_point(|record| start(record) < before);
        places.get(..begun).unwrap_or_default()
    }

    /// Where an offset of a section ends up: of a place that loses bytes, the first stay.
    pub(crate) fn moved(&self, object: usize, index: u32, offset: u64) -> u64 {
        let begun = self.places_begun(object, index, offset);
        let Some((last, before)) = begun.split_last() else { return offset };
        let inside = offset.wrapping_sub(start(last));
        if inside >= length(last) {
            return offset.wrapping_sub(last.low.into());
        }
        let deleted = before.last().map_or(0, |record| record.low);
        let kept = length(last).wrapping_sub(last.low.wrapping_sub(deleted).into());
        start(last).wrapping_sub(deleted.into()).wrapping_add(inside.min(kept))
    }

    /// How many bytes are deleted before an offset of a section.
    pub(crate) fn deleted_before(&self, object: usize, index: u32, before: u64) -> u64 {
        self.places_begun(object, index, before).last().map_or(0, |record| record.low.into())
    }
}

impl<'o> Plan<'o, '_> {
    /// Where the offsets of a section's relocations end up.
    #[inline]
    pub(crate) fn shift_of(&self, object: usize, index: u32) -> Shift<'_> {
        let any = !self.state.deletions.is_empty();
        Shift::new(if any { self.state.places_of(object, index) } else { &[] })
    }

    /// Copies a section without the bytes that it loses. `None` where its records do not fit the
    /// two slices, which the plan rules out.
    pub(crate) fn copy_shrunk(
        &self,
        (object, index): (usize, u32),
        to: &mut [u8],
        from: &[u8],
    ) -> Option<()> {
        copy(to, from, self.state.deletions_of(self.state.section_number(object, index)?))
    }

    /// What is deleted now: of each place that loses bytes, its last ones.
    pub(crate) fn deletions(&self) -> impl Iterator<Item = Deletion> + '_ {
        let records = self.state.lists.get(self.state.deletions.clone()).unwrap_or_default();
        let before = core::iter::once(None).chain(records.iter().map(Some));
        records.iter().zip(before).filter_map(|(record, before)| {
            let before = before.filter(|before| section_of(before) == section_of(record));
            let before = before.map_or(0, |before| before.low);
            let bytes = u64::from(record.low.checked_sub(before)?);
            let (object, section) = self.state.section_owner(section_of(record))?;
            let end = start(record).checked_add(length(record))?;
            let offset = end.checked_sub(bytes)?;
            (bytes != 0).then_some(Deletion { object, section, offset, bytes })
        })
    }

    /// Whether the code at an offset of a section is deleted as a whole.
    pub(crate) fn is_deleted(&self, object: usize, index: u32, offset: u64) -> bool {
        self.shift_of(object, index).code_at(offset).is_some_and(|code| code.kept == 0)
    }
}

/// Code that linker relaxation may make shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shortened {
    /// The place of its relocation in the table.
    pub(crate) relocation: usize,
    /// How many bytes it has in the file.
    pub(crate) length: u64,
    /// How many bytes it has now.
    pub(crate) kept: u64,
}

/// Maps offsets of a section that shrinks, cheaply when asked in ascending order.
pub(crate) struct Shift<'a> {
    records: &'a [Scratch],
    /// How many places begin before the offset that was asked for last.
    begun: usize,
}

impl<'a> Shift<'a> {
    pub(crate) const fn new(records: &'a [Scratch]) -> Self {
        Self { records, begun: 0 }
    }

    /// Where an offset ends up; for a place that loses bytes, its own.
    pub(crate) fn moved(&mut self, offset: u64) -> u64 {
        if !DELETIONS || self.records.is_empty() {
            return offset;
        }
        offset.wrapping_sub(self.deleted_before(offset))
    }

    /// How many bytes are deleted before `before`. A place's own offset counts as before it.
    pub(crate) fn deleted_before(&mut self, before: u64) -> u64 {
        self.last_begun(before).map_or(0, |record| record.low.into())
    }

    /// The code that begins at an offset and has a record.
    pub(crate) fn code_at(&mut self, offset: u64) -> Option<Shortened> {
        let deleted = self.deleted_before(offset);
        let record = self.records.get(self.begun).filter(|record| start(record) == offset)?;
        let Kind::Code { length, relocation } = kind(record) else { return None };
        let gone = u64::from(record.low).wrapping_sub(deleted);
        let length = length.into();
        let kept = u64::checked_sub(length, gone)?;
        Some(Shortened { relocation: relocation as usize, length, kept })
    }

    /// Whether the field of the `at`-th relocation lies, in part or whole, in a place that may lose
    /// bytes, and is not that of the code there.
    pub(crate) fn is_hit(&mut self, at: usize, offset: u64, width: u64) -> bool {
        let end = offset.saturating_add(width);
        self.last_begun(end).is_some_and(|last| {
            let own = match kind(last) {
                Kind::Code { relocation, .. } => relocation as usize == at,
                Kind::Padding(_) => false,
            };
            !own && start(last).saturating_add(length(last)) > offset
        })
    }

    /// The last place that begins before `before`.
    fn last_begun(&mut self, before: u64) -> Option<&'a Scratch> {
        let last = |begun: usize| self.records.get(begun.checked_sub(1)?);
        if last(self.begun).is_some_and(|record| start(record) >= before) {
            self.begun = self.records.partition_point(|record| start(record) < before);
        }
        // The next place or none, in a table in order; any other, and it is looked for.
        let begins = |at: usize| self.records.get(at).is_some_and(|record| start(record) < before);
        if begins(self.begun) {
            self.begun = self.begun.saturating_add(1);
            if begins(self.begun) {
                self.begun = self.records.partition_point(|record| start(record) < before);
            }
        }
        self.records.get(self.begun.checked_sub(1)?)
    }
}

/// Copies a section without the bytes that its records say it loses. What a place keeps is filled
/// with instructions that do nothing; the relocation of code that got shorter writes over them.
fn copy(to: &mut [u8], from: &[u8], records: &[Scratch]) -> Option<()> {
    let (mut rest, mut read, mut deleted) = (to, 0usize, 0u64);
    for record in records {
        let lost = u64::from(record.low).checked_sub(deleted)?;
        deleted = record.low.into();
        if lost == 0 {
            continue; // it stays as it is
        }
        let first = usize::try_from(start(record)).ok()?;
        let keeps = usize::try_from(length(record).checked_sub(lost)?).ok()?;
        let source = from.get(read..first)?;
        let (code, tail) = rest.split_at_mut_checked(source.len())?;
        code.copy_from_slice(source);
        let (nops, tail) = tail.split_at_mut_checked(keeps)?;
        fill_with_nops(nops);
        rest = tail;
        read = first.checked_add(usize::try_from(length(record)).ok()?)?;
    }
    let source = from.get(read..)?;
    let (code, _) = rest.split_at_mut_checked(source.len())?;
    code.copy_from_slice(source);
    Some(())
}

fn fill_with_nops(bytes: &mut [u8]) {
    let (words, rest) = bytes.as_chunks_mut::<4>();
    words.fill(NOP);
    if let Some(half) = rest.first_chunk_mut::<2>() {
        *half = C_NOP;
    }
}

/// The size of a section in the file, and its alignment.
pub(super) fn extent(section: Option<Section<'_>>) -> (u64, u64) {
    section.map_or((0, 1), |section| (section.size(), section.align()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: u32 = 7;

    fn place(start: u32, kind: Kind, deleted: u32) -> Scratch {
        Scratch { low: deleted, ..record(SECTION, start, kind) }
    }

    #[test]
    fn records_hold_what_they_are_given() {
        for kind in [Kind::Padding(0x7fff_fffe), Kind::Code { length: 8, relocation: u32::MAX }] {
            let made = record(u32::MAX >> KIND_BITS, 0x8765_4320, kind);
            assert_eq!(super::kind(&made), kind);
            assert_eq!(start(&made), 0x8765_4320);
            assert_eq!(section_of(&made), u32::MAX >> KIND_BITS);
        }
    }

    #[test]
    fn offsets_follow_the_deletions() {
        // Paddings of 6 bytes at 10 and at 20, which lose 2 and 4 bytes, and one that stays.
        let records = [
            place(10, Kind::Padding(6), 2),
            place(20, Kind::Padding(6), 6),
            place(27, Kind::Padding(2), 6),
        ];
        let mut shift = Shift::new(&records);
        let expected =
            [(0, 0), (10, 0), (11, 2), (16, 2), (20, 2), (26, 6), (15, 2), (99, 6), (3, 0)];
        for (at, deleted) in expected {
            assert_eq!(shift.deleted_before(at), deleted, "at {at}");
        }
        let from: alloc::vec::Vec<u8> = (0..30).collect();
        let mut to = [0xff; 24];
        copy(&mut to, &from, &records).unwrap();
        assert_eq!(to[..10], from[..10]);
        assert_eq!(to[10..14], NOP);
        assert_eq!(to[14..18], from[16..20]);
        assert_eq!(to[18..20], C_NOP);
        assert_eq!(to[20..], from[26..]);
    }

    #[test]
    fn code_gets_shorter() {
        let records = [
            place(4, Kind::Code { length: 8, relocation: 1 }, 4),
            place(12, Kind::Code { length: 4, relocation: 3 }, 8),
            place(16, Kind::Padding(2), 10),
        ];
        let mut shift = Shift::new(&records);
        assert_eq!(shift.code_at(0), None);
        assert_eq!(shift.code_at(4), Some(Shortened { relocation: 1, length: 8, kept: 4 }));
        assert_eq!(shift.code_at(12), Some(Shortened { relocation: 3, length: 4, kept: 0 }));
        assert_eq!(shift.code_at(16), None, "padding is no code");
        assert!(!shift.is_hit(1, 4, 8), "its own field");
        assert!(shift.is_hit(2, 4, 8), "that of another");
        assert!(shift.is_hit(0, 8, 4) && shift.is_hit(0, 2, 4) && shift.is_hit(0, 14, 2));
        assert!(shift.is_hit(0, 16, 2), "nothing lies in padding");
        assert!(!shift.is_hit(0, 0, 4) && !shift.is_hit(0, 18, 4));
    }
}
