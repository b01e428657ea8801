//! Programs at EL0: how they get there, and the gate by which they call the kernel.

use crate::program::{CALLERS, call};
use core::arch::{asm, global_asm, naked_asm};
use target_common::{ARGUMENTS, CallEnd, GATE_CALLS, GATE_STUB, Region, image_gate};

/// The cause of a read that a program in user mode may not make: a data abort from EL0, permission fault, that the
/// kernel has in its place where it was to read for it.
pub const READ_REFUSED: u64 = 0x24 << 26 | 0x0f;

/// Calls the function at `entry` on `stack`, at EL0. All that it touches must be shared with user mode
/// ([`share`](crate::share)), or it faults. A function that returns does so through the gate.
///
/// # Safety
///
/// As for [`call_program`](crate::call_program), but for what the program does: it is kept from all else.
pub unsafe fn call_user(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    // SAFETY: the caller answers for all of it.
    unsafe { call(entry, arguments, stack, true) }
}

/// Keeps user mode from the timers, one of which ends programs whose time is over, and from counters.
pub(crate) fn keep_timers() {
    // SAFETY: EL1's own access does not depend on these.
    unsafe {
        asm!(
            "msr cntkctl_el1, xzr",
            "msr pmuserenr_el0, xzr",
            options(nomem, nostack, preserves_flags),
        );
    }
}

// The stubs leave their number in x16.
global_asm!(
    ".pushsection .gate, \"ax\"",
    ".set number, 0",
    ".rept {calls}",
    ".balign {size}",
    "mov x16, #number",
    "svc #0",
    "ret",
    ".set number, number + 1",
    ".endr",
    ".popsection",
    calls = const GATE_CALLS,
    size = const GATE_STUB,
);

/// The end of `enter`, for user mode: x9 is the function, the arguments are in place, and the stack pointer
/// is the program's.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn to_user() {
    naked_asm!(
        "mrs x10, daif",
        "msr daifset, #2", // an interrupt would write these registers
        "msr elr_el1, x9",
        "and x10, x10, #0x3c0", // EL0, masked as here
        "msr spsr_el1, x10",
        "adrp x30, __gate_start", // where it returns to
        // What the kernel and other programs had in registers is nothing for this one.
        "msr fpcr, xzr",
        "msr fpsr, xzr",
        ".irp register, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
         23, 24, 25, 26, 27, 28, 29, 30, 31",
        "movi v\\register\\().2d, #0",
        ".endr",
        ".irp register, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, \
         27, 28, 29",
        "mov x\\register, #0",
        ".endr",
        "eret",
    )
}

/// Entered by the vectors for an SVC from EL0, on the exception stack, which is empty. What a call must
/// keep Rust keeps, and the rest is nothing for programs. All exceptions are masked.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter_gate() {
    naked_asm!(
        // The kernel's stack, below the frame of the `enter` that waits.
        "mrs x9, mpidr_el1",
        "and x9, x9, #0xff", // as `hart` has it
        "adrp x10, {callers}",
        "add x10, x10, :lo12:{callers}",
        "ldr x9, [x10, x9, lsl #3]",
        "mrs x10, sp_el0",
        "mrs x11, elr_el1",
        "mrs x12, spsr_el1",
        "msr spsel, #0",
        "mov sp, x9",
        "sub sp, sp, #96",
        // A `GateCall`.
        "stp x0, x1, [sp]",
        "stp x2, x3, [sp, #16]",
        "stp x4, x5, [sp, #32]",
        "stp x16, x30, [sp, #48]",
        // And what to go back to.
        "stp x10, x11, [sp, #64]",
        "str x12, [sp, #80]",
        "mov x0, sp",
        "bl {gate}",
        "ldr x30, [sp, #56]",
        "ldp x10, x11, [sp, #64]",
        "ldr x12, [sp, #80]",
        "msr elr_el1, x11",
        "msr spsr_el1, x12",
        "mov sp, x10",
        // Of v8 to v15 a call keeps the lower halves.
        ".irp register, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, \
         30, 31",
        "movi v\\register\\().2d, #0",
        ".endr",
        ".irp register, 8, 9, 10, 11, 12, 13, 14, 15",
        "fmov d\\register, d\\register",
        ".endr",
        ".irp register, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18",
        "mov x\\register, #0",
        ".endr",
        "eret",
        callers = sym CALLERS,
        gate = sym image_gate,
    )
}
