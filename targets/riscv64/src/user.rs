//! Programs in U-mode: how they get there, and the gate by which they call the kernel.

use core::arch::{global_asm, naked_asm};

use target_common::{ARGUMENTS, CallEnd, GATE_CALLS, GATE_STUB, Region, image_gate};

use crate::call::{FRAMES, call};

/// The cause of a read that a program in user mode may not make: a load page fault, that the kernel has in
/// its place where it was to read for it.
pub const READ_REFUSED: u64 = 13;

/// Calls the function at `entry` on `stack`, in U-mode. All that it touches must be shared with user mode
/// ([`share`](crate::share)), or it faults. A function that returns does so through the gate.
///
/// # Safety
/// As for [`call_program`](crate::call_program), but for what the program does: it is kept from all else.
pub unsafe fn call_user(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    // SAFETY: as the caller promised.
    unsafe { call(entry, arguments, stack, true) }
}

// The stubs leave their number in T0.
global_asm!(
    ".pushsection .gate, \"ax\"",
    ".option push",
    ".option norelax",
    ".set number, 0",
    ".rept {calls}",
    ".balign {size}",
    "li t0, number",
    "ecall",
    "ret",
    ".set number, number + 1",
    ".endr",
    ".option pop",
    ".popsection",
    calls = const GATE_CALLS,
    size = const GATE_STUB,
);

/// The end of `enter`, for user mode: T0 is the function, the arguments are in place, and the stack pointer
/// is the program's.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn to_user() {
    naked_asm!(
        "csrci sstatus, 2", // SIE: an interrupt would write `sepc`; U-mode is interrupted all the same
        "csrw sepc, t0",
        "li t1, 0x100", // SPP: to U-mode
        "csrc sstatus, t1",
        "lla ra, __gate_start", // where it returns to
        // What the kernel and other programs had in registers is nothing for this one.
        ".option push",
        ".option arch, +d", // The assembler is not told of the target's own extensions.
        "fscsr zero",
        ".irp register, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, \
         23, 24, 25, 26, 27, 28, 29, 30, 31",
        "fmv.d.x f\\register, zero",
        ".endr",
        ".option pop",
        ".irp register, gp, t0, t1, t2, t3, t4, t5, t6, a6, a7, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11",
        "mv \\register, zero",
        ".endr",
        "sret",
    )
}

/// Entered by the trap handler for a call from U-mode, with the registers as they were but for T0 to T2
/// and SP, and these where SP points. What a call must keep Rust keeps, and the rest is nothing for
/// programs. Interrupts are off.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn enter_gate() {
    naked_asm!(
        "mv t0, sp",
        // The kernel's stack, below the frame of the `enter` that waits.
        "csrr t1, sscratch",
        "slli t1, t1, 3",
        "lla t2, {frames}",
        "add t2, t2, t1",
        "ld sp, 0(t2)",
        "addi sp, sp, -112",
        // A `GateCall`.
        "sd a0, 0(sp)",
        "sd a1, 8(sp)",
        "sd a2, 16(sp)",
        "sd a3, 24(sp)",
        "sd a4, 32(sp)",
        "sd a5, 40(sp)",
        "ld t1, 40(t0)",
        "sd t1, 48(sp)",
        "sd ra, 56(sp)",
        // And what to go back to.
        "ld t1, 16(t0)",
        "sd t1, 64(sp)",
        "csrr t1, sepc",
        "addi t1, t1, 4", // behind the `ecall`
        "sd t1, 72(sp)",
        "csrr t1, sstatus",
        "sd t1, 80(sp)",
        "sd gp, 88(sp)",
        "sd tp, 96(sp)",
        "mv a0, sp",
        "call {gate}",
        "ld t1, 72(sp)",
        "csrw sepc, t1",
        "ld t1, 80(sp)",
        "csrw sstatus, t1",
        "ld ra, 56(sp)",
        "ld gp, 88(sp)",
        "ld tp, 96(sp)",
        "ld sp, 64(sp)",
        ".irp register, t0, t1, t2, t3, t4, t5, t6, a1, a2, a3, a4, a5, a6, a7",
        "mv \\register, zero",
        ".endr",
        "sret",
        frames = sym FRAMES,
        gate = sym image_gate,
    )
}
