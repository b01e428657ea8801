//! What is wrong with a relocation, in short.
//!
//! An [`Error`] names the place, the type and the symbol, and is a dozen words long. What finds
//! something wrong says what it alone knows; the rest is added once, where it is known as well which
//! relocation it is.

use super::{Defect, Error, Phase};
use crate::address::TargetAddress;
use crate::arch::Unsupported;
use crate::elf::Rela;
use crate::memory::SegmentKind;
use crate::object::Object;

/// What is wrong with a relocation: an error without its place, its type and its symbol.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    Unknown,
    Unsupported(Unsupported),
    WrongSymbol,
    Discarded,
    Unpaired,
    /// More slots or stubs than can be counted ([`Error::TooLarge`]).
    TooMany,
    Malformed(Defect, u64),
    /// What is there instead of an instruction.
    Instruction(u64),
    Addend,
    ThreadPointer,
    Misaligned(u64),
    /// The type is the relocation's own, or the one that it became.
    OutOfRange {
        value: u64,
        symbol: u64,
        number: u32,
    },
    StubReach {
        stub: u64,
        slot: u64,
    },
}

/// The relocation that a fault is of.
pub(crate) struct Faulty<'a, 'o> {
    pub(crate) phase: Phase,
    pub(crate) object: &'a Object<'o>,
    /// The section that it relocates.
    pub(crate) index: u32,
    pub(crate) rela: Rela,
    /// Where that section is, and the address of the field, once they are known.
    pub(crate) segment: SegmentKind,
    pub(crate) address: u64,
}

impl<'o> Faulty<'_, 'o> {
    #[cold]
    #[inline(never)]
    pub(crate) fn error(self, fault: Fault) -> Error<'o> {
        let Self { phase, object, index, rela, segment, address } = self;
        let place = object.place(index, rela.offset);
        let symbol = object.symbol(rela.symbol);
        let symbol = symbol.map(|symbol| object.display_name(symbol)).unwrap_or_default();
        let number = match fault {
            Fault::OutOfRange { number, .. } => number,
            _ => rela.number,
        };
        let Some(relocation) = object.machine().relocation(number) else {
            return Error::UnknownRelocation { place, number };
        };
        match fault {
            Fault::Unknown => Error::UnknownRelocation { place, number },
            Fault::Unsupported(reason) => {
                Error::UnsupportedRelocation { place, relocation, symbol, reason }
            }
            Fault::WrongSymbol => Error::WrongSymbol { place, relocation, symbol },
            Fault::Discarded => Error::Discarded { place, relocation, symbol },
            Fault::Unpaired => Error::Unpaired { phase, place, relocation },
            Fault::TooMany => Error::TooLarge { object: object.name() },
            Fault::Malformed(defect, value) => Error::Malformed { phase, place, defect, value },
            Fault::Instruction(found) => Error::Instruction { place, relocation, found },
            Fault::Addend => Error::Addend { place, relocation, symbol, addend: rela.addend },
            Fault::ThreadPointer => Error::ThreadPointer { place, relocation, symbol },
            Fault::Misaligned(value) => {
                Error::Misaligned { place, relocation, symbol, value: value.cast_signed() }
            }
            Fault::OutOfRange { value, symbol: to, .. } => Error::OutOfRange {
                place,
                relocation,
                symbol,
                value: value.cast_signed(),
                segment,
                from: TargetAddress::new(address),
                to: TargetAddress::new(to),
            },
            Fault::StubReach { stub, slot } => Error::StubReach {
                symbol,
                stub: TargetAddress::new(stub),
                slot: TargetAddress::new(slot),
            },
        }
    }
}
