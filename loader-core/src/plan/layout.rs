//! Sections into segments: offsets, sizes, alignments.

use object::elf::SHF_TLS;

use crate::elf::SymbolPlace;
use crate::error::Error;
use crate::features::{COMMON_SYMBOLS, THREAD_LOCALS};
use crate::memory::SegmentKind;
use crate::object::Object;
use crate::plan::boundaries::Gathered;
use crate::plan::state::{SectionState, SymbolState};
use crate::plan::{Plan, PlannedSection, SLOT, SegmentPlan};

/// The length of the record that ends an unwind table: a length of 0 (LSB, "The .eh_frame section").
const UNWIND_TABLE_END: u64 = 4;

impl PlannedSection<'_> {
    /// Whether it comes behind the sections of its segment that have bytes.
    fn is_zero_data(&self) -> bool {
        self.section.is_nobits() && self.segment != SegmentKind::Text
    }

    /// When its turn is: with those that have bytes, those that are zero, or thread-local ones.
    fn turn(&self) -> u8 {
        if self.section.has(SHF_TLS) { 2 } else { self.is_zero_data().into() }
    }
}

impl<'o> Plan<'o, '_> {
    /// Lays out the sections in the objects' order; in data, first those that have bytes, then
    /// those that are zero. Zeros among code stay there, as branches count on distances. Sections
    /// that lie together because of their name do so where the first of them stands.
    pub(super) fn lay_out_sections(&mut self) -> Result<(), Error<'o>> {
        for zeroed in [false, true] {
            if zeroed && !self.has_zero_data {
                break;
            }
            for (number, object) in self.objects.iter().enumerate() {
                let mut next = 0;
                while next < object.section_count() {
                    let index = self.lay_out_run(number, object, next, zeroed);
                    next = index.saturating_add(1);
                    let Some(planned) = self.planned_section(number, index) else { continue };
                    let laid = match self.gathered(number, index) {
                        Some(gathered) => {
                            self.has_zero_data |= gathered.zeroed;
                            match gathered.zeroed == zeroed {
                                true => self.lay_out_set(gathered),
                                false => Some(()),
                            }
                        }
                        None if planned.section.has(SHF_TLS) => Some(()),
                        None if planned.is_zero_data() == zeroed => self.lay_out(planned, 1),
                        None => {
                            self.has_zero_data = true;
                            Some(())
                        }
                    };
                    laid.ok_or(Error::TooLarge { object: object.name() })?;
                }
            }
        }
        Ok(())
    }

    /// Lays out an object's sections, from the `at`-th on, as long as each lies by itself, takes as
    /// many bytes as in the file, or is not here: most are so. Returns the index of the first that is
    /// not.
    fn lay_out_run(&mut self, number: usize, object: &Object<'o>, at: u32, zeroed: bool) -> u32 {
        if !cfg!(feature = "fast-loops")
            || self.state.has_named()
            || self.options.terminate_unwind_tables
        {
            return at;
        }
        let (mut done, mut has_zero_data) = (at, false);
        let (segments, from) = (&mut self.segments, at as usize);
        let records = self.state.sections_of_mut(number, object).get_mut(from..);
        let headers = object.headers.get(from..).unwrap_or_default();
        for (header, record) in headers.iter().zip(records.unwrap_or_default()) {
            let section = object.with_header(header);
            // When it is the zeros' turn, most sections have had theirs.
            let may_have_turn = !zeroed || section.is_nobits();
            if let Some(kind) = SectionState::segment_of(record).filter(|_| may_have_turn) {
                if !SectionState::is_as_in_file(record) {
                    break;
                }
                let is_zero_data = section.is_nobits() && kind != SegmentKind::Text;
                has_zero_data |= is_zero_data;
                if is_zero_data == zeroed {
                    let segment = kind.pick_mut(segments);
                    let Some(end) = segment.append(section.size(), section.align()) else { break };
                    record.low = end;
                }
            }
            done = done.wrapping_add(1);
        }
        self.has_zero_data |= has_zero_data;
        done
    }

    /// Lays out sections that lie together. What is between them is what a linker has there: the
    /// first is aligned as all are.
    fn lay_out_set(&mut self, gathered: Gathered) -> Option<()> {
        let mut align = gathered.align;
        for at in gathered.set {
            let planned = self.planned_of(at..at.saturating_add(1)).next()?;
            self.lay_out(planned, align)?;
            align = 1;
        }
        Some(())
    }

    /// Lays out a section, aligned to `align` at the least.
    fn lay_out(&mut self, planned: PlannedSection<'o>, align: u64) -> Option<()> {
        let align = align.max(planned.section.align());
        let offset = self.append(planned.segment, planned.size, align)?;
        let mut state = self.state.section(planned.object, planned.index)?;
        state.offset = offset;
        self.state.set_section(planned.object, planned.index, state);
        if self.options.terminate_unwind_tables && planned.section.is_unwind_table() {
            self.append(planned.segment, UNWIND_TABLE_END, 1)?; // what no section fills is zero
        }
        Some(())
    }

    /// Lays out what the loader makes itself: call stubs, the GOT, the table of symbols that are
    /// kept, COMMON symbols.
    pub(super) fn lay_out_tables(&mut self) -> Result<(), Error<'o>> {
        let too_large = Error::TooLarge { object: self.objects.first().name() };
        if !self.lay_out_islands().ok_or(too_large)? {
            let stubs = u64::from(self.stub_count).wrapping_mul(self.machine.stub().size.into());
            self.stubs_offset = self.append_table(SegmentKind::Text, stubs).ok_or(too_large)?;
        }
        // A GOT that code speaks of has an address near the module, even without an entry.
        let slots = self.slot_count.max(self.got_used.into());
        let got = u64::from(slots).wrapping_mul(SLOT);
        self.got_offset = self.append_table(SegmentKind::ReadOnly, got).ok_or(too_large)?;
        let mut table = self.plan_table()?;
        let size = table.size().ok_or(too_large)?;
        table.offset = self.append_table(SegmentKind::ReadOnly, size).ok_or(too_large)?;
        self.table = table;
        let indirect = u64::from(self.indirect_count).wrapping_mul(SLOT);
        self.indirect_offset = self.append_table(SegmentKind::Data, indirect).ok_or(too_large)?;
        let data = self.segment(SegmentKind::Data);
        self.common_offset = data.size;
        let mut align = data.align;
        let end = self.lay_out_commons(&mut |state, _| align = align.max(state.common_align()));
        let size = end.filter(|&end| u32::try_from(end).is_ok()).ok_or(too_large)?;
        usize::try_from(align).map_err(|_| too_large)?;
        *self.segment_mut(SegmentKind::Data) = SegmentPlan { size, align };
        Ok(())
    }

    /// Gives each COMMON symbol that is no alias, and not left out, its offset in the data segment, always the
    /// same; returns where the last one ends.
    pub(crate) fn lay_out_commons(
        &mut self,
        place: &mut dyn FnMut(&mut SymbolState, u64),
    ) -> Option<u64> {
        let mut end = self.common_offset;
        if !COMMON_SYMBOLS || !self.has_commons {
            return Some(end);
        }
        for (number, object) in self.objects.iter().enumerate() {
            let base = self.state.symbol_base(number)?;
            for (index, symbol) in object.symbols() {
                if symbol.place() != SymbolPlace::Common {
                    continue;
                }
                let at = base.checked_add(index)?;
                let mut state = self.state.symbol(at)?;
                if state.alias().is_some() || state.is_dead() {
                    continue;
                }
                let offset = end.checked_next_multiple_of(state.common_align())?;
                end = offset.checked_add(symbol.size())?;
                place(&mut state, offset);
                self.state.set_symbol(at, state);
            }
        }
        Some(end)
    }

    /// Calls `visit` for each section in the order of its offset in its segment, but for zeros behind
    /// the data that has bytes.
    pub(crate) fn for_each_in_order(&self, mut visit: impl FnMut(PlannedSection<'o>)) {
        self.for_each_of_turn(0, &mut visit);
        // The image of thread-local variables lies behind all else.
        if THREAD_LOCALS && self.thread_local.block.is_some() {
            self.for_each_of_turn(2, &mut visit);
        }
    }

    fn for_each_of_turn(&self, turn: u8, visit: &mut impl FnMut(PlannedSection<'o>)) {
        for (number, object) in self.objects.iter().enumerate() {
            let records = self.state.sections_of(number, object);
            for (index, record) in (0u32..).zip(records) {
                if !SectionState::is_placed(record) {
                    continue;
                }
                let Some(planned) = self.planned(number, object, index, record) else { continue };
                if !SectionState::unpack(*record).gathered {
                    if turn == planned.turn() {
                        visit(planned);
                    }
                } else if let Some(Gathered { set, zeroed, .. }) = self.gathered(number, index)
                    && turn == u8::from(zeroed)
                {
                    self.planned_of(set).for_each(&mut *visit);
                }
            }
        }
    }

    pub(super) fn segment_mut(&mut self, kind: SegmentKind) -> &mut SegmentPlan {
        kind.pick_mut(&mut self.segments)
    }

    /// Makes room for a table of the loader's own, which an empty one does not take.
    fn append_table(&mut self, kind: SegmentKind, size: u64) -> Option<u64> {
        let align = if size == 0 { 1 } else { SLOT };
        self.append(kind, size, align).map(u64::from)
    }

    /// Makes room at the end of a segment; `None` where it would end above 4 GiB.
    fn append(&mut self, kind: SegmentKind, size: u64, align: u64) -> Option<u32> {
        self.segment_mut(kind).append(size, align)
    }
}

impl SegmentPlan {
    /// Makes room at its end; `None` where that would be above 4 GiB.
    fn append(&mut self, size: u64, align: u64) -> Option<u32> {
        // Alignments are powers of two.
        let mask = align.wrapping_sub(1);
        let offset = self.size.checked_add(mask)? & !mask;
        let end = offset.checked_add(size)?;
        u32::try_from(end).ok()?;
        usize::try_from(align).ok()?;
        *self = Self { size: end, align: self.align.max(align) };
        Some(offset as u32) // no greater than the end
    }
}
