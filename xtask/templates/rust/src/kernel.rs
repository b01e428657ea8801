//! What the module finds around it: here, the system images of `cargo xtask qemu` and their C runtime.
//! Put what your kernel exports in its place.

use core::alloc::{GlobalAlloc, Layout};
use core::fmt::{self, Write};
use core::panic::PanicInfo;

// The kernel's.
unsafe extern "C" {
    fn kernel_write(bytes: *const u8, count: usize);
    safe fn kernel_abort() -> !;
}

// The C runtime's.
unsafe extern "C" {
    safe fn aligned_alloc(alignment: usize, size: usize) -> *mut u8;
    fn free(memory: *mut u8);
}

/// Prints `text`.
pub fn write(text: &str) {
    // SAFETY: the text is readable for its length.
    unsafe { kernel_write(text.as_ptr(), text.len()) }
}

/// The C runtime's heap. It has no lock: a module that runs on several harts at once needs another.
struct Heap;

#[global_allocator]
static HEAP: Heap = Heap;

// SAFETY: memory comes from `aligned_alloc`, as large and aligned as is asked for, or is null; it goes
// back to where it came from, and nothing here panics.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        aligned_alloc(layout.align(), layout.size())
    }

    unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
        // SAFETY: the caller has it from `alloc`, and does not use it any more.
        unsafe { free(memory) }
    }
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write(text);
        Ok(())
    }
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    // Writing does not fail.
    let _ = writeln!(Console, "{info}");
    kernel_abort()
}
