//! Modules that go: one by one, or with all that needs them.

use core::sync::atomic::Ordering::SeqCst;

use crate::address::TargetAddress;
use crate::memory::MemoryManager;
use crate::module::ResidentModule;
use crate::registry::memory::{About, Slot, SlotState};
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
/// other one needs. What is left when it is dropped goes without its finalisers; readers are waited
/// for then.
#[derive(Debug)]
pub struct Teardown<'g, 'r, 'o, M: MemoryManager> {
    registry: &'g Registry<'r, 'o, M>,
    /// The last one to go; `None` once it has been given out, as another module may have its slot.
    root: Option<u32>,
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
            let by = by.unwrap_or(ModuleName::EMPTY); // there is one for each that is counted
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
        self.check_may_go(id.slot)?; // so no other teardown has its mark
        if let Err(error) = self.doom(id) {
            self.doomed(id.slot).for_each(|(_, slot)| slot.doomed_with.store(0, SeqCst));
            return Err(error);
        }
        for (number, slot) in self.doomed(id.slot) {
            slot.set_state(SlotState::Leaving);
            self.unsee(number);
        }
        Ok(Teardown { registry: self, root: Some(id.slot) })
    }

    /// Marks a module and all that needs it, if they may go, in the order in which they were
    /// loaded: each needs earlier ones alone.
    fn doom(&self, root: ModuleId) -> Result<(), RegistryError<'static>> {
        let mark = root.slot.saturating_add(1);
        let is_doomed =
            |number| self.slot(number).is_some_and(|slot| slot.doomed_with.load(SeqCst) == mark);
        let mut next = self.slot(root.slot).map(|slot| (root.generation, root.slot, slot));
        while let Some((generation, number, slot)) = next {
            if number == root.slot || self.index.keys(&slot.needs).any(|key| is_doomed(key.slot)) {
                self.check_may_go(number)?;
                slot.doomed_with.store(mark, SeqCst);
            }
            let loaded = self.numbered().filter(|(number, slot)| {
                slot.state() != SlotState::Free && slot.main.load(SeqCst) == *number
            });
            let loaded = loaded.map(|(number, slot)| (slot.generation.load(SeqCst), number, slot));
            next =
                loaded.filter(|(later, ..)| *later > generation).min_by_key(|(later, ..)| *later);
        }
        Ok(())
    }

    fn doomed(&self, root: u32) -> impl Iterator<Item = (u32, &'r Slot<'o, M>)> + use<'r, 'o, M> {
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
            self.unsee(number);
            module = slot.module.lock().take();
        }
        LeavingModule { registry: self, slot: number, module }
    }

    /// Lets nobody find a module's exports any more; under the lock.
    fn unsee(&self, number: u32) {
        let line = self.slot(number).map_or(u32::MAX, |slot| slot.line.load(SeqCst));
        if self.is_seen(number, line) {
            self.set_line(line, HIDDEN);
        }
    }

    /// Takes a module out of everything that readers look at, and frees its slots. Its memory is
    /// given back last.
    pub(super) fn remove(&self, number: u32) {
        let Some(main) = self.slot(number) else { return };
        let changing = self.changing.lock();
        // Readers come to all of a module by its entry, so there is none of one that has none.
        let known = main.entry.is_present();
        if known {
            self.readers.wait(); // for `Ranges::remove`
        }
        self.hide(number, main, known);
        if known {
            self.readers.wait();
        }
        let module = {
            let mut free = self.free.lock();
            let line = main.line.load(SeqCst);
            for (_, slot) in self.parts_of(number) {
                // SAFETY: `hide` hid it, and those who read then have been waited for.
                unsafe { slot.entry.clear() };
                for field in [&slot.line, &slot.main, &slot.doomed_with] {
                    field.store(0, SeqCst);
                }
                *slot.about.lock() = About::NOTHING;
                slot.set_state(SlotState::Free);
            }
            self.index.release_all(&mut free, &main.nodes);
            let mut others = self.numbered().filter(|(_, slot)| slot.state() != SlotState::Free);
            if others.all(|(_, slot)| slot.line.load(SeqCst) != line) {
                self.set_line(line, 0);
            }
            main.module.lock().take()
        };
        drop(changing);
        drop(module);
    }

    /// Lets no further reader find anything of a module.
    fn hide(&self, number: u32, main: &'r Slot<'o, M>, known: bool) {
        let _lock = self.free.lock();
        self.unsee(number);
        for key in self.index.keys(&main.needs) {
            if let Some(needed) = self.slot(key.slot) {
                needed.dependents.fetch_sub(1, SeqCst);
            }
        }
        self.index.unlink_all(&main.nodes, &main.needs);
        self.parts_of(number).for_each(|(_, slot)| slot.entry.hide());
        if known {
            self.ranges.remove(number);
        }
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
        let _lock = self.registry.free.lock();
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
        let (registry, root) = (self.registry, self.root?);
        let _lock = registry.free.lock();
        let mut doomed = registry.doomed(root);
        let (number, _) = doomed.find(|(_, slot)| slot.dependents.load(SeqCst) == 0)?;
        if number == root {
            self.root = None;
        }
        Some(registry.leave(number))
    }
}

impl<M: MemoryManager> Drop for Teardown<'_, '_, '_, M> {
    fn drop(&mut self) {
        while let Some(module) = self.next() {
            module.finish();
        }
    }
}
