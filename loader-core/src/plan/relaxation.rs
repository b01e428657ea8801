//! Linker relaxation of RISC-V code: what may get shorter, and what is known to before anything
//! has an address (psABI, "Linker relaxation").
//!
//! The bytes of a text that is shorter than JAL reaches are counted without what its calls of its
//! own functions lose. All else depends on addresses: `resolve_relaxation` decides it, and leaves
//! the room free.

use crate::arch::riscv64::relax::{self, JAL, JAL_LENGTH, Relaxable};
use crate::arch::{Machine, Slot};
use crate::elf::{Rela, RelaTable, Section, SymbolPlace};
use crate::plan::deletions::{self, Kind};
use crate::plan::padding;
use crate::plan::state::{Residence, SectionState, SymbolState};
use crate::plan::{Plan, TlsModel};

/// Code that may get shorter, as it is now.
#[derive(Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) object: usize,
    pub(crate) index: u32,
    pub(crate) rela: Rela,
    pub(crate) what: Relaxable,
    /// Its address on the target.
    pub(crate) place: u64,
    /// How many bytes it had lost when it was looked at last.
    pub(crate) lost: u64,
}

/// Padding that does not suffice for its alignment.
#[derive(Debug)]
pub(crate) struct BadPadding {
    pub(crate) object: usize,
    pub(crate) index: u32,
    pub(crate) offset: u64,
    pub(crate) length: u32,
}

impl Relaxable {
    /// The place of such code whose relocation is at `at` in its table.
    pub(super) fn kind(self, at: usize) -> Kind {
        // A table with more entries than 32 bits can count would take 96 GiB.
        Kind::Code { length: self.length(), relocation: at as u32 }
    }
}

/// Whether the relocation behind the `at`-th says that its code may be relaxed.
pub(crate) fn is_marked(table: RelaTable<'_>, at: usize) -> bool {
    let next = at.checked_add(1).and_then(|next| table.get(next));
    let marked = table.get(at).zip(next).filter(|(rela, next)| {
        next.number == object::elf::R_RISCV_RELAX.0 && next.offset == rela.offset
    });
    marked.is_some()
}

impl<'o> Plan<'o, '_> {
    /// Whether the code of a section may get shorter.
    #[inline]
    pub(crate) fn relaxes(&self, object: usize, index: u32) -> bool {
        let is_text = |state: SectionState| state.residence == Residence::Text;
        self.options.relaxes()
            && self.machine == Machine::Riscv64
            && self.state.section(object, index).is_some_and(is_text)
    }

    /// Whether the code at a relocation may get shorter, and what it is.
    pub(super) fn relaxable(
        &self,
        object: usize,
        index: u32,
        (table, at): (RelaTable<'o>, usize),
        rela: Rela,
    ) -> Option<Relaxable> {
        if !self.relaxes(object, index) {
            return None;
        }
        let what = relax::relaxable(rela.number)?;
        if !what.is_there(rela.number, self.code_at(object, index, rela.offset)?) {
            return None;
        }
        let marked = match what {
            // Only the first part of a sequence is marked.
            Relaxable::Descriptor | Relaxable::DescriptorHigh => {
                let is_low = self.machine.relocation(rela.number)?.is_descriptor_low();
                let (table, at) = match is_low {
                    true => self.descriptor_start(object, rela)?,
                    false => (table, at),
                };
                self.options.tls_model() == TlsModel::Static && is_marked(table, at)
            }
            _ => is_marked(table, at),
        };
        marked.then_some(what)
    }

    /// The code of a section from an offset on, as the object has it.
    pub(crate) fn code_at(&self, object: usize, index: u32, offset: u64) -> Option<&'o [u8]> {
        let file = self.objects.get(object)?;
        let bytes = file.section_bytes(file.section(index)?);
        bytes.get(usize::try_from(offset).ok()?..)
    }

    /// The relocation of the first part of a descriptor sequence, for one of a later part, whose
    /// symbol is the label of the first; `None` where the two are none of one sequence.
    fn descriptor_start(&self, object: usize, rela: Rela) -> Option<(RelaTable<'o>, usize)> {
        let (section, (at, _, _, fixup)) = self.high_part_of(object, rela)?;
        let is_one = fixup.formula.slot() == Some(Slot::Descriptor) && rela.addend == 0;
        Some((self.rela_of(object, section).filter(|_| is_one)?, at))
    }

    /// Decides what the plan's sizes count on: calls of a short text's own functions, and padding.
    /// Where shorter calls leave an alignment short of padding, no call gets shorter.
    pub(crate) fn decide_as_planned(&mut self) -> Result<bool, BadPadding> {
        self.forget_deletions();
        if !self.options.relaxes() {
            return self.decide_deletions(|_, _| 0);
        }
        self.shorten_near_calls().or_else(|_| {
            self.forget_deletions();
            self.decide_deletions(|_, _| 0)
        })
    }

    /// Decides as far as is known without addresses.
    fn shorten_near_calls(&mut self) -> Result<bool, BadPadding> {
        let short = self.has_short_text();
        self.decide_deletions(
            |plan, code| {
                if short && plan.is_near_call(code) { JAL_LENGTH } else { 0 }
            },
        )
    }

    /// Whether a JAL reaches from each end of the text to the other, whatever is deleted.
    pub(crate) fn has_short_text(&self) -> bool {
        let mut size = 0u64;
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let state = self.state.section(number, index);
                if state.is_some_and(|state| state.residence == Residence::Text) {
                    let (section, align) = deletions::extent(object.section(index));
                    size = size.saturating_add(section).saturating_add(align);
                }
            }
        }
        i64::try_from(size).is_ok_and(|size| JAL.spans(size))
    }

    /// Whether this is a call of a function in this text.
    pub(crate) fn is_near_call(&self, code: &Candidate) -> bool {
        let target = || {
            let (number, state) = self.symbol_of(code)?;
            if state.is_indirect() || state.is_dead() || state.is_external() {
                return None;
            }
            let (object, symbol) = self.home_of(number)?;
            let SymbolPlace::Section(section) = symbol.place() else { return None };
            let text = self.state.section(object, section)?.residence == Residence::Text;
            let size = self.objects.get(object)?.section(section).map_or(0, Section::size);
            (text && symbol.value() <= size && JAL.is_aligned(symbol.value().cast_signed()))
                .then_some(())
        };
        code.what == Relaxable::Call && code.rela.addend == 0 && target().is_some()
    }

    /// The number and the record of the symbol that code names.
    pub(crate) fn symbol_of(&self, code: &Candidate) -> Option<(u32, SymbolState)> {
        let own = self.state.symbol_base(code.object)?.wrapping_add(code.rela.symbol);
        self.state.canonical(own)
    }

    /// Decides anew what each place loses: padding what its alignment leaves over, code what
    /// `lose` says. Returns whether anything is not as before.
    ///
    /// Places are decided one after another, each by what those before it lose now and those
    /// behind it lost before, as linkers do it.
    pub(crate) fn decide_deletions(
        &mut self,
        lose: impl Fn(&Self, &Candidate) -> u64,
    ) -> Result<bool, BadPadding> {
        let mut changed = false;
        let mut section = None;
        let mut site = (0, 0, 0);
        let mut table = RelaTable::default();
        let (mut deleted, mut before) = (0u64, 0u64);
        for at in self.state.deletions.clone() {
            let Some(&record) = self.state.lists.get(at) else { continue };
            let number = deletions::section_of(&record);
            if section != Some(number) {
                let Some((object, index)) = self.state.section_owner(number) else { continue };
                let target = self.state.section(object, index).map_or(0, |state| state.target);
                section = Some(number);
                site = (object, index, target);
                table = self.rela_of(object, index).unwrap_or_default();
                (deleted, before) = (0, 0);
            }
            let (object, index, target) = site;
            let lost = u64::from(record.low).wrapping_sub(before);
            before = record.low.into();
            let start = deletions::start(&record);
            // Sections are aligned as much as any padding in them.
            let offset = start.wrapping_sub(deleted);
            let loses = match deletions::kind(&record) {
                Kind::Padding(length) => {
                    let bad = BadPadding { object, index, offset: start, length };
                    let keeps = padding::kept(offset, length).ok_or(bad)?;
                    u64::from(length).wrapping_sub(keeps)
                }
                Kind::Code { .. } if !self.options.relaxes() => 0,
                Kind::Code { relocation, .. } => {
                    let rela = table.get(relocation as usize);
                    let what = rela.and_then(|rela| relax::relaxable(rela.number));
                    rela.zip(what).map_or(0, |(rela, what)| {
                        let place = target.wrapping_add(offset);
                        lose(self, &Candidate { object, index, rela, what, place, lost })
                    })
                }
            };
            deleted = deleted.wrapping_add(loses);
            if u64::from(record.low) != deleted {
                changed = true;
                if let Some(record) = self.state.lists.get_mut(at) {
                    record.low = deleted as u32; // no more than the section has, which fits
                }
            }
        }
        Ok(changed)
    }

    /// Forgets what was decided.
    pub(crate) fn forget_deletions(&mut self) {
        let range = self.state.deletions.clone();
        for record in self.state.lists.get_mut(range).unwrap_or_default() {
            record.low = 0;
        }
    }
}
