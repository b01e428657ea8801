//! Many modules: named, linked against the kernel's exports and each other's, found by name and by
//! address, unloaded and replaced.
//!
//! | file | what it does |
//! | --- | --- |
//! | `memory` | the memory that the client sets aside: slots, nodes, ranges |
//! | `request` | what the client asks for, and what the metadata says of it |
//! | `load` | from a request to a module that is linked and ready |
//! | `links` | what an import resolves to: visibility, namespaces, interfaces |
//! | `checks` | what a registry has only one of: names, strong symbols |
//! | `order` | which modules to load, and which first |
//! | `prepared` | a module that is not yet seen by others, and how it comes to be |
//! | `unload` | modules that go, one by one or with all that needs them |
//! | `reader` | looking up names and addresses, without a lock |
//! | `index`, `ranges` | names and addresses to modules, changed under the readers' eyes |
//! | `readers`, `guarded` | how readers never wait, and what they look at stays |

mod checks;
mod entry;
mod error;
mod guarded;
mod index;
mod links;
mod load;
mod memory;
mod name;
mod order;
mod prepared;
mod ranges;
mod reader;
mod readers;
mod request;
mod unload;

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

use spin::Mutex;

use crate::exports::ExportTable;
use crate::hash::hash;
use crate::memory::MemoryManager;
pub use error::RegistryError;
use index::{Free, Head, Index, Key, NotEntered};
pub use memory::RegistryMemory;
use memory::{Slot, SlotState};
pub use name::{ModuleName, NAME_MAX};
pub use order::{Candidate, Cycles, DependencyCycle, LoadOrder, LoadStep, OrderError};
pub use prepared::PreparedModule;
use ranges::Ranges;
pub use reader::{FoundSymbol, Location, ModuleInfo, RegistryReader};
use readers::Readers;
pub use request::LoadRequest;
pub use unload::{LeavingModule, Teardown};

/// The place of the kernel among the slots.
const KERNEL: u32 = u32::MAX;
/// The record of a key that stands for the module itself.
const MODULE: u32 = u32::MAX;
/// The record of a key that stands for a module that another one needs.
const NEED: u32 = u32::MAX - 1;
/// A line of versions of which none can be seen.
const HIDDEN: u32 = u32::MAX;

/// Named modules, each linked against what the kernel and other modules export.
///
/// A shared reference does everything. What changes something takes a lock for its bookkeeping,
/// not for the loading itself, so that two harts can load at a time; it must not be called from
/// where it may have been interrupted. [`reader`](Self::reader) takes none: looking up names and
/// addresses never waits for a load, and works in an exception handler.
///
/// Readers are waited for by who loads a module, or replaces one; by who drops one that is
/// [prepared](PreparedModule), also where [`publish_with`](PreparedModule::publish_with) fails, or
/// [leaving](LeavingModule); and by who drops a [`Teardown`] that is not through. Nobody does that
/// who has a reader: it would wait for itself. All else may be called with one:
/// [`hold`](Self::hold), [`publish`](PreparedModule::publish), [`unload`](Self::unload) and
/// [`tear_down`](Self::tear_down), say.
///
/// The life of a module:
///
/// | step | what it does |
/// | --- | --- |
/// | [`load`](Self::load) | links and seals it: a [`PreparedModule`], whose initialisers the client runs |
/// | [`publish`](PreparedModule::publish) | its exports can be found, all at once |
/// | [`replace`](Self::replace) | the same for a new version, which takes the old one's place at once |
/// | [`unload`](Self::unload) | its exports are gone: a [`LeavingModule`], whose finalisers the client runs |
/// | [`finish`](LeavingModule::finish) | its memory is given back |
///
/// A prepared module that is dropped, because an initialiser failed, leaves no trace.
pub struct Registry<'r, 'o, M: MemoryManager> {
    taken: &'r AtomicBool,
    /// How many loads were begun.
    loads: &'r AtomicU64,
    /// How often there was a change of what is seen, times two; odd during one.
    switches: &'r AtomicUsize,
    slots: &'r [Slot<'o, M>],
    /// For each line of versions: 0 where there is none, the slot of the version that is seen plus
    /// one, or `HIDDEN`.
    lines: &'r [AtomicU32],
    index: Index<'r>,
    ranges: Ranges<'r>,
    readers: &'r Readers,
    /// The lock of who waits for readers, and of the ranges. It is taken before the other one.
    changing: &'r Mutex<()>,
    /// The lock of all else that is written. Nobody waits for readers who has it, so that readers
    /// may take it.
    free: &'r Mutex<Free>,
    kernel: ExportTable<'r>,
}

/// What names a module in a registry, and in no other one. Once the module has gone, it names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModuleId {
    /// Where the registry's memory is: an identity is one of that registry alone.
    registry: usize,
    slot: u32,
    generation: u64,
}

/// Keeps a module from being unloaded, as long as it lives.
#[derive(Debug)]
pub struct Hold<'g> {
    count: &'g AtomicU32,
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, SeqCst);
    }
}

impl<'r, 'o, M: MemoryManager> Registry<'r, 'o, M> {
    /// Looks at what is there. It never waits, and nothing that it finds goes away while it lives.
    /// Others wait for that: let go of it soon, and before you load a module or give one's memory back
    /// (see [`Registry`]).
    pub fn reader(&self) -> RegistryReader<'_, 'r, 'o, M> {
        RegistryReader { registry: self, reading: self.readers.enter() }
    }

    /// The module of this name that is seen now.
    pub fn module(&self, name: &str) -> Option<ModuleId> {
        self.reader().module(name).map(|module| module.id)
    }

    /// Keeps a module from being unloaded until the [`Hold`] is dropped.
    ///
    /// # Errors
    /// [`RegistryError::Gone`] and [`RegistryError::Busy`] where it goes or has gone, and
    /// [`RegistryError::TooManyHolds`].
    pub fn hold(&self, id: ModuleId) -> Result<Hold<'_>, RegistryError<'static>> {
        let _lock = self.free.lock();
        let slot = self.slot_of(id)?;
        if !matches!(slot.state(), SlotState::Live | SlotState::Replacing | SlotState::Retired) {
            return Err(RegistryError::Busy { name: self.name(id.slot) });
        }
        // Others let go without the lock meanwhile.
        let counted = slot.holds.fetch_update(SeqCst, SeqCst, |count| count.checked_add(1));
        match counted {
            Ok(_) => Ok(Hold { count: &slot.holds }),
            Err(_) => Err(RegistryError::TooManyHolds { module: self.name(id.slot) }),
        }
    }

    /// Versions that were replaced and that nobody needs or holds any more: to be unloaded.
    pub fn retired(&self) -> impl Iterator<Item = ModuleId> + '_ {
        self.numbered().filter_map(|(number, slot)| {
            // Read first: where another module has come meanwhile, it is not that one's.
            let id = self.id_in(number)?;
            (slot.state() == SlotState::Retired && !slot.is_in_use()).then_some(id)
        })
    }

    /// How many nodes are free: see [`RegistryMemory`].
    pub fn free_nodes(&self) -> usize {
        self.free.lock().count as usize
    }

    /// Enters what the kernel exports.
    fn enter_kernel(&self) -> Result<(), RegistryError<'static>> {
        let mut free = self.free.lock();
        let needed = self.kernel.entries().len();
        let full = RegistryError::TooManySymbols { needed, free: free.count as usize };
        let kernel = Head::new(0);
        for (record, export) in (0u32..).zip(self.kernel.entries()) {
            let hash = hash(export.name().as_bytes()) as u32;
            let key = Key { slot: KERNEL, record };
            self.index.enter(&mut free, &kernel, hash, key).map_err(|why| match why {
                NotEntered::Full => full,
                NotEntered::Collisions => RegistryError::HashCollisions {
                    symbol: ModuleName::shown(export.name().into()),
                },
            })?;
        }
        Ok(())
    }

    fn numbered(&self) -> impl Iterator<Item = (u32, &'r Slot<'o, M>)> + use<'r, 'o, M> {
        (0u32..).zip(self.slots)
    }

    fn slot(&self, number: u32) -> Option<&'r Slot<'o, M>> {
        self.slots.get(number as usize)
    }

    /// What names the module in a slot.
    fn id_in(&self, number: u32) -> Option<ModuleId> {
        let generation = self.slot(number)?.generation.load(SeqCst);
        Some(ModuleId { registry: self.address(), slot: number, generation })
    }

    /// What no other registry has that is there at the same time.
    fn address(&self) -> usize {
        core::ptr::from_ref(self.taken).addr()
    }

    /// The slot that an identity speaks of, unless that module has gone.
    fn slot_of(&self, id: ModuleId) -> Result<&'r Slot<'o, M>, RegistryError<'static>> {
        let slot = self.slot(id.slot).ok_or(RegistryError::Gone)?;
        let same = self.address() == id.registry && slot.generation.load(SeqCst) == id.generation;
        if same && slot.state() != SlotState::Free { Ok(slot) } else { Err(RegistryError::Gone) }
    }

    /// The name of the module in a slot, for a message; under the lock.
    fn name(&self, slot: u32) -> ModuleName {
        self.slot(slot).map_or(ModuleName::EMPTY, |slot| slot.about.lock().name)
    }

    /// The slots of a module: more than one for a group.
    fn parts_of(&self, main: u32) -> impl Iterator<Item = (u32, &'r Slot<'o, M>)> + use<'r, 'o, M> {
        self.numbered().skip(main as usize).filter(move |(_, slot)| {
            slot.state() != SlotState::Free && slot.main.load(SeqCst) == main
        })
    }

    /// Whether a module's exports can be found.
    fn is_seen(&self, slot: u32, line: u32) -> bool {
        let current = self.lines.get(line as usize).map(|line| line.load(SeqCst));
        current == slot.checked_add(1)
    }

    /// Says which version of a line is seen; under the lock. Readers who passed one by before that
    /// look again.
    fn set_line(&self, line: u32, value: u32) {
        if let Some(line) = self.lines.get(line as usize) {
            self.switches.fetch_add(1, SeqCst);
            line.store(value, SeqCst);
            self.switches.fetch_add(1, SeqCst);
        }
    }

    /// Says that one module needs another, once; under the lock. `None` where no node was left.
    fn need(&self, free: &mut Free, module: u32, needed: u32) -> Option<()> {
        let (from, to) = (self.slot(module)?, self.slot(needed)?);
        if !self.needs(from, needed) {
            let key = Key { slot: needed, record: NEED };
            self.index.push(free, (&from.needs, &from.nodes), 0, key)?;
            to.dependents.fetch_add(1, SeqCst); // no more than there are nodes
        }
        Some(())
    }

    fn needs(&self, slot: &'r Slot<'o, M>, needed: u32) -> bool {
        self.index.keys(&slot.needs).any(|key| key.slot == needed)
    }
}

/// Everything that a registry knows: two that print the same are in the same state, bit for bit,
/// but for how many loads there were.
impl<M: MemoryManager> fmt::Debug for Registry<'_, '_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry")
            .field("slots", &self.slots)
            .field("lines", &self.lines)
            .field("index", &self.index)
            .field("ranges", &self.ranges)
            .field("free", &*self.free.lock())
            .finish_non_exhaustive()
    }
}

impl<M: MemoryManager> Drop for Registry<'_, '_, M> {
    fn drop(&mut self) {
        // Nobody reads or holds by now; but somebody may have forgotten to stop doing so.
        self.readers.forget();
        // In no order: the client has let go of all of them.
        for (number, slot) in self.numbered() {
            slot.holds.store(0, SeqCst);
            if slot.state() != SlotState::Free {
                self.remove(number);
            }
        }
        self.taken.store(false, SeqCst);
    }
}
