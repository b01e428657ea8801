//! Exceptions: each is reported to the image, which ends the run, or the program.
//!
//! The image runs on `SP_EL0`. An exception there is a fault of the image or of a program: it goes
//! to `image_fault` on `SP_EL1`. An exception on `SP_EL1` is a fault of the fault handler: it ends
//! the run. The vectors of `aarch64-rt` make no such difference, so a handler that faults would
//! fault for ever; hence these.

use crate::{
    CAUSES, console::Console, harts::hart, image_fault, layout, machine::exit, program::escape,
};
use aarch64_cpu::registers::{ELR_EL1, ESR_EL1, FAR_EL1, Readable, VBAR_EL1, Writeable};
use core::{
    arch::{asm, global_asm},
    fmt::Write,
    sync::atomic::{AtomicBool, Ordering},
};
use target_common::{Fault, causes::aarch64::VECTOR_SHIFT};

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
    unexpected 1
    unexpected 2
    unexpected 3
    // From this level, on SP_EL1.
    nested 0
    nested 1
    nested 2
    nested 3
    // From lower levels nothing comes, as there are none: what lies there is something else.
.popsection

.purgem unexpected
.purgem nested
"#,
    report = sym report,
    report_nested = sym report_nested,
);

/// Abandons the running program from within `image_fault`: as [`escape`].
///
/// The exception stack is empty again.
pub fn escape_fault(value: i32) -> ! {
    /// The main stack, with all exceptions masked but system errors, as at boot.
    const STATE: u64 = 1 << 9 | 1 << 7 | 1 << 6 | 0b0100;
    let stack = layout::image().exception_stacks[hart()].end();
    // SAFETY: `escape` needs no stack but the one that the program was called on, to which it goes
    // back; the frames of the handler are never used again.
    unsafe {
        asm!(
            "msr elr_el1, {escape}",
            "msr spsr_el1, {state}",
            "mov sp, {stack}",
            "eret",
            escape = in(reg) escape_here as *const (),
            state = in(reg) STATE,
            stack = in(reg) stack,
            in("w0") value,
            options(noreturn),
        )
    }
}

/// [`escape`], as the assembly above calls it.
extern "C" fn escape_here(value: i32) -> ! {
    escape(value)
}

extern "C" fn report(vector: u64, return_address: usize) -> ! {
    image_fault(&fault(vector, return_address))
}

extern "C" fn report_nested(vector: u64, return_address: usize) -> ! {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    // The console itself may be what faults, so it is tried once; but not where it is no console.
    if cfg!(feature = "image") && !REPORTED.swap(true, Ordering::Relaxed) {
        let _ = writeln!(
            Console,
            "fault in the fault handler: {}",
            fault(vector, return_address).described(&CAUSES)
        );
    }
    exit(NESTED_FAULT)
}

/// What the exception registers say. `vector` is the position in the group of four.
fn fault(vector: u64, return_address: usize) -> Fault {
    Fault {
        cause: ESR_EL1.get() | vector << VECTOR_SHIFT,
        pc: ELR_EL1.get() as usize,
        value: FAR_EL1.get() as usize,
        return_address,
    }
}
