//! Resolve: [`ObjectImage`] + [`Resolver`] → [`RelocatedImage`]. Resolves each import once, fills
//! GOT and stubs, applies every relocation.
//!
//! It starts from the object's own bytes, so it may run again after another
//! [`map`](ObjectImage::map_section_address), and gives what a first load there would have given.

use core::hint;

use crate::elf::{Symbol, SymbolPlace};
use crate::error::{Error, Place};
use crate::fixup::Fixer;
use crate::memory::{MemoryManager, SegmentKind};
use crate::name::Name;
use crate::place::{Contents, ObjectImage, Segments};
use crate::plan::state::SymbolState;
use crate::plan::{Plan, SLOT};
use crate::resolver::Resolver;
use crate::thread_locals::ThreadLocals;
use crate::{Binding, TargetAddress};

/// How many symbols' names are fetched at a time.
const NAMES_AHEAD: usize = 16;

/// A module whose relocations are applied, for the addresses that it is mapped to.
///
/// Dropping it gives all memory back.
#[derive(Debug)]
pub struct RelocatedImage<'o, 's, M: MemoryManager> {
    pub(crate) plan: Plan<'o, 's>,
    pub(crate) segments: Segments<M>,
}

impl<'o, 's, M: MemoryManager> ObjectImage<'o, 's, M> {
    /// Resolves all symbols and applies all relocations.
    ///
    /// # Errors
    /// [`Error::Undefined`] for a symbol that neither the objects nor `resolver` define, and the
    /// other errors of [`Phase::Resolve`](crate::Phase::Resolve); all memory is given back then.
    pub fn resolve(
        self,
        resolver: &(impl Resolver + ?Sized),
    ) -> Result<RelocatedImage<'o, 's, M>, Error<'o>> {
        self.resolve_with(resolver, &())
    }

    /// The same, for a module with thread-local variables.
    ///
    /// # Errors
    /// As those of [`resolve`](Self::resolve), and [`Error::ThreadLocalBlock`],
    /// [`Error::ThreadPointer`] and [`Error::Descriptor`].
    pub fn resolve_with(
        self,
        resolver: &(impl Resolver + ?Sized),
        thread_locals: &dyn ThreadLocals,
    ) -> Result<RelocatedImage<'o, 's, M>, Error<'o>> {
        let Self { mut plan, mut segments, stale } = self;
        if stale {
            plan.copy_sections(&mut segments, Contents::ALL);
        }
        let data = segments.target(SegmentKind::Data);
        let got = segments.target(SegmentKind::ReadOnly).wrapping_add(plan.got_offset);
        let stubs = segments.target(SegmentKind::Text).wrapping_add(plan.stubs_offset);
        plan.resolve_symbols(resolver, data, got, stubs)?;
        plan.resolve_thread_locals(&mut segments, thread_locals)?;
        #[cfg(feature = "riscv64")]
        if plan.relax(&mut segments, stubs) {
            match plan.fill(&mut segments, [data, got, stubs]) {
                Err(Error::OutOfRange { .. }) => plan.relax_less(&mut segments),
                filled => {
                    filled?;
                    plan.write_table(&mut segments)?;
                    return Ok(RelocatedImage { plan, segments });
                }
            }
        }
        plan.fill(&mut segments, [data, got, stubs])?;
        plan.write_table(&mut segments)?;
        Ok(RelocatedImage { plan, segments })
    }
}

impl<'o, 's, M: MemoryManager> RelocatedImage<'o, 's, M> {
    /// The plan that this image follows.
    pub const fn plan(&self) -> &Plan<'o, 's> {
        &self.plan
    }

    /// The bytes of a segment as they will be on the target, to be sent there; empty where the
    /// module has no such segment.
    pub fn segment_bytes(&self, kind: SegmentKind) -> &[u8] {
        self.segments.get(kind).map_or(&[], |segment| segment.contents())
    }

    /// Goes back to before the relocations, to map sections elsewhere and resolve again.
    pub fn unresolve(self) -> ObjectImage<'o, 's, M> {
        let Self { mut plan, segments } = self;
        plan.forget_relaxation();
        ObjectImage { plan, segments, stale: true }
    }
}

impl<'o> Plan<'o, '_> {
    /// Fills the tables and applies the relocations, for the addresses that all has now.
    #[inline(never)] // smaller so, with a frame of its own
    fn fill<M: MemoryManager>(
        &mut self,
        segments: &mut Segments<M>,
        [data, got, stubs]: [TargetAddress; 3],
    ) -> Result<(), Error<'o>> {
        self.resolve_boundaries();
        let all_reach = self.write_slots_and_stubs(segments, got, stubs);
        self.write_indirect_stubs(segments, data, stubs)?;
        if self.islands.count() == 0 {
            Fixer::new(self, got, stubs).with_stubs(all_reach).apply_all(segments)?;
        }
        for chunk in 0..self.islands.count() {
            self.write_island(chunk, segments, got, stubs);
            Fixer::of_chunk(self, got, stubs, chunk).apply_all(segments)?;
        }
        Ok(())
    }

    /// Sections have the sizes of the plan again.
    fn forget_relaxation(&mut self) {
        #[cfg(feature = "riscv64")]
        if self.options.relaxes() {
            let _ = self.decide_as_planned(); // which went well in the plan
        }
    }

    /// Gives every symbol its address.
    #[inline(never)] // smaller so, with a frame of its own
    fn resolve_symbols(
        &mut self,
        resolver: &(impl Resolver + ?Sized),
        data: TargetAddress,
        got: TargetAddress,
        stubs: TargetAddress,
    ) -> Result<(), Error<'o>> {
        self.resolve_commons(data);
        for at in 0..self.state.symbols.loose_count() {
            if cfg!(feature = "fast-loops") && at.is_multiple_of(NAMES_AHEAD) {
                self.fetch_names(at);
            }
            let Some((number, mut state, _, symbol)) = self.loose_symbol(at) else { continue };
            if state.alias().is_some() || state.is_thread_local() {
                continue;
            }
            state.set_unresolved(false);
            let address = match symbol.place() {
                _ if state.is_indirect() => {
                    let stub = self.stub_distance(state.stub().unwrap_or(0));
                    stubs.wrapping_add(stub).value()
                }
                SymbolPlace::Common => continue,
                SymbolPlace::Undefined if !state.is_used() || !state.is_import() => 0,
                SymbolPlace::Undefined if self.stands_for_module(state, symbol) => got.value(),
                SymbolPlace::Undefined => {
                    let may_be = state.may_be_elsewhere(symbol);
                    let asked = may_be.then(|| resolver.resolve(symbol.name()));
                    match asked.flatten() {
                        Some(address) => address.value(),
                        None if !state.is_needed() => {
                            state.set_unresolved(true);
                            0
                        }
                        None => return Err(self.undefined(number, symbol.name())),
                    }
                }
                _ => 0,
            };
            state.set_address(address);
            self.state.set_symbol(number, state);
        }
        Ok(())
    }

    /// Looks at the names of the next loose symbols, one right after the other. Names lie anywhere in
    /// their file: so the processor waits for memory once, and not for each when its turn comes.
    fn fetch_names(&self, from: usize) {
        let ahead = (from..).take(NAMES_AHEAD).map_while(|at| {
            let (_, symbol) = self.home_of(self.state.symbols.loose(at)?)?;
            Some(symbol.is_called(b"\0"))
        });
        hint::black_box(ahead.fold(false, |any, empty| any | empty));
    }

    /// COMMON symbols, by the walk that gave them their room.
    fn resolve_commons(&mut self, data: TargetAddress) {
        let _end = self.lay_out_commons(&mut |state, offset| {
            state.set_address(data.wrapping_add(offset).value());
        });
    }

    /// What is known of the symbol with this number, with its address.
    pub(crate) fn located(&self, number: u32) -> SymbolState {
        let mut state = self.state.symbol(number).unwrap_or_default();
        state.set_address(self.address_of(number));
        state
    }

    /// The address of the symbol with this number: for an alias, that of what it stands for; 0 where
    /// it has none, or is nowhere.
    #[inline(never)]
    pub(crate) fn address_of(&self, number: u32) -> u64 {
        let elsewhere = || {
            let (number, state) = self.state.canonical(number)?;
            let (object, symbol) = self.home_of(number)?;
            Some(self.own_address(object, symbol, state))
        };
        self.state.symbols.loose_address(number).or_else(elsewhere).unwrap_or(0)
    }

    /// The address of a symbol of an object: its own place in a section, and for an alias that has
    /// none, that of what it stands for.
    pub(crate) fn address_here(
        &self,
        object: usize,
        symbol: Symbol<'o>,
        state: SymbolState,
    ) -> u64 {
        let has_place = matches!(symbol.place(), SymbolPlace::Section(_) | SymbolPlace::Absolute)
            && !state.is_thread_local()
            && !state.is_indirect();
        match state.alias() {
            Some(other) if !has_place => self.address_of(other),
            _ => self.own_address(object, symbol, state),
        }
    }

    /// The address of a symbol that stands for itself, or is a place in a section.
    #[inline]
    pub(crate) fn own_address(&self, object: usize, symbol: Symbol<'o>, state: SymbolState) -> u64 {
        match symbol.place() {
            SymbolPlace::Absolute => symbol.value(),
            SymbolPlace::Section(_) if state.is_dead() => 0,
            SymbolPlace::Section(section) if !state.is_indirect() && !state.is_thread_local() => {
                self.address_in(object, section, symbol.value())
            }
            _ => state.address(), // it is loose
        }
    }

    /// The address of an offset in a section, as the object counts it.
    pub(crate) fn address_in(&self, object: usize, index: u32, offset: u64) -> u64 {
        let Some(section) = self.state.section(object, index) else { return offset };
        let deleted = if section.shrinks { self.deleted_before(object, index, offset) } else { 0 };
        section.target.wrapping_add(offset.wrapping_sub(deleted))
    }

    /// The error for a symbol that nothing defines, with the first place that needs it.
    pub(crate) fn undefined(&self, number: u32, symbol: Name<'o>) -> Error<'o> {
        for (object_number, object) in self.objects.iter().enumerate() {
            let base = self.state.symbol_base(object_number).unwrap_or(0);
            for index in 0..object.section_count() {
                let Some(table) = self.rela_of(object_number, index) else { continue };
                let needs = |symbol: u32| {
                    let canonical = self.state.canonical(base.wrapping_add(symbol));
                    canonical.is_some_and(|(canonical, _)| canonical == number)
                };
                let is_weak =
                    |symbol| object.symbol(symbol).is_some_and(|s| s.binding() == Binding::Weak);
                let found = table
                    .iter()
                    .find(|rela| rela.symbol != 0 && needs(rela.symbol) && !is_weak(rela.symbol));
                if let Some(rela) = found {
                    return Error::Undefined { place: object.place(index, rela.offset), symbol };
                }
            }
        }
        let first = self.objects.first().name();
        let place = Place { object: first, section: Name::default(), index: 0, offset: 0 };
        Error::Undefined { place, symbol }
    }

    /// Writes each GOT entry, and each call stub of a symbol that has one; whether all stubs reach
    /// what they are for.
    fn write_slots_and_stubs<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
        got: TargetAddress,
        stubs: TargetAddress,
    ) -> bool {
        let mut all_reach = true;
        if self.slot_count == 0 {
            return all_reach;
        }
        for number in self.state.symbols.with_slots() {
            let state = self.located(number);
            let Some(slot) = state.slot().filter(|_| !state.is_thread_local()) else { continue };
            self.write_slot(segments, slot, state.address());
            let own = state.stub().filter(|_| !state.is_indirect() && self.islands.count() == 0);
            let Some(number) = own else { continue };
            all_reach &= self.write_call_stub(segments, got, stubs, number, state).is_some();
        }
        all_reach
    }

    /// Numbers and writes the stubs behind a chunk of a long text.
    fn write_island<M: MemoryManager>(
        &mut self,
        chunk: usize,
        segments: &mut Segments<M>,
        got: TargetAddress,
        stubs: TargetAddress,
    ) {
        let first = self.islands.first(chunk).max(self.indirect_count);
        // The plan counted them, so there are not too many.
        let _ = self.make_island(chunk, first, |plan, number, symbol, _| {
            let _ = plan.write_call_stub(segments, got, stubs, number, plan.located(symbol));
        });
    }

    /// Writes a stub; `None` where it reaches nothing and stays a trap: only a branch that needs it
    /// minds.
    fn write_call_stub<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
        got: TargetAddress,
        stubs: TargetAddress,
        number: u32,
        state: SymbolState,
    ) -> Option<()> {
        let (bytes, stub) = self.stub_bytes(segments, stubs, number)?;
        let slot = state.slot().map(|slot| u64::from(slot).wrapping_mul(SLOT));
        let slot = slot.map(|offset| got.wrapping_add(offset).value());
        self.machine.stub().write(bytes, stub, state.address(), slot)
    }

    /// Writes a word of the GOT.
    pub(crate) fn write_slot<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
        slot: u32,
        word: u64,
    ) {
        let table = segments.bytes_mut(SegmentKind::ReadOnly);
        let entry = self.got_offset.wrapping_add(u64::from(slot).wrapping_mul(SLOT)) as usize;
        if let Some(bytes) = table.get_mut(entry..).and_then(<[u8]>::first_chunk_mut) {
            *bytes = word.to_le_bytes();
        }
    }

    /// The bytes of a call stub, and its address.
    pub(crate) fn stub_bytes<'b, M: MemoryManager>(
        &self,
        segments: &'b mut Segments<M>,
        stubs: TargetAddress,
        number: u32,
    ) -> Option<(&'b mut [u8], u64)> {
        let stub = self.machine.stub();
        let offset = self.stub_distance(number);
        let start = self.stubs_offset.wrapping_add(offset) as usize;
        let end = start.checked_add(stub.size as usize)?;
        let bytes = segments.bytes_mut(SegmentKind::Text).get_mut(start..end)?;
        Some((bytes, stubs.wrapping_add(offset).value()))
    }
}
