//! User mode (EL0, U-mode, ring 3), and the way from there into the kernel.
//!
//! A program in user mode has its modules' pages, its stack and its heap, and the gate: a page with a
//! stub for each call, which traps. The stub of number 0 is what the program's functions return to.

use crate::ARGUMENTS;

/// Whose instructions run, and whose pages these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The kernel's: EL1, S-mode, ring 0.
    Kernel,
    /// A program's that is contained: EL0, U-mode, ring 3. Its pages are the kernel's as well, but for
    /// execution.
    User,
}

/// How many stubs the gate has, the one to return to included.
pub const GATE_CALLS: usize = 16;

/// Bytes of each stub.
pub const GATE_STUB: usize = 16;

/// A call that came through the gate. All of it is what the program likes.
#[derive(Debug, Clone, Copy)]
#[repr(C)] // as the targets' trap handlers write it
pub struct GateCall {
    /// As many as there are; what the call has no use for is anything.
    pub arguments: [u64; ARGUMENTS],
    /// Which call; 0: the function returns, with the first argument.
    pub number: u64,
    /// Where it returns to, as a hint.
    pub return_address: u64,
}
