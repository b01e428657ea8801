//! Where a program runs: its stack, its heap, and whether it has more than its own memory.
//!
//! In user mode a program is in a cell: its modules' pages are shared with that mode while they are
//! loaded, its stack while it runs, its heap as it grows; and all of it is the kernel's again afterwards.

use core::alloc::Layout;
use core::sync::atomic::{AtomicUsize, Ordering};

use target_common::{ARGUMENTS, Access, CallEnd, HARTS, Mode, Region};

use crate::target;
use crate::threads::{self, Threads};

/// The stack of a hart's program. What the kernel gives it to begin with lies at its upper end, as a
/// process has that.
#[derive(Debug)]
pub struct Stack {
    region: Region,
}

impl Stack {
    /// The one of the hart that runs this; nothing of it is in use but what a cell has at its end.
    pub fn new() -> Self {
        let whole = Self::whole();
        Self { region: Region { size: whole.size - OF_CELLS, ..whole } }
    }

    fn whole() -> Region {
        target::regions().program_stacks[target::hart()]
    }

    /// What is left of it.
    pub const fn region(&self) -> Region {
        self.region
    }

    /// Takes from its upper end what is to stay while the program runs. `None`: half of it is left.
    pub fn take(&mut self, layout: Layout) -> Option<*mut u8> {
        let whole = Self::whole();
        let end = self.region.end().checked_sub(layout.size())? & !(layout.align() - 1);
        if end < whole.start + whole.size / 2 {
            return None;
        }
        self.region.size = end - self.region.start;
        Some(core::ptr::with_exposed_provenance_mut(end))
    }
}

/// A program's cell, on the hart that made it: user mode, until dropped.
pub struct Cell {
    /// What the thread has that calls resolvers, before the program has its own.
    _thread: Option<Threads>,
}

/// Bytes at the end of the stack for what each thread has in a cell.
const OF_CELLS: usize = 256;

/// For each hart how much of its program's heap is shared with user mode; [`NONE`] where no program is in
/// a cell.
static SHARED_HEAP: [AtomicUsize; HARTS] = [const { AtomicUsize::new(NONE) }; HARTS];
const NONE: usize = usize::MAX;

impl Cell {
    /// Gives the hart's program a stack that is empty, and all zeros.
    pub fn new() -> Self {
        let stack = Stack::whole();
        clear(stack);
        share(stack, Access::ReadWrite);
        SHARED_HEAP[target::hart()].store(0, Ordering::Relaxed);
        Self { _thread: threads::start_without_block(&mut Stack { region: stack }) }
    }
}

impl Drop for Cell {
    fn drop(&mut self) {
        let shared = SHARED_HEAP[target::hart()].swap(NONE, Ordering::Relaxed);
        take_back(Region { size: shared, ..heap() });
        take_back(Stack::whole());
    }
}

/// Has what is sealed meanwhile be the kernel's, whatever the mode of this hart's program.
pub fn as_kernel<R>(then: impl FnOnce() -> R) -> R {
    let shared = &SHARED_HEAP[target::hart()];
    let before = shared.swap(NONE, Ordering::Relaxed);
    let done = then();
    shared.store(before, Ordering::Relaxed);
    done
}

/// The mode of the program that this hart runs, or is about to.
pub fn mode() -> Mode {
    match SHARED_HEAP[target::hart()].load(Ordering::Relaxed) {
        NONE => Mode::Kernel,
        _ => Mode::User,
    }
}

/// Calls a function of the program that this hart runs, in its mode.
///
/// # Safety
/// As for `target::call_program`.
pub unsafe fn call(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    match mode() {
        // SAFETY: the caller's contract.
        Mode::Kernel => unsafe { target::call_program(entry, arguments, stack) },
        // SAFETY: the caller's contract.
        Mode::User => unsafe { target::call_user(entry, arguments, stack) },
    }
}

/// The heap of this hart's program.
pub fn heap() -> Region {
    let all = target::regions().program_heap;
    let size = all.size / HARTS;
    Region { start: all.start + target::hart() * size, size }
}

/// Gives a program in a cell the first `size` bytes of its heap, zeros where it had none.
pub fn grow_heap(size: usize) {
    let shared = &SHARED_HEAP[target::hart()];
    let (old, size) = (shared.load(Ordering::Relaxed), size.next_multiple_of(target::PAGE));
    if old == NONE || size <= old {
        return;
    }
    let new = Region { start: heap().start + old, size: size - old };
    clear(new);
    share(new, Access::ReadWrite);
    shared.store(size, Ordering::Relaxed);
}

/// Shares pages with user mode.
///
/// # Panics
/// If they are not whole pages of the arenas, the programs' heaps and their stacks.
fn share(region: Region, access: Access) {
    if region.size != 0
        && let Err(error) = target::share(region, access)
    {
        panic!("cannot share {region:x?} with user mode: {error}");
    }
}

/// Has pages be the kernel's again, to read and write.
///
/// # Panics
/// As [`share`].
fn take_back(region: Region) {
    if region.size != 0
        && let Err(error) = target::protect(region, Access::ReadWrite)
    {
        panic!("cannot take {region:x?} back from user mode: {error}");
    }
}

fn clear(region: Region) {
    let start = core::ptr::with_exposed_provenance_mut::<u8>(region.start);
    // SAFETY: the linker script reserves it for the program of this hart, which does not run.
    unsafe { start.write_bytes(0, region.size) };
}
