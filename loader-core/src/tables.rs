//! What the loader made itself: GOT slots, call stubs, and on RISC-V the bytes that it deleted.
//! For maps of what was linked, and for debuggers.

use crate::address::TargetAddress;
use crate::arch::Slot;
use crate::memory::{MemoryManager, SegmentKind};
use crate::module::Module;
use crate::name::Name;
use crate::plan::SLOT;
use crate::plan::state::SymbolState;
use crate::plan::thread_local::BLOCK_SYMBOL;

/// A word of the GOT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GotSlot<'o> {
    /// The place, among the module's objects, of the one whose symbol it is: the object that
    /// defines it, or the first that needs it. The first object, for the module's own words.
    pub object: usize,
    /// The symbol; of a section's own symbol, the section. `_TLS_MODULE_BASE_` for the pair that
    /// stands for the module's whole thread-local block.
    pub symbol: Name<'o>,
    /// What the word says of the symbol.
    pub word: GotWord,
    /// Where the word is, on the target.
    pub address: TargetAddress,
    /// What it holds.
    pub value: u64,
}

/// What a word of the GOT says of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GotWord {
    /// Its address.
    Address,
    /// The second word of a thread-local variable's descriptor.
    DescriptorArgument,
    /// The first word of a thread-local variable's descriptor: a function.
    DescriptorFunction,
    /// The module that a thread-local variable is in, as the client numbers it.
    ThreadLocalModule,
    /// The offset of a thread-local variable in its module's block, as `__tls_get_addr` counts.
    ThreadLocalOffset,
    /// The distance of a thread-local variable from the thread pointer.
    ThreadPointerOffset,
}

/// A call stub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallStub<'o> {
    /// The place, among the module's objects, of the one whose symbol it is: the object that
    /// defines it, or the first that needs it.
    pub object: usize,
    /// The symbol; of a section's own symbol, the section.
    pub symbol: Name<'o>,
    /// Where the stub is, on the target.
    pub address: TargetAddress,
    /// Where it leads. `None` for that of an IFUNC, which leads where its resolver says
    /// ([`Module::resolutions`]).
    pub target: Option<TargetAddress>,
}

/// Bytes of an object's section that are not in memory, on RISC-V: padding that an alignment did
/// not need, and code that linker relaxation made shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deletion {
    /// The place of its object among the module's objects.
    pub object: usize,
    /// The section's index there.
    pub section: u32,
    /// The first of the bytes, as the object counts: in bytes from the section's start.
    pub offset: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl<'o, M: MemoryManager> Module<'o, '_, M> {
    /// The words of the GOT, symbol by symbol; all of them.
    pub fn got(&self) -> impl Iterator<Item = GotSlot<'o>> + '_ {
        let plan = &self.plan;
        let locals = &plan.thread_local;
        let pair = locals.wants_pair.then_some((Slot::LocalDynamic, locals.pair));
        let own = pair.into_iter().map(|(slot, first)| (0, BLOCK_SYMBOL, slot, first));
        let any = plan.slot_count != 0;
        let symbols = any.then(|| plan.used_symbols()).into_iter().flatten();
        let slots = symbols.flat_map(move |(object, symbol, state)| {
            let name = plan.objects.get(object).map(|object| object.display_name(symbol));
            let name = name.unwrap_or_default();
            slots_of(state).map(move |(slot, first)| (object, name, slot, first))
        });
        let words = own.chain(slots).flat_map(|(object, symbol, slot, first)| {
            let words = words_of(slot).iter().zip(first..);
            words.map(move |(word, number)| (object, symbol, *word, number))
        });
        words.filter_map(|(object, symbol, word, number)| {
            let offset = plan.got_offset.checked_add(u64::from(number).checked_mul(SLOT)?)?;
            let address = self.segments.target(SegmentKind::ReadOnly).wrapping_add(offset);
            let value =
                self.segments.word_at(SegmentKind::ReadOnly, usize::try_from(offset).ok()?)?;
            Some(GotSlot { object, symbol, word, address, value })
        })
    }

    /// Calls `visit` with each call stub: one a symbol, but in a text longer than half of a call's
    /// reach up to one a symbol and stretch of that length.
    ///
    /// A symbol's record holds one stub only, so those of a long text are numbered once more.
    pub fn for_each_stub(&mut self, mut visit: impl FnMut(CallStub<'o>)) {
        let stubs = self.segments.target(SegmentKind::Text).wrapping_add(self.plan.stubs_offset);
        let plan = &mut self.plan;
        if plan.stub_count == 0 {
            return;
        }
        let chunks = plan.islands.count();
        for (object, symbol, state) in plan.used_symbols() {
            let Some(number) = state.stub().filter(|_| chunks == 0 || state.is_indirect()) else {
                continue;
            };
            let Some(object_of) = plan.objects.get(object) else { continue };
            let target = || TargetAddress::new(plan.address_here(object, symbol, state));
            let target = (!state.is_indirect()).then(target);
            let symbol = object_of.display_name(symbol);
            let address = stubs.wrapping_add(plan.stub_distance(number));
            visit(CallStub { object, symbol, address, target });
        }
        for chunk in 0..chunks {
            let first = plan.islands.first(chunk).max(plan.indirect_count);
            // The plan counted them, so there are not too many.
            let _ = plan.make_island(chunk, first, |plan, number, symbol, state| {
                let Some((object, symbol)) = plan.home_of(symbol) else { return };
                let target = plan.address_here(object, symbol, state);
                let Some(object_of) = plan.objects.get(object) else { return };
                visit(CallStub {
                    object,
                    symbol: object_of.display_name(symbol),
                    address: stubs.wrapping_add(plan.stub_distance(number)),
                    target: Some(TargetAddress::new(target)),
                });
            });
        }
    }

    /// The bytes of sections that were deleted, on RISC-V, in the order of objects, sections and
    /// offsets; none on other machines.
    pub fn deletions(&self) -> impl Iterator<Item = Deletion> + '_ {
        self.plan.deletions()
    }
}

/// The GOT entries of a symbol: of which sort, and the first word of each.
fn slots_of(state: SymbolState) -> impl Iterator<Item = (Slot, u32)> {
    let address = state.slot().filter(|_| !state.is_thread_local());
    let address = address.map(|first| (Slot::Address, first)).into_iter();
    let sorts = [Slot::GeneralDynamic, Slot::InitialExec, Slot::Descriptor];
    let locals = sorts.into_iter().filter(move |_| state.is_thread_local());
    address.chain(locals.filter_map(move |slot| Some((slot, state.thread_local_slot(slot)?))))
}

const fn words_of(slot: Slot) -> &'static [GotWord] {
    match slot {
        Slot::Address => &[GotWord::Address],
        Slot::Descriptor => &[GotWord::DescriptorFunction, GotWord::DescriptorArgument],
        Slot::GeneralDynamic | Slot::LocalDynamic => {
            &[GotWord::ThreadLocalModule, GotWord::ThreadLocalOffset]
        }
        Slot::InitialExec => &[GotWord::ThreadPointerOffset],
    }
}
