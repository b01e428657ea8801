//! AArch64, against AAELF64 ("Relocation types") and the instruction formats of the Arm ARM.

mod branches;
mod data;
#[cfg(feature = "erratum-843419")]
mod erratum;
mod got;
mod movw;
mod pages;
mod special;
mod weak;

use loader_core::Machine;

use crate::support::fixup::{Fixup, OFFSET, Outcome};

/// Applies a relocation to an instruction.
fn apply(number: u32, insn: u32, place: u64, symbol: u64, addend: i64) -> Outcome {
    let (machine, field) = (Machine::Aarch64, &insn.to_le_bytes());
    Fixup { machine, number, field, place, symbol, addend }.apply()
}

/// The instruction that it became, or what else happened.
fn patched(number: u32, insn: u32, place: u64, symbol: u64, addend: i64) -> Result<u32, Outcome> {
    match apply(number, insn, place, symbol, addend) {
        Outcome::Bytes(bytes) => Ok(u32::from_le_bytes(bytes.try_into().unwrap())),
        outcome => Err(outcome),
    }
}

/// A place for a field, as far from both ends of the address space as ranges are wide.
const PLACE: u64 = 0x40_0000_0000 + OFFSET;
