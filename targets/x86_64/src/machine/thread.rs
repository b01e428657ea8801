//! The thread pointer, and what code calls that asks for a thread-local variable by descriptor.

use core::arch::naked_asm;

use x86_64::VirtAddr;
use x86_64::registers::model_specific::FsBase;

use super::image_thread_local;

/// Has code find the thread-local variables of the running thread at `thread_pointer` (the base
/// of `fs`). The word there must be `thread_pointer` itself (psABI, "Thread-local storage"). Of an
/// address that is not canonical, the low 48 bits count.
pub fn set_thread_pointer(thread_pointer: usize) {
    FsBase::write(VirtAddr::new_truncate(thread_pointer as u64));
}

/// As before the first [`set_thread_pointer`].
#[cfg(feature = "image")]
pub fn reset_thread_pointer() {
    super::cpu::set_thread_block();
}

/// The function of a descriptor whose second word is the variable's distance from the thread
/// pointer.
#[unsafe(naked)]
pub extern "C" fn descriptor_static() {
    naked_asm!("mov rax, [rax + 8]", "ret")
}

/// The function of a descriptor whose second word is for the image to understand: it is handed to
/// `image_thread_local`, which says the variable's distance from the thread pointer.
///
/// Called with the descriptor's address in `rax`. All other registers but the flags are as before
/// (psABI, "TLS descriptors"): also those that a call may change, but for the vector registers,
/// which the image has no code for. The stack may be at any multiple of 8.
#[unsafe(naked)]
pub extern "C" fn descriptor_dynamic() {
    naked_asm!(
        "push rbp",
        "mov rbp, rsp",
        "push rcx",
        "push rdx",
        "push rsi",
        "push rdi",
        "push r8",
        "push r9",
        "push r10",
        "push r11",
        "and rsp, -16",
        "mov rdi, [rax + 8]",
        "call {image_thread_local}",
        "lea rsp, [rbp - 64]",
        "pop r11",
        "pop r10",
        "pop r9",
        "pop r8",
        "pop rdi",
        "pop rsi",
        "pop rdx",
        "pop rcx",
        "pop rbp",
        "ret",
        image_thread_local = sym image_thread_local,
    )
}
