//! Exceptions that nothing could mend.

use core::fmt;

/// An exception that nothing could mend, as the processor has it.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The cause register, for the manual.
    pub cause: u64,
    /// The instruction that faulted.
    pub pc: usize,
    /// The register that holds the address which it tried to use, where the exception has one.
    pub value: usize,
    /// The return address of the frame that faulted (link register or top of stack), as a hint.
    pub return_address: usize,
    /// The registers at that time, for those who look for the callers.
    #[cfg(feature = "image")]
    pub registers: Registers,
}

/// The integer registers, by the numbers that DWARF has for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(transparent)] // as exception handlers note them
pub struct Registers(pub [usize; Registers::COUNT]);

impl Registers {
    /// As many as any of the machines has.
    pub const COUNT: usize = 32;
    /// All 0, where nothing is known of them.
    pub const NONE: Self = Self([0; Self::COUNT]);
}

/// What a machine's cause register means.
#[derive(Debug, Clone, Copy)]
pub struct Causes {
    /// In the architecture manual's words.
    pub kind: fn(u64) -> &'static str,
    /// Whether there is an address.
    pub has_address: fn(u64) -> bool,
}

impl Fault {
    /// A fault that somebody tells of, and that had the registers it had.
    pub const fn told(cause: u64, pc: usize, value: usize, return_address: usize) -> Self {
        Self {
            cause,
            pc,
            value,
            return_address,
            #[cfg(feature = "image")]
            registers: Registers::NONE,
        }
    }

    /// The fault in words.
    pub const fn described(self, causes: &Causes) -> DescribedFault<'_> {
        DescribedFault { fault: self, causes }
    }
}

/// A fault, and what its machine's cause register means.
#[derive(Debug, Clone, Copy)]
pub struct DescribedFault<'c> {
    fault: Fault,
    causes: &'c Causes,
}

impl fmt::Display for DescribedFault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { cause, pc, value, return_address, .. } = self.fault;
        write!(f, "{} at {pc:#x}", (self.causes.kind)(cause))?;
        if (self.causes.has_address)(cause) {
            write!(f, " using address {value:#x}")?;
        }
        write!(f, " (return address {return_address:#x}, cause {cause:#x})")
    }
}
