//! Exceptions: each is reported to the image, which ends the run, or the program.

use core::arch::{asm, global_asm};

use target_common::{Fault, Registers};

use crate::call::escape;
use crate::image_fault;
use crate::layout::FINISHER;
use crate::machine::TIME_PER_MILLISECOND;

/// The number of the firmware's timer extension (SBI specification).
const TIMER_EXTENSION: usize = 0x5449_4d45;
/// QEMU's exit status after an exception inside `image_fault`.
pub const EXIT_FAULT_IN_FAULT: u8 = 254;

// SAFETY: defined by the assembly below; only its address is taken.
unsafe extern "C" {
    /// The trap handler. Not a function: only the hart may jump here.
    pub(crate) static __trap_entry: u8;
}

// Nothing returns from here. Hence the hart's exception stack can be taken from its end, and the
// vector can be moved: a second exception gets a handler that needs no memory but the device's. For
// backtraces the image has the registers noted on that stack, by their numbers; only `sscratch`, which
// holds the hart's number, is there to begin with.
global_asm!(
    ".pushsection .text.trap, \"ax\"",
    ".balign 4", // As `stvec` wants it.
    ".global __trap_entry",
    "__trap_entry:",
    ".if {noted}",
    "csrrw t0, sscratch, t0",
    "beqz t0, .Ltrap_first_hart",
    "lla t0, __second_exception_stack_end - {noted}",
    "sd t1, 48(t0)",
    "li t1, 1",
    "j .Ltrap_note",
    ".Ltrap_first_hart:",
    "lla t0, __exception_stack_end - {noted}",
    "sd t1, 48(t0)",
    "li t1, 0",
    ".Ltrap_note:",
    "csrrw t1, sscratch, t1", // The hart's number is back, and T0's value here.
    "sd t1, 40(t0)",
    "sd zero, 0(t0)",
    "sd ra, 8(t0)",
    "sd sp, 16(t0)",
    "sd gp, 24(t0)",
    "sd tp, 32(t0)",
    "sd t2, 56(t0)",
    "sd s0, 64(t0)",
    "sd s1, 72(t0)",
    "sd a0, 80(t0)",
    "sd a1, 88(t0)",
    "sd a2, 96(t0)",
    "sd a3, 104(t0)",
    "sd a4, 112(t0)",
    "sd a5, 120(t0)",
    "sd a6, 128(t0)",
    "sd a7, 136(t0)",
    "sd s2, 144(t0)",
    "sd s3, 152(t0)",
    "sd s4, 160(t0)",
    "sd s5, 168(t0)",
    "sd s6, 176(t0)",
    "sd s7, 184(t0)",
    "sd s8, 192(t0)",
    "sd s9, 200(t0)",
    "sd s10, 208(t0)",
    "sd s11, 216(t0)",
    "sd t3, 224(t0)",
    "sd t4, 232(t0)",
    "sd t5, 240(t0)",
    "sd t6, 248(t0)",
    "mv sp, t0",
    "csrr t1, scause",
    "li t2, {call_from_user}",
    "bne t1, t2, .Ltrap_no_call",
    "tail {gate}",
    ".Ltrap_no_call:",
    // The timer, where a program's time is limited. What it interrupts is the image's own code, on the
    // program's behalf: once more in a millisecond; or else the program.
    "bgez t1, .Ltrap_no_interrupt",
    "csrr t1, sepc",
    "lla t2, __text_start",
    "bltu t1, t2, .Ltrap_no_interrupt",
    "lla t2, __text_end",
    "bgeu t1, t2, .Ltrap_no_interrupt",
    "rdtime a0",
    "li t1, {put_off}",
    "add a0, a0, t1",
    "li a6, 0",
    "li a7, {timer_extension}",
    "ecall", // `sbi_set_timer`, which changes A0 and A1.
    "ld ra, 8(sp)",
    "ld t1, 48(sp)",
    "ld t2, 56(sp)",
    "ld a0, 80(sp)",
    "ld a1, 88(sp)",
    "ld a6, 128(sp)",
    "ld a7, 136(sp)",
    "ld t0, 40(sp)",
    "ld sp, 16(sp)",
    "sret",
    ".Ltrap_no_interrupt:",
    "mv a4, sp",
    ".else",
    "lla sp, __exception_stack_end",
    ".endif",
    "lla t0, .Ltrap_again",
    "csrw stvec, t0",
    "csrr a0, scause",
    "csrr a1, sepc",
    "csrr a2, stval",
    "mv a3, ra",
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
    noted = const if cfg!(feature = "image") { size_of::<Registers>() } else { 0 },
    finisher = const FINISHER,
    call_from_user = const 8,
    #[cfg(feature = "image")]
    gate = sym crate::user::enter_gate,
    #[cfg(not(feature = "image"))]
    gate = sym crate::call::escape, // nobody goes there
    put_off = const TIME_PER_MILLISECOND,
    timer_extension = const TIMER_EXTENSION,
    // `sifive_test`: the upper half is the status, the lower half says "fail".
    failure = const (EXIT_FAULT_IN_FAULT as usize) << 16 | 0x3333,
);

/// Abandons the running program from within `image_fault`: as [`escape`](crate::escape).
///
/// The exception stack is empty again, and the next exception is a first one.
pub fn escape_fault(value: i32) -> ! {
    #[cfg(feature = "image")]
    crate::machine::abandon_console();
    // SAFETY: the handler for a second exception gives way to that for a first one, as at boot.
    unsafe { asm!("csrw stvec, {}", in(reg) (&raw const __trap_entry), options(nostack)) };
    escape(value)
}

/// Hands the exception to the image, which alone has `noted`.
#[cfg_attr(not(feature = "image"), expect(unused_variables, reason = "`noted` is not there"))]
extern "C" fn report(
    cause: u64,
    pc: usize,
    value: usize,
    return_address: usize,
    noted: *const Registers,
) -> ! {
    image_fault(&Fault {
        cause,
        pc,
        value,
        return_address,
        #[cfg(feature = "image")]
        // SAFETY: the trap handler notes so many, on the stack which this runs on.
        registers: unsafe { *noted },
    })
}
