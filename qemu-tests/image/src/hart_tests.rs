//! What programs test the second hart with: functions that run there, code that comes and goes, and
//! faults that are expected.

use alloc::vec::Vec;
use core::fmt::{self, Write};
use core::hint;
use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use loader_core::{MemoryManager, Segment, SegmentKind, SegmentRequest};
use qemu_protocol::ManagerKind;
use spin::Mutex;
use target_common::{CallEnd, Fault, HARTS, Region};

use crate::containment;
use crate::manager::{self, Manager};
use crate::modules::Described;
use crate::unwind::{self, Caught};
use crate::{harts, target};

/// A function of a program.
type Function = extern "C" fn(i32) -> i32;

/// Bytes of stack that such a function gets.
const STACK: usize = 64 << 10;

/// The hart that runs this: 0 or 1.
pub extern "C" fn kernel_hart() -> usize {
    target::hart()
}

/// Returns what `function(value)` returns on the second hart. If it ends the program there, the
/// program ends.
pub extern "C" fn kernel_on_second_hart(function: Function, value: i32) -> i32 {
    match harts::on_second(|| call(function, value)) {
        CallEnd::Returned(value) => value as i32,
        CallEnd::Escaped(code) => target::escape(code),
    }
}

/// Calls `function(value)` on hart 0 or 1, this one or the other; returns the address that it faulted
/// on, 1 for a fault that has none, or 0 if it did not fault.
pub extern "C" fn kernel_test_fault(hart: usize, function: Function, value: i32) -> usize {
    if hart == target::hart() {
        return fault_of(function, value);
    }
    harts::on_second(|| fault_of(function, value))
}

/// Calls `function(value)` and writes what is said of its fault, and a NUL, to the `size` bytes at
/// `text`; returns how many bytes that are, without the NUL: 0 if it did not fault.
///
/// # Safety
/// So many bytes there are the caller's, to be written.
pub unsafe extern "C" fn kernel_test_describe(
    function: Function,
    value: i32,
    text: *mut u8,
    size: usize,
) -> usize {
    fault_of(function, value);
    let Said { bytes, length } = *SAID[target::hart()].lock(); // not while it is written to `text`
    let length = length.min(size.saturating_sub(1));
    if size > 0 {
        // SAFETY: the caller's contract; `length` is less than `size`.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), text, length);
            text.add(length).write(0);
        }
    }
    length
}

/// Calls `function(value)`, and catches what it raises; returns the class of that, or 0 if it raises
/// nothing. The exception is deleted.
pub extern "C" fn kernel_test_catch(function: Function, value: i32) -> u64 {
    let (class, end) = catch(function, value);
    containment::go_on_ending();
    match end {
        CallEnd::Returned(_) => class,
        CallEnd::Escaped(code) => target::escape(code),
    }
}

/// The class of what a function raises, and how the call ended, or the last one that was made for it. Its
/// stack is gone by then.
fn catch(function: Function, value: i32) -> (u64, CallEnd) {
    let mut stack = Vec::<u8>::with_capacity(STACK);
    let stack = Region { start: stack.as_mut_ptr().expose_provenance(), size: STACK };
    let entry = (function as *const ()).expose_provenance();
    // SAFETY: as in `call`.
    match unsafe { unwind::catch(entry, &[value as u64, 0, 0, 0, 0, 0], stack) } {
        Caught::Ended(end) => (0, end),
        Caught::Raised(exception) => {
            let class = exception.class();
            // SAFETY: the module that raised it is one of those that wait for this; nothing is on
            // the stack any more.
            (class, unsafe { unwind::delete(exception, stack) })
        }
    }
}

/// Has the second hart call `function(value)`, and returns at once.
pub extern "C" fn kernel_start_on_second_hart(function: Function, value: i32) {
    *STARTED.lock() = Some((function, value));
    let run = |_| {
        let started = STARTED.lock().take();
        let ended = started.map(|(function, value)| call(function, value));
        *ENDED.lock() = ended;
    };
    if let Err(error) = target::run_on_second_hart(run, 0) {
        panic!("{error}");
    }
}

/// Waits for the function that was started, and returns what it returned, or -1 if it did not return.
pub extern "C" fn kernel_wait_for_second_hart() -> i32 {
    while !target::second_hart_is_idle() {
        hint::spin_loop();
    }
    match ENDED.lock().take() {
        Some(CallEnd::Returned(value)) => value as i32,
        Some(CallEnd::Escaped(_)) | None => -1,
    }
}

/// Takes memory for code from the arena, which can be written. Null where there is no room.
pub extern "C" fn kernel_test_allocate(size: usize) -> *mut u8 {
    let request = SegmentRequest { kind: SegmentKind::Text, size, align: 16 };
    let Ok(segment) = manager().allocate(request) else { return ptr::null_mut() };
    let start = segment.local().as_ptr();
    TAKEN.lock().push(segment);
    start
}

/// Seals the memory at `start`; whether that was possible.
pub extern "C" fn kernel_test_seal(start: *mut u8) -> i32 {
    let taken = TAKEN.lock();
    let segment = taken.iter().find(|segment| segment.local().as_ptr() == start);
    segment.is_some_and(|segment| manager().seal(segment).is_ok()).into()
}

/// Frees the memory at `start`.
pub extern "C" fn kernel_test_free(start: *mut u8) {
    let mut taken = TAKEN.lock();
    let at = taken.iter().position(|segment| segment.local().as_ptr() == start);
    if let Some(at) = at {
        manager().free(taken.swap_remove(at));
    }
}

/// Where a fault is expected, leaves the function that it is expected of.
pub fn leave_if_expected(fault: &Fault) {
    let hart = target::hart();
    if containment::is_time_limit(fault) {
        return;
    }
    if EXPECTED[hart].swap(false, Ordering::Relaxed) {
        // What has no address was not refused by the page tables: an instruction that is none, say.
        let address = (target::CAUSES.has_address)(fault.cause).then_some(fault.value);
        FAULTED_AT[hart].store(address.unwrap_or(1), Ordering::Relaxed);
        if let Some(mut said) = SAID[hart].try_lock() {
            said.length = 0;
            let _ = write!(said, "{}", Described(fault)); // an error: it is full
        }
        target::escape_fault(-1)
    }
}

/// What the second hart is to call.
static STARTED: Mutex<Option<(Function, i32)>> = Mutex::new(None);
/// How that ended.
static ENDED: Mutex<Option<CallEnd>> = Mutex::new(None);
/// The memory that programs have taken.
static TAKEN: Mutex<Vec<Segment>> = Mutex::new(Vec::new());
/// Whether a fault is expected on a hart.
static EXPECTED: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];
/// Where it came.
static FAULTED_AT: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];

/// What was said of a hart's last fault.
static SAID: [Mutex<Said>; HARTS] =
    [const { Mutex::new(Said { bytes: [0; 2048], length: 0 }) }; HARTS];

/// A text that takes no memory.
#[derive(Clone, Copy)]
struct Said {
    bytes: [u8; 2048],
    length: usize,
}

impl Write for Said {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length.saturating_add(text.len());
        let room = self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// The arenas that programs have memory from.
fn manager() -> &'static Manager {
    manager::manager(ManagerKind::Arenas)
}

fn fault_of(function: Function, value: i32) -> usize {
    let hart = target::hart();
    FAULTED_AT[hart].store(0, Ordering::Relaxed);
    SAID[hart].lock().length = 0;
    EXPECTED[hart].store(true, Ordering::Relaxed);
    call(function, value);
    EXPECTED[hart].store(false, Ordering::Relaxed);
    containment::go_on_ending();
    FAULTED_AT[hart].load(Ordering::Relaxed)
}

/// Calls a function of a program on a stack of its own, on the hart that runs this.
fn call(function: Function, value: i32) -> CallEnd {
    // Not cleared: that would push what the hart knows of other pages out of its TLB.
    let mut stack = Vec::<u8>::with_capacity(STACK);
    let stack = Region { start: stack.as_mut_ptr().expose_provenance(), size: STACK };
    let entry = (function as *const ()).expose_provenance();
    // SAFETY: a program that is loaded hands the function over, and waits for it. It takes the
    // first of the arguments and does not see the others. The stack is this call's own.
    unsafe { target::call_program(entry, &[value as u64, 0, 0, 0, 0, 0], stack) }
}
