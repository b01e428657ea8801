//! From the first instruction to `image_main`.
//!
//! `aarch64-rt` turns the MMU on with a table that is known at compile time, enables floating
//! point, clears `.bss` and calls [`main`] on what will be the exception stack. That first table
//! maps the whole of RAM for everything, so that Rust code runs on ordinary cached memory while it
//! builds the real one; no program or module ever runs on it.
//!
//! The main stack is `SP_EL0` and exceptions use `SP_EL1`, so the hardware itself changes stacks
//! when an exception is taken, and a main stack that has overflowed can still be reported.

use crate::{console, exceptions, image_main, paging};
use aarch64_cpu::registers::{CurrentEL, Readable};
use aarch64_rt::{InitialPagetable, entry, initial_pagetable};
use core::arch::{asm, naked_asm};

/// 64 KiB: the fault handler formats text.
const EXCEPTION_STACK_PAGES: usize = 16;

/// What one entry of the first table maps.
const GIB: usize = 1 << 30;

initial_pagetable!({
    let mut table = [0; 512];
    table[0] = paging::DEVICE.bits();
    table[1] = GIB | paging::NORMAL.bits();
    InitialPagetable(table)
});

entry!(main, EXCEPTION_STACK_PAGES);

/// Called by the start-up code, on the exception stack, with the first table in use.
fn main(_device_tree: u64, _x1: u64, _x2: u64, _x3: u64) -> ! {
    console::init();
    assert!(
        CurrentEL.read(CurrentEL::EL) == 1,
        "started at an exception level other than EL1: leave out `virtualization` and `secure`"
    );
    exceptions::install();
    paging::init();
    // SAFETY: nothing above is used again, the real tables map both stacks, and the vectors are
    // installed.
    unsafe { enter_main_stack() }
}

/// Empties the exception stack, moves to the main one and calls [`run`].
///
/// # Safety
///
/// The caller's frames are lost. The real page tables must be in use.
#[unsafe(naked)]
unsafe extern "C" fn enter_main_stack() -> ! {
    naked_asm!(
        "adrp x9, __exception_stack_end",
        "add x9, x9, :lo12:__exception_stack_end",
        "mov sp, x9",
        "msr spsel, #0",
        "adrp x9, __main_stack_end",
        "add x9, x9, :lo12:__main_stack_end",
        "mov sp, x9",
        // The first frame: a backtrace ends here.
        "mov x29, xzr",
        "mov x30, xzr",
        "b {run}",
        run = sym run,
    )
}

extern "C" fn run() -> ! {
    // Interrupts stay masked, for no device is asked for any. A system error must be heard.
    // SAFETY: the vectors are installed.
    unsafe { asm!("msr daifclr, #4", options(nomem, nostack, preserves_flags)) };
    image_main()
}
