//! The image's memory: its own heap, the job's window, and what the managers of modules' memory
//! stand on.

use alloc::boxed::Box;
use core::ptr::NonNull;
use core::slice;

use linked_list_allocator::LockedHeap;
use loader_core::{MemoryError, Platform, SegmentKind};
use spin::Mutex;
use target_common::{Access, Away, Mode, Region};

use crate::manager::Manager;
use crate::{cell, target};

/// The image's own heap; modules and the core never see it.
#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

/// Whether nobody is in the middle of taking memory from the heap, or giving it back.
pub fn heap_is_free() -> bool {
    HEAP.try_lock().is_some()
}

/// The machine's page permissions and caches, for the managers: what is sealed for a program in a cell is
/// shared with user mode until it is freed.
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
    // being made. Much of a long text arena is the same memory again and again: programs that ask
    // for one have nothing there but zeros that nobody reads (`qemu-tests/cases/README.md`).
    let manager = unsafe { Manager::over([away.text(), away.rodata(), away.data()]) };
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

impl Pages {
    /// Has pages be for the kernel, or for user mode as well.
    fn set(
        &self,
        start: NonNull<u8>,
        size: usize,
        access: Access,
        mode: Mode,
    ) -> Result<(), MemoryError> {
        let region = Region { start: start.as_ptr().addr(), size };
        let changed = match mode {
            Mode::Kernel => target::protect(region, access),
            Mode::User => target::share(region, access),
        };
        changed.map_err(|_| MemoryError::Refused("no such pages"))
    }
}

impl Platform for Pages {
    fn unprotect(&self, start: NonNull<u8>, size: usize) -> Result<(), MemoryError> {
        self.set(start, size, Access::ReadWrite, Mode::Kernel)
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
        self.set(start, size, access, cell::mode())
    }

    fn synchronise_instructions(&self, start: NonNull<u8>, size: usize) {
        target::sync_instructions(Region { start: start.as_ptr().addr(), size });
    }
}
