//! The thread pointer.

use core::arch::naked_asm;

/// Has code find the thread-local variables of the running thread at `thread_pointer` (`tp`). The
/// image has none of its own, and its code leaves the register alone.
#[unsafe(naked)]
pub extern "C" fn set_thread_pointer(thread_pointer: usize) {
    naked_asm!("mv tp, a0", "ret")
}
