//! The image's memory: its own heap, the arenas for modules, and the job's window.

use alloc::boxed::Box;
use core::ptr::NonNull;
use core::slice;

use linked_list_allocator::LockedHeap;
use loader_core::{Arena, ArenaMemoryManager, MemoryError, Platform, SegmentKind};
use qemu_protocol::ArenaUse;
use spin::{Mutex, Once};
use target_common::{Access, Away, Region};

use crate::target;

/// The image's own heap; modules and the core never see it.
#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

/// The manager of the arenas that the linker script reserves.
pub type Manager = ArenaMemoryManager<Pages>;

/// The machine's page permissions and caches, for the manager.
#[derive(Debug)]
pub struct Pages;

/// Gives the image its heap; called once, before anything allocates.
pub fn start_heap() {
    let heap = target::regions().heap;
    // SAFETY: the linker script reserves this region for the heap alone, and `image_main` calls
    // this once.
    unsafe { HEAP.lock().init(heap.start as *mut u8, heap.size) };
}

/// The window in which the host put the job.
pub fn job() -> &'static [u8] {
    let job = target::regions().job;
    // SAFETY: the linker script reserves this region, which is mapped read-only: nothing in the
    // machine writes it after the host has.
    unsafe { slice::from_raw_parts(job.start as *const u8, job.size) }
}

/// The manager of the three arenas, for both harts.
pub fn manager() -> &'static Manager {
    static MANAGER: Once<Manager> = Once::new();
    MANAGER.call_once(|| {
        let regions = target::regions();
        // SAFETY: the linker script reserves the regions for modules alone, the target maps them
        // readable and writable, and this is the only place that gives them away.
        unsafe { over(regions.text, regions.rodata, regions.data) }
    })
}

/// Has the image mapped so far from where the linker script has it, too.
///
/// # Panics
/// If the target has no place for it there.
pub fn map_away(distance: u64) {
    AWAY.lock().map(distance as usize, false);
}

/// A manager over the away arenas, `distance` bytes away, for as long as `then` runs; with a text
/// arena that is longer than a call reaches, or not.
///
/// # Panics
/// If the target has no place for them there.
pub fn with_away<R>(distance: u64, long_text: bool, then: impl FnOnce(&'static Manager) -> R) -> R {
    let mut one_at_a_time = AWAY.lock();
    let distance = distance as usize;
    one_at_a_time.map(distance, long_text);
    let span = long_text.then_some(target::LONG_TEXT_SPAN);
    let away = Away { arenas: target::regions().away, distance, span };
    // SAFETY: the linker script reserves the regions for modules alone, and the target has mapped
    // them there, readable and writable, as a module leaves them that is unloaded. What is placed
    // in them is unloaded when `then` returns; until then, the lock keeps other managers from
    // being made. Much of a long text arena is the same memory
    // again and again: programs that ask for one have nothing there but zeros that nobody reads
    // (`qemu-tests/cases/README.md`).
    let manager = unsafe { over(away.text(), away.rodata(), away.data()) };
    then(Box::leak(Box::new(manager))) // a few words a program
}

/// Held by who uses the away arenas.
static AWAY: Mutex<Mapped> = Mutex::new(Mapped(None));

/// How the target has them mapped: the distance, and whether the text is long.
struct Mapped(Option<(usize, bool)>);

impl Mapped {
    /// Has them mapped so; whoever used them last has left all pages readable and writable.
    fn map(&mut self, distance: usize, long_text: bool) {
        let wanted = Some((distance, long_text));
        if self.0 != wanted {
            target::map_away(distance, long_text);
            self.0 = wanted;
        }
    }
}

/// # Safety
/// The regions are readable and writable, not at address 0, and in use by nobody else for as long
/// as the manager is.
unsafe fn over(text: Region, rodata: Region, data: Region) -> Manager {
    let arena = |region: Region| {
        let start = NonNull::new(region.start as *mut u8).unwrap_or(NonNull::dangling());
        // SAFETY: the caller's contract; the target's memory is never given back.
        unsafe { Arena::new(start, region.size) }
    };
    ArenaMemoryManager::new(arena(text), arena(rodata), arena(data), target::PAGE, Pages)
}

/// How much of each arena is in use.
pub fn usage(manager: &Manager) -> [u64; 3] {
    SegmentKind::ALL.map(|kind| manager.used(kind) as u64)
}

/// The arenas across the life of a program, for its report.
pub fn arena_report(manager: &Manager, before: [u64; 3], loaded: [u64; 3]) -> [ArenaUse; 3] {
    let after = usage(manager);
    core::array::from_fn(|at| {
        let kind = SegmentKind::ALL[at];
        ArenaUse {
            name: kind.name().into(),
            size: (manager.used(kind) + manager.free_bytes(kind)) as u64,
            before: before[at],
            loaded: loaded[at],
            after: after[at],
        }
    })
}

impl Pages {
    fn set(&self, start: NonNull<u8>, size: usize, access: Access) -> Result<(), MemoryError> {
        let region = Region { start: start.as_ptr().addr(), size };
        target::protect(region, access).map_err(|_| MemoryError::Refused("no such pages"))
    }
}

impl Platform for Pages {
    fn unprotect(&self, start: NonNull<u8>, size: usize) -> Result<(), MemoryError> {
        self.set(start, size, Access::ReadWrite)
    }

    fn protect(
        &self,
        kind: SegmentKind,
        start: NonNull<u8>,
        size: usize,
    ) -> Result<(), MemoryError> {
        let access = match kind {
            SegmentKind::Text => Access::ReadExecute,
            SegmentKind::ReadOnly => Access::Read,
            SegmentKind::Data => Access::ReadWrite,
        };
        self.set(start, size, access)
    }

    fn synchronise_instructions(&self, start: NonNull<u8>, size: usize) {
        target::sync_instructions(Region { start: start.as_ptr().addr(), size });
    }
}
