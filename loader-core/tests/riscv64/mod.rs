//! RISC-V (RV64), against the RISC-V ELF psABI ("Relocations") and the unprivileged ISA.

#[cfg(feature = "riscv-align")]
mod align;
#[cfg(feature = "riscv-align")]
mod align_shifts;
mod branches;
mod data;
mod pairs;
#[cfg(feature = "relaxation")]
mod relaxation;
mod uleb128;

use loader_core::Machine;

use crate::support::fixup::{Fixup, OFFSET, Outcome};

fn apply(number: u32, field: &[u8], place: u64, symbol: u64, addend: i64) -> Outcome {
    Fixup { machine: Machine::Riscv64, number, field, place, symbol, addend }.apply()
}

/// The number that a field became, or what else happened.
fn patched(
    number: u32,
    field: &[u8],
    place: u64,
    symbol: u64,
    addend: i64,
) -> Result<u64, Outcome> {
    match apply(number, field, place, symbol, addend) {
        Outcome::Bytes(bytes) => Ok(crate::support::number(&bytes)),
        outcome => Err(outcome),
    }
}

/// A place for a field, as far from both ends of the address space as ranges are wide.
const PLACE: u64 = 0x40_0000_0000 + OFFSET;
