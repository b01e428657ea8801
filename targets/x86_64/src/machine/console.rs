//! The console: the first serial port, written byte by byte as it is told.

use core::fmt;

use target_common::HartLock;
use uart_16550::Uart16550;
use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::LSR;

use super::harts::hart;

/// The console as a [`fmt::Write`]. It keeps no state.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_console(text.as_bytes());
        Ok(())
    }
}

/// Writes `bytes` to the console as they are, and all in a row, and may be called from anywhere.
///
/// A hart whose fault has interrupted such a call of its own does not wait for it, nor does a hart
/// wait for ever that finds the other in here.
pub fn write_console(bytes: &[u8]) {
    if cfg!(feature = "image") {
        let _in_a_row = WRITING.lock_within(hart(), PATIENCE);
        port().send_bytes_exact(bytes);
    } else {
        // Byte by byte is shorter.
        bytes.iter().for_each(|byte| while port().try_send_byte(*byte).is_err() {});
    }
}

/// The next byte that has come in over the console; `None` where none has.
pub fn read_console() -> Option<u8> {
    port().try_receive_byte().ok()
}

const COM1: u16 = 0x3f8;

/// Frees the console, if this hart has it: it has left for good what held it.
#[cfg(feature = "image")]
pub(super) fn abandon_console() {
    // SAFETY: whoever calls this abandons all frames of the hart that may hold a guard; the lock
    // guards nothing but the order of what is written.
    unsafe { WRITING.abandon(hart()) };
}

/// Held by the hart that writes.
static WRITING: HartLock<()> = HartLock::new(());
/// Attempts to get it: seconds.
const PATIENCE: usize = 1 << 28;

/// Sets the port up. A machine without one (`-serial none`) runs without a console.
#[cfg(feature = "image")]
pub(super) fn init() {
    let _ = port().init(uart_16550::Config::DEFAULT);
}

/// Turns the FIFOs of the port on, which the firmware has set up.
#[cfg(not(feature = "image"))]
pub(super) fn init() {
    use uart_16550::spec::registers::FCR;
    // QEMU hands over as many bytes at a time as the trigger level says.
    let level = FCR::RX_FIFO_TRIGGER_LEVEL0 | FCR::RX_FIFO_TRIGGER_LEVEL1;
    let control = FCR::FIFO_ENABLE | FCR::RX_FIFO_RESET | FCR::TX_FIFO_RESET | level;
    // SAFETY: this is the port's FIFO control register, and nothing is under way yet.
    unsafe { x86_64::instructions::port::Port::new(COM1 + 2).write(control.bits()) };
    // Thrown away: QEMU goes on with a full FIFO that was reset only once somebody has read from it.
    // SAFETY: this is the port's data register.
    let _: u8 = unsafe { x86_64::instructions::port::Port::new(COM1).read() };
}

/// Waits until the last byte has left, or for a while that is long for sixteen bytes.
pub(super) fn drain() {
    const TRIES: usize = 1_000_000;
    let mut port = port();
    for _ in 0..TRIES {
        if port.lsr().contains(LSR::TRANSMITTER_EMPTY) {
            return;
        }
    }
}

/// A fresh handle for each use: its state is only what was read last, and an exception handler
/// must be able to write while something else was writing.
fn port() -> Uart16550<PioBackend> {
    // SAFETY: q35 has its first serial port there. Should two write at once after all (a handler of
    // faults in the middle of another write, or a hart out of patience), bytes can mix, and nothing
    // else can happen.
    match const { unsafe { Uart16550::new_port(COM1) } } {
        Ok(port) => port,
        Err(_) => unreachable!(),
    }
}
