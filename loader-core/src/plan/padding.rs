//! `R_RISCV_ALIGN`: padding that shrinks, and where offsets end up (psABI, "Alignment").
//!
//! The assembler writes as much padding as the alignment can ever need and leaves it to the
//! linker to delete what is too much. Each padding that shrinks has a record: `word` holds its
//! offset in the object's section and, in the upper half, its length there; `low` is how many
//! bytes are deleted up to its end, `high` the section's number. They are sorted by section and
//! offset.

use core::ops::Range;

use crate::arch::riscv64::{C_NOP, NOP};
use crate::arch::{Action, Fixup, Machine, Relocation};
use crate::elf::{Rela, RelaTable, Section};
use crate::error::{Defect, Error, Phase};
use crate::plan::Plan;
use crate::plan::state::State;
use crate::scratch::{Scratch, sort_by_key};

/// How many relocations at one offset are looked at for a high part: compilers write two, the
/// second being `R_RISCV_RELAX`, and a table that has thousands must not cost their square.
const SHARED_OFFSET: usize = 8;

fn start(record: &Scratch) -> u64 {
    record.word & 0xffff_ffff
}

fn length(record: &Scratch) -> u64 {
    record.word >> 32
}

impl<'o> Plan<'o, '_> {
    /// Puts tables that are out of order in order, and decides what each padding keeps.
    pub(super) fn plan_padding(&mut self) -> Result<(), Error<'o>> {
        if self.machine != Machine::Riscv64 {
            return Ok(());
        }
        let mut used = self.state.list_count;
        let orders = used;
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(number, index) else { continue };
                if !table.is_sorted() {
                    used = self.order_table(number, index, table, used);
                }
            }
        }
        self.state.orders = orders..used;
        let paddings = used;
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(number, index) else { continue };
                used = self.shrink_section(number, index, table, used)?;
            }
        }
        self.state.paddings = paddings..used;
        Ok(())
    }

    /// Writes the order of a table's entries behind the records in use.
    fn order_table(
        &mut self,
        object: usize,
        index: u32,
        table: RelaTable<'o>,
        used: usize,
    ) -> usize {
        let (Some(section), Some(mut state)) =
            (self.state.section_number(object, index), self.state.section(object, index))
        else {
            return used;
        };
        let end = used.saturating_add(table.len());
        let Some(records) = self.state.lists.get_mut(used..end) else { return used };
        for ((record, rela), low) in records.iter_mut().zip(table.iter()).zip(0u32..) {
            *record = Scratch { word: rela.offset, low, high: section };
        }
        sort_by_key(records, |record| (record.word, record.low));
        state.unordered = true;
        self.state.set_section(object, index, state);
        end
    }

    /// Decides what the paddings of a section keep; returns how many records are in use then.
    fn shrink_section(
        &mut self,
        object: usize,
        index: u32,
        table: RelaTable<'o>,
        used: usize,
    ) -> Result<usize, Error<'o>> {
        let (Some(file), Some(number), Some(mut state)) = (
            self.objects.get(object),
            self.state.section_number(object, index),
            self.state.section(object, index),
        ) else {
            return Ok(used);
        };
        let section = file.section(index);
        let (size, align) = section.map_or((0, 1), |s| (Section::size(s), Section::align(s)));
        let malformed = |rela: Rela| Error::Malformed {
            phase: Phase::Plan,
            place: file.place(index, rela.offset),
            defect: Defect::Padding,
            value: rela.addend.cast_unsigned(),
        };
        let before = used;
        let (mut used, mut deleted, mut end) = (used, 0u64, 0u64);
        for at in 0..table.len() {
            let rela = self.state.in_order(number, state.unordered, table, at);
            let Some(rela) = rela.filter(|rela| self.is_padding(rela)) else { continue };
            let keeps = padding(rela, size, align, deleted, end).ok_or(malformed(rela))?;
            let length = rela.addend.cast_unsigned();
            end = rela.offset.wrapping_add(length);
            if keeps == length {
                continue;
            }
            deleted = deleted.wrapping_add(length.wrapping_sub(keeps));
            let word = (length << 32) | rela.offset;
            if let Some(record) = self.state.lists.get_mut(used) {
                *record = Scratch { word, low: deleted as u32, high: number };
                used = used.saturating_add(1);
            }
        }
        if deleted != 0 {
            state.shrinks = true;
            self.state.set_section(object, index, state);
            let paddings = self.state.lists.get(before..used).unwrap_or_default();
            if let Some(rela) = self.field_in_padding(table, paddings) {
                return Err(malformed(rela));
            }
        }
        Ok(used)
    }

    /// A relocation whose field lies, in part or whole, in a padding that shrinks.
    fn field_in_padding(&self, table: RelaTable<'o>, paddings: &[Scratch]) -> Option<Rela> {
        let mut shift = Shift::new(paddings);
        table.iter().find(|rela| {
            let width = self.machine.relocation(rela.number).map_or(0, |row| row.width());
            width > 0 && shift.hits_padding(rela.offset, width.into())
        })
    }

    /// Where the offsets of a section's relocations end up.
    pub(crate) fn shift_of(&self, object: usize, index: u32) -> Shift<'_> {
        let shrinks = self.state.section(object, index).is_some_and(|state| state.shrinks);
        let number = self.state.section_number(object, index).filter(|_| shrinks);
        Shift::new(number.map_or(&[], |number| self.state.paddings_of(number)))
    }

    /// The relocation of a high part (of an AUIPC) at an offset of a section, for the
    /// relocations of low parts that name it.
    pub(crate) fn high_part_at(
        &self,
        object: usize,
        index: u32,
        offset: u64,
    ) -> Option<(Rela, &'static Relocation, &'static Fixup)> {
        let table = self.rela_of(object, index)?;
        let number = self.state.section_number(object, index)?;
        let unordered = self.state.section(object, index)?.unordered;
        let first = if unordered {
            self.state.order_of(number).partition_point(|record| record.word < offset)
        } else {
            table.first_at(offset)
        };
        (0..SHARED_OFFSET).find_map(|next| {
            let rela = self.state.in_order(number, unordered, table, first.checked_add(next)?)?;
            let row = self.machine.relocation(rela.number)?;
            match &row.action {
                Action::Apply(fixup) if rela.offset == offset && fixup.field.is_riscv_high() => {
                    Some((rela, row, fixup))
                }
                _ => None,
            }
        })
    }

    fn is_padding(&self, rela: &Rela) -> bool {
        let row = self.machine.relocation(rela.number);
        row.is_some_and(|row| matches!(row.action, Action::Align))
    }
}

/// How many bytes a padding keeps so that what follows it is aligned to the smallest power of
/// two greater than its length. `None` where it does not lie in the section behind the padding
/// before it (`after`), or where the section's own alignment is less than that.
fn padding(rela: Rela, size: u64, section_align: u64, deleted: u64, after: u64) -> Option<u64> {
    let length = u64::try_from(rela.addend).ok()?;
    let end = rela.offset.checked_add(length)?;
    let align = length.checked_add(1)?.checked_next_power_of_two()?;
    let even = (rela.offset | length) & 1 == 0;
    if rela.offset < after
        || end > size
        || u32::try_from(end).is_err()
        || align > section_align
        || !even
    {
        return None;
    }
    let start = rela.offset.checked_sub(deleted)?;
    let keeps = start.checked_next_multiple_of(align)?.checked_sub(start)?;
    (keeps <= length).then_some(keeps)
}

impl State<'_> {
    /// The `at`-th relocation of a section by offset.
    pub(crate) fn in_order<'o>(
        &self,
        section: u32,
        unordered: bool,
        table: RelaTable<'o>,
        at: usize,
    ) -> Option<Rela> {
        if !unordered {
            return table.get(at);
        }
        table.get(self.order_of(section).get(at)?.low as usize)
    }

    /// The order records of a section whose relocations are out of order.
    pub(crate) fn order_of(&self, section: u32) -> &[Scratch] {
        self.of_section(self.orders.clone(), section)
    }

    /// The paddings of a section that shrink.
    pub(crate) fn paddings_of(&self, section: u32) -> &[Scratch] {
        self.of_section(self.paddings.clone(), section)
    }

    fn of_section(&self, range: Range<usize>, section: u32) -> &[Scratch] {
        let all = self.lists.get(range).unwrap_or_default();
        let start = all.partition_point(|record| record.high < section);
        let rest = all.get(start..).unwrap_or_default();
        let len = rest.partition_point(|record| record.high <= section);
        rest.get(..len).unwrap_or_default()
    }

    /// How many bytes are deleted before an offset of a section.
    pub(crate) fn deleted_before(&self, object: usize, index: u32, before: u64) -> u64 {
        let state = self.section(object, index).filter(|state| state.shrinks);
        let Some((_, number)) = state.zip(self.section_number(object, index)) else { return 0 };
        let paddings = self.paddings_of(number);
        let begun = paddings.partition_point(|record| start(record) < before);
        let last = begun.checked_sub(1).and_then(|last| paddings.get(last));
        last.map_or(0, |record| record.low.into())
    }
}

/// Maps offsets of a section whose paddings shrink, cheaply when asked in ascending order.
pub(crate) struct Shift<'a> {
    paddings: &'a [Scratch],
    /// How many paddings begin before the offset that was asked for last.
    begun: usize,
}

impl<'a> Shift<'a> {
    pub(crate) const fn new(paddings: &'a [Scratch]) -> Self {
        Self { paddings, begun: 0 }
    }

    /// How many bytes are deleted before `before`. A padding's own offset counts as before it.
    pub(crate) fn deleted_before(&mut self, before: u64) -> u64 {
        self.last_begun(before).map_or(0, |record| record.low.into())
    }

    /// Whether a field lies, in part or whole, in a padding that shrinks.
    pub(crate) fn hits_padding(&mut self, offset: u64, width: u64) -> bool {
        let end = offset.saturating_add(width);
        let last = self.last_begun(end);
        last.is_some_and(|last| start(last).saturating_add(length(last)) > offset)
    }

    /// The last padding that begins before `before`.
    fn last_begun(&mut self, before: u64) -> Option<&'a Scratch> {
        let last = |begun: usize| self.paddings.get(begun.checked_sub(1)?);
        if last(self.begun).is_some_and(|record| start(record) >= before) {
            self.begun = self.paddings.partition_point(|record| start(record) < before);
        }
        // The next padding or none, in a table in order; any other, and it is looked for.
        let begins = |at: usize| self.paddings.get(at).is_some_and(|record| start(record) < before);
        if begins(self.begun) {
            self.begun = self.begun.saturating_add(1);
            if begins(self.begun) {
                self.begun = self.paddings.partition_point(|record| start(record) < before);
            }
        }
        self.paddings.get(self.begun.checked_sub(1)?)
    }
}

/// Copies a section without the bytes that its paddings lose. `None` where the records do not
/// fit the two slices, which `plan_padding` rules out.
pub(crate) fn copy(to: &mut [u8], from: &[u8], paddings: &[Scratch]) -> Option<()> {
    let (mut rest, mut read, mut deleted) = (to, 0usize, 0u64);
    for record in paddings {
        let first = usize::try_from(start(record)).ok()?;
        let lost = u64::from(record.low).checked_sub(deleted)?;
        let keeps = usize::try_from(length(record).checked_sub(lost)?).ok()?;
        let source = from.get(read..first)?;
        let (code, tail) = rest.split_at_mut_checked(source.len())?;
        code.copy_from_slice(source);
        let (nops, tail) = tail.split_at_mut_checked(keeps)?;
        fill_with_nops(nops);
        rest = tail;
        read = first.checked_add(usize::try_from(length(record)).ok()?)?;
        deleted = record.low.into();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rela(offset: u64, addend: i64) -> Rela {
        Rela { offset, addend, symbol: 0, number: 43 }
    }

    #[test]
    fn padding_keeps_what_the_alignment_needs() {
        assert_eq!(padding(rela(4, 6), 100, 8, 0, 0), Some(4));
        assert_eq!(padding(rela(8, 6), 100, 8, 0, 0), Some(0));
        assert_eq!(padding(rela(10, 6), 100, 8, 0, 0), Some(6));
        assert_eq!(padding(rela(10, 6), 100, 8, 2, 0), Some(0), "deletions before it count");
        assert_eq!(padding(rela(2, 4), 100, 8, 0, 0), None, "needs 6 and has 4");
    }

    #[test]
    fn padding_that_lies_is_refused() {
        assert_eq!(padding(rela(4, -2), 100, 8, 0, 0), None);
        assert_eq!(padding(rela(96, 6), 100, 8, 0, 0), None, "past the end");
        assert_eq!(padding(rela(4, 6), 100, 4, 0, 0), None, "more than the section's alignment");
        assert_eq!(padding(rela(4, 6), 100, 8, 0, 6), None, "overlaps the one before");
        assert_eq!(padding(rela(5, 6), 100, 8, 0, 0), None, "odd");
        assert_eq!(padding(rela(u64::MAX, 6), 100, 8, 0, 0), None);
    }

    #[test]
    fn offsets_follow_the_deletions() {
        // Paddings of 6 bytes at 10 and at 20, which lose 2 and 4 bytes.
        let records = [
            Scratch { word: 6 << 32 | 10, low: 2, high: 7 },
            Scratch { word: 6 << 32 | 20, low: 6, high: 7 },
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
}
