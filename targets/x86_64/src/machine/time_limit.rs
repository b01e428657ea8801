//! A limit to the time that a program may take: the timer interrupts it, which is a fault of its.
//!
//! Interrupts come between [`start_time_limit`] and [`stop_time_limit`], and at no other time. One that
//! comes while the image itself runs, on the program's behalf, is put off (`vectors.s`): the image may
//! hold a lock.

use core::hint;
use core::sync::atomic::{AtomicU32, Ordering};

use target_common::causes::x86_64::TIMER;
use x86_64::instructions::interrupts;

use super::apic;
use super::clock::now_ns;

/// Has the program that runs on this hart interrupted in so many nanoseconds, by a fault of the kind
/// [`TIME_LIMIT`](target_common::causes::TIME_LIMIT). For the hart that booted. Not in more than
/// some minutes.
pub fn start_time_limit(nanoseconds: u64) {
    apic::enable_timer(TIMER as u8);
    if COUNT.load(Ordering::Relaxed) == 0 {
        COUNT.store(measure(), Ordering::Relaxed);
    }
    let per_millisecond = COUNT.load(Ordering::Relaxed);
    let count = u128::from(nanoseconds) * u128::from(per_millisecond) / 1_000_000;
    // An interrupt that is left from the last time comes now, in the image, and does no harm.
    interrupts::enable();
    apic::start_timer(u32::try_from(count).unwrap_or(u32::MAX).max(1));
}

/// Has nothing interrupted any more.
pub fn stop_time_limit() {
    interrupts::disable();
    apic::start_timer(0);
}

/// How far the timer counts in a millisecond; 0 where that is not known yet.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// Measures it; interrupts are off. The host may stop the machine in the middle of a measurement: the
/// middle one of three counts, as for the clock.
fn measure() -> u32 {
    let mut counts = [0; 3].map(|_: u32| measure_once());
    counts.sort_unstable();
    counts[1]
}

fn measure_once() -> u32 {
    const AT_LEAST_NS: u64 = 2_000_000;
    apic::start_timer(u32::MAX);
    let start = now_ns();
    while now_ns() - start < AT_LEAST_NS {
        hint::spin_loop();
    }
    let counted = u64::from(u32::MAX - apic::timer_left());
    let took = now_ns() - start;
    apic::start_timer(0);
    u32::try_from(counted * 1_000_000 / took).unwrap_or(u32::MAX).max(1)
}
