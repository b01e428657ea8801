//! The console: the first serial port, written byte by byte as it is told.

use core::fmt;

use target_common::HartLock;
use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::LSR;
use uart_16550::{Config, Uart16550};

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
    let _in_a_row = WRITING.lock_within(hart(), PATIENCE);
    port().send_bytes_exact(bytes);
}

/// Held by the hart that writes.
static WRITING: HartLock<()> = HartLock::new(());
/// Attempts to get it: seconds.
const PATIENCE: usize = 1 << 28;

/// Sets the port up. A machine without one (`-serial none`) runs without a console.
pub(super) fn init() {
    let _ = port().init(Config::DEFAULT);
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
    const COM1: u16 = 0x3f8;
    // SAFETY: q35 has its first serial port there. Should two write at once after all (a handler of
    // faults in the middle of another write, or a hart out of patience), bytes can mix, and nothing
    // else can happen.
    match const { unsafe { Uart16550::new_port(COM1) } } {
        Ok(port) => port,
        Err(_) => unreachable!(),
    }
}
