//! What a host and the agent on a target say to each other over a byte stream, a serial line say.
//!
//! The host asks and the agent answers, one frame for one frame: a [`Request`] with a number, and a
//! [`Response`] with the same number. A frame is eight little-endian words (the number and the kind
//! of message in the first), bytes, and a CRC-32 of both, stuffed (COBS) so that it holds no zero
//! byte, between two zero bytes. Whatever is no such frame is skipped, be it noise, a piece of a
//! frame, or what firmware prints.
//!
//! Either side may miss a frame. The host asks again, with the same number, until it has the answer
//! or is out of time; the agent carries out no number twice, but gives its last answer again
//! ([`Server`]). So every request is carried out once, [`Request::Call`] included.
//!
//! A program's output comes as an answer, too: to a call comes [`Response::Console`] first, where the
//! program prints, and then, to each [`Request::Continue`], the next piece or the end. Hence output
//! is neither lost nor seen twice, and the agent needs no clock.
#![no_std]

mod frame;
mod server;
mod wire;

pub use frame::{Assembler, decode, encode};
pub use server::{Port, Server};
pub use wire::{Message, WORDS};

/// The version of what is said here.
pub const VERSION: u16 = 1;

/// The most bytes in one [`Request::Write`], [`Response::Bytes`] or [`Response::Console`].
pub const PAYLOAD: usize = 2048;

/// The most bytes in a frame: the payload, what stands around it, and one byte in 254 for COBS.
pub const FRAME: usize = PAYLOAD + 128;

/// The most arguments of a call.
pub const ARGUMENTS: usize = 6;

/// What memory is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Kind {
    /// Code: it can be read and executed once it is protected.
    Text,
    /// Constants: it can be read once it is protected.
    ReadOnly,
    /// Variables: it can be read and written.
    Data,
}

/// What the host asks for. Sizes are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// Begins a session: nothing is reserved any more. Has a number of the host's choice, another one
    /// than that of the session before; those of the requests that follow count up from there.
    Hello {
        /// The host's [`VERSION`].
        version: u16,
    },
    /// Asks for a function that modules may import, by its place among all of them.
    Export {
        /// Its place.
        index: u16,
    },
    /// Takes memory, all zeros, readable and writable.
    Reserve {
        /// How much.
        size: u64,
        /// What its address must be a multiple of: a power of two.
        align: u64,
    },
    /// Gives memory back that was reserved.
    Release {
        /// Where it is.
        address: u64,
        /// How much was asked for.
        size: u64,
    },
    /// Writes memory that was reserved, and can be written still.
    Write {
        /// Where to.
        address: u64,
        /// At most [`PAYLOAD`] bytes.
        bytes: &'a [u8],
    },
    /// Reads memory that was reserved.
    Read {
        /// Where from.
        address: u64,
        /// At most [`PAYLOAD`].
        size: u16,
    },
    /// Gives memory that was reserved its kind's permissions, and lets code be fetched from it.
    Protect {
        /// What for.
        kind: Kind,
        /// Where it is.
        address: u64,
        /// How much was asked for.
        size: u64,
    },
    /// Makes this the thread pointer of what is called from now on; where a machine has no such
    /// address, what is left of it.
    ThreadPointer {
        /// Its value.
        address: u64,
    },
    /// Calls a function, as C does.
    Call {
        /// Where it is.
        address: u64,
        /// What is in the registers for integer arguments.
        arguments: [u64; ARGUMENTS],
    },
    /// Lets a call go on that has printed something. Anything else in its place ends the call.
    Continue,
}

/// What the agent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response<'a> {
    /// To [`Request::Hello`].
    Hello {
        /// The agent's [`VERSION`].
        version: u16,
        /// The name of its architecture.
        arch: &'a str,
        /// How many functions there are to be imported.
        exports: u16,
    },
    /// A function that modules may import.
    Export {
        /// Its name.
        name: &'a str,
        /// Where it is.
        address: u64,
    },
    /// Memory was reserved.
    Reserved {
        /// Where it is.
        address: u64,
    },
    /// What was asked for was done, and there is nothing to say about it.
    Done,
    /// What was read.
    Bytes(&'a [u8]),
    /// The function that was called has printed this, and waits.
    Console(&'a [u8]),
    /// The function that was called has returned this.
    Returned(u64),
    /// What was called has ended the program with this code.
    Exited(i32),
    /// What was called has ended the program as aborted.
    Aborted,
    /// An exception ended the call.
    Fault {
        /// The cause register.
        cause: u64,
        /// The instruction.
        pc: u64,
        /// The register that holds the address which it tried to use, where the exception has one.
        value: u64,
        /// The return address of the frame that faulted, as a hint.
        return_address: u64,
    },
    /// Nothing was done.
    Refused(Refusal),
}

/// Why the agent does not do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum Refusal {
    /// There is no such memory left.
    Exhausted,
    /// The memory was not reserved, or cannot be used so.
    NotReserved,
    /// There is nothing of this number, of this size, or to go on with.
    NoSuch,
}
