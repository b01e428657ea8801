//! Exceptions: each is reported to the image, which ends the run, or the program.

use core::arch::{asm, global_asm};

use target_common::Fault;

use crate::call::escape;
use crate::image_fault;
use crate::layout::FINISHER;

/// QEMU's exit status after an exception inside `image_fault`.
pub const EXIT_FAULT_IN_FAULT: u8 = 254;

// SAFETY: defined by the assembly below; only its address is taken.
unsafe extern "C" {
    /// The trap handler. Not a function: only the hart may jump here.
    pub(crate) static __trap_entry: u8;
}

// Nothing returns from here. Hence no register has to be kept, the hart's exception stack can be
// taken from its end, and the vector can be moved: a second exception gets a handler that needs no memory but
// the device's.
global_asm!(
    ".pushsection .text.trap, \"ax\"",
    ".balign 4", // As `stvec` wants it.
    ".global __trap_entry",
    "__trap_entry:",
    "lla t0, .Ltrap_again",
    "csrw stvec, t0",
    "csrr a0, scause",
    "csrr a1, sepc",
    "csrr a2, stval",
    "mv a3, ra",
    "csrr t0, sscratch",
    "lla sp, __exception_stack_end",
    "beqz t0, .Ltrap_on_stack",
    "lla sp, __second_exception_stack_end",
    ".Ltrap_on_stack:",
    "mv s0, zero",
    "mv ra, zero",
    "tail {report}",
    ".balign 4",
    ".Ltrap_again:",
    "li t0, {finisher}",
    "li t1, {failure}",
    "sw t1, 0(t0)",
    ".Ltrap_halt:",
    "wfi",
    "j .Ltrap_halt",
    ".popsection",
    report = sym report,
    finisher = const FINISHER,
    // `sifive_test`: the upper half is the status, the lower half says "fail".
    failure = const (EXIT_FAULT_IN_FAULT as usize) << 16 | 0x3333,
);

/// Abandons the running program from within `image_fault`: as [`escape`](crate::escape).
///
/// The exception stack is empty again, and the next exception is a first one.
pub fn escape_fault(value: i32) -> ! {
    // SAFETY: the handler for a second exception gives way to that for a first one, as at boot.
    unsafe { asm!("csrw stvec, {}", in(reg) (&raw const __trap_entry), options(nostack)) };
    escape(value)
}

/// Hands the exception to the image.
extern "C" fn report(cause: u64, pc: usize, value: usize, return_address: usize) -> ! {
    image_fault(&Fault { cause, pc, value, return_address })
}
