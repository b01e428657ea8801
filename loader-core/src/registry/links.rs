//! What an import resolves to: visibility, namespaces, interfaces.

use crate::address::TargetAddress;
use crate::memory::MemoryManager;
use crate::metadata::{Interface, Metadata, Version, interfaces_of};
use crate::module::Module;
use crate::name::Name;
use crate::plan::Plan;
use crate::registry::index::Free;
use crate::registry::memory::SlotState;
use crate::registry::request::Parts;
use crate::registry::{FoundSymbol, ModuleName, Registry, RegistryError, RegistryReader};
use crate::resolver::Resolver;

/// How one module sees the others.
#[derive(Clone, Copy)]
pub(super) struct Links<'l, 'r, 'o, M: MemoryManager> {
    pub(super) registry: &'l Registry<'r, 'o, M>,
    /// The module's own slot.
    pub(super) slot: u32,
    /// The namespaces that it is granted.
    pub(super) grants: &'l [&'l str],
}

/// How many interfaces may be other than those that others have without anybody importing the symbol.
/// Whether it is imported takes a look at every symbol; so few are as good as always none.
const CONTRADICTIONS: usize = 64;

impl<'o, M: MemoryManager> Links<'_, '_, 'o, M> {
    /// Enters what a module needs; under the lock.
    pub(super) fn need_all<'x>(
        &self,
        free: &mut Free,
        parts: &Parts<'_, 'x>,
        plan: &Plan<'x, '_>,
    ) -> Result<(), RegistryError<'x>> {
        for part in parts.each() {
            let name = part.about()?.name;
            self.need_named(free, (name, parts.len()), &part.metadata()?)?;
        }
        self.need_imported(free, plan)
    }

    /// Enters the modules that the metadata names as needed.
    fn need_named<'x>(
        &self,
        free: &mut Free,
        (module, parts): (ModuleName, usize),
        metadata: &Metadata<'_, 'x>,
    ) -> Result<(), RegistryError<'x>> {
        let reader = self.registry.reader();
        for dependency in metadata.dependencies() {
            let (needs, versions) = (dependency.name, dependency.versions);
            let own = self.own_version(needs, parts);
            let other = if own.is_none() { reader.module(needs) } else { None };
            let Some(found) = own.or(other.map(|other| other.version)) else {
                return Err(RegistryError::MissingDependency { module, needs, versions });
            };
            if !versions.contains(found) {
                return Err(RegistryError::WrongVersion { module, needs, versions, found });
            }
            if let Some(other) = other {
                self.need(free, other.id.slot)?;
            }
        }
        Ok(())
    }

    /// Enters the modules that define what a plan imports, if this module may see them; under the
    /// lock, so that no version takes another one's place meanwhile.
    fn need_imported<'x>(
        &self,
        free: &mut Free,
        plan: &Plan<'x, '_>,
    ) -> Result<(), RegistryError<'x>> {
        let reader = self.registry.reader();
        for import in plan.imports().filter(|import| !import.thread_local) {
            let seen =
                |slot, entry: &super::entry::Entry<'_>| self.registry.is_seen(slot, entry.line);
            let granted = reader.search(import.name, |space| self.is_granted(space), seen);
            let Some(found) = granted else {
                // What is missing is for `resolve` to say, which knows who needs it.
                match reader.search(import.name, |_| true, seen) {
                    Some(found) if !import.weak => {
                        let namespace = ModuleName::new(found.namespace);
                        return Err(RegistryError::NotGranted {
                            symbol: import.name,
                            namespace: namespace.unwrap_or(ModuleName::EMPTY),
                        });
                    }
                    _ => continue,
                }
            };
            if let Some(module) = found.module {
                self.need(free, module.slot)?;
            }
        }
        Ok(())
    }

    /// Refuses a module that was compiled for another interface of what it imports, or whose
    /// objects do not agree on one that it exports.
    pub(super) fn check_interfaces<'x>(
        &self,
        module: &Module<'x, '_, M>,
        parts: &Parts<'_, 'x>,
    ) -> Result<(), RegistryError<'x>> {
        let reader = self.registry.reader();
        let table = module.table();
        let mut passed_over = 0usize;
        for interface in parts.objects.iter().flat_map(interfaces_of) {
            let Interface { symbol, hash } = interface;
            let own = table.and_then(|table| table.get(symbol));
            let other = if own.is_none() { self.resolved(&reader, symbol) } else { None };
            let found = match (&own, &other) {
                (Some(own), _) => own.interface,
                (None, Some(other)) => other.interface,
                (None, None) => continue,
            };
            if found == Some(hash) {
                continue;
            }
            if own.is_none() && passed_over < CONTRADICTIONS && !imports(module, symbol) {
                passed_over = passed_over.saturating_add(1);
                continue;
            }
            let by = match (&own, &other) {
                (Some(own), _) => parts.name_of_object(own.object),
                (None, other) => {
                    let name = other.and_then(|other| ModuleName::new(other.module_name));
                    name.unwrap_or(ModuleName::EMPTY)
                }
            };
            return Err(RegistryError::Interface { symbol, expected: hash, found, by });
        }
        Ok(())
    }

    fn need(&self, free: &mut Free, needed: u32) -> Result<(), RegistryError<'static>> {
        let busy = self.registry.slot(needed).map(|slot| slot.state());
        if !matches!(busy, Some(SlotState::Live | SlotState::Replacing)) {
            return Err(RegistryError::Busy { name: self.registry.name(needed) });
        }
        let full = RegistryError::TooManySymbols { needed: 1, free: 0 };
        self.registry.need(free, self.slot, needed).ok_or(full)
    }

    /// The version of a module that is a part of this one; under the lock.
    fn own_version(&self, name: &str, parts: usize) -> Option<Version> {
        let mut own =
            self.registry.parts_of(self.slot).take(parts).map(|(_, slot)| *slot.about.lock());
        own.find(|part| part.name.as_str() == name).map(|part| part.version)
    }

    fn is_granted(&self, namespace: &str) -> bool {
        namespace.is_empty() || self.grants.contains(&namespace)
    }

    /// The symbol in the modules that this one needs, which stay as long as it does: whoever else
    /// comes or goes meanwhile.
    pub(super) fn resolved<'g>(
        &self,
        reader: &'g RegistryReader<'_, '_, 'o, M>,
        name: Name<'_>,
    ) -> Option<FoundSymbol<'g>> {
        let slot = self.registry.slot(self.slot)?;
        reader.search(
            name,
            |space| self.is_granted(space),
            |number, _| self.registry.needs(slot, number),
        )
    }
}

impl<M: MemoryManager> Resolver for Links<'_, '_, '_, M> {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        let reader = self.registry.reader();
        self.resolved(&reader, name).map(|found| found.address)
    }
}

/// Whether a module imports a symbol from others.
fn imports<M: MemoryManager>(module: &Module<'_, '_, M>, symbol: Name<'_>) -> bool {
    module.plan.imports().any(|import| import.name == symbol && !import.thread_local)
}
