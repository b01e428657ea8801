//! Programs that end alone: a fault, or more time than they have, ends the program and not the run.
//!
//! The fault handler only notes the fault and leaves the program, from wherever it was; what there is to
//! say of it is said afterwards, while the program's stack is still as it was.

use alloc::format;
use alloc::string::{String, ToString};
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use qemu_protocol::Outcome;
use spin::Mutex;
use target_common::causes::TIME_LIMIT;
use target_common::{CallEnd, Fault, HARTS, Mode, Region};

use crate::modules::{self, Described};
use crate::{cell, memory, target};

/// What lies below a program's stack, and is not mapped (`linker/`).
const GUARD: usize = 64 << 10;

/// Calls into a program by `call`. Where there is a limit, or the program is in user mode, what it does
/// wrong ends it, and so does to run on after so many nanoseconds.
///
/// # Errors
/// The outcome of a program that was ended so.
pub fn contained(
    limit_ns: Option<u64>,
    call: impl FnOnce() -> CallEnd,
) -> Result<CallEnd, Outcome> {
    if limit_ns.is_none() && cell::mode() == Mode::Kernel {
        return Ok(call());
    }
    let hart = target::hart();
    CONTAINED[hart].store(true, Ordering::Relaxed);
    if let Some(limit_ns) = limit_ns {
        ENDS[hart].store(target::now_ns().saturating_add(limit_ns), Ordering::Relaxed);
        target::start_time_limit(limit_ns);
    }
    let end = call();
    if limit_ns.is_some() {
        target::stop_time_limit();
        ENDS[hart].store(u64::MAX, Ordering::Relaxed);
    }
    CONTAINED[hart].store(false, Ordering::Relaxed);
    match FAULTS[hart].lock().take() {
        None => Ok(end),
        Some(fault) => Err(outcome(&fault)),
    }
}

/// Whether the time of the program that this hart runs is over: what takes long for it in the kernel, which
/// is not interrupted, asks.
pub fn is_over() -> bool {
    target::now_ns() >= ENDS[target::hart()].load(Ordering::Relaxed)
}

/// A job's limit in nanoseconds; none where it has none.
pub fn nanoseconds(limit_ms: u32) -> Option<u64> {
    (limit_ms != 0).then(|| u64::from(limit_ms) * 1_000_000)
}

/// Ends the program that has faulted, if it runs [`contained`]. For the fault handler.
///
/// Where the fault came in the middle of the heap's business, the heap is lost, and the run with it.
pub fn end_program(fault: &Fault) {
    let hart = target::hart();
    if !memory::heap_is_free() {
        return;
    }
    if CONTAINED[hart].swap(false, Ordering::Relaxed) {
        if let Some(mut noted) = FAULTS[hart].try_lock() {
            *noted = Some(*fault);
        }
        target::escape_fault(-1)
    }
}

/// Leaves the program for good, if it was ended inside of a call that the image has made on its behalf:
/// the innermost call is what [`end_program`] has left.
pub fn go_on_ending() {
    if FAULTS[target::hart()].lock().is_some() {
        target::escape(-1)
    }
}

/// Whether a fault is that the program's time is over.
pub fn is_time_limit(fault: &Fault) -> bool {
    (target::CAUSES.kind)(fault.cause) == TIME_LIMIT
}

/// Whether each hart runs a program contained.
static CONTAINED: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];
/// When the time of each hart's program is over, in nanoseconds as [`target::now_ns`] counts them.
static ENDS: [AtomicU64; HARTS] = [const { AtomicU64::new(u64::MAX) }; HARTS];
/// How it has faulted.
static FAULTS: [Mutex<Option<Fault>>; HARTS] = [const { Mutex::new(None) }; HARTS];

fn outcome(fault: &Fault) -> Outcome {
    // The gate is the kernel's; who has called it is to be told of.
    let in_gate = target::regions().gate.contains(Region { start: fault.pc, size: 1 });
    let place = if in_gate { fault.return_address } else { fault.pc };
    let place = modules::place_of(place).unwrap_or_else(|| format!("{place:#x}"));
    if is_time_limit(fault) {
        return Outcome::TimedOut { place };
    }
    let kind = match overflows_stack(fault) {
        true => "stack overflow",
        false => (target::CAUSES.kind)(fault.cause),
    };
    let kind = String::from(kind);
    Outcome::Faulted { kind, place, message: Described(fault).to_string() }
}

fn overflows_stack(fault: &Fault) -> bool {
    let stack = target::regions().program_stacks[target::hart()];
    let guard = Region { start: stack.start - GUARD, size: GUARD };
    let touched = Region { start: fault.value, size: 1 };
    (target::CAUSES.has_address)(fault.cause) && guard.contains(touched)
}
