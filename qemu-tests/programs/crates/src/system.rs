//! What `alloc` and `core` ask of a program: C has the memory, and ends it.

use alloc::alloc::{GlobalAlloc, Layout};
use core::ffi::c_void;
use core::panic::PanicInfo;

unsafe extern "C" {
    fn abort() -> !;
    fn aligned_alloc(align: usize, size: usize) -> *mut c_void;
    fn free(at: *mut c_void);
}

struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: C's heap gives memory to nobody else before it is freed, and as much as it is asked for, at a
// multiple of the alignment.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let align = layout.align().max(size_of::<usize>());
        // C11 wants a multiple of the alignment.
        let Some(size) = layout.size().checked_next_multiple_of(align) else {
            return core::ptr::null_mut();
        };
        // SAFETY: the alignment is a power of two, no less than a pointer's.
        unsafe { aligned_alloc(align, size) }.cast()
    }

    unsafe fn dealloc(&self, at: *mut u8, _: Layout) {
        // SAFETY: it is from `alloc`, as the caller promises.
        unsafe { free(at.cast()) }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    // SAFETY: it asks for nothing.
    unsafe { abort() }
}

/// Of the personality of Rust's frames, which an operating system's `alloc` is compiled to have: nothing
/// here unwinds. The C runtime for modules has its own.
#[cfg(not(target_os = "none"))]
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}
