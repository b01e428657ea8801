//! Console, exit, clock and instruction fetch: what needs a device or a single instruction.

use core::fmt;
use core::num::NonZeroUsize;

use qemu_exit::{QEMUExit, RISCV64};
use target_common::{HARTS, HartLock, Region};
use uart_16550::Uart16550;
use uart_16550::backend::MmioBackend;

use crate::harts::{self, hart};
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

/// Writes `bytes` to the first serial port, unchanged and all in a row. Exception handlers may call it.
///
/// A hart whose exception has interrupted such a call of its own does not wait for it, nor does a
/// hart wait for ever that finds the other in here.
pub fn write_console(bytes: &[u8]) {
    // One hart alone needs no lock.
    let _in_a_row = (HARTS > 1).then(|| WRITING.lock_within(hart(), PATIENCE));
    uart().send_bytes_exact(bytes);
}

/// The next byte that has come in over the first serial port; `None` where none has.
pub fn read_console() -> Option<u8> {
    uart().try_receive_byte().ok()
}

/// Turns the FIFOs of the serial port on, for an image that reads much from it.
#[cfg(not(feature = "image"))]
pub(crate) fn init() {
    use uart_16550::spec::registers::FCR;
    // QEMU hands over as many bytes at a time as the trigger level says.
    let level = FCR::RX_FIFO_TRIGGER_LEVEL0 | FCR::RX_FIFO_TRIGGER_LEVEL1;
    let control = FCR::FIFO_ENABLE | FCR::RX_FIFO_RESET | level;
    let registers = core::ptr::with_exposed_provenance_mut::<u8>(UART);
    // SAFETY: boot mapped the device's registers there. What is read is thrown away: QEMU goes on with
    // a full FIFO that was reset only once somebody has read from it.
    unsafe {
        registers.add(2).write_volatile(control.bits());
        registers.read_volatile();
    }
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

/// Makes code that was written to `region` visible to instruction fetch on both harts.
pub fn sync_instructions(_region: Region) {
    // Covers all of memory, but only this hart.
    riscv::asm::fence_i();
    harts::fetch_anew_on_other();
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

/// `virt` counts time at 10 MHz, a figure that its device tree repeats and nothing changes.
pub(crate) const TIME_STEP_NS: u64 = 100;
pub(crate) const TIME_PER_MILLISECOND: u64 = 1_000_000 / TIME_STEP_NS;

/// A driver for the serial port as the firmware left it. It has no state beyond the address (the
/// FIFO is not relied on), so that each call can have its own, also one in an exception handler.
const fn uart() -> Uart16550<MmioBackend> {
    const ADDRESS: NonZeroUsize = NonZeroUsize::new(UART).expect("not null");
    // SAFETY: boot mapped the device's registers, a byte apart, at this address. Should two
    // write at once after all (an exception handler that has interrupted another write, or a hart
    // out of patience), bytes can mix, and nothing else can happen.
    match unsafe { Uart16550::new_mmio_from_address(ADDRESS, 1) } {
        Ok(uart) => uart,
        Err(_) => panic!("the address and the stride are valid constants"),
    }
}
