//! The console: the first serial port, written byte by byte as it is told.

use core::fmt;

use uart_16550::backend::PioBackend;
use uart_16550::spec::registers::LSR;
use uart_16550::{Config, Uart16550};

/// The console as a [`fmt::Write`]. It keeps no state and takes no lock.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_console(text.as_bytes());
        Ok(())
    }
}

/// Writes `bytes` to the console as they are, and may be called from anywhere.
pub fn write_console(bytes: &[u8]) {
    port().send_bytes_exact(bytes);
}

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
    // SAFETY: q35 has its first serial port there, and the image runs on one processor with
    // interrupts off. A handler that breaks in never returns to the writer that it interrupted.
    match const { unsafe { Uart16550::new_port(COM1) } } {
        Ok(port) => port,
        Err(_) => unreachable!(),
    }
}
