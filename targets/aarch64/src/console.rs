//! The console: the machine's PL011 UART.

use crate::harts::hart;
use arm_pl011_uart::{
    DataBits, LineConfig, PL011Registers, Parity, StopBits, Uart, UniqueMmioPointer,
};
use core::{fmt, hint, ptr::NonNull};
use target_common::{HARTS, HartLock, Region};

/// The UART's registers, physical and virtual.
pub(crate) const REGISTERS: Region = Region { start: 0x0900_0000, size: crate::PAGE };

/// The UART's clock in QEMU's device tree, in hertz.
const CLOCK: u32 = 24_000_000;

/// The console, for `write!`. Bytes go out as they are: no newline is translated.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_console(text.as_bytes());
        Ok(())
    }
}

/// Writes raw bytes to the console, all in a row. May be called from anywhere, the fault handler
/// included.
///
/// A hart whose fault has interrupted such a call of its own does not wait for it, nor does a hart
/// wait for ever that finds the other in here.
pub fn write_console(bytes: &[u8]) {
    // One hart alone needs no lock.
    let _in_a_row = (HARTS > 1).then(|| WRITING.lock_within(hart(), PATIENCE));
    let mut uart = uart();
    for &byte in bytes {
        while uart.is_tx_fifo_full() {
            hint::spin_loop();
        }
        uart.write_word(byte);
    }
}

/// The next byte that has come in over the console; `None` where none has, or a broken one.
pub fn read_console() -> Option<u8> {
    uart().read_word().ok().flatten()
}

/// Frees the console, if this hart has it: it has left for good what held it.
#[cfg(feature = "image")]
pub(crate) fn abandon_console() {
    // SAFETY: whoever calls this abandons all frames of the hart that may hold a guard; the lock
    // guards nothing but the order of what is written.
    unsafe { WRITING.abandon(hart()) };
}

/// Held by the hart that writes.
static WRITING: HartLock<()> = HartLock::new(());
/// Attempts to get it: seconds.
const PATIENCE: usize = 1 << 28;

/// Turns the UART on.
pub(crate) fn init() {
    let line =
        LineConfig { data_bits: DataBits::Bits8, parity: Parity::None, stop_bits: StopBits::One };
    // The only error is a rate that the clock can't make, which this one is not; and if it were,
    // there would be nowhere to say so.
    let _ = uart().enable(line, 115_200, CLOCK);
}

fn uart() -> Uart<'static> {
    const ADDRESS: NonNull<PL011Registers> =
        // SAFETY: the address is not zero.
        unsafe { NonNull::new_unchecked(REGISTERS.start as *mut PL011Registers) };
    // SAFETY: the page is mapped as device memory from boot on, and holds a PL011. The driver keeps
    // no state outside the registers. Should two write at once after all (the fault handler in the
    // middle of another write, or a hart out of patience), bytes can mix or get lost, and nothing else
    // can happen.
    Uart::new(unsafe { UniqueMmioPointer::new(ADDRESS) })
}
