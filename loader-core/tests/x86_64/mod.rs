//! x86-64, against the System V psABI's AMD64 supplement ("Relocation types").

mod calls;
mod data;
mod got;
#[cfg(feature = "got-relaxation")]
mod relax;
mod weak;

use loader_core::Machine;

use crate::support::fixup::{Fixup, OFFSET, Outcome};

/// Applies a relocation to a field of zeros.
fn apply(number: u32, width: usize, place: u64, symbol: u64, addend: i64) -> Outcome {
    let machine = Machine::X86_64;
    Fixup { machine, number, field: &[0; 8][..width], place, symbol, addend }.apply()
}

/// A place for a field in the lower half of the address space.
const LOW: u64 = 0x20_0000 + OFFSET;
