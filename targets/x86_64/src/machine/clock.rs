//! The clock: the processor's time-stamp counter, measured against the interval timer.
//!
//! Nothing tells the rate of the counter: QEMU's own emulation has no CPUID leaf for it. There
//! it is the counter of the host, at the host's rate, or with `-icount` the nanoseconds of
//! virtual time. So it is measured at boot against channel 2 of the interval timer (PIT), whose
//! rate is fixed. This relies on the counter having one rate throughout, as it has on every host
//! with an invariant time-stamp counter, and on QEMU, which keeps it from going back.

use core::arch::x86_64::_rdtsc;
use core::sync::atomic::{AtomicU64, Ordering};

use x86_64::instructions::port::Port;

use super::console::write_console;
use super::exit::exit;

/// Nanoseconds since some moment of the boot; never goes back.
pub fn now_ns() -> u64 {
    let ticks = counter().wrapping_sub(BOOT.load(Ordering::Relaxed));
    let scaled = u128::from(ticks) * u128::from(NS_PER_TICK.load(Ordering::Relaxed));
    (scaled >> 32) as u64
}

/// Measures the counter, which takes 15 ms.
pub(super) fn init() {
    // The middle one of three, as the host may stop the machine in the middle of a measurement.
    let [a, b, c] = [measure(), measure(), measure()];
    let ticks = a.min(b).max(a.max(b).min(c));
    NS_PER_TICK.store((INTERVAL_NS << 32) / ticks.max(1), Ordering::Relaxed);
    BOOT.store(counter(), Ordering::Relaxed);
}

/// The counter at boot.
static BOOT: AtomicU64 = AtomicU64::new(0);
/// Nanoseconds per tick of the counter, times 2^32.
static NS_PER_TICK: AtomicU64 = AtomicU64::new(0);

const PIT_HZ: u64 = 1_193_182;
/// About 5 ms.
const INTERVAL: u16 = 5966;
const INTERVAL_NS: u64 = INTERVAL as u64 * 1_000_000_000 / PIT_HZ;

/// How many ticks of the time-stamp counter go by in [`INTERVAL`] ticks of the interval timer.
fn measure() -> u64 {
    /// Channel 2, low byte then high byte, mode 0: the output rises when the count ends.
    const COUNT_DOWN_ONCE: u8 = 0b1011_0000;
    const GATE: u8 = 1 << 0;
    const SPEAKER: u8 = 1 << 1;
    const OUTPUT: u8 = 1 << 5;
    /// Seconds, at any rate there is.
    const TOO_LONG: u64 = 1 << 34;

    let mut command = Port::<u8>::new(0x43);
    let mut channel = Port::<u8>::new(0x42);
    let mut control = Port::<u8>::new(0x61);
    let [low, high] = INTERVAL.to_le_bytes();

    // SAFETY: these ports belong to the timer's channel for the speaker, which nothing else uses.
    unsafe {
        let others = control.read() & !SPEAKER;
        control.write(others | GATE);
        command.write(COUNT_DOWN_ONCE);
        channel.write(low);
        channel.write(high); // and it counts
    }
    let start = counter();
    loop {
        // SAFETY: reading the port changes nothing.
        let ended = unsafe { control.read() } & OUTPUT != 0;
        let ticks = counter().wrapping_sub(start);
        if ended {
            return ticks;
        }
        if ticks > TOO_LONG {
            write_console(b"target: the interval timer does not count\n");
            exit(1)
        }
    }
}

fn counter() -> u64 {
    // SAFETY: every processor with long mode has the instruction.
    unsafe { _rdtsc() }
}
