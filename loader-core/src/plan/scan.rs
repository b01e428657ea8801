//! Every relocation of every loaded section: checked, and what it needs counted.

use crate::arch::{
    Action, Encoding, Field, Formula, LocalExec, Machine, Relocation, Slot, Subject, Table,
    Unsupported,
};
use crate::elf::{Binding, Number, RawRela, Rela, RelaTable, Section};
use crate::error::{Defect, Error, Fault, Faulty, Phase};
#[cfg(feature = "riscv64")]
use crate::features::DELETIONS;
use crate::features::LEAVES_OUT;
use crate::memory::SegmentKind;
use crate::object::Object;
use crate::plan::state::{EntriesMut, Residence, STUB_LIMIT};
use crate::plan::{Plan, TlsModel, relocations_of};

/// A section whose relocations are being read.
#[derive(Clone, Copy)]
pub(super) struct Site<'a, 'o> {
    pub(super) number: usize,
    pub(super) object: &'a Object<'o>,
    pub(super) index: u32,
    pub(super) size: u64,
    pub(super) symbol_base: u32,
}

impl<'o> Plan<'o, '_> {
    pub(super) fn scan_relocations(&mut self) -> Result<(), Error<'o>> {
        for (number, object) in self.objects.iter().enumerate() {
            let mut from = 0;
            while let Some((index, at)) = self.skip_noted(number, object, from) {
                self.scan_section(number, object, index, at)?;
                from = index.saturating_add(1);
            }
        }
        let object = self.objects.first().name();
        self.assign_thread_local_slots().ok_or(Error::TooLarge { object })
    }

    /// The first section, from one on, with a relocation that is to be looked at in full, and the
    /// place of that in its table; without the fast loops, any relocation is.
    fn skip_noted(
        &mut self,
        number: usize,
        object: &Object<'o>,
        from: u32,
    ) -> Option<(u32, usize)> {
        let base = self.state.symbol_base(number)?;
        let (types, has_got) = (self.machine.table(), self.got_used);
        let (sections, symbols) = self.state.sections_and_symbols(number, object);
        let mut entries = symbols.entries_from_mut(base, object.symbols.len());
        let headers = object.headers.get(from as usize..)?;
        let records = sections.get(from as usize..)?;
        for (index, (header, record)) in (from..).zip(headers.iter().zip(records)) {
            let Some(table) = relocations_of(object, record) else { continue };
            let size = header.sh_size.read();
            let noted = match cfg!(feature = "fast-loops") {
                true => note_uses(table.raw_from(0), types, &mut entries, size, has_got),
                false => 0,
            };
            if noted < table.len() {
                return Some((index, noted));
            }
        }
        None
    }

    /// Reads the relocations of a section from the `next`-th on, which is to be looked at in full.
    fn scan_section(
        &mut self,
        number: usize,
        object: &Object<'o>,
        index: u32,
        mut next: usize,
    ) -> Result<(), Error<'o>> {
        let Some(table) = self.rela_of(number, index) else { return Ok(()) };
        let symbol_base = self.state.symbol_base(number).unwrap_or(0);
        let size = object.section(index).map_or(0, Section::size);
        let site = Site { number, object, index, size, symbol_base };
        #[cfg(feature = "riscv64")]
        let mut previous = None;
        let mut gone = None;
        while let Some(rela) = table.get(next) {
            let at = next;
            next = at.saturating_add(1);
            if gone.take() == Some(rela.offset) {
                continue; // a call that thread-local code needs no more
            }
            let row = self.scan_one(site, rela, (table, at), &mut gone);
            let row = row.map_err(|fault| site.error(rela, fault))?;
            #[cfg(feature = "riscv64")]
            site.check_uleb128_pair(&mut previous, rela, row)?;
            #[cfg(not(feature = "riscv64"))]
            let _ = row;
            #[cfg(feature = "riscv64")]
            let alone = gone.is_none() && previous.is_none();
            #[cfg(not(feature = "riscv64"))]
            let alone = gone.is_none();
            if cfg!(feature = "fast-loops") && alone {
                let (types, has_got) = (self.machine.table(), self.got_used);
                let symbols = &mut self.state.symbols;
                let mut entries = symbols.entries_from_mut(symbol_base, object.symbols.len());
                let noted = note_uses(table.raw_from(next), types, &mut entries, size, has_got);
                next = next.saturating_add(noted);
            }
        }
        #[cfg(feature = "riscv64")]
        site.check_uleb128_end(previous)?;
        Ok(())
    }

    #[inline(never)] // smaller so, with a frame of its own
    fn scan_one(
        &mut self,
        site: Site<'_, 'o>,
        rela: Rela,
        entry: (RelaTable<'o>, usize),
        gone: &mut Option<u64>,
    ) -> Result<&'static Relocation, Fault> {
        let row = site.row(self.machine, rela)?;
        match &row.action {
            Action::Nothing => {}
            Action::Apply(fixup) => {
                site.check_field(rela, fixup.field)?;
                if fixup.formula.is_thread_local() {
                    self.note_thread_local(site, rela, fixup.formula, entry, gone)?;
                } else {
                    self.note_use(site, rela, fixup.formula)?;
                }
            }
            Action::DescriptorPart => {
                let width = self.machine.descriptor_part();
                site.check_field(rela, &Field::data(width, Encoding::Whole))?;
                self.check_descriptor_part(site, rela, entry)?;
            }
            #[cfg(feature = "riscv64")]
            Action::DescriptorLow(field) => {
                site.check_field(rela, field)?;
                self.check_descriptor_part(site, rela, entry)?;
            }
            #[cfg(feature = "aarch64")]
            Action::PatchInstruction(fixup) => {
                site.check_field(rela, fixup.field)?;
                self.note_use(site, rela, fixup.formula)?;
                let own = site.symbol_base.wrapping_add(rela.symbol);
                let canonical = self.state.canonical(own);
                if !canonical.is_some_and(|(_, state)| state.is_external()) {
                    return Err(Fault::WrongSymbol);
                }
            }
            #[cfg(feature = "aarch64")]
            Action::FunctionInitialiser => {
                site.check_field(rela, Field::WORD64)?;
                self.note_use(site, rela, Formula::Absolute)?;
                let state = self.state.section(site.number, site.index);
                if state.is_none_or(|state| state.residence != Residence::Data) {
                    return Err(Fault::Unsupported(Unsupported::ReadOnly));
                }
                self.function_initialisers = true;
            }
            #[cfg(feature = "riscv64")]
            Action::Align if DELETIONS => {} // `padding` has checked it
            #[cfg(feature = "riscv64")]
            Action::Align => return Err(Fault::Unsupported(Unsupported::Padding)),
            #[cfg(feature = "riscv64")]
            Action::PairLow(field) => {
                site.check_field(rela, field)?;
                // Its label is used, whatever else it is.
                let label = site.symbol_base.wrapping_add(rela.symbol);
                self.state.symbols.entries_from_mut(label, 1).note_simple_use(0, &row.brief, false);
            }
            #[cfg(feature = "riscv64")]
            Action::SetUleb128 | Action::SubUleb128 => {
                site.check_field(rela, Field::WORD8)?;
                self.note_use(site, rela, Formula::Absolute)?;
            }
            Action::Refuse(reason) => return Err(Fault::Unsupported(*reason)),
        }
        Ok(row)
    }

    /// Thread-local code: what it becomes, and what slot it needs.
    fn note_thread_local(
        &mut self,
        site: Site<'_, 'o>,
        rela: Rela,
        formula: Formula,
        (table, at): (RelaTable<'o>, usize),
        gone: &mut Option<u64>,
    ) -> Result<(), Fault> {
        if self.options.tls_model() == TlsModel::None {
            return Err(Fault::Unsupported(Unsupported::ThreadLocal));
        }
        match self.local_exec(site.number, site.index, table, at, rela) {
            LocalExec::Refuse => Err(site.instruction(rela)),
            LocalExec::Rewrite(rewrite) => {
                *gone = rewrite.call.and_then(|call| rela.offset.checked_add(call.into()));
                // For the whole block, any symbol will do.
                if rewrite.subject == Subject::Variable {
                    self.note_use(site, rela, Formula::ThreadPointer)?;
                }
                Ok(())
            }
            LocalExec::Keep if formula.slot() == Some(Slot::LocalDynamic) => {
                self.thread_local.wants_pair = true;
                self.got_used = true;
                Ok(())
            }
            LocalExec::Keep => self.note_use(site, rela, formula),
        }
    }

    /// The marked instructions of a sequence that is rewritten must be what the psABI says.
    fn check_descriptor_part(
        &self,
        site: Site<'_, 'o>,
        rela: Rela,
        (table, at): (RelaTable<'o>, usize),
    ) -> Result<(), Fault> {
        if self.options.tls_model() == TlsModel::None {
            return Err(Fault::Unsupported(Unsupported::ThreadLocal));
        }
        match self.local_exec(site.number, site.index, table, at, rela) {
            LocalExec::Refuse => Err(site.instruction(rela)),
            LocalExec::Keep | LocalExec::Rewrite(_) => Ok(()),
        }
    }

    /// Marks the symbol as used and gives it the slot and the stub that this use may need.
    #[inline(never)] // smaller so, with a frame of its own
    fn note_use(&mut self, site: Site<'_, 'o>, rela: Rela, formula: Formula) -> Result<(), Fault> {
        let own = site.symbol_base.wrapping_add(rela.symbol);
        let Some((number, mut state)) = self.state.canonical(own) else { return Ok(()) };
        self.got_used |= formula.needs_got();
        let own_state = self.state.symbol(own).unwrap_or_default();
        let thread_local = formula.is_thread_local();
        if state.is_thread_local() != thread_local || own_state.is_thread_local() != thread_local {
            let mixed = own_state.is_thread_local() != state.is_thread_local()
                && !(own_state.is_import() && state.is_import());
            if mixed || (state.is_thread_local() != thread_local && !formula.takes_any_symbol()) {
                return Err(Fault::WrongSymbol);
            }
        }
        let words =
            formula.slot().filter(|&slot| thread_local && !state.has_thread_local_slot(slot));
        let first = !state.is_used() || state.is_tombstone();
        let needs_stub = formula.may_use_stub() && state.is_external();
        let wants_slot = (formula.needs_slot() || needs_stub) && state.slot().is_none();
        let wants_stub = needs_stub && state.stub().is_none();
        if !(first
            || wants_slot
            || wants_stub
            || words.is_some()
            || (state.is_import() && !state.is_needed()))
        {
            return Ok(());
        }
        // From here on it is the symbol's first use of a kind, and may take its time.
        let symbol = site.object.symbol(rela.symbol);
        if let Some(symbol) = symbol {
            if state.is_dead() && !self.is_tombstone(site, rela) {
                return Err(Fault::Discarded);
            }
            if symbol.binding() != Binding::Weak {
                state.set_needed();
            }
            self.got_used |= self.stands_for_module(state, symbol);
        }
        state.set_used();
        if let Some(slot) = words {
            state.want_thread_local_slot(slot);
            self.thread_local.wants_slots = true;
        }
        if wants_slot {
            state.set_slot(self.slot_count);
            self.slot_count = self.slot_count.checked_add(1).ok_or(Fault::TooMany)?;
        }
        if wants_stub {
            state.set_stub(self.stub_count);
            self.stub_count = self
                .stub_count
                .checked_add(1)
                .filter(|&count| count < STUB_LIMIT)
                .ok_or(Fault::TooMany)?;
        }
        self.state.set_symbol(number, state);
        Ok(())
    }

    /// Whether a reference to a symbol of a discarded COMDAT group, or an unused section, may stand,
    /// as address 0: the unwind and exception tables of a function speak of it from outside.
    fn is_tombstone(&self, site: Site<'_, 'o>, rela: Rela) -> bool {
        use crate::elf::SymbolPlace;
        if !LEAVES_OUT {
            return false;
        }
        let discarded = match site.object.symbol(rela.symbol).map(|s| s.place()) {
            Some(SymbolPlace::Section(section)) => {
                let home = self.state.section(site.number, section);
                home.is_some_and(|home| {
                    matches!(home.residence, Residence::Duplicate | Residence::Unused)
                })
            }
            // Its definition, in another object, is unused.
            Some(SymbolPlace::Undefined) => true,
            _ => false,
        };
        let is_table =
            |from: Section<'_>| from.is_unwind_table() || from.is_called(b".gcc_except_table\0");
        discarded && site.object.section(site.index).is_some_and(is_table)
    }
}

/// How many relocations, at the front of some, are sound and tell nothing about their symbol that
/// others have not told before, but for its being used: nearly all. The section has `size` bytes.
#[inline(never)] // a loop with registers of its own
fn note_uses(
    relocations: &[RawRela],
    types: &Table,
    entries: &mut EntriesMut<'_>,
    size: u64,
    has_got: bool,
) -> usize {
    let mut rest = relocations.iter();
    while let Some(raw) = rest.as_slice().first() {
        let Rela { offset, number, symbol, .. } = Rela::new(raw);
        let Some(row) = types.find(number) else { break };
        let brief = &row.brief;
        if !brief.fits(offset, size) || !entries.note_simple_use(symbol, brief, has_got) {
            break;
        }
        rest.next();
    }
    relocations.len().saturating_sub(rest.len())
}

impl<'o> Site<'_, 'o> {
    /// The error that a fault of a relocation is.
    #[cold]
    pub(super) fn error(self, rela: Rela, fault: Fault) -> Error<'o> {
        let Self { object, index, .. } = self;
        let (segment, address) = (SegmentKind::Text, 0); // no fault that the plan finds speaks of them
        Faulty { phase: Phase::Plan, object, index, rela, segment, address }.error(fault)
    }

    /// The row of a relocation, whose symbol exists if it needs one.
    pub(super) fn row(self, machine: Machine, rela: Rela) -> Result<&'static Relocation, Fault> {
        let row = machine.relocation(rela.number).ok_or(Fault::Unknown)?;
        // Markers such as R_RISCV_RELAX have no symbol, and an object without symbols may hold them.
        let marker = rela.symbol == 0 && !row.needs_symbol();
        if rela.symbol >= self.object.symbol_count() && !marker {
            return Err(Fault::Malformed(Defect::SymbolIndex, rela.symbol.into()));
        }
        Ok(row)
    }

    /// The instruction at the relocation's offset is none that it applies to.
    #[cold]
    fn instruction(self, rela: Rela) -> Fault {
        let bytes = self.object.section(self.index).map(|s| self.object.section_bytes(s));
        let start = usize::try_from(rela.offset).unwrap_or(usize::MAX);
        let word = bytes.and_then(|bytes| bytes.get(start..)?.first_chunk::<4>());
        Fault::Instruction(word.map_or(0, |word| u32::from_le_bytes(*word).into()))
    }

    /// Checks that the whole field lies in the section, where such a field can lie.
    pub(super) fn check_field(self, rela: Rela, field: &Field) -> Result<(), Fault> {
        let end = rela.offset.checked_add(field.width.into());
        if end.is_none_or(|end| end > self.size) {
            return Err(Fault::Malformed(Defect::RelocationOffset, rela.offset));
        }
        if rela.offset & u64::from(field.align.wrapping_sub(1)) != 0 {
            return Err(Fault::Instruction(rela.offset));
        }
        Ok(())
    }

    /// `R_RISCV_SET_ULEB128` and `R_RISCV_SUB_ULEB128` come in pairs, in this order, at one
    /// offset (psABI, "Relocations").
    #[cfg(feature = "riscv64")]
    pub(super) fn check_uleb128_pair(
        self,
        previous: &mut Option<Rela>,
        rela: Rela,
        row: &'static Relocation,
    ) -> Result<(), Error<'o>> {
        match (previous.take(), &row.action) {
            (Some(set), Action::SubUleb128) if set.offset == rela.offset => Ok(()),
            (None, Action::SubUleb128) => Err(self.error(rela, Fault::Unpaired)),
            (Some(set), _) => Err(self.error(set, Fault::Unpaired)),
            (None, Action::SetUleb128) => {
                *previous = Some(rela);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    #[cfg(feature = "riscv64")]
    pub(super) fn check_uleb128_end(self, previous: Option<Rela>) -> Result<(), Error<'o>> {
        previous.map_or(Ok(()), |set| Err(self.error(set, Fault::Unpaired)))
    }
}
