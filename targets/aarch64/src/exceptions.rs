//! Exceptions: each is reported to the image, which ends the run, or the program.
//!
//! The image runs on `SP_EL0`. An exception there is a fault of the image or of a program: it goes
//! to `image_fault` on `SP_EL1`. An exception on `SP_EL1` is a fault of the fault handler: it ends
//! the run. The vectors of `aarch64-rt` make no such difference, so a handler that faults would
//! fault for ever; hence these.

use crate::{
    CAUSES,
    console::Console,
    harts::hart,
    image_fault, layout,
    machine::exit,
    program::{caller, leave},
};
use aarch64_cpu::registers::{ELR_EL1, ESR_EL1, FAR_EL1, Readable, VBAR_EL1, Writeable};
use core::{
    arch::{asm, global_asm},
    fmt::Write,
    sync::atomic::{AtomicBool, Ordering},
};
use target_common::{Fault, Registers, causes::aarch64::VECTOR_SHIFT};

/// The exit code of a run whose fault handler faulted.
const NESTED_FAULT: u8 = 255;

/// From here on, exceptions are reported.
pub(crate) fn install() {
    unsafe extern "C" {
        static __exception_vectors: u8;
    }
    VBAR_EL1.set((&raw const __exception_vectors).addr() as u64);
    // SAFETY: makes the new address take effect before anything that might fault.
    unsafe { asm!("isb", options(nomem, nostack, preserves_flags)) };
}

// Arm ARM, D1.3.1: four groups of four, 128 bytes apart. A group is synchronous, IRQ, FIQ, SError.
global_asm!(
    r#"
.macro unexpected vector:req
    .balign 0x80
    .if {notes_registers}
    sub     sp, sp, #256 // the registers, by their numbers
    stp     x0, x1, [sp, #0]
    stp     x2, x3, [sp, #16]
    stp     x4, x5, [sp, #32]
    stp     x6, x7, [sp, #48]
    stp     x8, x9, [sp, #64]
    stp     x10, x11, [sp, #80]
    stp     x12, x13, [sp, #96]
    stp     x14, x15, [sp, #112]
    stp     x16, x17, [sp, #128]
    stp     x18, x19, [sp, #144]
    stp     x20, x21, [sp, #160]
    stp     x22, x23, [sp, #176]
    stp     x24, x25, [sp, #192]
    stp     x26, x27, [sp, #208]
    stp     x28, x29, [sp, #224]
    mrs     x1, sp_el0
    stp     x30, x1, [sp, #240]
    mov     x2, sp
    .endif
    mov     x0, #\vector
    mov     x1, x30
    b       {report}
.endm

.macro nested vector:req
    .balign 0x80
    adrp    x9, __exception_stack_end
    add     x9, x9, :lo12:__exception_stack_end
    adrp    x10, __second_exception_stack_end
    add     x10, x10, :lo12:__second_exception_stack_end
    mrs     x11, mpidr_el1
    tst     x11, #0xff // as `hart` has it
    csel    x9, x9, x10, eq
    mov     sp, x9 // this stack may be what overflowed
    mov     x0, #\vector
    mov     x1, x30
    b       {report_nested}
.endm

.pushsection .text.exception_vectors, "ax"
.balign 0x800
.global __exception_vectors
__exception_vectors:
    // From this level, on SP_EL0.
    unexpected 0
    .if {notes_registers}
    // The timer, where a program's time is limited. What it interrupts is the image's own code, on the
    // program's behalf: once more in 65,536 ticks, about a millisecond; or else the program.
    .balign 0x80
    stp     x9, x10, [sp, #-16]!
    mrs     x9, elr_el1
    adrp    x10, __text_start // both at the start of a page
    cmp     x9, x10
    b.lo    .Linterrupted_program
    adrp    x10, __text_end
    cmp     x9, x10
    b.hs    .Linterrupted_program
    mrs     x9, cntvct_el0
    add     x9, x9, #16, lsl #12
    msr     cntv_cval_el0, x9
    isb // the timer's output falls, and with it the interrupt
    ldp     x9, x10, [sp], #16
    eret
.Linterrupted_program:
    ldp     x9, x10, [sp], #16
    b       .Linterrupted
    .else
    unexpected 1
    .endif
    unexpected 2
    unexpected 3
    // From this level, on SP_EL1.
    nested 0
    nested 1
    nested 2
    nested 3
    // From EL0, where programs may run: what they call the kernel by, and else as from here.
    .if {notes_registers}
    .balign 0x80
    stp     x9, x10, [sp, #-16]!
    mrs     x9, esr_el1
    lsr     x9, x9, #26
    cmp     x9, #{svc}
    ldp     x9, x10, [sp], #16
    b.ne    .Lfault_in_user
    b       {gate} // which may be further away
    .balign 0x80
    b       .Linterrupted
    unexpected 2
    unexpected 3
    // Where the vectors end, as nothing has 32-bit code.
.Lfault_in_user:
    unexpected 0
.Linterrupted:
    unexpected 1
    .endif
.popsection

.purgem unexpected
.purgem nested
"#,
    report = sym report,
    report_nested = sym report_nested,
    #[cfg(feature = "image")]
    gate = sym crate::user::enter_gate,
    #[cfg(not(feature = "image"))]
    gate = sym report, // nobody goes there
    svc = const 0x15, // "SVC instruction execution in AArch64 state"
    notes_registers = const cfg!(feature = "image") as u8,
);

/// Abandons the running program from within `image_fault`: as [`escape`](crate::escape).
///
/// The exception stack is empty again.
pub fn escape_fault(value: i32) -> ! {
    /// The main stack, with all exceptions masked but system errors, as at boot.
    const STATE: u64 = 1 << 9 | 1 << 7 | 1 << 6 | 0b0100;
    let stack = layout::image().exception_stacks[hart()].end();
    let caller = caller();
    #[cfg(feature = "image")]
    crate::console::abandon_console();
    // SAFETY: `leave` needs no stack but the one that the program was called on, to which it goes
    // back: the program's own may have overflowed. The frames of the handler are never used again.
    unsafe {
        asm!(
            "msr elr_el1, {leave}",
            "msr spsr_el1, {state}",
            "mov sp, {stack}",
            "eret",
            leave = in(reg) leave as *const (),
            state = in(reg) STATE,
            stack = in(reg) stack,
            in("x0") value as u64,
            in("x1") caller,
            in("x2") 1,
            options(noreturn),
        )
    }
}

/// `noted` is for the image only.
extern "C" fn report(vector: u64, return_address: usize, noted: *const Registers) -> ! {
    image_fault(&fault(vector, return_address, noted))
}

extern "C" fn report_nested(vector: u64, return_address: usize) -> ! {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    // The console itself may be what faults, so it is tried once; but not where it is no console.
    if cfg!(feature = "image") && !REPORTED.swap(true, Ordering::Relaxed) {
        let _ = writeln!(
            Console,
            "fault in the fault handler: {}",
            fault(vector, return_address, &Registers::NONE).described(&CAUSES)
        );
    }
    exit(NESTED_FAULT)
}

/// What the exception registers say. `vector` is the position in the group of four.
#[cfg_attr(not(feature = "image"), expect(unused_variables, reason = "`noted` is not there"))]
fn fault(vector: u64, return_address: usize, noted: *const Registers) -> Fault {
    Fault {
        cause: ESR_EL1.get() | vector << VECTOR_SHIFT,
        pc: ELR_EL1.get() as usize,
        value: FAR_EL1.get() as usize,
        return_address,
        #[cfg(feature = "image")]
        // SAFETY: the vectors note so many, on the stack of the handler, which this is.
        registers: unsafe { *noted },
    }
}
