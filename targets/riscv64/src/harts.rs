//! The second hart: the firmware starts it, wakes it, and has it fence (SBI specification, "Hart
//! State Management", "IPI" and "RFENCE" extensions).

use core::arch::asm;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

use riscv::register::{sie, sip};
use sbi_rt::{HartMask, SbiRet};
use target_common::{HARTS, HartError, Mailbox, Work};

use crate::layout::RAM_OFFSET;
use crate::machine::now_ns;

/// The hart that runs this: 0 for the one that booted, or 1. Not the firmware's number.
pub fn hart() -> usize {
    let hart: usize;
    // SAFETY: `boot.rs` keeps the number in this register, which means nothing to the hart.
    unsafe { asm!("csrr {}, sscratch", out(reg) hart, options(nomem, nostack, preserves_flags)) };
    hart
}

/// Has the second hart call `work(argument)`, and returns at once; [`second_hart_is_idle`] says when
/// it is done. The first work starts the hart.
///
/// # Errors
/// [`HartError`]; `work` is then not called.
pub fn run_on_second_hart(work: Work, argument: usize) -> Result<(), HartError> {
    MAILBOX.put(work, argument)?;
    if start() && sbi_rt::send_ipi(mask_of(1)).is_ok() {
        return Ok(());
    }
    if MAILBOX.take().is_none() {
        return Ok(()); // It came to it late.
    }
    MAILBOX.done();
    Err(HartError::Absent)
}

/// Whether the second hart has done all that it was given.
pub fn second_hart_is_idle() -> bool {
    MAILBOX.is_idle()
}

/// Notes the firmware's number of the hart that booted.
pub(crate) fn first_is(firmware_number: usize) {
    NUMBERS[0].store(firmware_number, Ordering::Relaxed);
}

/// Entered by `boot.rs` on the second hart, with paging on, on its stack.
pub(crate) extern "C" fn start_second() -> ! {
    // Interrupts stay off in `sstatus`: one that is pending ends the wait all the same.
    // SAFETY: nothing is interrupted.
    unsafe { sie::set_ssoft() };
    STARTED.store(true, Ordering::Release);
    loop {
        // In this order: what comes after the look into the mailbox is pending when waiting begins.
        // SAFETY: as above.
        unsafe { sip::clear_ssoft() };
        while let Some((work, argument)) = MAILBOX.take() {
            // What has changed while there was nothing to do was not fenced here.
            riscv::asm::sfence_vma_all();
            riscv::asm::fence_i();
            work(argument);
            MAILBOX.done();
        }
        riscv::asm::wfi();
    }
}

/// Has the other hart forget how it translated addresses, and waits until it has.
///
/// The firmware interrupts it in M-mode, which nothing here can hold off: it also answers where it
/// waits for a lock. Where it has nothing to do, it is left alone: it forgets all before it begins.
pub(crate) fn forget_translations_on_other() {
    on_other(|mask| sbi_rt::remote_sfence_vma(mask, 0, usize::MAX));
}

/// Has the other hart fetch instructions anew, and waits until it does.
pub(crate) fn fetch_anew_on_other() {
    on_other(sbi_rt::remote_fence_i);
}

static MAILBOX: Mailbox = Mailbox::new();
/// Whether the second hart is up.
static STARTED: AtomicBool = AtomicBool::new(false);
/// The firmware's numbers of the harts.
static NUMBERS: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];

/// The highest number that the firmware's harts are looked for under.
const MOST_NUMBERS: usize = 8;
const START_LIMIT_NS: u64 = 10_000_000_000;

fn on_other(remote: impl Fn(HartMask) -> SbiRet) {
    let here = hart();
    if here == 0 && MAILBOX.is_idle() {
        return;
    }
    // What was written comes before the fence that it is for.
    fence(Ordering::SeqCst);
    let done = remote(mask_of(1 - here));
    assert!(done.is_ok(), "the firmware does not reach hart {}: {done:?}", 1 - here);
}

fn mask_of(hart: usize) -> HartMask {
    HartMask::from_mask_base(1, NUMBERS[hart].load(Ordering::Relaxed))
}

/// Starts the second hart, unless it runs: one that the firmware has stopped. Whether it runs.
fn start() -> bool {
    if STARTED.load(Ordering::Acquire) {
        return true;
    }
    // SAFETY: `boot.rs` defines it; only its address is taken.
    unsafe extern "C" {
        safe static __second_start: u8;
    }
    let entry = (&raw const __second_start).addr() + RAM_OFFSET;
    for number in 0..MOST_NUMBERS {
        // A hart that runs already is refused, and so is a number that there is no hart of.
        NUMBERS[1].store(number, Ordering::Relaxed);
        if sbi_rt::hart_start(number, entry, 0).is_ok() {
            let start = now_ns();
            while !STARTED.load(Ordering::Acquire) && now_ns() - start < START_LIMIT_NS {
                core::hint::spin_loop();
            }
            break;
        }
    }
    STARTED.load(Ordering::Acquire)
}
