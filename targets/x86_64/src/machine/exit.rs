//! Ending the run.

use x86_64::instructions::{hlt, interrupts, port::Port};

use super::console;

/// Ends QEMU, with `code` for the host.
///
/// The device `isa-debug-exit` makes an exit status of what is written to it, `value * 2 + 1`,
/// so that no status of it is 0. This function writes `code + 1`, because a value of 0 would
/// give the 1 with which QEMU itself fails:
///
/// | exit status of QEMU | meaning |
/// | --- | --- |
/// | 3 | `code` 0: success |
/// | odd, 5 to 253 | `code` is `status / 2 - 1` |
/// | 255 | `code` 126 or above |
/// | 1 | QEMU could not start the machine |
/// | 0 | the machine reset itself: a fault before there were handlers, or no exit device |
pub fn exit(code: u8) -> ! {
    const DEBUG_EXIT: u16 = 0xf4;
    console::drain();
    let value = u32::from(code.min(126)) + 1;
    // SAFETY: writing to this port does nothing but end QEMU.
    unsafe { Port::new(DEBUG_EXIT).write(value) };
    reset()
}

/// Resets the machine, for want of the exit device; with `-no-reboot` this ends QEMU too.
fn reset() -> ! {
    const RESET_CONTROL: u16 = 0xcf9;
    const HARD_RESET: u8 = 0x06;
    // SAFETY: the reset ends this program; nothing is left that it could harm.
    unsafe { Port::new(RESET_CONTROL).write(HARD_RESET) };
    loop {
        interrupts::disable();
        hlt();
    }
}
