//! Relocations that need nothing but their symbol's address, which most do: applied in one loop that
//! stops at the first that needs more, or that something is wrong with.

use super::{Fixer, Site};
#[cfg(feature = "riscv64")]
use crate::arch::Relocation;
use crate::arch::{Action, Formula, Way};
#[cfg(feature = "riscv64")]
use crate::elf::SymbolPlace;
use crate::elf::{Rela, RelaTable};
#[cfg(feature = "riscv64")]
use crate::plan::deletions::Shift;
use crate::plan::state::SymbolState;

/// What is known of a section from one relocation to the next.
pub(super) struct Progress<'s> {
    /// The next relocation's place in the table.
    pub(super) next: usize,
    #[cfg(feature = "riscv64")]
    pub(super) shift: Shift<'s>,
    /// The high part (of an AUIPC) that was applied last: the low parts that name it mostly follow.
    #[cfg(feature = "riscv64")]
    pub(super) high: Option<High>,
    #[cfg(not(feature = "riscv64"))]
    pub(super) shift: core::marker::PhantomData<&'s ()>,
}

/// A high part's offset in the file, and its value.
#[cfg(feature = "riscv64")]
#[derive(Clone, Copy)]
pub(super) struct High {
    offset: u64,
    value: u64,
}

impl<'o> Fixer<'_, 'o, '_> {
    /// Applies relocations of a loaded section as long as they are plain.
    #[inline(never)] // a loop with registers of its own
    pub(super) fn apply_plain(
        &self,
        site: &mut Site<'_, 'o>,
        table: RelaTable<'o>,
        progress: &mut Progress<'_>,
    ) {
        let types = self.machine.table();
        let symbols = self.plan.state.symbols_from(site.symbol_base, site.object.symbol_count());
        let mut done = progress.next;
        for rela in table.iter_from(progress.next) {
            let Some(row) = types.find(rela.number) else { break };
            let way = row.brief.way;
            if !way.is_plain() {
                let is_done = way == Way::Nothing || {
                    #[cfg(feature = "riscv64")]
                    let is_low = site.apply_low_part(row, rela, progress).is_some();
                    #[cfg(not(feature = "riscv64"))]
                    let is_low = false;
                    is_low
                };
                if !is_done {
                    break;
                }
                done = done.wrapping_add(1);
                continue;
            }
            let Some(state) = symbols.get(rela.symbol as usize) else { break };
            let state = SymbolState(*state);
            let Action::Apply(fixup) = &row.action else { break };
            if !state.is_somewhere() {
                break;
            }
            #[cfg(feature = "riscv64")]
            let offset = progress.shift.moved(rela.offset);
            #[cfg(not(feature = "riscv64"))]
            let offset = rela.offset;
            let place = site.target.wrapping_add(offset);
            let sum = state.address().wrapping_add(rela.addend.cast_unsigned());
            let mut value = row.brief.value(sum, place);
            if !row.brief.holds(value) {
                match self.stub_of(state, fixup.formula, rela) {
                    Some(stub) => value = row.brief.value(stub, place),
                    None => break,
                }
            }
            if !row.brief.holds(value)
                || fixup.field.write(site.bytes, offset as usize, value).is_err()
            {
                break;
            }
            #[cfg(feature = "riscv64")]
            if fixup.field.is_riscv_high() && way == Way::PcRelative {
                progress.note_high(rela.offset, value);
            }
            done = done.wrapping_add(1);
        }
        progress.next = done;
    }
}

impl Fixer<'_, '_, '_> {
    /// What S + A becomes where the symbol's call stub stands in; `None` where that takes a longer
    /// look.
    fn stub_of(&self, state: SymbolState, formula: Formula, rela: Rela) -> Option<u64> {
        let is_call = match formula {
            Formula::Branch { addend } => rela.addend == i64::from(addend),
            _ => formula.may_use_stub(),
        };
        if !is_call || !self.all_reach || state.is_indirect() || state.alias().is_some() {
            return None;
        }
        let stub = self.stubs.wrapping_add(self.plan.stub_distance(state.stub()?));
        Some(stub.wrapping_add(rela.addend.cast_unsigned()))
    }
}

#[cfg(feature = "riscv64")]
impl Progress<'_> {
    /// Of several at one offset, the first counts.
    fn note_high(&mut self, offset: u64, value: u64) {
        if self.high.is_none_or(|high| high.offset != offset) {
            self.high = Some(High { offset, value });
        }
    }
}

#[cfg(feature = "riscv64")]
impl Site<'_, '_> {
    /// Writes a low part that names the high part before it. `None`, with nothing written, for
    /// any other.
    #[inline(never)]
    fn apply_low_part(
        &mut self,
        row: &Relocation,
        rela: Rela,
        progress: &mut Progress<'_>,
    ) -> Option<()> {
        let Action::PairLow(field) = &row.action else { return None };
        let high = progress.high?;
        let label = self.object.symbol(rela.symbol)?;
        let names_it = label.value() == high.offset
            && label.place() == SymbolPlace::Section(self.planned.index);
        if !names_it || rela.addend != 0 {
            return None;
        }
        let offset = progress.shift.moved(rela.offset) as usize;
        field.write(self.bytes, offset, high.value).ok()
    }
}
