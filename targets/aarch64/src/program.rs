//! Calling a program on a stack of its own, and leaving it early.

use crate::harts::hart;
use aarch64_cpu::asm::barrier;
#[cfg(feature = "image")]
use aarch64_cpu::registers::{Readable, Writeable};
use core::{
    arch::naked_asm,
    sync::atomic::{AtomicUsize, Ordering},
};
use target_common::{ARGUMENTS, CallEnd, HARTS, Region};

/// For each hart the stack pointer that the innermost [`call_program`] saved its registers at, or 0
/// when no program runs.
pub(crate) static CALLERS: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];

/// Calls the function at `entry` on `stack`, and says how it came back.
///
/// May be nested: [`escape`] leaves the innermost program.
///
/// # Safety
///
/// `entry` is the address of a function, in memory that may be executed, which takes these
/// arguments or fewer. `stack` is writable and used by nothing else until this returns. Whatever the
/// program does must be sound.
pub unsafe fn call_program(entry: usize, arguments: &[u64; ARGUMENTS], stack: Region) -> CallEnd {
    // SAFETY: the caller answers for all of it.
    unsafe { call(entry, arguments, stack, false) }
}

/// As [`call_program`], in the kernel's mode or in user mode.
///
/// # Safety
///
/// As for [`call_program`]; what user mode touches that is not its own ends it.
pub(crate) unsafe fn call(
    entry: usize,
    arguments: &[u64; ARGUMENTS],
    stack: Region,
    user: bool,
) -> CallEnd {
    // AAPCS64, 6.4.5.1: the stack pointer is a multiple of 16.
    let top = stack.start.saturating_add(stack.size) & !15;
    let caller = &CALLERS[hart()];
    let outer = caller.load(Ordering::Relaxed);
    // The other hart may have written the code: nothing of what was there may be under way.
    barrier::isb(barrier::SY);
    #[cfg(feature = "image")]
    let interrupts = aarch64_cpu::registers::DAIF.get();
    // SAFETY: the caller answers for the entry, its arguments and the stack.
    let end = unsafe { enter(entry, arguments, top, caller.as_ptr(), user) };
    // A fault that the program was left by has masked them.
    #[cfg(feature = "image")]
    aarch64_cpu::registers::DAIF.set(interrupts);
    caller.store(outer, Ordering::Relaxed);
    if end.escaped == 0 { CallEnd::Returned(end.value) } else { CallEnd::Escaped(end.value as i32) }
}

/// Abandons the program that runs on this hart: its [`call_program`] returns [`CallEnd::Escaped`] with `value`.
///
/// The frames in between are dropped as `longjmp` drops them: nothing in them is run or freed.
///
/// # Panics
///
/// If no program is running.
pub fn escape(value: i32) -> ! {
    let caller = caller();
    // SAFETY: `enter` stored this, and its frame lives until `call_program` has cleared it.
    unsafe { leave(value as u64, caller, 1) }
}

/// Returns from the function that this hart runs in user mode, as [`escape`] leaves any: for the gate.
///
/// # Panics
///
/// If no program is running.
#[cfg(feature = "image")]
pub fn return_from_user(value: u64) -> ! {
    let caller = caller();
    // SAFETY: as for `escape`.
    unsafe { leave(value, caller, 0) }
}

/// What the innermost [`enter`] on this hart stored.
///
/// # Panics
///
/// If no program is running.
pub(crate) fn caller() -> usize {
    let caller = CALLERS[hart()].load(Ordering::Relaxed);
    assert!(caller != 0, "no program is running");
    caller
}

/// What [`enter`] and [`leave`] hand back, in x0 and x1.
#[repr(C)]
struct End {
    value: u64,
    escaped: u64,
}

/// Saves what the procedure call standard says a call preserves (x19 to x30, d8 to d15 and the
/// rounding mode), stores the stack pointer through `caller`, and calls `entry` on `stack_top`.
#[unsafe(naked)]
unsafe extern "C" fn enter(
    entry: usize,
    arguments: &[u64; ARGUMENTS],
    stack_top: usize,
    caller: *mut usize,
    user: bool,
) -> End {
    naked_asm!(
        ".cfi_startproc",
        // The stack goes on elsewhere, which debuggers take for damage but at a signal handler.
        ".cfi_signal_frame",
        #[cfg(feature = "image")]
        ".cfi_personality 0x1b, {personality}", // relative to itself, in 4 bytes
        "stp x29, x30, [sp, #-176]!",
        // A frame record: a backtrace goes from the program on into the image.
        "mov x29, sp",
        "stp x19, x20, [sp, #16]",
        "stp x21, x22, [sp, #32]",
        "stp x23, x24, [sp, #48]",
        "stp x25, x26, [sp, #64]",
        "stp x27, x28, [sp, #80]",
        "stp d8, d9, [sp, #96]",
        "stp d10, d11, [sp, #112]",
        "stp d12, d13, [sp, #128]",
        "stp d14, d15, [sp, #144]",
        "mrs x9, fpcr",
        "str x9, [sp, #160]",
        "mov x19, sp",
        ".cfi_def_cfa x19, 176",
        ".cfi_offset x29, -176",
        ".cfi_offset x30, -168",
        ".cfi_offset x19, -160",
        ".cfi_offset x20, -152",
        ".cfi_offset x21, -144",
        ".cfi_offset x22, -136",
        ".cfi_offset x23, -128",
        ".cfi_offset x24, -120",
        ".cfi_offset x25, -112",
        ".cfi_offset x26, -104",
        ".cfi_offset x27, -96",
        ".cfi_offset x28, -88",
        ".cfi_offset d8, -80",
        ".cfi_offset d9, -72",
        ".cfi_offset d10, -64",
        ".cfi_offset d11, -56",
        ".cfi_offset d12, -48",
        ".cfi_offset d13, -40",
        ".cfi_offset d14, -32",
        ".cfi_offset d15, -24",
        "str x19, [x3]",
        "mov sp, x2",
        "mov w20, w4",
        "mov x9, x0",
        "mov x10, x1",
        "ldp x0, x1, [x10]",
        "ldp x2, x3, [x10, #16]",
        "ldp x4, x5, [x10, #32]",
        #[cfg(feature = "image")]
        "cbz w20, 1f",
        #[cfg(feature = "image")]
        "b {to_user}",
        #[cfg(feature = "image")]
        "1:",
        "blr x9",
        "mov sp, x19",
        "mov x1, #0",
        "b {restore}",
        ".cfi_endproc",
        restore = sym restore,
        #[cfg(feature = "image")]
        to_user = sym crate::user::to_user,
        #[cfg(feature = "image")]
        personality = sym target_common::image_personality,
    )
}

/// Returns from the [`enter`] that stored `caller`.
#[unsafe(naked)]
pub(crate) unsafe extern "C" fn leave(value: u64, caller: usize, escaped: u64) -> ! {
    naked_asm!(
        "mov sp, x1",
        "mov x1, x2",
        "b {restore}",
        restore = sym restore,
    )
}

/// The second half of [`enter`]: the frame is at the stack pointer, the result in x0 and x1.
#[unsafe(naked)]
unsafe extern "C" fn restore() {
    naked_asm!(
        "ldr x9, [sp, #160]",
        "msr fpcr, x9",
        "ldp d14, d15, [sp, #144]",
        "ldp d12, d13, [sp, #128]",
        "ldp d10, d11, [sp, #112]",
        "ldp d8, d9, [sp, #96]",
        "ldp x27, x28, [sp, #80]",
        "ldp x25, x26, [sp, #64]",
        "ldp x23, x24, [sp, #48]",
        "ldp x21, x22, [sp, #32]",
        "ldp x19, x20, [sp, #16]",
        "ldp x29, x30, [sp], #176",
        "ret",
    )
}
