//! The second hart: how it starts, what it does, and how one hart has the other forget what it
//! knows of the page tables.

use core::arch::asm;
use core::sync::atomic::{AtomicBool, Ordering};

use target_common::{HARTS, HartError, Mailbox, Work};
use x86_64::instructions::{hlt, tlb};

use super::segments::SECOND_TASK;
use super::{apic, boot, cpu, exceptions, now_ns, segments};

/// The hart that runs this: 0 for the one that booted, or 1.
pub fn hart() -> usize {
    let task: u16;
    // SAFETY: the task register can be read at any time. It says which hart this is, as each has a
    // task state of its own, and no program has a use for it.
    unsafe { asm!("str {:x}", out(reg) task, options(nomem, nostack, preserves_flags)) };
    usize::from(task == SECOND_TASK.0)
}

/// Has the second hart call `work(argument)`, and returns when it is about to;
/// [`second_hart_is_idle`] says when it is done. The first work starts the hart.
///
/// # Errors
/// [`HartError`]; `work` is then not called.
pub fn run_on_second_hart(work: Work, argument: usize) -> Result<(), HartError> {
    MAILBOX.put(work, argument)?;
    let begun = start()
        && within(START_LIMIT_NS, || {
            // Again and again: the hart may have looked into the mailbox just before it was filled,
            // and may have halted just after it was interrupted.
            apic::send_nmi();
            within(50_000, || MAILBOX.is_empty())
        });
    if !begun && MAILBOX.take().is_some() {
        MAILBOX.done();
        return Err(HartError::Absent);
    }
    Ok(())
}

/// Whether the second hart has done all that it was given.
pub fn second_hart_is_idle() -> bool {
    MAILBOX.is_idle()
}

/// Entered by `boot.s` on the second hart, in long mode, on its stack.
pub(super) extern "sysv64" fn start_second() -> ! {
    segments::load(1);
    exceptions::load();
    cpu::init();
    STARTED.store(true, Ordering::Release);
    loop {
        while let Some((work, argument)) = MAILBOX.take() {
            tlb::flush_all(); // what has changed while there was nothing to do; it serialises, too
            work(argument);
            MAILBOX.done();
        }
        hlt(); // until an NMI
    }
}

/// Has the other hart forget how it translated addresses, and waits until it has.
///
/// By an NMI: no code can hold it off, so the other hart answers whatever it does, also where it
/// waits for a lock that this one holds. Only who holds the lock of the page tables may ask, so
/// there is one request at a time; the answer needs no lock. Where the second hart has nothing to do,
/// it is left alone: it forgets all before it begins.
///
/// # Panics
/// If the other hart does not answer for ten seconds.
pub(super) fn flush_other() {
    const LIMIT_NS: u64 = 10_000_000_000;
    let here = hart();
    if here == 0 && MAILBOX.is_idle() {
        return;
    }
    let asked = &ASKED[1 - here];
    asked.store(true, Ordering::Release);
    apic::send_nmi();
    let answered = within(LIMIT_NS, || !asked.load(Ordering::Acquire));
    assert!(answered, "hart {} does not answer", 1 - here);
}

/// Answers the other hart, from the handler of the NMI; `false` where it has not asked.
///
/// The return from the handler serialises, so the hart also fetches anew what it was about to run.
pub(super) fn answer() -> bool {
    let asked = &ASKED[hart()];
    let is_asked = asked.load(Ordering::Acquire);
    if is_asked {
        tlb::flush_all();
        asked.store(false, Ordering::Release);
    }
    is_asked
}

static MAILBOX: Mailbox = Mailbox::new();
/// Whether the second hart is up.
static STARTED: AtomicBool = AtomicBool::new(false);
/// Whether a hart is to forget what it knows of the page tables.
static ASKED: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];

const START_LIMIT_NS: u64 = 10_000_000_000;

/// Starts the second hart, unless it runs; whether it does.
fn start() -> bool {
    if STARTED.load(Ordering::Acquire) {
        return true;
    }
    // As long as Intel says (SDM volume 3, "MP Initialization Protocol Algorithm"), and a second
    // start-up command only for one that the first has not reached.
    apic::send_init();
    within(10_000_000, || false);
    apic::send_start_up(boot::TRAMPOLINE);
    let up = || STARTED.load(Ordering::Acquire);
    within(START_LIMIT_NS, up) || {
        apic::send_start_up(boot::TRAMPOLINE);
        within(START_LIMIT_NS, up)
    }
}

/// Whether `done` comes to be true within a time.
fn within(limit_ns: u64, mut done: impl FnMut() -> bool) -> bool {
    let start = now_ns();
    loop {
        if done() {
            return true;
        }
        if now_ns().saturating_sub(start) > limit_ns {
            return false;
        }
        core::hint::spin_loop();
    }
}
