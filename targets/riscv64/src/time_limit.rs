//! A limit to the time that a program may take: the timer interrupts it, which is a fault of its.
//!
//! Interrupts come between [`start_time_limit`] and [`stop_time_limit`], and at no other time. One that
//! comes while the image itself runs, on the program's behalf, is put off (`trap.rs`): the image may hold
//! a lock.

use riscv::register::{sie, sstatus, time};

use crate::machine::TIME_STEP_NS;

/// Has the program that runs on this hart interrupted in so many nanoseconds, by a fault of the kind
/// [`TIME_LIMIT`](target_common::causes::TIME_LIMIT). For the hart that booted.
pub fn start_time_limit(nanoseconds: u64) {
    // The firmware has a timer (SBI specification, "Timer Extension"); where not, there is no limit.
    let _ = sbi_rt::set_timer(time::read64().saturating_add(nanoseconds / TIME_STEP_NS));
    // SAFETY: the trap handler knows what to do with this interrupt, and leaves no trace.
    unsafe {
        sie::set_stimer();
        sstatus::set_sie();
    }
}

/// Has nothing interrupted any more.
pub fn stop_time_limit() {
    // SAFETY: masks interrupts.
    unsafe {
        sstatus::clear_sie();
        sie::clear_stimer();
    }
    let _ = sbi_rt::set_timer(u64::MAX);
}
