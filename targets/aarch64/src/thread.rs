//! The thread pointer, and what code calls that asks for a thread-local variable by descriptor.

use core::arch::{asm, naked_asm};

use crate::image_thread_local;

/// Has code find the thread-local variables of the running thread at `thread_pointer`
/// (`TPIDR_EL0`, as compilers have it where they are not told otherwise).
pub fn set_thread_pointer(thread_pointer: usize) {
    // SAFETY: the register means nothing to the processor, and nothing to the image.
    unsafe {
        asm!("msr tpidr_el0, {}", in(reg) thread_pointer, options(nomem, nostack, preserves_flags));
    }
}

/// As before the first [`set_thread_pointer`].
#[cfg(feature = "image")]
pub fn reset_thread_pointer() {
    set_thread_pointer(0);
}

/// The function of a descriptor whose second word is the variable's distance from the thread
/// pointer.
#[unsafe(naked)]
pub extern "C" fn descriptor_static() {
    naked_asm!("ldr x0, [x0, #8]", "ret")
}

/// The function of a descriptor whose second word is for the image to understand: it is handed to
/// `image_thread_local`, which says the variable's distance from the thread pointer.
///
/// Called with the descriptor's address in x0. All registers but that one, the link register and
/// the flags are as before ("ELF for the Arm 64-bit Architecture", TLS descriptors): also those
/// that a call may change.
#[unsafe(naked)]
pub extern "C" fn descriptor_dynamic() {
    naked_asm!(
        "stp x29, x30, [sp, #-160]!",
        "mov x29, sp",
        "stp x1, x2, [sp, #16]",
        "stp x3, x4, [sp, #32]",
        "stp x5, x6, [sp, #48]",
        "stp x7, x8, [sp, #64]",
        "stp x9, x10, [sp, #80]",
        "stp x11, x12, [sp, #96]",
        "stp x13, x14, [sp, #112]",
        "stp x15, x16, [sp, #128]",
        "stp x17, x18, [sp, #144]",
        // Of q8 to q15 a call preserves the lower halves.
        "stp q0, q1, [sp, #-512]!",
        "stp q2, q3, [sp, #32]",
        "stp q4, q5, [sp, #64]",
        "stp q6, q7, [sp, #96]",
        "stp q8, q9, [sp, #128]",
        "stp q10, q11, [sp, #160]",
        "stp q12, q13, [sp, #192]",
        "stp q14, q15, [sp, #224]",
        "stp q16, q17, [sp, #256]",
        "stp q18, q19, [sp, #288]",
        "stp q20, q21, [sp, #320]",
        "stp q22, q23, [sp, #352]",
        "stp q24, q25, [sp, #384]",
        "stp q26, q27, [sp, #416]",
        "stp q28, q29, [sp, #448]",
        "stp q30, q31, [sp, #480]",
        "ldr x0, [x0, #8]",
        "bl {image_thread_local}",
        "ldp q30, q31, [sp, #480]",
        "ldp q28, q29, [sp, #448]",
        "ldp q26, q27, [sp, #416]",
        "ldp q24, q25, [sp, #384]",
        "ldp q22, q23, [sp, #352]",
        "ldp q20, q21, [sp, #320]",
        "ldp q18, q19, [sp, #288]",
        "ldp q16, q17, [sp, #256]",
        "ldp q14, q15, [sp, #224]",
        "ldp q12, q13, [sp, #192]",
        "ldp q10, q11, [sp, #160]",
        "ldp q8, q9, [sp, #128]",
        "ldp q6, q7, [sp, #96]",
        "ldp q4, q5, [sp, #64]",
        "ldp q2, q3, [sp, #32]",
        "ldp q0, q1, [sp], #512",
        "ldp x17, x18, [sp, #144]",
        "ldp x15, x16, [sp, #128]",
        "ldp x13, x14, [sp, #112]",
        "ldp x11, x12, [sp, #96]",
        "ldp x9, x10, [sp, #80]",
        "ldp x7, x8, [sp, #64]",
        "ldp x5, x6, [sp, #48]",
        "ldp x3, x4, [sp, #32]",
        "ldp x1, x2, [sp, #16]",
        "ldp x29, x30, [sp], #160",
        "ret",
        image_thread_local = sym image_thread_local,
    )
}
