//! The thread pointer.

use core::arch::asm;

/// Has code find the thread-local variables of the running thread at `thread_pointer`
/// (`TPIDR_EL0`, as compilers have it where they are not told otherwise).
pub fn set_thread_pointer(thread_pointer: usize) {
    // SAFETY: the register means nothing to the processor, and nothing to the image.
    unsafe {
        asm!("msr tpidr_el0, {}", in(reg) thread_pointer, options(nomem, nostack, preserves_flags));
    }
}
