//! What the three QEMU targets have in common: the words of their interface.
//!
//! Each of `target-aarch64`, `target-riscv64` and `target-x86_64` boots its machine and then
//! offers the same functions under the same names, so that the system image is written once.
#![no_std]

mod away;
mod harts;

use core::fmt;

pub use away::{Away, AwayArenas};
pub use harts::{HARTS, HartError, HartGuard, HartLock, Mailbox, Work};

/// What a page may be used for. There is no value for "writable and executable".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and execute.
    ReadExecute,
    /// Read and write.
    ReadWrite,
}

/// A run of bytes by address, `start..start + size`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First address.
    pub start: usize,
    /// Size in bytes.
    pub size: usize,
}

impl Region {
    /// The first address behind it.
    pub const fn end(&self) -> usize {
        self.start.saturating_add(self.size)
    }

    /// Whether all of `inner` lies in it.
    pub const fn contains(&self, inner: Self) -> bool {
        match inner.start.checked_add(inner.size) {
            Some(end) => self.start <= inner.start && end <= self.end(),
            None => false,
        }
    }

    /// The region from `start` up to, and not including, `end`; empty where `end` is not above.
    pub const fn between(start: usize, end: usize) -> Self {
        Self { start, size: end.saturating_sub(start) }
    }
}

/// The memory that a linker script sets aside, by name.
#[derive(Debug, Clone, Copy)]
pub struct Regions {
    /// Arena for modules' code.
    pub text: Region,
    /// Arena for modules' read-only data.
    pub rodata: Region,
    /// Arena for modules' writable data.
    pub data: Region,
    /// The arenas of programs that lie away from the image, where the linker script has them:
    /// nothing is mapped there.
    pub away: AwayArenas,
    /// Heap of the image itself.
    pub heap: Region,
    /// Heap that the C runtime's `sbrk` hands out to programs.
    pub program_heap: Region,
    /// Where the host puts the job.
    pub job: Region,
}

/// An exception that nothing could mend.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// What it was, in the architecture manual's words.
    pub kind: &'static str,
    /// The instruction that faulted.
    pub pc: usize,
    /// The address it tried to use, where the exception has one.
    pub address: Option<usize>,
    /// The return address of the frame that faulted (link register or top of stack), as a hint.
    pub return_address: usize,
    /// The raw cause register, for the manual.
    pub cause: u64,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {:#x}", self.kind, self.pc)?;
        if let Some(address) = self.address {
            write!(f, " using address {address:#x}")?;
        }
        write!(f, " (return address {:#x}, cause {:#x})", self.return_address, self.cause)
    }
}

/// How a call into a program came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// The function returned this value (`int`).
    Returned(i32),
    /// The program left through the target's `escape`, with this value.
    Escaped(i32),
}
