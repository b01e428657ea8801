//! Thread-local storage for programs: two threads' worth of blocks, and a way to change between
//! them. There is one processor and no scheduler, so a "thread" is no more than its variables.

use alloc::alloc::{Layout, alloc_zeroed, dealloc};
use core::sync::atomic::{AtomicUsize, Ordering};

use loader_core::{ThreadLocals, TlsBlock, TlsImage, TlsLocation};

use crate::target;

/// How many there are.
const THREADS: usize = 2;
/// The thread pointers of the running program's threads; 0 where it has none.
static POINTERS: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];
/// The running thread.
static CURRENT: AtomicUsize = AtomicUsize::new(0);
/// What `__tls_get_addr` adds to a thread pointer to come to the block.
static OFFSET: AtomicUsize = AtomicUsize::new(0);

/// What the image tells the core: every thread has a static block, where the psABI has that of a
/// program.
pub struct StaticBlocks;

impl ThreadLocals for StaticBlocks {
    fn block(&self, block: TlsBlock) -> Option<TlsLocation> {
        let offset = Area::of(block)?.offset;
        Some(TlsLocation { module: 1, thread_pointer_offset: Some(offset) })
    }
}

/// One thread's memory: the block, and what the psABI wants beside it.
struct Area {
    layout: Layout,
    /// Where the thread pointer points to, in it.
    pointer: usize,
    /// The block's distance from there.
    offset: i64,
}

impl Area {
    fn of(block: TlsBlock) -> Option<Self> {
        let align = usize::try_from(block.align).ok()?;
        let size = usize::try_from(block.size).ok()?.checked_next_multiple_of(align)?;
        // Variant I has the block above the thread pointer (on AArch64 behind two words of the
        // system's own), variant II below it, and there a word that points to itself.
        let (pointer, offset, total) = if cfg!(target_arch = "aarch64") {
            let offset = 16usize.checked_next_multiple_of(align)?;
            (0, i64::try_from(offset).ok()?, offset.checked_add(size)?)
        } else if cfg!(target_arch = "riscv64") {
            (0, 0, size)
        } else {
            (size, i64::try_from(size).ok()?.checked_neg()?, size.checked_add(8)?)
        };
        let layout = Layout::from_size_align(total.max(8), align.max(16)).ok()?;
        Some(Self { layout, pointer, offset })
    }
}

/// The blocks of a program's threads, until dropped.
pub struct Threads {
    areas: [*mut u8; THREADS],
    layout: Layout,
}

/// Gives each thread its own copy of a module's block, and runs the first one.
pub fn start(image: TlsImage) -> Option<Threads> {
    let area = Area::of(image.block)?;
    let mut threads = Threads { areas: [core::ptr::null_mut(); THREADS], layout: area.layout };
    for (memory, thread_pointer) in threads.areas.iter_mut().zip(&POINTERS) {
        // SAFETY: the layout has at least 8 bytes.
        *memory = unsafe { alloc_zeroed(area.layout) };
        if memory.is_null() {
            return None;
        }
        let pointer = memory.expose_provenance() + area.pointer;
        let start = pointer.wrapping_add_signed(area.offset as isize);
        let from = core::ptr::with_exposed_provenance::<u8>(image.image.value() as usize);
        let to = core::ptr::with_exposed_provenance_mut::<u8>(start);
        // SAFETY: the image lies in the module's read-only segment, and is as long as it says;
        // `Area::of` made room for the whole block, and the rest of it is zero.
        unsafe { to.copy_from_nonoverlapping(from, image.block.image_size as usize) };
        if cfg!(target_arch = "x86_64") {
            // SAFETY: `Area::of` has a word there, which is aligned as the block is, to 16 at least.
            unsafe { memory.add(area.pointer).cast::<usize>().write_unaligned(pointer) };
        }
        thread_pointer.store(pointer, Ordering::Relaxed);
    }
    OFFSET.store(area.offset as usize, Ordering::Relaxed);
    kernel_use_thread(0);
    Some(threads)
}

impl Drop for Threads {
    fn drop(&mut self) {
        for (memory, pointer) in self.areas.iter().zip(&POINTERS) {
            pointer.store(0, Ordering::Relaxed);
            if !memory.is_null() {
                // SAFETY: it came from the allocator, with this layout.
                unsafe { dealloc(*memory, self.layout) };
            }
        }
        target::set_thread_pointer(0);
    }
}

/// Runs another thread from here on: its thread-local variables are what code finds.
pub extern "C" fn kernel_use_thread(which: usize) {
    if let Some(pointer) = POINTERS.get(which) {
        CURRENT.store(which, Ordering::Relaxed);
        target::set_thread_pointer(pointer.load(Ordering::Relaxed));
    }
}

/// `__tls_get_addr`: the address of a variable of the running thread, by module and offset. Code
/// asks for it that cannot be made local-exec.
///
/// # Safety
/// `index` points to a module's number and an offset in its block, as GOT slots hold them.
pub unsafe extern "C" fn tls_get_addr(index: *const [usize; 2]) -> *mut u8 {
    // SAFETY: the caller's contract.
    let [_, offset] = unsafe { *index };
    let offset = if cfg!(target_arch = "riscv64") { offset.wrapping_add(0x800) } else { offset };
    let thread = &POINTERS[CURRENT.load(Ordering::Relaxed) % THREADS];
    let block = thread.load(Ordering::Relaxed).wrapping_add(OFFSET.load(Ordering::Relaxed));
    core::ptr::with_exposed_provenance_mut(block.wrapping_add(offset))
}
