//! Applying relocations: one small interpreter for the rows of all architectures' tables.

#[cfg(feature = "aarch64")]
mod erratum;
#[cfg(feature = "riscv64")]
mod high_part;
#[cfg(any(feature = "aarch64", feature = "x86_64"))]
mod nowhere;
mod plain;
#[cfg(feature = "riscv64")]
mod relaxation;
mod site;
mod stub;
mod thread_local;

use crate::address::TargetAddress;
use crate::arch::{Action, Fixup, Formula, Machine, Relocation, Slot};
use crate::elf::Rela;
#[cfg(feature = "x86_64")]
use crate::elf::Symbol;
use crate::error::{Error, Fault};
use crate::features::THREAD_LOCALS;
use crate::memory::MemoryManager;
use crate::place::Segments;
use crate::plan::state::{SectionState, SymbolState};
use crate::plan::{Plan, SLOT, relocations_of};
pub(crate) use plain::Known;
use plain::Progress;
pub(crate) use site::Site;

/// Applies relocations for the addresses that a plan's sections and symbols have now.
pub(crate) struct Fixer<'p, 'o, 's> {
    plan: &'p Plan<'o, 's>,
    machine: Machine,
    got: u64,
    stubs: u64,
    /// Whether every stub was written: each reaches what it is for.
    all_reach: bool,
    /// The chunk of a long text whose island was made last, and to which to keep.
    chunk: Option<usize>,
}

/// One relocation on its way.
#[derive(Clone, Copy)]
struct Job {
    rela: Rela,
    row: &'static Relocation,
    /// The offset of the field in memory: less than in the file where padding was deleted.
    offset: usize,
    /// The address of the field.
    place: u64,
}

impl Job {
    /// A value that does not fit, which was made of a symbol at this address.
    const fn out_of_range(self, value: u64, symbol: u64) -> Fault {
        Fault::OutOfRange { value, symbol, number: self.rela.number }
    }
}

impl<'p, 'o, 's> Fixer<'p, 'o, 's> {
    pub(crate) fn new(plan: &'p Plan<'o, 's>, got: TargetAddress, stubs: TargetAddress) -> Self {
        let (got, stubs) = (got.value(), stubs.value());
        Self { plan, machine: plan.machine, got, stubs, all_reach: false, chunk: None }
    }

    /// For calls that may go through stubs without a look at each: all of them reach.
    pub(crate) fn with_stubs(self, all_reach: bool) -> Self {
        Self { all_reach, ..self }
    }

    /// For the relocations of one chunk of a long text.
    pub(crate) fn of_chunk(
        plan: &'p Plan<'o, 's>,
        got: TargetAddress,
        stubs: TargetAddress,
        chunk: usize,
    ) -> Self {
        Self { chunk: Some(chunk), ..Self::new(plan, got, stubs) }
    }

    /// The chunk of a long text to which to keep.
    const fn chunk(&self) -> Option<usize> {
        if cfg!(feature = "long-text") { self.chunk } else { None }
    }

    pub(crate) fn apply_all<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
    ) -> Result<(), Error<'o>> {
        let mut memory = segments.all_bytes_mut();
        for (number, object) in self.plan.objects.iter().enumerate() {
            let known = Known::new(self.plan, number, object);
            let records = (0u32..).zip(self.plan.state.sections_of(number, object));
            for (index, record) in records.filter(|(_, record)| SectionState::is_written(record)) {
                let chunk = || self.plan.chunk_of(number, index);
                if self.chunk().is_some_and(|only| only != chunk()) {
                    continue;
                }
                let planned = self.plan.planned(number, object, index, record);
                let Some(planned) = planned else { continue };
                let segment = planned.segment;
                let start = planned.offset as usize;
                let end = start.saturating_add(planned.size as usize);
                let bytes = segment.pick_mut(&mut memory).get_mut(start..end);
                let site = Site {
                    object,
                    number,
                    index,
                    segment,
                    table: relocations_of(object, record).unwrap_or_default(),
                    #[cfg(feature = "riscv64")]
                    is_unordered: SectionState::is_unordered(record),
                    symbol_base: known.base,
                    target: record.word,
                    tombstone: None,
                    bytes: bytes.unwrap_or_default(),
                };
                #[cfg(feature = "riscv64")]
                let is_plain = !self.plan.relaxes(number, index);
                #[cfg(not(feature = "riscv64"))]
                let is_plain = true;
                self.apply_section(site, is_plain.then_some(&known))?;
                #[cfg(feature = "aarch64")]
                if cfg!(feature = "erratum-843419")
                    && SectionState::has_patches(record)
                    && let Some(bytes) = segment.pick_mut(&mut memory).get_mut(start..end)
                {
                    self.mend_erratum(planned, SectionState::unpack(*record), bytes)?;
                }
            }
        }
        Ok(())
    }

    /// Applies the relocations of a section; those that are plain in a loop of their own, where
    /// what that asks is `known`: not of a debug section, nor of code that may get shorter.
    #[inline]
    pub(crate) fn apply_section(
        &self,
        mut site: Site<'_, 'o>,
        known: Option<&Known<'_, 'o>>,
    ) -> Result<(), Error<'o>> {
        let known = known.filter(|_| cfg!(feature = "fast-loops"));
        let mut progress = Progress {
            next: 0,
            #[cfg(feature = "riscv64")]
            shift: self.plan.shift_of(site.number, site.index),
            #[cfg(feature = "riscv64")]
            high: None,
            #[cfg(feature = "riscv64")]
            set: None,
            #[cfg(not(feature = "riscv64"))]
            shift: core::marker::PhantomData,
            gone: None,
        };
        if let Some(known) = known {
            self.apply_plain(known, &mut site, &mut progress);
            if progress.next == site.table.len() {
                return Ok(());
            }
        }
        self.apply_others(site, known, progress)
    }

    /// The same, from one on that is not plain.
    fn apply_others(
        &self,
        mut site: Site<'_, 'o>,
        known: Option<&Known<'_, 'o>>,
        mut progress: Progress<'_>,
    ) -> Result<(), Error<'o>> {
        #[cfg(feature = "aarch64")]
        let mut patches = false;
        loop {
            if let Some(known) = known.filter(|_| !progress.is_amid()) {
                self.apply_plain(known, &mut site, &mut progress);
            }
            let at = progress.next;
            let Some(rela) = site.table.get(at) else { break };
            progress.next = at.saturating_add(1);
            if progress.gone.take() == Some(rela.offset) {
                continue;
            }
            let Some(row) = self.machine.relocation(rela.number) else { continue };
            let offset = progress.moved(rela.offset);
            let place = site.target.wrapping_add(offset);
            let job = Job { rela, row, offset: offset as usize, place };
            let done = self.apply_other(&mut site, job, at, &mut progress);
            done.map_err(|fault| site.error(job, fault))?;
            #[cfg(feature = "riscv64")]
            if let Action::Apply(fixup) = &row.action
                && fixup.field.is_riscv_high()
            {
                progress.note_high(&site, rela.offset, None);
            }
            #[cfg(feature = "aarch64")]
            {
                patches |= matches!(row.action, Action::PatchInstruction(_));
            }
        }
        #[cfg(feature = "aarch64")]
        if patches {
            self.patch_instructions(&mut site)?;
        }
        Ok(())
    }

    /// Applies the `at`-th relocation, whatever it is.
    fn apply_other(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        at: usize,
        progress: &mut Progress<'_>,
    ) -> Result<(), Fault> {
        let table = site.table;
        #[cfg(feature = "riscv64")]
        let relaxes = self.plan.relaxes(site.number, site.index);
        #[cfg(feature = "riscv64")]
        if relaxes
            && let Some(code) = progress.shift.code_at(job.rela.offset)
            && code.relocation == at
            && code.kept != code.length
        {
            return self.apply_shortened(site, job, code);
        }
        match &job.row.action {
            Action::Apply(fixup)
                if THREAD_LOCALS
                    && fixup.formula.is_thread_local()
                    && site.tombstone().is_none() =>
            {
                self.apply_thread_local(site, job, fixup, (table, at), &mut progress.gone)?;
            }
            Action::Apply(fixup) => self.apply(site, job, fixup)?,
            Action::DescriptorPart if THREAD_LOCALS => {
                self.apply_descriptor_part(site, job, (table, at))?;
            }
            #[cfg(feature = "riscv64")]
            Action::DescriptorLow(field) if THREAD_LOCALS => {
                let is_rewritten = self.apply_descriptor_part(site, job, (table, at))?;
                if !is_rewritten {
                    site.write(job, field, self.high_part(site, job)?)?;
                }
            }
            #[cfg(feature = "aarch64")]
            Action::FunctionInitialiser => {
                let value = self.symbol_value(site, job.rela);
                site.write(job, crate::arch::Field::WORD64, value)?;
            }
            #[cfg(feature = "riscv64")]
            Action::PairLow(field) => site.write(job, field, self.high_part(site, job)?)?,
            #[cfg(feature = "riscv64")]
            Action::SetUleb128 => progress.set = Some(job.rela),
            #[cfg(feature = "riscv64")]
            Action::SubUleb128 => self.apply_uleb128(site, job, progress.set.take())?,
            #[cfg(feature = "riscv64")]
            Action::Refuse(_) if site.tombstone().is_some() => {
                if let Some(fixup) = self.machine.debug_fixup(job.row) {
                    self.apply(site, job, fixup)?;
                }
            }
            _ => {}
        }
        #[cfg(feature = "riscv64")]
        if relaxes {
            self.rebase_low_part(site, job, (table, at))?;
        }
        Ok(())
    }

    /// Writes the difference of two symbols, of which `set` has the first; nothing without that.
    #[cfg(feature = "riscv64")]
    fn apply_uleb128(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        set: Option<Rela>,
    ) -> Result<(), Fault> {
        let Some(set) = set else { return Ok(()) };
        let value = self.symbol_value(site, set).wrapping_sub(self.symbol_value(site, job.rela));
        let dead = site.tombstone().filter(|_| self.symbol(site, set).is_tombstone());
        site.write_uleb128(job, dead.unwrap_or(value))
    }

    /// `R_AARCH64_PATCHINST` comes after all other relocations of its place (AAELF64, "Static
    /// miscellaneous relocations"); where its symbol is undefined, the instruction stays.
    #[cfg(feature = "aarch64")]
    fn patch_instructions(&self, site: &mut Site<'_, 'o>) -> Result<(), Error<'o>> {
        for rela in site.table.iter() {
            let Some(row) = self.machine.relocation(rela.number) else { continue };
            let Action::PatchInstruction(fixup) = row.action else { continue };
            let place = site.target.wrapping_add(rela.offset);
            let job = Job { rela, row, offset: rela.offset as usize, place };
            if !self.is_nowhere(site, rela) {
                self.apply(site, job, fixup).map_err(|fault| site.error(job, fault))?;
            }
        }
        Ok(())
    }

    fn apply(&self, site: &mut Site<'_, 'o>, job: Job, fixup: &Fixup) -> Result<(), Fault> {
        let Fixup { formula, field, .. } = *fixup;
        let range = fixup.range();
        let state = self.symbol(site, job.rela);
        if state.is_tombstone() {
            match site.tombstone() {
                None => return Ok(()), // the object's own zero stays: it speaks of no code that is here
                Some(tombstone) if !self.machine.is_difference(job.row) => {
                    return site.write(job, field, tombstone);
                }
                Some(_) => {} // of two such symbols, both are 0
            }
        }
        if job.rela.addend != 0 && formula.forbids_addend() {
            return Err(Fault::Addend);
        }
        #[cfg(feature = "x86_64")]
        if cfg!(feature = "got-relaxation")
            && formula == Formula::GotSlotRelaxable
            && site.relax(job, state.address())
        {
            return Ok(());
        }
        let mut value = self.value(site, job, formula, state);
        #[cfg(feature = "riscv64")]
        if let Some(address) = self.absolute_weak(site, job, fixup, value) {
            return site.write(job, crate::arch::riscv64::AUIPC_TO_LUI, address);
        }
        #[cfg(any(feature = "aarch64", feature = "x86_64"))]
        if state.address() == 0 && self.apply_nowhere(site, job, fixup, value)? {
            return Ok(());
        }
        if !range.spans(value.cast_signed()) {
            match self.through_stub(site, job, formula)? {
                Some(other) if range.spans(other.cast_signed()) => value = other,
                _ => return Err(job.out_of_range(value, state.address())),
            }
        }
        if !range.is_aligned(value.cast_signed()) {
            return Err(Fault::Misaligned(value));
        }
        site.write(job, field, value)
    }

    /// The value X of the psABI's formula.
    fn value(&self, site: &Site<'_, 'o>, job: Job, formula: Formula, state: SymbolState) -> u64 {
        let Job { rela, place, .. } = job;
        let (s, a, p) = (state.address(), rela.addend.cast_unsigned(), place);
        let sum = s.wrapping_add(a);
        #[cfg(feature = "aarch64")]
        let page = |address: u64| address & !0xfff;
        if s == 0
            && formula.is_branch()
            && let Some(offset) = self.machine.weak_branch_offset()
            && self.is_nowhere(site, rela)
        {
            return offset;
        }
        match formula {
            Formula::Absolute => sum,
            Formula::PcRelative | Formula::Branch { .. } => sum.wrapping_sub(p),
            #[cfg(any(feature = "aarch64", feature = "riscv64"))]
            Formula::ShortBranch | Formula::FunctionOffset => sum.wrapping_sub(p),
            #[cfg(feature = "aarch64")]
            Formula::Page => page(sum).wrapping_sub(page(p)),
            #[cfg(feature = "aarch64")]
            Formula::GotSlot(slot) => self.slot_address(site, rela, slot),
            #[cfg(feature = "aarch64")]
            Formula::GotSlotPage(slot) => {
                page(self.slot_address(site, rela, slot)).wrapping_sub(page(p))
            }
            #[cfg(feature = "aarch64")]
            Formula::GotSlotFromPage => {
                self.slot_address(site, rela, Slot::Address).wrapping_sub(page(self.got))
            }
            Formula::GotSlotPcRelative(slot) | Formula::GotSlotPcRelativeNoAddend(slot) => {
                self.slot_address(site, rela, slot).wrapping_add(a).wrapping_sub(p)
            }
            #[cfg(feature = "aarch64")]
            Formula::GotSlotOffsetNoAddend(slot) => {
                self.slot_address(site, rela, slot).wrapping_sub(self.got)
            }
            // In loaded sections, `apply_thread_local` has its own way with these. A debugger gets
            // the offset in the block.
            Formula::ThreadPointer => 0,
            Formula::ModuleBlock => sum.wrapping_sub(self.machine.dtv_offset()),
            #[cfg(feature = "x86_64")]
            Formula::GotSlotRelaxable => {
                self.slot_address(site, rela, Slot::Address).wrapping_add(a).wrapping_sub(p)
            }
            Formula::GotSlotOffset => {
                self.slot_address(site, rela, Slot::Address).wrapping_sub(self.got).wrapping_add(a)
            }
            #[cfg(feature = "x86_64")]
            Formula::GotPcRelative => self.got.wrapping_add(a).wrapping_sub(p),
            Formula::GotOffset => sum.wrapping_sub(self.got),
            #[cfg(feature = "x86_64")]
            Formula::Size => {
                let number = site.symbol_number(rela);
                self.plan.definition(number).map_or(0, Symbol::size).wrapping_add(a)
            }
        }
    }

    fn symbol(&self, site: &Site<'_, 'o>, rela: Rela) -> SymbolState {
        let number = site.symbol_number(rela);
        let mut state = self.plan.state.symbol(number).unwrap_or_default();
        match site.object.symbol(rela.symbol) {
            Some(symbol) if state.alias().is_none() => {
                state.set_address(self.plan.own_address(site.number, symbol, state));
            }
            _ => state = self.plan.located(number),
        }
        match site.tombstone() {
            None => state,
            Some(_) => self.plan.debug_symbol(site.number, rela.symbol, state),
        }
    }

    /// Whether nothing defines the symbol: a weak reference that stayed one.
    fn is_nowhere(&self, site: &Site<'_, 'o>, rela: Rela) -> bool {
        let number = site.symbol_number(rela);
        self.plan.state.canonical(number).is_some_and(|(_, state)| state.is_unresolved())
    }

    /// S + A
    #[cfg(any(feature = "aarch64", feature = "riscv64"))]
    fn symbol_value(&self, site: &Site<'_, 'o>, rela: Rela) -> u64 {
        self.symbol(site, rela).address().wrapping_add(rela.addend.cast_unsigned())
    }

    /// G(S), GTLSIDX(S) and its like
    fn slot_address(&self, site: &Site<'_, 'o>, rela: Rela, slot: Slot) -> u64 {
        let number = site.symbol_number(rela);
        let state = || self.plan.state.canonical(number).map(|(_, state)| state);
        let slot = match slot {
            Slot::Address => state().and_then(SymbolState::slot),
            Slot::LocalDynamic => Some(self.plan.thread_local.pair),
            _ => state().and_then(|state| state.thread_local_slot(slot)),
        };
        self.got.wrapping_add(u64::from(slot.unwrap_or(0)).wrapping_mul(SLOT))
    }
}
