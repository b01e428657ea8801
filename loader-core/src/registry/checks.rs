//! What a registry has only one of: modules of a name, strong symbols of a namespace. And what a
//! new version owes to the old one.

use core::sync::atomic::Ordering::SeqCst;

use crate::elf::Binding;
use crate::memory::MemoryManager;
use crate::module::Module;
use crate::registry::entry::Entry;
use crate::registry::memory::{Slot, SlotState};
use crate::registry::prepared::Claim;
use crate::registry::request::Parts;
use crate::registry::{ModuleName, Registry, RegistryError};
use crate::table::SymbolTable;

impl<'r, 'o, M: MemoryManager> Registry<'r, 'o, M> {
    /// Writes into free slots what the modules of a request are called, and refuses two of one
    /// name: in the request, and of those that are there, unless they belong to the same line. A
    /// new version has the old one's name. Under the lock.
    pub(super) fn name_slots<'x>(
        &self,
        parts: &Parts<'_, 'x>,
        line: u32,
        old: Option<ModuleName>,
    ) -> Result<(), RegistryError<'x>> {
        for (at, ((_, slot), part)) in self.free_slots().zip(parts.each()).enumerate() {
            let about = part.about()?;
            let name = about.name;
            if let Some(module) = old.filter(|module| at == 0 && *module != name) {
                return Err(RegistryError::Renamed { module, name });
            }
            let is_called_so = |slot: &Slot<'o, M>| slot.about.lock().name == name;
            let mut others = self.numbered().filter(|(_, slot)| slot.line.load(SeqCst) != line);
            let taken = others.any(|(_, slot)| self.counts(slot) && is_called_so(slot));
            if taken || self.free_slots().take(at).any(|(_, slot)| is_called_so(slot)) {
                return Err(RegistryError::NameTaken { name });
            }
            *slot.about.lock() = about;
        }
        Ok(())
    }

    pub(super) fn free_slots(&self) -> impl Iterator<Item = (u32, &'r Slot<'o, M>)> + '_ {
        self.numbered().filter(|(_, slot)| slot.state() == SlotState::Free)
    }

    /// Whether the module in a slot is there to stay: what it is, its main slot says.
    fn counts(&self, slot: &Slot<'o, M>) -> bool {
        let main = self.slot(slot.main.load(SeqCst));
        let going =
            main.is_none_or(|main| matches!(main.state(), SlotState::Leaving | SlotState::Retired));
        slot.state() != SlotState::Free && !going
    }

    /// Refuses what another module, or the kernel, exports in the same namespace, unless one of
    /// the two is weak; under the lock.
    pub(super) fn check_duplicates<'x>(
        &self,
        module: &Module<'x, '_, M>,
        table: &SymbolTable<'_>,
        line: u32,
        namespace: ModuleName,
    ) -> Result<(), RegistryError<'x>> {
        let reader = self.reader();
        let counts = |number: u32, entry: &Entry<'_>| {
            entry.line != line && self.slot(number).is_some_and(|slot| self.counts(slot))
        };
        for (_, _, symbol) in table.exports().filter(|(.., s)| s.binding != Binding::Weak) {
            let same = |space: &str| space == namespace.as_str();
            let Some(other) = reader.search_strong(symbol.name, same, counts) else { continue };
            let by = ModuleName::new(other.module_name).unwrap_or(ModuleName::EMPTY);
            let ours = module.exports().find(|export| export.symbol.name() == symbol.name);
            let symbol = ours.map_or_else(Default::default, |export| export.symbol.name());
            return Err(RegistryError::Duplicate { symbol, by });
        }
        Ok(())
    }

    /// Refuses a new version that does not export what the old one does.
    pub(super) fn check_fits(
        &self,
        claim: &Claim<'_, 'r, 'o, '_, M>,
        new: &SymbolTable<'_>,
        namespace: ModuleName,
    ) -> Result<(), RegistryError<'static>> {
        let Some(id) = claim.replaces else { return Ok(()) };
        let reader = self.reader();
        let old = reader.get(id).ok_or(RegistryError::Gone)?;
        for (_, _, symbol) in old.symbols.iter().flat_map(|table| table.exports()) {
            let same = new.get(symbol.name).is_some_and(|new| {
                new.kind == symbol.kind
                    && (symbol.interface.is_none() || new.interface == symbol.interface)
            });
            if !same || old.namespace != namespace.as_str() {
                let module = ModuleName::shown(old.name.into());
                let symbol = ModuleName::shown(symbol.name);
                return Err(RegistryError::Unfit { module, symbol });
            }
        }
        Ok(())
    }
}
