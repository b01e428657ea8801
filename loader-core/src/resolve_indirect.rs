//! What takes its final value only once code runs: IFUNCs, and data that functions initialise.
//!
//! An IFUNC's address is that of a call stub, which jumps through a slot in the data segment;
//! after sealing, the client calls the resolvers and hands back what they return.

use crate::address::TargetAddress;
use crate::arch::Action;
use crate::elf::SymbolPlace;
use crate::error::Error;
use crate::features::INDIRECT_FUNCTIONS;
use crate::memory::{MemoryManager, SegmentKind};
use crate::module::Module;
use crate::name::Name;
use crate::place::Segments;
use crate::plan::{Plan, SLOT};

/// A function to be called once the module is sealed, before anything else in it; what it returns
/// goes to [`Module::set_resolved`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution<'o> {
    /// The place, among the module's objects, of the one that has the IFUNC or the data.
    pub object: usize,
    /// The IFUNC; for data that a function initialises, that function.
    pub name: Name<'o>,
    /// The address of the resolver, on the target.
    pub resolver: TargetAddress,
    /// Where what it returns belongs, on the target.
    pub slot: TargetAddress,
    /// The same in the data segment.
    offset: u64,
}

impl<'o> Plan<'o, '_> {
    /// Writes the stubs of IFUNCs, each of which goes through its slot in the data segment.
    ///
    /// # Errors
    /// [`Error::StubReach`] where the data segment is out of the text segment's reach.
    pub(crate) fn write_indirect_stubs<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
        data: TargetAddress,
        stubs: TargetAddress,
    ) -> Result<(), Error<'o>> {
        if !self.has_indirect_functions() {
            return Ok(());
        }
        for at in 0..self.state.symbols.loose_count() {
            let found = self.loose_symbol(at);
            let found = found.filter(|(_, state, ..)| state.is_used() && state.is_indirect());
            let Some((_, state, _, symbol)) = found else { continue };
            let Some(number) = state.stub() else { continue };
            let slot = data.wrapping_add(self.indirect_slot(number));
            let stub = self.stub_bytes(segments, stubs, number);
            let written = stub.and_then(|(bytes, stub)| {
                (self.machine.stub().through_slot)(bytes, stub, slot.value())
            });
            if written.is_none() {
                let stub = TargetAddress::new(state.address());
                return Err(Error::StubReach { symbol: symbol.name(), stub, slot });
            }
        }
        Ok(())
    }

    /// Whether there are IFUNCs; where none can be, the compiler sees it.
    pub(crate) const fn has_indirect_functions(&self) -> bool {
        INDIRECT_FUNCTIONS && self.indirect_count != 0
    }

    const fn indirect_slot(&self, number: u32) -> u64 {
        self.indirect_offset.wrapping_add((number as u64).wrapping_mul(SLOT))
    }
}

impl<'o, M: MemoryManager> Module<'o, '_, M> {
    /// The resolvers of IFUNCs, and the functions that initialise data (`R_AARCH64_FUNCINIT64`):
    /// to be called once, with what this system's ABI says that resolvers get, before anything
    /// else in the module.
    pub fn resolutions(&self) -> impl Iterator<Item = Resolution<'o>> + '_ {
        self.indirect_functions().chain(self.function_initialisers())
    }

    /// Puts what a resolver returned where it belongs.
    pub fn set_resolved(&mut self, resolution: &Resolution<'_>, address: TargetAddress) {
        if let Some(segment) = self.segments.get(SegmentKind::Data) {
            segment.write_word(resolution.offset, address.value());
        }
    }

    /// Does both for each of the [`resolutions`](Self::resolutions), without a list of them: `call`
    /// calls the resolver, and what it returns goes where it belongs.
    pub fn resolve_each(&mut self, mut call: impl FnMut(&Resolution<'o>) -> TargetAddress) {
        for resolution in self.resolutions() {
            let address = call(&resolution);
            if let Some(segment) = self.segments.get(SegmentKind::Data) {
                segment.write_word(resolution.offset, address.value());
            }
        }
    }

    fn indirect_functions(&self) -> impl Iterator<Item = Resolution<'o>> + '_ {
        let plan = &self.plan;
        let any = plan.has_indirect_functions();
        let symbols = any.then(|| plan.used_symbols()).into_iter().flatten();
        symbols.filter(|(_, _, state)| state.is_indirect()).filter_map(
            move |(object, symbol, state)| {
                let SymbolPlace::Section(section) = symbol.place() else { return None };
                let offset = plan.indirect_slot(state.stub()?);
                Some(Resolution {
                    object,
                    name: symbol.name(),
                    resolver: TargetAddress::new(plan.address_in(object, section, symbol.value())),
                    slot: self.segments.target(SegmentKind::Data).wrapping_add(offset),
                    offset,
                })
            },
        )
    }

    fn function_initialisers(&self) -> impl Iterator<Item = Resolution<'o>> + '_ {
        let plan = &self.plan;
        let sections = plan.function_initialisers.then(|| plan.sections()).into_iter().flatten();
        sections.filter(|planned| planned.segment == SegmentKind::Data).flat_map(move |planned| {
            let table = plan.rela_of(planned.object, planned.index).unwrap_or_default();
            table.iter().filter_map(move |rela| {
                let row = plan.machine.relocation(rela.number)?;
                if !is_function_initialiser(&row.action) {
                    return None;
                }
                let object = plan.objects.get(planned.object)?;
                let symbol = object.symbol(rela.symbol)?;
                let number = plan.state.symbol_base(planned.object)?.checked_add(rela.symbol)?;
                let resolver = plan.located(number).address();
                let target = plan.state.section(planned.object, planned.index)?.target;
                Some(Resolution {
                    object: planned.object,
                    name: object.display_name(symbol),
                    resolver: TargetAddress::new(
                        resolver.wrapping_add(rela.addend.cast_unsigned()),
                    ),
                    slot: TargetAddress::new(target.wrapping_add(rela.offset)),
                    offset: planned.offset.checked_add(rela.offset)?,
                })
            })
        })
    }
}

const fn is_function_initialiser(action: &Action) -> bool {
    match action {
        #[cfg(feature = "aarch64")]
        Action::FunctionInitialiser => true,
        _ => false,
    }
}
