//! Calling functions, what ends a call, and the function that a debugger waits in.

use core::cell::Cell;

use agent_protocol::{ARGUMENTS, Response};
use target_common::{CallEnd, Fault};

use crate::target;

/// A function to be called, and its arguments.
pub struct Call {
    pub entry: usize,
    pub arguments: [u64; ARGUMENTS],
}

/// What ends a call that the host no longer waits for: nothing to tell it.
pub const STOPPED: Response<'static> = Response::Done;

impl Call {
    /// Calls it; what to tell the host, or [`STOPPED`].
    pub fn run(&self) -> Response<'static> {
        let stack = target::regions().heap;
        // SAFETY: that a function is there which takes these arguments, and that what it does is
        // sound, is the host's to know; a fault comes back as one. Nothing else is in the image's
        // heap, and calls are not nested.
        let end = unsafe { target::call_program(self.entry, &self.arguments, stack) };
        match end {
            CallEnd::Returned(value) => Response::Returned(value),
            CallEnd::Escaped(_) => END.0.get(),
        }
    }
}

/// Ends the call that is under way; where none is, the target ends the run.
pub fn end(how: Response<'static>) -> ! {
    END.0.set(how);
    target::escape(0)
}

/// Ends the call that is under way by its exception.
pub fn end_by(fault: &Fault) -> ! {
    END.0.set(Response::Fault {
        cause: fault.cause,
        pc: fault.pc as u64,
        value: fault.value as u64,
        return_address: fault.return_address as u64,
    });
    target::escape_fault(0)
}

// Does nothing: the host has it called where modules have come or gone, and a debugger, which breaks
// there, looks at what has changed. It is kept although nothing here refers to it.
core::arch::global_asm!(
    ".pushsection .text.changed, \"axR\", %progbits",
    ".global agent_changed",
    ".type agent_changed, %function",
    "agent_changed: ret",
    ".size agent_changed, . - agent_changed",
    ".popsection",
);

/// How the last call has ended that its function has not returned from.
struct End(Cell<Response<'static>>);

// SAFETY: there is one hart.
unsafe impl Sync for End {}

static END: End = End(Cell::new(STOPPED));
