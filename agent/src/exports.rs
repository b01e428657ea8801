//! What modules may import: what the C runtime stands on.

use core::slice;
use core::sync::atomic::{AtomicUsize, Ordering};

use agent_protocol::{PAYLOAD, Request, Response};

use crate::call;
use crate::serial::{self, Serial};
use crate::target;

/// A function that modules may import.
pub struct Export {
    pub name: &'static str,
    function: *const (),
}

// SAFETY: the pointer is to a function.
unsafe impl Sync for Export {}

impl Export {
    const fn new(name: &'static str, function: *const ()) -> Self {
        Self { name, function }
    }

    pub fn address(&self) -> u64 {
        self.function.expose_provenance() as u64
    }
}

/// All of them.
pub static EXPORTS: [Export; 5] = [
    Export::new("kernel_abort", kernel_abort as *const ()),
    Export::new("kernel_clock_ns", kernel_clock_ns as *const ()),
    Export::new("kernel_exit", kernel_exit as *const ()),
    Export::new("kernel_sbrk", kernel_sbrk as *const ()),
    Export::new("kernel_write", kernel_write as *const ()),
];

/// Where the program's heap ends now, as an offset in its region.
static BREAK: AtomicUsize = AtomicUsize::new(0);

/// Forgets what programs have taken of the heap.
pub fn empty_heap() {
    BREAK.store(0, Ordering::Relaxed);
}

extern "C" fn kernel_abort() -> ! {
    call::end(Response::Aborted)
}

extern "C" fn kernel_clock_ns() -> u64 {
    target::now_ns()
}

extern "C" fn kernel_exit(code: i32) -> ! {
    call::end(Response::Exited(code))
}

/// Moves the end of the heap and returns the old end; -1 where there is no more room.
extern "C" fn kernel_sbrk(increment: isize) -> usize {
    let heap = target::regions().program_heap;
    let old = BREAK.load(Ordering::Relaxed);
    match old.checked_add_signed(increment) {
        Some(new) if new <= heap.size => {
            BREAK.store(new, Ordering::Relaxed);
            heap.start + old
        }
        _ => usize::MAX,
    }
}

/// Shows the host what a program prints, piece by piece.
///
/// # Safety
/// `count` bytes at `bytes` are readable.
unsafe extern "C" fn kernel_write(bytes: *const u8, count: usize) {
    // SAFETY: the caller's contract.
    let bytes = unsafe { slice::from_raw_parts(bytes, count) };
    for piece in bytes.chunks(PAYLOAD) {
        let goes_on = serial::with_server(|server| {
            server.answer(&mut Serial, &Response::Console(piece));
            let goes_on = matches!(server.receive(&mut Serial), Some(Request::Continue));
            if !goes_on {
                server.put_back();
            }
            goes_on
        });
        if !goes_on {
            call::end(call::STOPPED);
        }
    }
}
