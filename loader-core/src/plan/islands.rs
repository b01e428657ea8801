//! Long texts: stubs between the sections, where branches from one end do not reach the other.
//!
//! A text segment longer than half of what a call reaches is divided into chunks of that length; a
//! section belongs to the chunk in which it begins. Behind each chunk lies an island of stubs for
//! what its branches may not reach: external symbols, and symbols of other chunks. A shorter text,
//! and so nearly every one, has all its stubs at its end and nothing of this.
//!
//! A symbol's record holds one stub, that in the island made last, so islands are made one after
//! another: in the plan to count their stubs, again in resolve, each before the relocations of its
//! chunk, and for who asks for a list of them. All walk the relocations in the same order and number
//! the stubs by the same rule.

use crate::arch::{Action, Formula};
use crate::elf::SymbolPlace;
use crate::memory::SegmentKind;
use crate::plan::Plan;
use crate::plan::state::{Residence, STUB_LIMIT, SymbolState};

/// Half of what an AArch64 call reaches goes 64 times into the 4 GiB of the longest text; half of
/// what the others' calls reach, 4 times.
const MOST: usize = match () {
    () if !HAS_ISLANDS => 2, // never used
    () if cfg!(feature = "aarch64") => 64,
    () => 4,
};

/// Whether a text may be long.
const HAS_ISLANDS: bool = cfg!(feature = "long-text");

/// A chunk of a long text, and the stubs behind it.
#[derive(Debug, Clone, Copy, Default)]
struct Island {
    /// Where its chunk begins in the text segment.
    start: u64,
    /// Where its stubs begin there.
    offset: u64,
    /// Its first stub's number, among all islands' stubs.
    first: u32,
}

/// The islands of a long text; none of a short one.
#[derive(Debug)]
pub(crate) struct Islands {
    list: [Island; MOST],
    count: usize,
}

impl Islands {
    pub(super) const NONE: Self =
        Self { list: [Island { start: 0, offset: 0, first: 0 }; MOST], count: 0 };

    fn all(&self) -> &[Island] {
        self.list.get(..self.count()).unwrap_or_default()
    }

    /// How many chunks the text has; 0 for a short text.
    pub(crate) const fn count(&self) -> usize {
        if HAS_ISLANDS { self.count } else { 0 }
    }

    /// The chunk in which an offset of the text segment lies.
    fn chunk_at(&self, offset: u64) -> usize {
        self.all().partition_point(|island| island.start <= offset).saturating_sub(1)
    }

    /// The number of a chunk's first stub.
    pub(crate) fn first(&self, chunk: usize) -> u32 {
        self.all().get(chunk).map_or(0, |island| island.first)
    }
}

impl Plan<'_, '_> {
    /// Where a stub lies, counted from `stubs_offset`; modulo 2^64.
    pub(crate) fn stub_distance(&self, number: u32) -> u64 {
        let size = u64::from(self.machine.stub().size);
        let all = self.islands.all();
        let after = all.partition_point(|island| island.first <= number);
        match after.checked_sub(1).and_then(|at| all.get(at)) {
            None => u64::from(number).wrapping_mul(size),
            Some(island) => {
                let within = u64::from(number.wrapping_sub(island.first)).wrapping_mul(size);
                island.offset.wrapping_add(within).wrapping_sub(self.stubs_offset)
            }
        }
    }

    /// The chunk whose relocations a section's are applied with: its own, or for what is no code
    /// the last.
    pub(crate) fn chunk_of(&self, object: usize, index: u32) -> usize {
        self.text_chunk(object, index).unwrap_or(self.islands.count().saturating_sub(1))
    }

    /// The chunk that a section of code lies in.
    fn text_chunk(&self, object: usize, index: u32) -> Option<usize> {
        // No island lies between sections that lie together because of their name.
        let (object, index) = match self.gathered(object, index) {
            Some(gathered) => gathered.first,
            None => (object, index),
        };
        let state = self.state.section(object, index)?;
        let is_text = state.residence == Residence::Text;
        is_text.then(|| self.islands.chunk_at(state.offset.into()))
    }

    /// Whether branches from a section may go to the symbol by a stub in its chunk's island.
    ///
    /// A stub stands for the symbol alone, so a branch to somewhere behind it has none: whether
    /// an addend is one is for the caller to look at.
    pub(crate) fn has_island_stub(&self, from: (usize, u32), symbol: u32) -> bool {
        let Some(state) = self.state.symbol(symbol) else { return false };
        if state.is_thread_local() || state.is_indirect() || !state.is_used() {
            return false;
        }
        if state.is_external() {
            return true;
        }
        let Some(chunk) = self.text_chunk(from.0, from.1) else { return false };
        let home = self.home_of(symbol).and_then(|(object, symbol)| match symbol.place() {
            SymbolPlace::Section(section) => self.text_chunk(object, section),
            _ => None,
        });
        home.is_some_and(|home| home != chunk)
    }

    /// Gives the symbols that a chunk's branches may go to by a stub their stubs, numbered from
    /// `first`; returns the number behind the last, or `None` where there are too many. `made`
    /// gets each stub's number, its symbol's number and its symbol.
    pub(crate) fn make_island(
        &mut self,
        chunk: usize,
        first: u32,
        mut made: impl FnMut(&Self, u32, u32, SymbolState),
    ) -> Option<u32> {
        let mut next = first;
        for (number, object) in self.objects.iter().enumerate() {
            let base = self.state.symbol_base(number)?;
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(number, index) else { continue };
                if self.chunk_of(number, index) != chunk {
                    continue;
                }
                for rela in table.iter() {
                    let Some(row) = self.machine.relocation(rela.number) else { continue };
                    let Action::Apply(fixup) = &row.action else { continue };
                    let standing = match fixup.formula {
                        Formula::Branch { addend } => rela.addend == i64::from(addend),
                        formula => formula.may_use_stub(),
                    };
                    let own = base.wrapping_add(rela.symbol);
                    let Some((symbol, mut state)) = self.state.canonical(own) else { continue };
                    let known = state.number().checked_sub(1);
                    // A number of another island, or of this one when it was made before, is old.
                    let has_one = known.is_some_and(|known| (first..next).contains(&known));
                    if !standing || !self.has_island_stub((number, index), symbol) || has_one {
                        continue;
                    }
                    state.set_stub(next);
                    self.state.set_symbol(symbol, state);
                    made(self, next, symbol, state);
                    next = next.checked_add(1).filter(|&count| count < STUB_LIMIT)?;
                }
            }
        }
        Some(next)
    }

    /// Divides a text that is long, counts each chunk's stubs and moves the sections apart to let
    /// the islands in. Returns whether it was long; `None` where it gets too long.
    pub(super) fn lay_out_islands(&mut self) -> Option<bool> {
        let text = self.segment(SegmentKind::Text);
        let length = self.machine.call_reach() >> 1;
        if !HAS_ISLANDS || text.size <= length {
            return Some(false);
        }
        self.islands.count = MOST.min(usize::try_from(text.size.div_ceil(length)).ok()?);
        let count = self.islands.count;
        for (island, number) in self.islands.list.iter_mut().zip(0u64..) {
            island.start = number.wrapping_mul(length);
        }
        self.forget_stubs();
        let mut ends = [0; MOST];
        self.for_each_in_order(|planned| {
            let chunk = self.text_chunk(planned.object, planned.index);
            if let Some(end) = chunk.and_then(|chunk| ends.get_mut(chunk)) {
                *end = planned.offset.saturating_add(planned.size).max(*end);
            }
        });
        // The stubs of IFUNCs come first, and lie in the first island.
        let mut firsts = [0; MOST];
        let mut next = self.indirect_count;
        for (chunk, first) in firsts.iter_mut().enumerate().take(count) {
            *first = if chunk == 0 { 0 } else { next };
            next = self.make_island(chunk, next, |_, _, _, _| {})?;
        }
        self.stub_count = next;
        self.move_apart(&firsts, &ends)
    }

    /// Moves each chunk by what the islands before it take.
    fn move_apart(&mut self, firsts: &[u32; MOST], ends: &[u64; MOST]) -> Option<bool> {
        let text = self.segment(SegmentKind::Text);
        let align = text.align.max(crate::plan::SLOT);
        let mut shifts = [0u64; MOST];
        let (mut shift, mut end) = (0u64, 0u64);
        let after = firsts.iter().skip(1).take(self.islands.count.wrapping_sub(1));
        let lasts = after.chain(core::iter::once(&self.stub_count));
        let places = self.islands.list.iter_mut().zip(&mut shifts).zip(ends);
        for (((island, moved), chunk_end), (first, last)) in places.zip(firsts.iter().zip(lasts)) {
            *moved = shift;
            // A chunk without a section begins where the one before it ends.
            end = end.max(chunk_end.checked_add(shift)?);
            let stubs = u64::from(last.checked_sub(*first)?);
            let size = stubs.checked_mul(self.machine.stub().size.into())?;
            island.start = island.start.checked_add(shift)?;
            island.first = *first;
            island.offset = end.checked_next_multiple_of(crate::plan::SLOT)?;
            end = island.offset.checked_add(size)?;
            if size != 0 {
                // So much that every section keeps its alignment.
                let room = size.checked_add(crate::plan::SLOT)?;
                shift = shift.checked_add(room.checked_next_multiple_of(align)?)?;
            }
        }
        self.stubs_offset = self.islands.list.first()?.offset;
        let size = u64::from(u32::try_from(end).ok()?);
        *self.segment_mut(SegmentKind::Text) = crate::plan::SegmentPlan { size, align };
        // By the offsets as they were; chunks are long, and the moved ones do not meet.
        let length = self.machine.call_reach() >> 1;
        for (number, object) in self.objects.iter().enumerate() {
            for index in 0..object.section_count() {
                let Some(state) = self.state.section(number, index) else { continue };
                if state.residence != Residence::Text {
                    continue;
                }
                let chunk = u64::from(state.offset).checked_div(length)?;
                let last = self.islands.count.wrapping_sub(1);
                let shift = *shifts.get(last.min(usize::try_from(chunk).ok()?))?;
                let Some(gathered) = self.gathered(number, index) else {
                    self.shift(number, index, shift)?;
                    continue;
                };
                for at in gathered.set {
                    let (object, index) = self.member(at)?;
                    self.shift(object, index, shift)?;
                }
            }
        }
        Some(true)
    }

    fn shift(&mut self, object: usize, index: u32, by: u64) -> Option<()> {
        let mut state = self.state.section(object, index)?;
        state.offset = u32::try_from(u64::from(state.offset).checked_add(by)?).ok()?;
        self.state.set_section(object, index, state);
        Some(())
    }

    /// Takes away the stubs that external symbols got as if the text were short.
    fn forget_stubs(&mut self) {
        let mut number = 0u32;
        while let Some(mut state) = self.state.symbol(number) {
            let is_alias = state.alias().is_some();
            if !is_alias && !state.is_indirect() && state.stub().is_some() {
                state.set_number(0);
                self.state.set_symbol(number, state);
            }
            number = number.saturating_add(1);
        }
    }
}
