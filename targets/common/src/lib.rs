//! What the three QEMU targets have in common: the words of their interface.
//!
//! Each of `target-aarch64`, `target-riscv64` and `target-x86_64` boots its machine and then
//! offers the same functions under the same names, so that the system image is written once.
#![no_std]

#[cfg(feature = "image")]
mod away;
pub mod causes;
mod fault;
#[cfg(feature = "image")]
mod gate;
mod harts;

#[cfg(feature = "image")]
pub use away::{Away, AwayArenas};
pub use fault::{Causes, DescribedFault, Fault, Registers};
#[cfg(feature = "image")]
pub use gate::{GATE_CALLS, GATE_STUB, GateCall, Mode};
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
    #[cfg(feature = "image")]
    pub away: AwayArenas,
    /// The stack of each hart's program: what lies below is not mapped.
    #[cfg(feature = "image")]
    pub program_stacks: [Region; HARTS],
    /// What code in user mode calls the kernel through: one page, of a stub for each call.
    #[cfg(feature = "image")]
    pub gate: Region,
    /// Heap of the image itself.
    pub heap: Region,
    /// Heap that the C runtime's `sbrk` hands out to programs.
    pub program_heap: Region,
    /// Where the host puts the job.
    pub job: Region,
}

impl Regions {
    /// Whether a target may be asked to change the pages of `region`: they lie in the arenas and heaps,
    /// which the scripts lay behind each other, the text arena first, or in a program's stack. The gaps
    /// between them are not mapped at first. The image hands none of them out; the agent does, and maps
    /// them so.
    pub fn may_change(&self, region: Region) -> bool {
        #[cfg(feature = "image")]
        if self.program_stacks.iter().any(|stack| stack.contains(region)) {
            return true;
        }
        Region::between(self.text.start, self.program_heap.end()).contains(region)
    }

    /// The address of the gate's stub with this number, below [`GATE_CALLS`].
    #[cfg(feature = "image")]
    pub const fn gate_stub(&self, number: usize) -> usize {
        self.gate.start + number * GATE_STUB
    }
}

/// How many arguments a call into a program can have: as many as all machines pass in registers.
pub const ARGUMENTS: usize = 6;

/// How a call into a program came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallEnd {
    /// The function returned this value: of a shorter type, its lower bits.
    Returned(u64),
    /// The program left through the target's `escape`, with this value.
    Escaped(i32),
}

// SAFETY: the image defines it, with this signature.
#[cfg(feature = "image")]
unsafe extern "C" {
    /// Provided by the image: the personality of the frame that calls programs (Itanium C++ ABI,
    /// "Exception Handling"), for what they raise. Only unwinders call it.
    pub fn image_personality(
        version: i32,
        actions: i32,
        class: u64,
        exception: *mut (),
        context: *mut (),
    ) -> i32;

    /// Provided by the image: what a call through the gate comes to, which is the target's
    /// `return_from_user` for number 0. On the kernel's stack, with interrupts off; it may end the program by
    /// the target's `escape`.
    pub safe fn image_gate(call: &GateCall) -> u64;
}
