//! What the kernel does for programs: the functions behind its exports.

use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use target_common::{CallEnd, HARTS, Region};

use crate::{cell, containment, target};
use qemu_protocol::Ended;

/// Where the heap of each hart's program ends now, as an offset in its half of the region.
static BREAKS: [AtomicUsize; HARTS] = [const { AtomicUsize::new(0) }; HARTS];
/// Whether each hart's program left through `kernel_abort`.
static ABORTED: [AtomicBool; HARTS] = [const { AtomicBool::new(false) }; HARTS];

/// Forgets what the last program on this hart did: its heap is empty again.
pub fn start_program() {
    BREAKS[target::hart()].store(0, Ordering::Relaxed);
    ABORTED[target::hart()].store(false, Ordering::Relaxed);
}

/// How a call into a program came back on this hart, in the report's words.
pub fn ended(end: CallEnd) -> Ended {
    match end {
        CallEnd::Returned(value) => Ended::Returned(value as i32), // an `int`
        CallEnd::Escaped(_) if ABORTED[target::hart()].load(Ordering::Relaxed) => Ended::Aborted,
        CallEnd::Escaped(value) => Ended::Exited(value),
    }
}

/// Writes to the console.
///
/// # Safety
/// `count` bytes at `bytes` are readable.
pub unsafe extern "C" fn kernel_write(bytes: *const u8, count: usize) {
    if !bytes.is_null() {
        // SAFETY: the caller's contract.
        write(unsafe { slice::from_raw_parts(bytes, count) });
    }
}

/// Writes for a program, as long as that has time.
pub fn write(bytes: &[u8]) {
    const IN_A_ROW: usize = 4096;
    for piece in bytes.chunks(IN_A_ROW) {
        if containment::is_over() {
            return;
        }
        target::write_console(piece);
    }
}

/// Ends the program with an exit code.
pub extern "C" fn kernel_exit(code: i32) -> ! {
    target::escape(code)
}

/// Ends the program as aborted.
pub extern "C" fn kernel_abort() -> ! {
    ABORTED[target::hart()].store(true, Ordering::Relaxed);
    target::escape(-1)
}

/// Moves the end of the program's heap by `increment` bytes and returns the old end;
/// `(void *)-1` where the hart's half of the region has no more room.
pub extern "C" fn kernel_sbrk(increment: isize) -> *mut u8 {
    let Region { start, size } = cell::heap();
    let moved = BREAKS[target::hart()].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
        old.checked_add_signed(increment).filter(|&new| new <= size)
    });
    match moved {
        Ok(old) => {
            cell::grow_heap(old.saturating_add_signed(increment));
            ptr::with_exposed_provenance_mut(start + old)
        }
        Err(_) => ptr::without_provenance_mut(usize::MAX),
    }
}

/// Nanoseconds since the machine started.
pub extern "C" fn kernel_clock_ns() -> u64 {
    target::now_ns()
}

/// Calls a function of a module, with `value`, and returns twice what that returns.
pub extern "C" fn kernel_call_back(function: extern "C" fn(i32) -> i32, value: i32) -> i32 {
    function(value).wrapping_mul(2)
}

/// Returns its argument plus one; modules see it at an address that no branch reaches.
pub extern "C" fn kernel_test_far(value: i32) -> i32 {
    value.wrapping_add(1)
}
