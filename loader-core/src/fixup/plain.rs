//! Relocations that need nothing but their symbol's address, which most do: applied in one loop that
//! stops at the first that needs more, or that something is wrong with.

use object::endian::LittleEndian as LE;

use super::{Fixer, Site};
use crate::arch::{Action, Formula, Table, Way};
#[cfg(feature = "riscv64")]
use crate::arch::{Machine, Relocation};
use crate::elf::{ORDINARY_SECTIONS, Rela, RelaTable, Sym};
#[cfg(feature = "riscv64")]
use crate::elf::{RawRela, SymbolPlace};
use crate::object::Object;
use crate::plan::Plan;
#[cfg(feature = "riscv64")]
use crate::plan::deletions::Shift;
use crate::plan::state::{Entries, Entry, SectionState};
use crate::scratch::Scratch;

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

/// What is asked of an object for each relocation.
pub(crate) struct Known<'k, 'o> {
    types: &'static Table,
    /// Its symbols, and what the plan knows of each.
    symbols: &'o [Sym],
    entries: Entries<'k>,
    /// The number of its first symbol among all.
    pub(super) base: u32,
    /// The records of its sections whose indices stand in symbols' entries.
    sections: &'k [Scratch],
}

impl<'k, 'o> Known<'k, 'o> {
    pub(super) fn new(plan: &'k Plan<'o, '_>, number: usize, object: &Object<'o>) -> Self {
        let base = plan.state.symbol_base(number).unwrap_or(0);
        let sections = plan.state.sections_of(number, object);
        Self {
            types: plan.machine.table(),
            symbols: object.symbols,
            entries: plan.state.symbols.entries_from(base, object.symbols.len()),
            base,
            sections: sections.get(..ORDINARY_SECTIONS).unwrap_or(sections),
        }
    }
}

impl<'o> Fixer<'_, 'o, '_> {
    /// Applies relocations of a loaded section as long as they are plain.
    pub(super) fn apply_plain(
        &self,
        known: &Known<'_, 'o>,
        site: &mut Site<'_, 'o>,
        progress: &mut Progress<'_>,
    ) {
        #[cfg(feature = "riscv64")]
        if self.machine == Machine::Riscv64 {
            return self.apply_plain_of::<true>(known, site, progress);
        }
        self.apply_plain_of::<false>(known, site, progress);
    }

    /// The same; in `RISCV`'s code bytes may have gone, and high parts have low ones.
    #[inline(never)] // a loop with registers of its own
    fn apply_plain_of<const RISCV: bool>(
        &self,
        known: &Known<'_, 'o>,
        site: &mut Site<'_, 'o>,
        progress: &mut Progress<'_>,
    ) {
        let mut rest = site.table.raw_from(progress.next).iter();
        while let Some(raw) = rest.as_slice().first() {
            let Some(row) = known.types.find(RelaTable::number_of(raw)) else { break };
            let brief = &row.brief;
            if !brief.way.is_plain() {
                let is_done = match brief.way {
                    Way::Nothing => true,
                    #[cfg(feature = "riscv64")]
                    Way::Low => site.apply_low_part(row, raw, progress).is_some(),
                    _ => false,
                };
                if !is_done {
                    break;
                }
                rest.next();
                continue;
            }
            let Rela { offset: from, symbol, addend, .. } = Rela::new(raw);
            let Some(sym) = known.symbols.get(symbol as usize) else { break };
            let Action::Apply(fixup) = &row.action else { break };
            let is_at_home = known.entries.get(symbol).is_some_and(Entry::is_at_home);
            let address = match known.sections.get(usize::from(sym.st_shndx.get(LE).0)) {
                Some(home) if is_at_home && !(RISCV && SectionState::shrinks(home)) => {
                    home.word.wrapping_add(sym.st_value.get(LE))
                }
                _ => self.plan.address_of(known.base.wrapping_add(symbol)),
            };
            if address == 0 {
                break;
            }
            let offset = if RISCV { progress.moved(from) } else { from };
            let place = site.target.wrapping_add(offset);
            let mut value = brief.value(address.wrapping_add(addend.cast_unsigned()), place);
            if !brief.spans(value) {
                let stub = self.stub_of(known.base.wrapping_add(symbol), fixup.formula, addend);
                let Some(stub) = stub.map(|stub| brief.value(stub, place)) else { break };
                if !brief.spans(stub) {
                    break;
                }
                value = stub;
            }
            if !brief.is_aligned(value)
                || fixup.field.write(site.bytes, offset as usize, value).is_err()
            {
                break;
            }
            if RISCV {
                progress.note_high(brief.way, from, value);
            }
            rest.next();
        }
        progress.next = site.table.len().wrapping_sub(rest.len());
    }
}

impl Fixer<'_, '_, '_> {
    /// What S + A becomes where the symbol's call stub stands in; `None` where that takes a longer
    /// look.
    #[inline(never)] // few calls do not reach
    fn stub_of(&self, number: u32, formula: Formula, addend: i64) -> Option<u64> {
        let state = self.plan.state.symbol(number)?;
        let is_call = match formula {
            Formula::Branch { addend: own } => addend == i64::from(own),
            _ => formula.may_use_stub(),
        };
        if !is_call || !self.all_reach || state.is_indirect() || state.alias().is_some() {
            return None;
        }
        let stub = self.stubs.wrapping_add(self.plan.stub_distance(state.stub()?));
        Some(stub.wrapping_add(addend.cast_unsigned()))
    }
}

impl Progress<'_> {
    /// Where an offset ends up.
    #[inline]
    fn moved(&mut self, offset: u64) -> u64 {
        #[cfg(feature = "riscv64")]
        return self.shift.moved(offset);
        #[cfg(not(feature = "riscv64"))]
        offset
    }

    /// Notes what was applied, if it is a high part. Of several at one offset, the first counts.
    #[inline]
    fn note_high(&mut self, way: Way, offset: u64, value: u64) {
        #[cfg(feature = "riscv64")]
        if way == Way::High && self.high.is_none_or(|high| high.offset != offset) {
            self.high = Some(High { offset, value });
        }
        #[cfg(not(feature = "riscv64"))]
        let _ = (way, offset, value);
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
        raw: &RawRela,
        progress: &mut Progress<'_>,
    ) -> Option<()> {
        let Action::PairLow(field) = &row.action else { return None };
        let rela = Rela::new(raw);
        let high = progress.high?;
        let label = self.object.symbol(rela.symbol)?;
        let names_it =
            label.value() == high.offset && label.place() == SymbolPlace::Section(self.index);
        if !names_it || rela.addend != 0 {
            return None;
        }
        let offset = progress.shift.moved(rela.offset) as usize;
        field.write(self.bytes, offset, high.value).ok()
    }
}
