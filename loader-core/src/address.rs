//! Addresses on the machine that will run the code.

use core::fmt;

/// An address on the target: where code will run, not where the loader writes.
///
/// A separate type from a pointer, so that the two cannot be confused: in-process they happen
/// to be equal, for a remote target they are not, and the core never assumes that they are.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetAddress(u64);

impl TargetAddress {
    /// The address 0, which an undefined weak symbol has.
    pub const NULL: Self = Self(0);

    /// The address with this value.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// Its value.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The address `offset` bytes further on, wrapping at 2^64 as the hardware does.
    pub const fn wrapping_add(self, offset: u64) -> Self {
        Self(self.0.wrapping_add(offset))
    }

    /// Whether it is a multiple of `align`, a power of two.
    pub const fn is_aligned_to(self, align: u64) -> bool {
        self.0 & align.wrapping_sub(1) == 0
    }
}

impl From<u64> for TargetAddress {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl fmt::Debug for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}
