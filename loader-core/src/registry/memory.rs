//! The memory of a registry, set aside by the client: how many modules and symbols it can hold.

use core::fmt;
use core::sync::atomic::{
    AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst,
};

use spin::Mutex;

use crate::exports::ExportTable;
use crate::memory::MemoryManager;
use crate::metadata::Version;
use crate::module::ResidentModule;
use crate::registry::entry::Entry;
use crate::registry::guarded::Guarded;
use crate::registry::index::{Free, Head, Index, Node};
use crate::registry::ranges::{Current, Range, Ranges};
use crate::registry::readers::Readers;
use crate::registry::{ModuleName, Registry, RegistryError};

/// Ranges of addresses that there are for each module: its segments, and two files.
const RANGES: usize = 5;

/// Room for a [`Registry`] of up to `MODULES` modules; each version of a module that is in memory
/// counts. `NODES` is how many exported symbols there can be, those of the kernel included, plus
/// one for each module, and one for each module that another one needs.
///
/// For all modules together, there is room for five times `MODULES` ranges of addresses, 48 bytes
/// each. A module takes one for each of its segments, and one for each object with sections that
/// [stay in its file](crate::PlanOptions::in_place).
///
/// ```
/// use loader_core::{ArenaMemoryManager, ExportTable, RegistryMemory, UnprotectedPlatform};
///
/// type Manager = &'static ArenaMemoryManager<UnprotectedPlatform>;
/// static MEMORY: RegistryMemory<'static, Manager, 16, 1024> = RegistryMemory::new();
///
/// let exports = ExportTable::new(&[]).unwrap();
/// let registry = MEMORY.registry(exports).unwrap();
/// assert!(MEMORY.registry(exports).is_err(), "it is in use");
/// assert_eq!(registry.reader().modules().count(), 0);
/// ```
pub struct RegistryMemory<'o, M: MemoryManager, const MODULES: usize, const NODES: usize> {
    taken: AtomicBool,
    loads: AtomicU64,
    switches: AtomicUsize,
    slots: [Slot<'o, M>; MODULES],
    lines: [AtomicU32; MODULES],
    nodes: [Node; NODES],
    buckets: [Head; NODES],
    ranges: [[[Range; RANGES]; MODULES]; 2],
    current: Current,
    readers: Readers,
    changing: Mutex<()>,
    free: Mutex<Free>,
}

impl<M: MemoryManager> fmt::Debug for Slot<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("state", &self.state())
            .field("about", &*self.about.lock())
            .field("dependents", &self.dependents)
            .field("holds", &self.holds)
            .field("needs", &self.needs)
            .field("nodes", &self.nodes)
            .field("line", &self.line)
            .field("main", &self.main)
            .field("doomed_with", &self.doomed_with)
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// What a slot holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum SlotState {
    /// Nothing.
    Free = 0,
    /// A module that is being loaded.
    Loading = 1,
    /// A module whose exports can be found.
    Live = 2,
    /// The same, while a new version of it is being loaded.
    Replacing = 3,
    /// A version that was replaced, and is still in use.
    Retired = 4,
    /// A module whose exports have gone, and whose memory goes next.
    Leaving = 5,
}

/// What a module is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About {
    pub(crate) name: ModuleName,
    pub(crate) version: Version,
}

impl About {
    pub(crate) const NOTHING: Self =
        Self { name: ModuleName::EMPTY, version: Version::new(0, 0, 0) };
}

/// The place of one module.
pub(crate) struct Slot<'o, M: MemoryManager> {
    pub(crate) entry: Guarded<Entry<'o>>,
    state: AtomicU8,
    /// What the module is called, from the beginning of its load.
    pub(crate) about: Mutex<About>,
    /// Which load of all it is: a module has a greater number than all that it needs, and nobody
    /// has it again.
    pub(crate) generation: AtomicU64,
    /// How many modules need this one.
    pub(crate) dependents: AtomicU32,
    /// How often the client holds it.
    pub(crate) holds: AtomicU32,
    /// The modules that this one needs.
    pub(crate) needs: Head,
    /// All its nodes.
    pub(crate) nodes: Head,
    /// The line of versions that it belongs to.
    pub(crate) line: AtomicU32,
    /// Its own number, or that of the slot with the memory of its group.
    pub(crate) main: AtomicU32,
    /// The module whose going takes this one with it, plus one.
    pub(crate) doomed_with: AtomicU32,
    /// Its memory, once it is live.
    pub(crate) module: Mutex<Option<ResidentModule<'o, M>>>,
}

impl<M: MemoryManager> Slot<'_, M> {
    const fn empty() -> Self {
        Self {
            entry: Guarded::empty(),
            state: AtomicU8::new(SlotState::Free as u8),
            about: Mutex::new(About::NOTHING),
            generation: AtomicU64::new(0),
            dependents: AtomicU32::new(0),
            holds: AtomicU32::new(0),
            needs: Head::new(0),
            nodes: Head::new(0),
            line: AtomicU32::new(0),
            main: AtomicU32::new(0),
            doomed_with: AtomicU32::new(0),
            module: Mutex::new(None),
        }
    }

    pub(crate) fn state(&self) -> SlotState {
        match self.state.load(SeqCst) {
            1 => SlotState::Loading,
            2 => SlotState::Live,
            3 => SlotState::Replacing,
            4 => SlotState::Retired,
            5 => SlotState::Leaving,
            _ => SlotState::Free,
        }
    }

    pub(crate) fn set_state(&self, state: SlotState) {
        self.state.store(state as u8, SeqCst);
    }

    /// Whether anybody counts on the module.
    pub(crate) fn is_in_use(&self) -> bool {
        self.dependents.load(SeqCst) != 0 || self.holds.load(SeqCst) != 0
    }
}

impl<'o, M: MemoryManager, const MODULES: usize, const NODES: usize>
    RegistryMemory<'o, M, MODULES, NODES>
{
    /// Room that is not in use.
    #[expect(clippy::new_without_default, reason = "made as a static for the most part")]
    pub const fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            loads: AtomicU64::new(0),
            switches: AtomicUsize::new(0),
            slots: [const { Slot::empty() }; MODULES],
            lines: [const { AtomicU32::new(0) }; MODULES],
            nodes: [const { Node::empty() }; NODES],
            buckets: [const { Head::new(0) }; NODES],
            ranges: [const { [const { [const { Range::empty() }; RANGES] }; MODULES] }; 2],
            current: Current::new(),
            readers: Readers::new(),
            changing: Mutex::new(()),
            free: Mutex::new(Free::NONE),
        }
    }

    /// A registry in this memory, for modules that see these exports of the kernel.
    ///
    /// # Errors
    /// [`RegistryError::MemoryInUse`] where there is a registry in this memory already, and
    /// [`RegistryError::TooManySymbols`] where it has no room for the exports, or
    /// [`RegistryError::HashCollisions`].
    pub fn registry<'r>(
        &'r self,
        kernel: ExportTable<'r>,
    ) -> Result<Registry<'r, 'o, M>, RegistryError<'static>> {
        if self.taken.swap(true, SeqCst) {
            return Err(RegistryError::MemoryInUse);
        }
        let (index, free) = Index::new(&self.nodes, &self.buckets, MODULES);
        *self.free.lock() = free;
        let [even, odd] = &self.ranges;
        let registry = Registry {
            taken: &self.taken,
            loads: &self.loads,
            switches: &self.switches,
            slots: &self.slots,
            lines: &self.lines,
            index,
            ranges: Ranges {
                lists: [even.as_flattened(), odd.as_flattened()],
                current: &self.current,
            },
            readers: &self.readers,
            changing: &self.changing,
            free: &self.free,
            kernel,
        };
        registry.enter_kernel()?;
        Ok(registry)
    }
}
