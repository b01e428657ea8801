//! Console, exit, clock and instruction fetch: what needs a device or a single instruction.

use core::fmt;
use core::num::NonZeroUsize;

use qemu_exit::{QEMUExit, RISCV64};
use target_common::Region;
use uart_16550::Uart16550;
use uart_16550::backend::MmioBackend;

use crate::layout::{FINISHER, UART};

/// The first serial port, for `write!`. Bytes go out as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl fmt::Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_console(text.as_bytes());
        Ok(())
    }
}

/// Writes `bytes` to the first serial port, unchanged. Takes no lock: exception handlers may call it.
pub fn write_console(bytes: &[u8]) {
    uart().send_bytes_exact(bytes);
}

/// Ends QEMU with `code` as its exit status.
pub fn exit(code: u8) -> ! {
    // SAFETY: boot mapped the `sifive_test` device at this address.
    let finisher = unsafe { RISCV64::new(FINISHER as u64) };
    match code {
        0 => finisher.exit_success(),
        code => finisher.exit(code.into()),
    }
}

/// Nanoseconds since some moment before boot, in steps of 100. Never goes back.
pub fn now_ns() -> u64 {
    riscv::register::time::read64().wrapping_mul(TIME_STEP_NS)
}

/// Makes code that was written to `region` visible to instruction fetch.
pub fn sync_instructions(_region: Region) {
    // Covers all of memory, but only this hart. It is the only one that runs: with more,
    // each would need its own, by the firmware's remote fence.
    riscv::asm::fence_i();
}

/// `virt` counts time at 10 MHz, a figure that its device tree repeats and nothing changes.
const TIME_STEP_NS: u64 = 100;

/// A driver for the serial port as the firmware left it. It has no state beyond the address (the
/// FIFO is not relied on), so that each call can have its own and none has to be locked.
const fn uart() -> Uart16550<MmioBackend> {
    const ADDRESS: NonZeroUsize = NonZeroUsize::new(UART).expect("not null");
    // SAFETY: boot mapped the device's registers, a byte apart, at this address. Should an exception
    // handler interrupt another writer, bytes can mix, and nothing else can happen.
    match unsafe { Uart16550::new_mmio_from_address(ADDRESS, 1) } {
        Ok(uart) => uart,
        Err(_) => panic!("the address and the stride are valid constants"),
    }
}
