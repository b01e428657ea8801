//! The end of the run, and the time.

use aarch64_cpu::{
    asm::barrier,
    registers::{CNTFRQ_EL0, CNTVCT_EL0, Readable},
};
use qemu_exit::{AArch64, QEMUExit};

/// Ends QEMU, whose exit code is then `code`.
///
/// This is a semihosting call, so QEMU must run with `-semihosting-config enable=on`.
pub fn exit(code: u8) -> ! {
    AArch64::new().exit(code.into())
}

/// Nanoseconds since the machine started, from the virtual counter. Never goes back.
pub fn now_ns() -> u64 {
    const NANOSECONDS: u64 = 1_000_000_000;
    // Without it the counter may be read before the instructions that are being timed.
    barrier::isb(barrier::SY);
    let ticks = CNTVCT_EL0.get();
    let frequency = CNTFRQ_EL0.get().max(1);
    // The remainder is below the frequency, which is at most a few gigahertz: no overflow.
    ticks / frequency * NANOSECONDS + ticks % frequency * NANOSECONDS / frequency
}
