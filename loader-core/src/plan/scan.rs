//! Every relocation of every loaded section: checked, and what it needs counted.

use crate::arch::{Action, Field, Formula, Relocation};
use crate::elf::{Binding, Rela, Section};
use crate::error::{Defect, Error, Phase};
use crate::object::Object;
use crate::plan::state::{Residence, STUB_LIMIT};
use crate::plan::{GOT_SYMBOL, Plan};

/// A section whose relocations are being read.
#[derive(Clone, Copy)]
struct Site<'a, 'o> {
    number: usize,
    object: &'a Object<'o>,
    index: u32,
    size: u64,
    symbol_base: u32,
}

impl<'o> Plan<'o, '_> {
    pub(super) fn scan_relocations(&mut self) -> Result<(), Error<'o>> {
        for (number, object) in self.objects.iter().enumerate() {
            let symbol_base = self.state.symbol_base(number).unwrap_or(0);
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(number, index) else { continue };
                let size = object.section(index).map_or(0, Section::size);
                let site = Site { number, object, index, size, symbol_base };
                #[cfg(feature = "riscv64")]
                let mut previous = None;
                for rela in table.iter() {
                    let row = self.scan_one(site, rela)?;
                    #[cfg(feature = "riscv64")]
                    site.check_uleb128_pair(&mut previous, rela, row)?;
                    #[cfg(not(feature = "riscv64"))]
                    let _ = row;
                }
                #[cfg(feature = "riscv64")]
                site.check_uleb128_end(previous)?;
            }
        }
        Ok(())
    }

    fn scan_one(
        &mut self,
        site: Site<'_, 'o>,
        rela: Rela,
    ) -> Result<&'static Relocation, Error<'o>> {
        let row = self.machine.relocation(rela.number).ok_or_else(|| Error::UnknownRelocation {
            place: site.object.place(site.index, rela.offset),
            number: rela.number,
        })?;
        // Markers such as R_RISCV_RELAX have no symbol, and an object without symbols may hold them.
        let marker = rela.symbol == 0 && !row.needs_symbol();
        if rela.symbol >= site.object.symbol_count() && !marker {
            return Err(site.malformed(rela, Defect::SymbolIndex, rela.symbol.into()));
        }
        match &row.action {
            Action::Nothing => {}
            Action::Apply(fixup) => {
                site.check_field(rela, row, fixup.field)?;
                self.note_use(site, rela, row, fixup.formula)?;
            }
            #[cfg(feature = "riscv64")]
            Action::Align => {} // `padding` has checked it
            #[cfg(feature = "riscv64")]
            Action::PairLow(field) => site.check_field(rela, row, *field)?,
            #[cfg(feature = "riscv64")]
            Action::SetUleb128 | Action::SubUleb128 => {
                site.check_field(rela, row, Field::WORD8)?;
                self.note_use(site, rela, row, Formula::Absolute)?;
            }
            Action::Refuse(reason) => {
                let place = site.object.place(site.index, rela.offset);
                return Err(Error::UnsupportedRelocation {
                    place,
                    relocation: row,
                    reason: *reason,
                });
            }
        }
        Ok(row)
    }

    /// Marks the symbol as used and gives it the slot and the stub that this use may need.
    fn note_use(
        &mut self,
        site: Site<'_, 'o>,
        rela: Rela,
        row: &'static Relocation,
        formula: Formula,
    ) -> Result<(), Error<'o>> {
        let own = site.symbol_base.wrapping_add(rela.symbol);
        let Some((number, mut state)) = self.state.canonical(own) else { return Ok(()) };
        self.got_used |= formula.needs_got();
        let first = !state.is_used() || state.is_tombstone();
        let needs_stub = formula.may_use_stub() && state.is_external();
        let wants_slot = (formula.needs_slot() || needs_stub) && state.slot().is_none();
        let wants_stub = needs_stub && state.stub().is_none();
        if !(first || wants_slot || wants_stub || (state.is_import() && !state.is_needed())) {
            return Ok(());
        }
        // From here on it is the symbol's first use of a kind, and may take its time.
        let symbol = site.object.symbol(rela.symbol);
        if let Some(symbol) = symbol {
            let place = site.object.place(site.index, rela.offset);
            if state.is_unsupported() {
                return Err(Error::UnsupportedSymbol { place, symbol: symbol.name() });
            }
            if state.is_dead() && !self.is_tombstone(site, rela) {
                let symbol = site.object.display_name(symbol);
                return Err(Error::Discarded { place, relocation: row, symbol });
            }
            if symbol.binding() != Binding::Weak {
                state.set_needed();
            }
            self.got_used |= state.is_import() && symbol.name() == GOT_SYMBOL;
        }
        state.set_used();
        let too_many = Error::TooLarge { object: site.object.name() };
        if wants_slot {
            state.set_slot(self.slot_count);
            self.slot_count = self.slot_count.checked_add(1).ok_or(too_many)?;
        }
        if wants_stub {
            state.set_stub(self.stub_count);
            self.stub_count = self
                .stub_count
                .checked_add(1)
                .filter(|&count| count < STUB_LIMIT)
                .ok_or(too_many)?;
        }
        self.state.set_symbol(number, state);
        Ok(())
    }

    /// Whether a reference to a symbol of a discarded COMDAT group may stand, as address 0: the
    /// unwind and exception tables of a function speak of it from outside of its group.
    fn is_tombstone(&self, site: Site<'_, 'o>, rela: Rela) -> bool {
        use crate::elf::SymbolPlace;
        let Some(SymbolPlace::Section(section)) =
            site.object.symbol(rela.symbol).map(|s| s.place())
        else {
            return false;
        };
        let duplicate = self
            .state
            .section(site.number, section)
            .is_some_and(|state| state.residence == Residence::Duplicate);
        let from = site.object.section(site.index).map(Section::name).unwrap_or_default();
        duplicate && matches!(from.as_bytes(), b".eh_frame" | b".gcc_except_table")
    }
}

impl<'o> Site<'_, 'o> {
    fn malformed(self, rela: Rela, defect: Defect, value: u64) -> Error<'o> {
        let place = self.object.place(self.index, rela.offset);
        Error::Malformed { phase: Phase::Plan, place, defect, value }
    }

    /// Checks that the whole field lies in the section, where such a field can lie.
    fn check_field(
        self,
        rela: Rela,
        row: &'static Relocation,
        field: Field,
    ) -> Result<(), Error<'o>> {
        let end = rela.offset.checked_add(field.width.into());
        if end.is_none_or(|end| end > self.size) {
            return Err(self.malformed(rela, Defect::RelocationOffset, rela.offset));
        }
        if rela.offset & u64::from(field.align.wrapping_sub(1)) != 0 {
            let place = self.object.place(self.index, rela.offset);
            return Err(Error::Instruction { place, relocation: row, found: rela.offset });
        }
        Ok(())
    }

    /// `R_RISCV_SET_ULEB128` and `R_RISCV_SUB_ULEB128` come in pairs, in this order, at one
    /// offset (psABI, "Relocations").
    #[cfg(feature = "riscv64")]
    fn check_uleb128_pair(
        self,
        previous: &mut Option<(Rela, &'static Relocation)>,
        rela: Rela,
        row: &'static Relocation,
    ) -> Result<(), Error<'o>> {
        let set = previous.take();
        match (set, &row.action) {
            (Some((set, _)), Action::SubUleb128) if set.offset == rela.offset => Ok(()),
            (None, Action::SubUleb128) => Err(self.unpaired(rela, row)),
            (Some((set, row)), _) => Err(self.unpaired(set, row)),
            (None, Action::SetUleb128) => {
                *previous = Some((rela, row));
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    #[cfg(feature = "riscv64")]
    fn check_uleb128_end(
        self,
        previous: Option<(Rela, &'static Relocation)>,
    ) -> Result<(), Error<'o>> {
        previous.map_or(Ok(()), |(set, row)| Err(self.unpaired(set, row)))
    }

    #[cfg(feature = "riscv64")]
    fn unpaired(self, rela: Rela, row: &'static Relocation) -> Error<'o> {
        let place = self.object.place(self.index, rela.offset);
        Error::Unpaired { phase: Phase::Plan, place, relocation: row }
    }
}
