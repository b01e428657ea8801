//! From the first instruction to `image_main`, and from the second hart's to its work.
//!
//! `aarch64-rt` turns the MMU on with a table that is known at compile time, enables floating
//! point, clears `.bss` and calls [`main`] on what will be the exception stack. That first table
//! maps the whole of RAM for everything, so that Rust code runs on ordinary cached memory while it
//! builds the real one; no program or module ever runs on it.
//!
//! The main stack is `SP_EL0` and exceptions use `SP_EL1`, so the hardware itself changes stacks
//! when an exception is taken, and a main stack that has overflowed can still be reported. The second
//! hart has two stacks as well.

use crate::{attributes, console, exceptions, image_main, layout, paging};
use aarch64_cpu::registers::{CurrentEL, Readable};
use aarch64_rt::{InitialPagetable, entry, initial_pagetable};
use core::arch::{asm, naked_asm};

/// 64 KiB: the fault handler formats text.
pub(crate) const EXCEPTION_STACK_PAGES: usize = 16;

/// What one entry of the first table maps.
const GIB: usize = 1 << 30;

initial_pagetable!({
    let mut table = [0; 512];
    table[0] = attributes::DEVICE.bits();
    table[1] = GIB | attributes::NORMAL.bits();
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
    #[cfg(feature = "image")]
    crate::user::keep_timers();
    #[cfg(feature = "image")]
    crate::time_limit::init();
    paging::init();
    let [exception_stack, main_stack] = stacks(0);
    // SAFETY: nothing above is used again, the real tables map both stacks, and the vectors are
    // installed.
    unsafe { enter_main_stack(exception_stack, main_stack, run) }
}

/// Called on the second hart, on its exception stack, with the first table in use.
#[cfg(feature = "image")]
pub(crate) fn second_main() {
    exceptions::install();
    crate::user::keep_timers();
    paging::join();
    let [exception_stack, main_stack] = stacks(1);
    // SAFETY: as above; nothing of what called this is used again either.
    unsafe { enter_main_stack(exception_stack, main_stack, run_second) }
}

/// The ends of a hart's exception stack and main stack.
fn stacks(hart: usize) -> [usize; 2] {
    let image = layout::image();
    [image.exception_stacks[hart].end(), image.main_stacks[hart].end()]
}

/// Empties the exception stack, moves to the main one and calls `then`.
///
/// # Safety
///
/// The caller's frames are lost. The real page tables must be in use.
#[unsafe(naked)]
unsafe extern "C" fn enter_main_stack(
    exception_stack: usize,
    main_stack: usize,
    then: extern "C" fn() -> !,
) -> ! {
    naked_asm!(
        "mov sp, x0",
        "msr spsel, #0",
        "mov sp, x1",
        // The first frame: a backtrace ends here.
        "mov x29, xzr",
        "mov x30, xzr",
        "br x2",
    )
}

extern "C" fn run() -> ! {
    hear_system_errors();
    image_main()
}

#[cfg(feature = "image")]
extern "C" fn run_second() -> ! {
    hear_system_errors();
    crate::harts::work()
}

/// Interrupts stay masked, but where a program's time is limited. A system error must be heard.
fn hear_system_errors() {
    // SAFETY: the vectors are installed.
    unsafe { asm!("msr daifclr, #4", options(nomem, nostack, preserves_flags)) };
}
