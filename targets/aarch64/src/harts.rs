//! The second hart: the firmware has it on while there is work for it, and off else (PSCI, which
//! QEMU's `virt` has as hypervisor calls).

use aarch64_cpu::registers::{MPIDR_EL1, Readable};
use aarch64_rt::{Stack, start_core};
use smccc::Hvc;
use smccc::psci::{self, AffinityState, LowestAffinityLevel};
use target_common::{HARTS, HartError, Mailbox, Work};

use crate::boot::{EXCEPTION_STACK_PAGES, second_main};
use crate::machine::now_ns;

/// The hart that runs this: 0 for the one that booted, or 1.
pub fn hart() -> usize {
    // `virt` numbers its first eight by the lowest affinity field, and boots the first.
    (MPIDR_EL1.get() as usize & 0xff).min(HARTS - 1)
}

/// Has the second hart call `work(argument)`, and returns at once; [`second_hart_is_idle`] says when
/// it is done.
///
/// # Errors
/// [`HartError`]; `work` is then not called.
pub fn run_on_second_hart(work: Work, argument: usize) -> Result<(), HartError> {
    MAILBOX.put(work, argument)?;
    if !power_on() {
        MAILBOX.take();
        MAILBOX.done();
        return Err(HartError::Absent);
    }
    Ok(())
}

/// Whether the second hart has done all that it was given.
pub fn second_hart_is_idle() -> bool {
    MAILBOX.is_idle()
}

/// What the second hart does once it is up: its work, and off it goes.
pub(crate) fn work() -> ! {
    if let Some((work, argument)) = MAILBOX.take() {
        work(argument);
        MAILBOX.done();
    }
    let error = psci::cpu_off::<Hvc>();
    panic!("the second hart cannot be switched off: {error:?}")
}

static MAILBOX: Mailbox = Mailbox::new();

/// `MPIDR_EL1`'s affinity fields for the second hart.
const SECOND: u64 = 1;
/// How long it may take to go off.
const OFF_LIMIT_NS: u64 = 10_000_000_000;

/// The second hart's exception stack, on which it starts.
#[unsafe(link_section = ".stack.second_stack")]
static mut SECOND_STACK: Stack<EXCEPTION_STACK_PAGES> = Stack::new();

/// Switches the second hart on, if there is one; the mailbox was idle, so it is off or about to be.
fn power_on() -> bool {
    let start = now_ns();
    loop {
        match psci::affinity_info::<Hvc>(SECOND, LowestAffinityLevel::All) {
            Ok(AffinityState::Off) => break,
            Ok(_) if now_ns() - start < OFF_LIMIT_NS => core::hint::spin_loop(),
            _ => return false,
        }
    }
    // SAFETY: the stack is the second hart's alone, which is off. It is mapped for this hart to
    // write, and both tables have the same attributes for it.
    let started = unsafe { start_core::<Hvc, _, _>(SECOND, &raw mut SECOND_STACK, second_main) };
    started.is_ok()
}
