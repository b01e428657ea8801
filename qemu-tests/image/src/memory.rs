//! The image's memory: its own heap, the arenas for modules, and the job's window.

use core::ptr::NonNull;
use core::slice;

use linked_list_allocator::LockedHeap;
use loader_core::{Arena, ArenaMemoryManager, MemoryError, Platform, SegmentKind};
use qemu_protocol::ArenaUse;
use target_common::{Access, Region};

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

/// A manager over the three arenas; called once.
pub fn manager() -> Manager {
    let regions = target::regions();
    let arena = |region: Region| {
        let start = NonNull::new(region.start as *mut u8).unwrap_or(NonNull::dangling());
        // SAFETY: the linker script reserves the region for modules alone, the target maps it
        // readable and writable, and `image_main` calls this once. It is not at address 0.
        unsafe { Arena::new(start, region.size) }
    };
    let (text, rodata, data) = (arena(regions.text), arena(regions.rodata), arena(regions.data));
    ArenaMemoryManager::new(text, rodata, data, target::PAGE, Pages)
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
