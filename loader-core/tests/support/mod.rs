//! What the tests stand on.
//!
//! | file | what it is |
//! | --- | --- |
//! | `archive` | archives written by hand |
//! | `decode` | immediates read back out of instructions, apart from the crate's encoders |
//! | `elf` | an object file builder |
//! | `fixup` | one relocation applied to one field |
//! | `lies` | any header field of a built object overwritten |
//! | `load` | whole loads, and what is left of them to look at |
//! | `manager` | memory that counts, fails on demand and finds stray writes |
//! | `modules` | a small object of each architecture with every kind of segment |
//! | `threads` | a client with thread-local storage |
//! | `write` | the bytes of a built object |

pub mod archive;
pub mod decode;
pub mod elf;
pub mod fixup;
pub mod lies;
pub mod load;
pub mod manager;
pub mod modules;
pub mod random;
pub mod threads;
mod write;

pub use elf::{ElfBuilder, Link, SymbolSpec};
pub use load::{Image, Imports, load, load_with, refused, refused_with};
pub use manager::TestManager;

/// The bytes of 32-bit instructions.
pub fn code(instructions: &[u32]) -> Vec<u8> {
    instructions.iter().flat_map(|insn| insn.to_le_bytes()).collect()
}

/// A little-endian number of 1 to 8 bytes.
pub fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| (number << 8) | u64::from(byte))
}
