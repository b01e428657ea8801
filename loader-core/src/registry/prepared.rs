//! A module that is linked and ready, and not yet seen by others.

use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::ptr;
use core::sync::atomic::Ordering::SeqCst;

use crate::address::TargetAddress;
use crate::memory::MemoryManager;
use crate::module::Module;
use crate::name::Name;
use crate::object::Object;
use crate::registry::links::Links;
use crate::registry::memory::SlotState;
use crate::registry::{FoundSymbol, ModuleId, Registry, RegistryReader};
use crate::resolve_indirect::Resolution;
use crate::table::SymbolTable;

/// A place in a registry for a module that is being loaded; dropping it makes it free again.
#[derive(Debug)]
pub(super) struct Claim<'g, 'r, 'o, 's, M: MemoryManager> {
    pub(super) registry: &'g Registry<'r, 'o, M>,
    pub(super) slot: u32,
    /// The version to be replaced: in state `Replacing`, which keeps it from going.
    pub(super) replaces: Option<ModuleId>,
    /// The namespaces that it is granted.
    pub(super) grants: &'s [&'s str],
}

impl<'r, 'o, M: MemoryManager> Claim<'_, 'r, 'o, '_, M> {
    /// How the module sees the others.
    pub(super) const fn links(&self) -> Links<'_, 'r, 'o, M> {
        Links { registry: self.registry, slot: self.slot, grants: self.grants }
    }

    /// The symbols of the version to be replaced.
    fn old_symbols(&self) -> Option<SymbolTable<'_>> {
        let slot = self.registry.slot(self.replaces?.slot)?;
        let entry = *slot.entry.get(&self.registry.readers.enter())?;
        // SAFETY: `unload` and `tear_down` refuse a module that is being replaced, which this one
        // is until this claim is dropped or published; and the registry is borrowed as long.
        unsafe { entry.table_for() }
    }
}

impl<M: MemoryManager> Drop for Claim<'_, '_, '_, '_, M> {
    fn drop(&mut self) {
        self.registry.remove(self.slot);
        if let Some(old) = self.replaces.and_then(|old| self.registry.slot_of(old).ok()) {
            old.set_state(SlotState::Live);
        }
    }
}

/// A module that is linked and sealed, and whose exports nobody finds yet; backtraces find it.
///
/// It gives out addresses as a [`Module`] does, so that the client can run its
/// [`initialisers`](Module::initialisers), and its [`resolutions`](Module::resolutions) before. If
/// one fails, the client drops it: all memory is given back, and no trace is left.
#[derive(Debug)]
pub struct PreparedModule<'g, 'r, 'o, 'x, 's, M: MemoryManager> {
    // Dropped in this order: readers have left the module's memory before it is given back.
    pub(super) claim: Claim<'g, 'r, 'o, 's, M>,
    pub(super) module: Module<'x, 's, M>,
    pub(super) lent: Option<Object<'o>>,
}

impl<'r, 'o, 'x, 's, M: MemoryManager> PreparedModule<'_, 'r, 'o, 'x, 's, M> {
    /// Puts what a resolver returned where it belongs: [`Module::set_resolved`].
    pub fn set_resolved(&mut self, resolution: &Resolution<'_>, address: TargetAddress) {
        self.module.set_resolved(resolution, address);
    }

    /// Who defines a symbol that this module imports: what [`load`](Registry::load) linked it to.
    /// `None` where nobody does, and for a reader of another registry.
    pub fn resolved<'l>(
        &self,
        reader: &'l RegistryReader<'_, 'r, 'o, M>,
        name: Name<'_>,
    ) -> Option<FoundSymbol<'l>> {
        let same = ptr::eq(reader.registry, self.claim.registry);
        if same { self.claim.links().resolved(reader, name) } else { None }
    }

    /// The version that this one will replace.
    pub const fn replaces(&self) -> Option<ModuleId> {
        self.claim.replaces
    }

    /// Lets others find the module's exports, all at once; of a module that [`replaces`] another
    /// one, in the same moment in which the old version's are found no more.
    ///
    /// [`replaces`]: Self::replaces
    pub fn publish(self) -> ModuleId {
        let Self { claim, module, lent } = self;
        let claim = ManuallyDrop::new(claim);
        let (registry, number) = (claim.registry, claim.slot);
        let _lock = registry.free.lock();
        for (_, slot) in registry.parts_of(number) {
            slot.set_state(SlotState::Live);
        }
        let mut id = ModuleId { registry: registry.address(), slot: number, generation: 0 };
        if let Some(slot) = registry.slot(number) {
            id.generation = slot.generation.load(SeqCst);
            *slot.module.lock() = Some(module.detach_with(lent));
            let old = claim.replaces.and_then(|old| registry.slot_of(old).ok());
            registry.set_line(slot.line.load(SeqCst), number.saturating_add(1));
            if let Some(old) = old {
                old.set_state(SlotState::Retired);
            }
        }
        id
    }

    /// Calls `carry` to carry state over from the old version to this one, before anybody finds
    /// this one, and publishes it; where that fails, this version goes and the old one stays. The
    /// old version's symbols are those that it keeps. As readers are waited for where it fails, it
    /// is not to be called by who has one.
    ///
    /// # Errors
    /// What `carry` returns.
    pub fn publish_with<E>(
        self,
        carry: impl FnOnce(Option<SymbolTable<'_>>, &Module<'x, 's, M>) -> Result<(), E>,
    ) -> Result<ModuleId, E> {
        carry(self.claim.old_symbols(), &self.module)?;
        Ok(self.publish())
    }
}

impl<'x, 's, M: MemoryManager> Deref for PreparedModule<'_, '_, '_, 'x, 's, M> {
    type Target = Module<'x, 's, M>;

    fn deref(&self) -> &Self::Target {
        &self.module
    }
}
