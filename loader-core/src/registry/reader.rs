//! Looking up names and addresses, without a lock.

use core::sync::atomic::Ordering::SeqCst;

use crate::address::TargetAddress;
use crate::elf::Binding;
use crate::hash::hash;
use crate::memory::MemoryManager;
use crate::metadata::Version;
use crate::name::Name;
use crate::registry::entry::Entry;
use crate::registry::index::Key;
use crate::registry::memory::SlotState;
use crate::registry::readers::Reading;
use crate::registry::{KERNEL, MODULE, ModuleId, Registry};
use crate::table::{KeptSymbol, SymbolTable};

/// A look at a registry: [`Registry::reader`]. One that is forgotten (`mem::forget`) is waited for
/// as long as there is the registry.
#[derive(Debug)]
pub struct RegistryReader<'g, 'r, 'o, M: MemoryManager> {
    pub(super) registry: &'g Registry<'r, 'o, M>,
    pub(super) reading: Reading<'g>,
}

/// What a registry knows of a module.
#[derive(Debug, Clone, Copy)]
pub struct ModuleInfo<'g> {
    /// What names it.
    pub id: ModuleId,
    /// Its name.
    pub name: &'g str,
    /// Its version; 0.0.0 where it has none.
    pub version: Version,
    /// The namespace of its exports; empty where everybody sees them.
    pub namespace: &'g str,
    /// The symbols that it keeps.
    pub symbols: Option<SymbolTable<'g>>,
    /// How many modules need it.
    pub dependents: u32,
    /// Whether its exports can be found: not while it is being loaded, once it is replaced, or
    /// when it is about to go.
    pub seen: bool,
}

/// A symbol that somebody exports.
#[derive(Debug, Clone, Copy)]
pub struct FoundSymbol<'g> {
    /// Its address on the target.
    pub address: TargetAddress,
    /// Its interface hash, where whoever exports it has one.
    pub interface: Option<u64>,
    /// The namespace that it is in; empty where everybody sees it.
    pub namespace: &'g str,
    /// The module; `None` for the kernel.
    pub module: Option<ModuleId>,
    /// The name of that; of a group, the name of the module in it that has the symbol.
    pub module_name: &'g str,
}

/// Where an address is.
#[derive(Debug, Clone, Copy)]
pub struct Location<'g> {
    /// The module; of a group, the one that has the symbol, or the first one where there is no
    /// symbol.
    pub module: &'g str,
    /// The closest symbol at or below it, in the same segment, that the module keeps, and how far
    /// behind that it is.
    pub symbol: Option<(KeptSymbol<'g>, u64)>,
}

impl<M: MemoryManager> RegistryReader<'_, '_, '_, M> {
    /// The symbol of this name that counts: a strong one before a weak one. Namespaces are not
    /// looked at: this is for the kernel, which may see everything.
    pub fn lookup(&self, name: &str) -> Option<FoundSymbol<'_>> {
        let name = Name::from(name);
        let seen = |slot, entry: &Entry<'_>| self.registry.is_seen(slot, entry.line);
        let found = self.while_steady(
            || self.search_binding(name, |_| true, seen),
            |(_, binding)| *binding != Binding::Weak,
        );
        found.map(|(found, _)| found)
    }

    /// The module of this name whose exports can be found.
    pub fn module(&self, name: &str) -> Option<ModuleInfo<'_>> {
        let look = || {
            let keys = self.registry.index.find(module_hash(name));
            keys.filter(|key| key.record == MODULE)
                .filter_map(|key| self.info(key.slot))
                .find(|module| module.seen && module.name == name)
        };
        self.while_steady(look, |_| true)
    }

    /// All modules, also those that are being loaded or about to go.
    pub fn modules(&self) -> impl Iterator<Item = ModuleInfo<'_>> {
        self.registry.numbered().filter_map(|(number, _)| self.info(number))
    }

    /// The module with this identity; `None` once it has gone.
    pub fn get(&self, id: ModuleId) -> Option<ModuleInfo<'_>> {
        self.info(id.slot).filter(|module| module.id == id)
    }

    /// The modules that a module needs, in no order.
    pub fn needs(&self, id: ModuleId) -> impl Iterator<Item = ModuleInfo<'_>> {
        // Who has an entry now keeps its needs as long as there is this reader.
        let slot = self.get(id).and_then(|module| self.registry.slot(module.id.slot));
        let keys = slot.into_iter().flat_map(|slot| self.registry.index.keys(&slot.needs));
        keys.filter_map(|key| self.info(key.slot))
    }

    /// The module, and in it the symbol, that an address belongs to; `None` for an address that
    /// no module has. Of an object with sections that [stay in its file], the whole file is the
    /// module's; where modules share a file, it is one of theirs.
    ///
    /// [stay in its file]: crate::PlanOptions::in_place
    pub fn find(&self, address: TargetAddress) -> Option<Location<'_>> {
        let (slot, start) = self.registry.ranges.find(address.value(), &self.reading)?;
        let entry = self.entry(slot)?;
        let table = entry.table(&self.reading);
        // The closest one below may lie in another segment, or be no address at all.
        let symbol = table.and_then(|table| table.at(address));
        let symbol = symbol.filter(|(symbol, _)| symbol.address.value() >= start);
        let part = symbol.map_or(entry, |(symbol, _)| self.part(entry, symbol.object));
        Some(Location { module: part.name.as_str(), symbol })
    }

    pub(super) fn entry(&self, slot: u32) -> Option<&Entry<'_>> {
        self.registry.slot(slot)?.entry.get(&self.reading)
    }

    /// The module of a group that has an object.
    fn part<'l>(&'l self, main: &'l Entry<'l>, object: usize) -> &'l Entry<'l> {
        if main.parts == 1 {
            return main;
        }
        let parts = self.registry.numbered().filter_map(|(number, _)| self.entry(number));
        let parts = parts.filter(|part| part.main == main.main && part.first_object <= object);
        parts.max_by_key(|part| part.first_object).unwrap_or(main)
    }

    /// Looks again where what is seen changed meanwhile: a look that came to one module before it
    /// was seen, and to another one when that was seen no more, has found neither, though at any
    /// moment one of them was there. What is `sure` has been seen.
    fn while_steady<T>(
        &self,
        look: impl Fn() -> Option<T>,
        sure: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let switches = self.registry.switches;
        loop {
            let before = switches.load(SeqCst);
            let mut found = look();
            if before & 1 != 0 && !found.as_ref().is_some_and(&sure) {
                // One store falls between two numbers, so one look of two has not met it.
                found = look().or(found);
            }
            if found.as_ref().is_some_and(&sure) || switches.load(SeqCst) == before {
                return found;
            }
        }
    }

    /// The symbol of this name in the modules that `module` admits, whose namespace `namespace`
    /// does: a strong one before a weak one.
    pub(super) fn search(
        &self,
        name: Name<'_>,
        namespace: impl Fn(&str) -> bool,
        module: impl Fn(u32, &Entry<'_>) -> bool,
    ) -> Option<FoundSymbol<'_>> {
        self.search_binding(name, namespace, module).map(|(found, _)| found)
    }

    fn search_binding(
        &self,
        name: Name<'_>,
        namespace: impl Fn(&str) -> bool,
        module: impl Fn(u32, &Entry<'_>) -> bool,
    ) -> Option<(FoundSymbol<'_>, Binding)> {
        let mut weak = None;
        for key in self.registry.index.find(hash(name.as_bytes()) as u32) {
            let found = self.candidate(key, name, &module);
            match found.filter(|(found, _)| namespace(found.namespace)) {
                Some((_, Binding::Weak)) => weak = found,
                Some(_) => return found,
                None => {}
            }
        }
        weak
    }

    /// The strong symbol of this name, likewise.
    pub(super) fn search_strong(
        &self,
        name: Name<'_>,
        namespace: impl Fn(&str) -> bool,
        module: impl Fn(u32, &Entry<'_>) -> bool,
    ) -> Option<FoundSymbol<'_>> {
        let keys = self.registry.index.find(hash(name.as_bytes()) as u32);
        keys.filter_map(|key| self.candidate(key, name, &module))
            .find(|(found, binding)| *binding != Binding::Weak && namespace(found.namespace))
            .map(|(found, _)| found)
    }

    /// The symbol that a key stands for, if that has this name.
    fn candidate(
        &self,
        key: Key,
        name: Name<'_>,
        module: &impl Fn(u32, &Entry<'_>) -> bool,
    ) -> Option<(FoundSymbol<'_>, Binding)> {
        if key.slot == KERNEL {
            let export = self.registry.kernel.entries().get(key.record as usize)?;
            let found = FoundSymbol {
                address: export.address(),
                interface: export.interface(),
                namespace: export.namespace().unwrap_or_default(),
                module: None,
                module_name: "the kernel",
            };
            return (export.name().as_bytes() == name.as_bytes())
                .then_some((found, Binding::Global));
        }
        let entry = self.entry(key.slot)?;
        if key.record == MODULE || !module(key.slot, entry) {
            return None;
        }
        let symbol = entry.table(&self.reading)?.symbol_number(key.record)?;
        if symbol.name != name {
            return None;
        }
        let found = FoundSymbol {
            address: symbol.address,
            interface: symbol.interface,
            namespace: entry.namespace.as_str(),
            module: Some(self.registry.id_in(key.slot)?),
            module_name: self.part(entry, symbol.object).name.as_str(),
        };
        Some((found, symbol.binding))
    }

    fn info(&self, number: u32) -> Option<ModuleInfo<'_>> {
        let slot = self.registry.slot(number)?;
        let entry = slot.entry.get(&self.reading)?;
        let main = self.registry.slot(entry.main)?;
        if slot.state() == SlotState::Free {
            return None;
        }
        Some(ModuleInfo {
            id: self.registry.id_in(entry.main)?,
            name: entry.name.as_str(),
            version: entry.version,
            namespace: entry.namespace.as_str(),
            symbols: entry.table(&self.reading),
            dependents: main.dependents.load(SeqCst),
            seen: self.registry.is_seen(entry.main, entry.line),
        })
    }
}

/// The hash that a module itself is found by.
pub(super) fn module_hash(name: &str) -> u32 {
    !(hash(name.as_bytes()) as u32)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use core::cell::{Cell, RefCell};

    use super::*;
    use crate::registry::RegistryMemory;
    use crate::{ArenaMemoryManager, ExportTable, UnprotectedPlatform};
    #[cfg(feature = "x86_64")]
    use crate::{Export, Object, Scratch, StaticArena, registry::LoadRequest};

    type Manager = &'static ArenaMemoryManager<UnprotectedPlatform>;

    /// Exports `answer`, for x86-64.
    #[cfg(feature = "x86_64")]
    const ANSWER: &[u8] = include_bytes!("../../doc/answer.o");

    #[cfg(feature = "x86_64")]
    fn manager(arenas: &'static [StaticArena<4096>; 3]) -> Manager {
        let [text, read_only, data] = [0, 1, 2].map(|at| arenas[at].take().unwrap());
        let manager = ArenaMemoryManager::new(text, read_only, data, 16, UnprotectedPlatform);
        std::boxed::Box::leak(std::boxed::Box::new(manager))
    }

    /// A registry with two versions of a module, the second prepared, while a reader walks from
    /// the one to the other.
    #[cfg(feature = "x86_64")] // as the object is
    #[test]
    fn a_version_that_takes_another_ones_place_during_a_look_up_is_found() {
        static ARENAS: [StaticArena<4096>; 3] = [const { StaticArena::new() }; 3];
        let manager = manager(&ARENAS);
        let memory = RegistryMemory::<'_, Manager, 4, 16>::new();
        let exports = [Export::new("question", (&raw const *manager).cast())];
        let registry = memory.registry(ExportTable::new(&exports).unwrap()).unwrap();
        let objects = [Object::parse("answer.o", ANSWER).unwrap()];
        let mut scratch = [[Scratch::ZERO; 32]; 2];
        let [first, second] = &mut scratch;
        let request = LoadRequest::new(&objects, first).named("lib");
        let old = registry.load(request, manager).unwrap().publish();
        let request = LoadRequest::new(&objects, second).named("lib");
        let new = RefCell::new(Some(registry.replace(old, request, manager).unwrap()));

        let (reader, looks) = (registry.reader(), Cell::new(0));
        let found = reader.while_steady(
            || {
                looks.set(looks.get() + 1);
                let seen = |slot, entry: &Entry<'_>| {
                    let seen = registry.is_seen(slot, entry.line);
                    // Others are at work between one candidate and the next.
                    new.take().map(|new| new.publish());
                    seen
                };
                reader.search_binding(Name::from("answer"), |_| true, seen)
            },
            |(_, binding)| *binding != Binding::Weak,
        );
        let found = found.expect("found in neither version").0;
        assert_eq!((found.module, looks.get()), (registry.module("lib"), 2));
        assert_ne!(found.module, Some(old));
    }

    #[test]
    fn a_look_is_repeated_as_often_as_it_may_have_missed_something() {
        let memory = RegistryMemory::<'_, Manager, 1, 1>::new();
        let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
        let (reader, switches) = (registry.reader(), registry.switches);
        // What each look does to the count, and what it finds; what is found in all.
        for (start, looks, expected) in [
            (0, &[(0, None)][..], None),
            (0, &[(0, Some(7))], Some(7)),
            (0, &[(2, None), (0, Some(7))], Some(7)),
            (0, &[(1, None), (0, None), (0, Some(7))], Some(7)),
            (0, &[(2, None), (2, None), (0, None)], None),
            (1, &[(0, None), (0, Some(7))], Some(7)),
            (1, &[(0, None), (0, None)], None),
            (1, &[(1, None), (0, None), (0, None)], None),
        ] {
            switches.store(start, SeqCst);
            let at = Cell::new(0);
            let look = || {
                let (step, found) = looks[at.replace(at.get() + 1)];
                switches.fetch_add(step, SeqCst);
                found
            };
            assert_eq!(reader.while_steady(look, |_| true), expected, "{looks:?}");
            assert_eq!(at.get(), looks.len(), "{looks:?}");
        }
        // What is not sure is kept where the second look of two meets the change.
        switches.store(1, SeqCst);
        let looks = RefCell::new([None, Some(3)].to_vec());
        let look = || looks.borrow_mut().pop().unwrap();
        assert_eq!(reader.while_steady(look, |_| false), Some(3));
    }

    /// Two modules export a name, in namespaces of their own: one does before the other one does no
    /// more.
    #[cfg(feature = "x86_64")] // as the object is
    #[test]
    fn a_name_that_somebody_exports_at_any_moment_is_found() {
        static ARENAS: [StaticArena<4096>; 3] = [const { StaticArena::new() }; 3];
        let manager = manager(&ARENAS);
        let memory = RegistryMemory::<'_, Manager, 4, 16>::new();
        let exports = [Export::new("question", (&raw const *manager).cast())];
        let registry = memory.registry(ExportTable::new(&exports).unwrap()).unwrap();
        let objects = [Object::parse("answer.o", ANSWER).unwrap()];
        let mut scratch = [[Scratch::ZERO; 32]; 2];
        let [first, second] = &mut scratch;
        let request = LoadRequest::new(&objects, first).named("a").exporting_to("a");
        let old = registry.load(request, manager).unwrap().publish();
        let request = LoadRequest::new(&objects, second).named("b").exporting_to("b");
        let new = RefCell::new(Some(registry.load(request, manager).unwrap()));
        let left = RefCell::new(None);

        let reader = registry.reader();
        let found = reader.while_steady(
            || {
                let seen = |slot, entry: &Entry<'_>| {
                    let seen = registry.is_seen(slot, entry.line);
                    if let Some(new) = new.take() {
                        new.publish(); // from here on `b` exports it,
                        *left.borrow_mut() = Some(registry.unload(old).unwrap()); // until here `a`
                    }
                    seen
                };
                reader.search_binding(Name::from("answer"), |_| true, seen)
            },
            |(_, binding)| *binding != Binding::Weak,
        );
        let found = found.is_some();
        assert!(reader.lookup("answer").is_some());
        drop(reader);
        drop(left);
        assert!(found, "found in neither module");
    }
}
