//! Modules that go: one by one, or with all that needs them.

use core::sync::atomic::Ordering::SeqCst;

use crate::address::TargetAddress;
use crate::memory::MemoryManager;
use crate::module::ResidentModule;
use crate::registry::memory::SlotState;
use crate::registry::{HIDDEN, ModuleId, ModuleName, Registry, RegistryError};

/// A module whose exports nobody finds any more. The client runs its finalisers, and drops it:
/// its memory is given back then.
#[derive(Debug)]
pub struct LeavingModule<'g, 'r, 'o, M: MemoryManager> {
    registry: &'g Registry<'r, 'o, M>,
    slot: u32,
    /// Given back when readers have left it.
    module: Option<ResidentModule<'o, M>>,
}

/// A module that goes with all that needs it: a [`LeavingModule`] at a time, those first that no
/// other one needs. What is left when it is dropped goes without its finalisers.
#[derive(Debug)]
pub struct Teardown<'g, 'r, 'o, M: MemoryManager> {
    registry: &'g Registry<'r, 'o, M>,
    root: u32,
}

impl<'r, 'o, M: MemoryManager> Registry<'r, 'o, M> {
    /// Hides a module's exports, all at once, for it to be unloaded.
    ///
    /// # Errors
    /// [`RegistryError::Needed`], which names a module that needs it; [`RegistryError::Held`];
    /// [`RegistryError::Busy`] while it is being replaced; [`RegistryError::Gone`]. Nothing has
    /// changed then.
    pub fn unload(
        &self,
        id: ModuleId,
    ) -> Result<LeavingModule<'_, 'r, 'o, M>, RegistryError<'static>> {
        let _lock = self.free.lock();
        let slot = self.slot_of(id)?;
        self.check_may_go(id.slot)?;
        let count = slot.dependents.load(SeqCst);
        if count != 0 {
            let by = self.dependents(id.slot).next().map(|number| self.name(number));
            let by = by.unwrap_or(ModuleName::shown("a module that is being loaded".into()));
            return Err(RegistryError::Needed { module: self.name(id.slot), by, count });
        }
        Ok(self.leave(id.slot))
    }

    /// Hides the exports of a module and of all that needs it, however far away, for all to be
    /// unloaded in order.
    ///
    /// # Errors
    /// [`RegistryError::Held`] and [`RegistryError::Busy`] for any of them, and
    /// [`RegistryError::Gone`]. Nothing has changed then.
    pub fn tear_down(
        &self,
        id: ModuleId,
    ) -> Result<Teardown<'_, 'r, 'o, M>, RegistryError<'static>> {
        let _lock = self.free.lock();
        self.slot_of(id)?;
        self.doom(id.slot);
        for (number, _) in self.doomed(id.slot) {
            if let Err(error) = self.check_may_go(number) {
                self.doomed(id.slot).for_each(|(_, slot)| slot.doomed_with.store(0, SeqCst));
                return Err(error);
            }
        }
        for (number, slot) in self.doomed(id.slot) {
            slot.set_state(SlotState::Leaving);
            let line = slot.line.load(SeqCst);
            if self.is_seen(number, line) {
                self.set_line(line, HIDDEN);
            }
        }
        Ok(Teardown { registry: self, root: id.slot })
    }

    /// Marks a module and all that needs it.
    fn doom(&self, root: u32) {
        let mark = root.saturating_add(1);
        if let Some(slot) = self.slot(root) {
            slot.doomed_with.store(mark, SeqCst);
        }
        loop {
            let more = self.numbered().filter(|(_, slot)| {
                let doomed = |number| {
                    self.slot(number).is_some_and(|slot| slot.doomed_with.load(SeqCst) == mark)
                };
                slot.doomed_with.load(SeqCst) != mark
                    && self.index.keys(&slot.needs).any(|key| doomed(key.slot))
            });
            let mut changed = false;
            for (_, slot) in more {
                slot.doomed_with.store(mark, SeqCst);
                changed = true;
            }
            if !changed {
                return;
            }
        }
    }

    fn doomed(
        &self,
        root: u32,
    ) -> impl Iterator<Item = (u32, &'r super::memory::Slot<'o, M>)> + use<'r, 'o, M> {
        let mark = root.saturating_add(1);
        self.numbered().filter(move |(_, slot)| slot.doomed_with.load(SeqCst) == mark)
    }

    /// The modules that need one.
    fn dependents(&self, needed: u32) -> impl Iterator<Item = u32> + '_ {
        self.numbered().filter(move |(_, slot)| self.needs(slot, needed)).map(|(number, _)| number)
    }

    fn check_may_go(&self, number: u32) -> Result<(), RegistryError<'static>> {
        let slot = self.slot(number).ok_or(RegistryError::Gone)?;
        if !matches!(slot.state(), SlotState::Live | SlotState::Retired) {
            return Err(RegistryError::Busy { name: self.name(number) });
        }
        match slot.holds.load(SeqCst) {
            0 => Ok(()),
            count => Err(RegistryError::Held { module: self.name(number), count }),
        }
    }

    fn leave(&self, number: u32) -> LeavingModule<'_, 'r, 'o, M> {
        let mut module = None;
        if let Some(slot) = self.slot(number) {
            slot.set_state(SlotState::Leaving);
            let line = slot.line.load(SeqCst);
            if self.is_seen(number, line) {
                self.set_line(line, HIDDEN);
            }
            module = slot.module.lock().take();
        }
        LeavingModule { registry: self, slot: number, module }
    }
}

impl<'o, M: MemoryManager> LeavingModule<'_, '_, 'o, M> {
    /// The functions to call before the module's memory goes, in this order.
    pub fn finalisers(&self) -> impl Iterator<Item = TargetAddress> + '_ {
        let table = self.module.as_ref().and_then(ResidentModule::table);
        table.into_iter().flat_map(|table| table.finalisers())
    }

    /// Its name.
    pub fn name(&self) -> ModuleName {
        self.registry.name(self.slot)
    }

    /// What is left of the module.
    pub const fn module(&self) -> Option<&ResidentModule<'o, M>> {
        self.module.as_ref()
    }

    /// Gives its memory back: what dropping does, by name. The client has run its finalisers and
    /// calls nothing in it any more.
    pub fn finish(self) {}
}

impl<M: MemoryManager> Drop for LeavingModule<'_, '_, '_, M> {
    fn drop(&mut self) {
        self.registry.remove(self.slot);
    }
}

impl<'r, 'o, M: MemoryManager> Teardown<'_, 'r, 'o, M> {
    /// The next module that no other one needs; `None` when all are gone.
    #[expect(clippy::should_implement_trait, reason = "what it returns goes before the next comes")]
    pub fn next(&mut self) -> Option<LeavingModule<'_, 'r, 'o, M>> {
        let registry = self.registry;
        let _lock = registry.free.lock();
        let idle = registry.doomed(self.root).find(|(_, slot)| slot.dependents.load(SeqCst) == 0);
        idle.map(|(number, _)| registry.leave(number))
    }
}

impl<M: MemoryManager> Drop for Teardown<'_, '_, '_, M> {
    fn drop(&mut self) {
        while let Some(module) = self.next() {
            module.finish();
        }
    }
}
