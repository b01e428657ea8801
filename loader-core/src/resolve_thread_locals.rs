//! Resolve, the part about thread-local variables: where each lies, and their GOT slots.

use crate::arch::Slot;
use crate::elf::SymbolPlace;
use crate::error::Error;
use crate::memory::MemoryManager;
use crate::place::Segments;
use crate::plan::{Plan, TlsModel};
use crate::thread_locals::{ThreadLocals, TlsLocation, TlsVariable};

impl<'o> Plan<'o, '_> {
    /// Gives every thread-local variable its offset in the block, or, for those of other modules,
    /// its distance from the thread pointer; fills their GOT slots.
    pub(crate) fn resolve_thread_locals<M: MemoryManager>(
        &mut self,
        segments: &mut Segments<M>,
        client: &dyn ThreadLocals,
    ) -> Result<(), Error<'o>> {
        if self.options.tls_model() == TlsModel::None {
            return Ok(());
        }
        let location = self.locate_block(client)?;
        self.thread_local.location = location;
        if self.thread_local.wants_pair {
            let pair = self.thread_local.pair;
            let module = location.map_or(0, |location| location.module);
            self.write_slot(segments, pair, module);
            let start = 0u64.wrapping_sub(self.machine.dtv_offset());
            self.write_slot(segments, pair.wrapping_add(1), start);
        }
        for at in 0..self.state.symbols.variables_among() {
            let Some((number, mut state, object, symbol)) = self.loose_symbol(at) else { continue };
            if !state.is_thread_local() || state.alias().is_some() {
                continue;
            }
            state.set_unresolved(false);
            state.set_has_distance(true);
            let own = |offset| TlsVariable { location: location.unwrap_or_default(), offset };
            let variable = match symbol.place() {
                SymbolPlace::Section(section) if !state.is_dead() => {
                    Some(own(self.offset_in_block(object, section, symbol.value())))
                }
                SymbolPlace::Undefined if !state.is_import() => Some(own(self.block_base())),
                SymbolPlace::Undefined if state.is_used() => {
                    let asked = (!state.is_hidden()).then(|| client.variable(symbol.name()));
                    let found = asked.flatten();
                    if found.is_none() && state.is_needed() {
                        return Err(self.undefined(number, symbol.name()));
                    }
                    state.set_unresolved(found.is_none());
                    found
                }
                _ => None,
            };
            let distance = variable.and_then(TlsVariable::thread_pointer_offset);
            match variable {
                Some(variable) if state.is_import() => {
                    state.set_has_distance(distance.is_some());
                    state.set_address(distance.unwrap_or(variable.offset));
                }
                Some(variable) => {
                    state.set_has_distance(distance.is_some());
                    state.set_address(variable.offset);
                }
                None => state.set_address(0),
            }
            self.state.set_symbol(number, state);
            if let Some(slot) = state.thread_local_slot(Slot::GeneralDynamic) {
                let module = variable.map_or(0, |variable| variable.location.module);
                let offset = variable
                    .map_or(0, |variable| variable.offset.wrapping_sub(self.machine.dtv_offset()));
                self.write_slot(segments, slot, module);
                self.write_slot(segments, slot.wrapping_add(1), offset);
            }
            if let Some(slot) = state.thread_local_slot(Slot::InitialExec) {
                self.write_slot(segments, slot, distance.unwrap_or(0));
            }
            if let Some(slot) = state.thread_local_slot(Slot::Descriptor) {
                let words = variable.map(|variable| client.descriptor(variable));
                let descriptor = Error::Descriptor { symbol: symbol.name() };
                let [function, argument] = words.unwrap_or(Some([0; 2])).ok_or(descriptor)?;
                self.write_slot(segments, slot, function);
                self.write_slot(segments, slot.wrapping_add(1), argument);
            }
        }
        Ok(())
    }

    /// The offset that `_TLS_MODULE_BASE_` has in the block: 0, or what makes it the thread
    /// pointer where the variables' offsets count from there.
    fn block_base(&self) -> u64 {
        let is_static = self.options.tls_model() == TlsModel::Static;
        match self.own_offset(0) {
            Some(offset) if is_static && self.machine.counts_from_thread_pointer() => {
                0u64.wrapping_sub(offset)
            }
            _ => 0,
        }
    }

    /// Asks the client where the module's own block lies, where it has one.
    fn locate_block(&self, client: &dyn ThreadLocals) -> Result<Option<TlsLocation>, Error<'o>> {
        let Some(block) = self.thread_local.block else {
            return Ok(None);
        };
        let refused = Error::ThreadLocalBlock { size: block.size, align: block.align };
        let location = client.block(block).ok_or(refused)?;
        let is_static = self.options.tls_model() == TlsModel::Static;
        match location.thread_pointer_offset {
            Some(offset) if offset.cast_unsigned() & block.align.wrapping_sub(1) != 0 => {
                Err(refused)
            }
            None if is_static => Err(refused),
            _ => Ok(Some(location)),
        }
    }

    /// TPREL(S) of the symbol with this number; `None` where it is not the same in every thread.
    pub(crate) fn thread_pointer_offset(&self, number: u32) -> Option<u64> {
        let (_, state) = self.state.canonical(number)?;
        if state.is_unresolved() {
            return Some(0);
        }
        if !state.has_distance() {
            return None;
        }
        if state.is_import() { Some(state.address()) } else { self.own_offset(state.address()) }
    }

    /// The distance from the thread pointer of an offset in the module's own block.
    pub(crate) fn own_offset(&self, offset: u64) -> Option<u64> {
        let location = self.thread_local.location.unwrap_or_default();
        TlsVariable { location, offset }.thread_pointer_offset()
    }
}
