//! The thread pointer.

use x86_64::VirtAddr;
use x86_64::registers::model_specific::FsBase;

/// Has code find the thread-local variables of the running thread at `thread_pointer` (the base
/// of `fs`). The word there must be `thread_pointer` itself (psABI, "Thread-local storage").
///
/// # Panics
/// If the address is not canonical.
pub fn set_thread_pointer(thread_pointer: usize) {
    FsBase::write(VirtAddr::new(thread_pointer as u64));
}
