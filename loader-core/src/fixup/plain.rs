//! Relocations that need nothing but their symbol's address, which most do: applied in one loop that
//! stops at the first that needs more, or that something is wrong with.

use super::{Fixer, Site};
use crate::arch::frequent::{self, Step, Types};
use crate::arch::{Action, Machine, Relocation, Way};
#[cfg(feature = "riscv64")]
use crate::elf::ordinary_section;
use crate::elf::{Number, ORDINARY_SECTIONS, Rela, Sym};
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
    /// The `R_RISCV_SET_ULEB128` before, which has the first symbol of a difference.
    #[cfg(feature = "riscv64")]
    pub(super) set: Option<Rela>,
    #[cfg(not(feature = "riscv64"))]
    pub(super) shift: core::marker::PhantomData<&'s ()>,
    /// The offset of the relocation of a call that thread-local code needs no more.
    pub(super) gone: Option<u64>,
}

/// The high part that counts of those at an offset in the file: the first in the table.
#[cfg(feature = "riscv64")]
#[derive(Clone, Copy)]
pub(super) struct High {
    offset: u64,
    /// `None` for one that went the long way, as its low parts do then.
    value: Option<u64>,
}

/// What is asked of an object for each relocation.
pub(crate) struct Known<'k, 'o> {
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
        match self.machine {
            #[cfg(feature = "aarch64")]
            Machine::Aarch64 => self.apply_plain_of::<frequent::Aarch64>(known, site, progress),
            #[cfg(feature = "riscv64")]
            Machine::Riscv64 => self.apply_plain_of::<frequent::Riscv64>(known, site, progress),
            #[cfg(feature = "x86_64")]
            Machine::X86_64 => self.apply_plain_of::<frequent::X86_64>(known, site, progress),
        }
    }

    #[inline(never)] // a loop with registers of its own
    fn apply_plain_of<M: Types>(
        &self,
        known: &Known<'_, 'o>,
        site: &mut Site<'_, 'o>,
        progress: &mut Progress<'_>,
    ) {
        // Of one length, which the compiler sees here.
        let count = known.symbols.len().min(known.entries.len());
        let symbols = known.symbols.get(..count).unwrap_or_default();
        let entries = known.entries.first(count);
        let mut rest = site.table.raw_from(progress.next).iter();
        while let Some(raw) = rest.as_slice().first() {
            let Rela { offset, symbol, number, addend } = Rela::new(raw);
            if number == M::HINT {
                rest.next();
                continue;
            }
            let Some(sym) = symbols.get(symbol as usize) else { break };
            let is_at_home = entries.get(symbol).is_some_and(Entry::is_at_home);
            let address = match known.sections.get(usize::from(sym.st_shndx.read().0)) {
                Some(home) if is_at_home && !(M::IS_RISCV && SectionState::shrinks(home)) => {
                    home.word.wrapping_add(sym.st_value.read())
                }
                _ => 0,
            };
            let symbol = known.base.wrapping_add(symbol);
            let (fixer, label) = (self, sym);
            let apply = Apply { fixer, site, progress, offset, label, symbol, address, addend };
            if !M::with_row(number, apply) {
                break;
            }
            rest.next();
        }
        progress.next = site.table.len().wrapping_sub(rest.len());
    }
}

/// One relocation, to be applied if it is plain.
struct Apply<'a, 'p, 'o, 's, 'b, 'x> {
    fixer: &'a Fixer<'p, 'o, 's>,
    site: &'a mut Site<'b, 'o>,
    progress: &'a mut Progress<'x>,
    offset: u64,
    /// Its symbol, and the number of that among all.
    label: &'a Sym,
    symbol: u32,
    /// S, or 0 where that takes a longer look.
    address: u64,
    /// A
    addend: i64,
}

impl Step for Apply<'_, '_, '_, '_, '_, '_> {
    #[inline(always)]
    fn step<M: Types>(self, row: &'static Relocation) -> bool {
        let Self { fixer, site, progress, offset: from, address, addend, .. } = self;
        let brief = &row.brief;
        let offset = if M::IS_RISCV { progress.moved(from) } else { from };
        #[cfg(feature = "riscv64")]
        if brief.way == Way::Low {
            let Action::PairLow(field) = &row.action else { return false };
            let Some(high) = progress.high else { return false };
            let names_it = self.label.st_value.read() == high.offset
                && ordinary_section(self.label) == Some(site.index as usize);
            let Some(value) = high.value.filter(|_| names_it && addend == 0) else { return false };
            return field.write(site.bytes, offset as usize, value).is_ok();
        }
        if !brief.way.is_plain() {
            return brief.way == Way::Nothing;
        }
        let Action::Apply(fixup) = &row.action else { return false };
        let address = if address == 0 { fixer.plan.address_of(self.symbol) } else { address };
        if address == 0 {
            return false;
        }
        let place = site.target.wrapping_add(offset);
        let range = fixup.range();
        let mut value = brief.way.value(address.wrapping_add(addend.cast_unsigned()), place);
        if !range.spans(value.cast_signed()) {
            let stub = fixer.stub_of(self.symbol, fixup.formula, addend);
            let Some(stub) = stub.map(|stub| brief.way.value(stub, place)) else { return false };
            if !range.spans(stub.cast_signed()) {
                return false;
            }
            value = stub;
        }
        if !range.is_aligned(value.cast_signed())
            || fixup.field.write(site.bytes, offset as usize, value).is_err()
        {
            return false;
        }
        #[cfg(feature = "riscv64")]
        if brief.way == Way::High {
            progress.note_high(site, from, Some(value));
        }
        true
    }
}

impl Progress<'_> {
    /// Whether the next relocation belongs to the one before: no plain one has that to look after.
    #[inline]
    pub(super) fn is_amid(&self) -> bool {
        #[cfg(feature = "riscv64")]
        if self.set.is_some() {
            return true;
        }
        self.gone.is_some()
    }

    /// Where an offset ends up.
    #[inline]
    pub(super) fn moved(&mut self, offset: u64) -> u64 {
        #[cfg(feature = "riscv64")]
        return self.shift.moved(offset);
        #[cfg(not(feature = "riscv64"))]
        offset
    }

    /// Notes a high part with what its low parts are to have, or that they have a long way to go; not
    /// where the table is out of order, and high parts at one offset may lie apart.
    #[cfg(feature = "riscv64")]
    #[inline]
    pub(super) fn note_high(&mut self, site: &Site<'_, '_>, offset: u64, value: Option<u64>) {
        if !site.is_unordered && self.high.is_none_or(|high| high.offset != offset) {
            self.high = Some(High { offset, value });
        }
    }
}
