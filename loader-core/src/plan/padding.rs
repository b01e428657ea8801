//! `R_RISCV_ALIGN`, and the order of RISC-V's relocation tables (psABI, "Alignment").
//!
//! The assembler writes as much padding as the alignment can ever need and leaves it to the
//! linker to delete what is too much.

use crate::arch::{Action, Fixup, Machine, Relocation};
use crate::elf::{Rela, RelaTable, SymbolPlace};
use crate::error::{Defect, Error, Phase};
use crate::features::DELETIONS;
use crate::name::ObjectName;
use crate::plan::deletions::{self, Kind, Shift};
use crate::plan::{Plan, relaxation};
use crate::scratch::Scratch;
use crate::sort::sort_by_key;

/// How many relocations at one offset are looked at for a high part: compilers write two, the
/// second being `R_RISCV_RELAX`, and a table that has thousands must not cost their square.
const SHARED_OFFSET: usize = 8;

/// A high part: where its relocation stands in the table, the relocation, and what it is.
pub(crate) type HighPart = (usize, Rela, &'static Relocation, &'static Fixup);

impl<'o> Plan<'o, '_> {
    /// Puts tables that are out of order in order, and decides which bytes go.
    pub(super) fn plan_deletions(&mut self) -> Result<(), Error<'o>> {
        if self.machine != Machine::Riscv64 {
            return Ok(());
        }
        let mut records = self.objects.iter().map(|object| object.padding_records);
        if records.all(|records| records == 0) && !self.options.relaxes() {
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
        if !DELETIONS {
            return Ok(());
        }
        let first = used;
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(number, index) else { continue };
                used = self.record_places(number, index, table, used)?;
            }
        }
        self.state.deletions = first..used;
        self.decide_as_planned().map_err(|place| self.bad_padding(&place))?;
        self.mark_shrinking_sections()
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
            *record = deletions::order_record(section, rela.offset, low);
        }
        sort_by_key(records, |record| (record.word, record.low));
        state.unordered = true;
        self.state.set_section(object, index, state);
        end
    }

    /// Records where a section may lose bytes; returns how many records are in use then.
    fn record_places(
        &mut self,
        object: usize,
        index: u32,
        table: RelaTable<'o>,
        mut used: usize,
    ) -> Result<usize, Error<'o>> {
        let (Some(file), Some(number), Some(state)) = (
            self.objects.get(object),
            self.state.section_number(object, index),
            self.state.section(object, index),
        ) else {
            return Ok(used);
        };
        let extent = deletions::extent(file.section(index));
        let mut end = 0u64;
        for at in 0..table.len() {
            let Some((at, rela)) = self.state.in_order(number, state.unordered, table, at) else {
                continue;
            };
            let place = if self.is_padding(&rela) {
                let length = padding(rela, extent, end);
                let length = length.ok_or(bad_padding(file, index, rela.offset, rela.addend))?;
                (length != 0).then_some(Kind::Padding(length))
            } else if rela.offset < end {
                None
            } else {
                self.relaxable(object, index, (table, at), rela).map(|code| code.kind(at))
            };
            let (Some(kind), Ok(start)) = (place, u32::try_from(rela.offset)) else { continue };
            let record = deletions::record(number, start, kind);
            end = rela.offset.wrapping_add(deletions::length(&record));
            if let Some(place) = self.state.lists.get_mut(used) {
                *place = record;
                used = used.saturating_add(1);
            }
        }
        Ok(used)
    }

    /// Marks the sections that lose bytes, or may, and refuses those in which a relocation would
    /// write to a place that does.
    fn mark_shrinking_sections(&mut self) -> Result<(), Error<'o>> {
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(number, index) else { continue };
                let (Some(section), Some(mut state)) =
                    (self.state.section_number(number, index), self.state.section(number, index))
                else {
                    continue;
                };
                let records = self.state.deletions_of(section);
                let deleted = records.last().map_or(0, |record| record.low);
                if deleted == 0 && (records.is_empty() || !self.options.relaxes()) {
                    continue;
                }
                if let Some(rela) = self.misplaced_field(table, records) {
                    return Err(bad_padding(object, index, rela.offset, rela.addend));
                }
                state.shrinks = true;
                self.state.set_section(number, index, state);
            }
        }
        Ok(())
    }

    /// A relocation whose field lies, in part or whole, where bytes may go, and which is not that of
    /// the code there.
    fn misplaced_field(&self, table: RelaTable<'o>, records: &[Scratch]) -> Option<Rela> {
        let mut shift = Shift::new(records);
        let mut all = table.iter().enumerate();
        let hit = all.find(|(at, rela)| {
            let width = self.machine.relocation(rela.number).map_or(0, |row| row.width());
            width > 0 && shift.is_hit(*at, rela.offset, width.into())
        });
        hit.map(|(_, rela)| rela)
    }

    /// The error for padding that does not suffice.
    fn bad_padding(&self, place: &relaxation::BadPadding) -> Error<'o> {
        let error = self
            .objects
            .get(place.object)
            .map(|object| bad_padding(object, place.index, place.offset, i64::from(place.length)));
        error.unwrap_or(Error::TooLarge { object: ObjectName::default() })
    }

    /// The section and the relocation of the high part that a low part's relocation names: its
    /// symbol is a label there (psABI, "PC-relative symbol addresses").
    pub(crate) fn high_part_of(&self, object: usize, low: Rela) -> Option<(u32, HighPart)> {
        let label = self.objects.get(object)?.symbol(low.symbol)?;
        let SymbolPlace::Section(section) = label.place() else { return None };
        Some((section, self.high_part_at(object, section, label.value())?))
    }

    /// The relocation of a high part (of an AUIPC) at an offset of a section.
    fn high_part_at(&self, object: usize, index: u32, offset: u64) -> Option<HighPart> {
        let table = self.rela_of(object, index)?;
        let number = self.state.section_number(object, index)?;
        let unordered = self.state.section(object, index)?.unordered;
        let first = if unordered {
            self.state.order_of(number).partition_point(|record| record.word < offset)
        } else {
            table.first_at(offset)
        };
        (0..SHARED_OFFSET).find_map(|next| {
            let at = first.checked_add(next)?;
            let (at, rela) = self.state.in_order(number, unordered, table, at)?;
            let row = self.machine.relocation(rela.number)?;
            match &row.action {
                Action::Apply(fixup) if rela.offset == offset && fixup.field.is_riscv_high() => {
                    Some((at, rela, row, fixup))
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

fn bad_padding<'o>(
    object: &crate::object::Object<'o>,
    index: u32,
    offset: u64,
    length: i64,
) -> Error<'o> {
    Error::Malformed {
        phase: Phase::Plan,
        place: object.place(index, offset),
        defect: Defect::Padding,
        value: length.cast_unsigned(),
    }
}

/// The length of a padding. `None` where it does not lie in the section behind the place before
/// it, which ends at `after`, or where the section's own alignment is less than the padding's.
fn padding(rela: Rela, (size, section_align): (u64, u64), after: u64) -> Option<u32> {
    let length = u32::try_from(rela.addend).ok()?;
    let end = rela.offset.checked_add(length.into())?;
    let even = (rela.offset | u64::from(length)) & 1 == 0;
    let inside = rela.offset >= after && end <= size && u32::try_from(end).is_ok();
    (inside && even && alignment(length) <= section_align).then_some(length)
}

/// What padding of this length aligns to: the smallest power of two greater than it.
const fn alignment(length: u32) -> u64 {
    (length as u64).wrapping_add(1).next_power_of_two()
}

/// How many bytes padding of `length` bytes keeps so that what follows it is aligned, where it
/// begins at `start` now. `None` where that is more than it has.
pub(super) fn kept(start: u64, length: u32) -> Option<u64> {
    let keeps = start.checked_next_multiple_of(alignment(length))?.checked_sub(start)?;
    (keeps <= length.into()).then_some(keeps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rela(offset: u64, addend: i64) -> Rela {
        Rela { offset, addend, symbol: 0, number: 43 }
    }

    #[test]
    fn padding_keeps_what_the_alignment_needs() {
        assert_eq!(kept(4, 6), Some(4));
        assert_eq!(kept(8, 6), Some(0));
        assert_eq!(kept(10, 6), Some(6));
        assert_eq!(kept(2, 4), None, "needs 6 and has 4");
    }

    #[test]
    fn padding_that_lies_is_refused() {
        assert_eq!(padding(rela(4, 6), (100, 8), 0), Some(6));
        assert_eq!(padding(rela(4, -2), (100, 8), 0), None);
        assert_eq!(padding(rela(96, 6), (100, 8), 0), None, "past the end");
        assert_eq!(padding(rela(4, 6), (100, 4), 0), None, "more than the section's alignment");
        assert_eq!(padding(rela(4, 6), (100, 8), 6), None, "overlaps the one before");
        assert_eq!(padding(rela(5, 6), (100, 8), 0), None, "odd");
        assert_eq!(padding(rela(u64::MAX, 6), (100, 8), 0), None);
    }
}
