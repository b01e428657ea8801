//! Architectures: relocation types as tables, instruction fields, call stubs.
//!
//! What is here knows bits and ranges and nothing of ELF files.

#[cfg(feature = "aarch64")]
pub(crate) mod aarch64;
mod bits;
mod brief;
mod field;
pub(crate) mod frequent;
mod local_exec;
mod range;
mod relocation;
#[cfg(feature = "riscv64")]
pub(crate) mod riscv64;
mod rows;
mod scatter;
mod words;
#[cfg(feature = "x86_64")]
pub(crate) mod x86_64;

pub(crate) use brief::{Brief, Way};
pub(crate) use field::{Encoding, Field};
pub(crate) use local_exec::{LocalExec, Rewrite, Subject};
pub(crate) use relocation::{Action, Fixup, Formula, Slot};
pub use relocation::{Range, Relocation, Treatment, Unsupported};
pub(crate) use rows::Table;

/// A machine whose objects can be loaded (`e_machine`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Machine {
    /// `EM_AARCH64` (183).
    #[cfg(feature = "aarch64")]
    Aarch64,
    /// `EM_RISCV` (243), RV64.
    #[cfg(feature = "riscv64")]
    Riscv64,
    /// `EM_X86_64` (62).
    #[cfg(feature = "x86_64")]
    X86_64,
}

/// Bytes of the largest stub of all machines.
pub(crate) const STUB_MAX: usize = 12;

/// A call stub: code that jumps to a symbol, by its distance or through its GOT slot.
pub(crate) struct Stub {
    /// Bytes a stub takes, in either form; a multiple of its alignment.
    pub(crate) size: u32,
    /// Writes the stub that lies at the first address and jumps to the second itself; `None`, and
    /// nothing written, where that is out of its reach. `bytes` is `size` bytes long.
    pub(crate) direct: fn(bytes: &mut [u8], stub: u64, target: u64) -> Option<()>,
    /// Writes the stub that lies at the first address and jumps through the slot at the second;
    /// `None` where the slot is out of the stub's reach. `bytes` is `size` bytes long.
    pub(crate) through_slot: fn(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()>,
}

impl Stub {
    /// Writes the stub that jumps to `target`, whose GOT slot, if any, is at `slot`: by the
    /// distance where it reaches, which saves a load, and else through the slot. `None` where
    /// neither reaches.
    pub(crate) fn write(
        &self,
        bytes: &mut [u8],
        stub: u64,
        target: u64,
        slot: Option<u64>,
    ) -> Option<()> {
        let direct = (self.direct)(bytes, stub, target);
        direct.or_else(|| (self.through_slot)(bytes, stub, slot?))
    }
}

impl Machine {
    /// The machine with this `e_machine`, where it is compiled in.
    pub(crate) const fn from_elf(e_machine: u16) -> Option<Self> {
        match object::elf::Machine(e_machine) {
            #[cfg(feature = "aarch64")]
            object::elf::EM_AARCH64 => Some(Self::Aarch64),
            #[cfg(feature = "riscv64")]
            object::elf::EM_RISCV => Some(Self::Riscv64),
            #[cfg(feature = "x86_64")]
            object::elf::EM_X86_64 => Some(Self::X86_64),
            _ => None,
        }
    }

    /// A short name: `aarch64`, `riscv64` or `x86_64`.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => "aarch64",
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => "riscv64",
            #[cfg(feature = "x86_64")]
            Self::X86_64 => "x86_64",
        }
    }

    /// The row of a relocation type; `None` for a number that the psABI does not allocate.
    pub fn relocation(self, number: u32) -> Option<&'static Relocation> {
        self.table().find(number)
    }

    /// The machine's table of relocation types.
    pub(crate) const fn table(self) -> &'static Table {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => &aarch64::TABLE,
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => &riscv64::TABLE,
            #[cfg(feature = "x86_64")]
            Self::X86_64 => &x86_64::TABLE,
        }
    }

    /// The names of the table's rows.
    const fn relocation_names(self) -> &'static [&'static str] {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => &aarch64::NAMES,
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => &riscv64::NAMES,
            #[cfg(feature = "x86_64")]
            Self::X86_64 => &x86_64::NAMES,
        }
    }

    /// Every relocation type that the psABI allocates, in the order of their numbers.
    pub fn relocations(self) -> &'static [Relocation] {
        self.table().rows
    }

    /// The machine's call stub.
    pub(crate) const fn stub(self) -> &'static Stub {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => &aarch64::STUB,
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => &riscv64::STUB,
            #[cfg(feature = "x86_64")]
            Self::X86_64 => &x86_64::STUB,
        }
    }

    /// How far a call reaches, in bytes, either way.
    pub(crate) const fn call_reach(self) -> u64 {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => 1 << 27,
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => 1 << 31,
            #[cfg(feature = "x86_64")]
            Self::X86_64 => 1 << 31,
        }
    }

    /// What becomes of a relocation of thread-local code, at `at` in a section's bytes, where the
    /// client has a static block.
    pub(crate) fn local_exec(self, number: u32, code: &[u8], at: usize) -> LocalExec {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => aarch64::local_exec(number, code, at),
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => riscv64::local_exec(number, code, at),
            #[cfg(feature = "x86_64")]
            Self::X86_64 => x86_64::local_exec(number, code, at),
        }
    }

    /// What offsets for `__tls_get_addr` are less by: `TLS_DTV_OFFSET` (RISC-V psABI).
    pub(crate) const fn dtv_offset(self) -> u64 {
        match self {
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => 0x800,
            #[allow(unreachable_patterns, reason = "riscv64 may be the only machine compiled in")]
            _ => 0,
        }
    }

    /// Whether a type makes a part of a difference: it counts from nothing that is anywhere.
    pub(crate) const fn is_difference(self, row: &Relocation) -> bool {
        match self {
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => riscv64::is_difference(row.number()),
            #[allow(unreachable_patterns, reason = "riscv64 may be the only machine compiled in")]
            _ => {
                let _ = row;
                false
            }
        }
    }

    /// How a type is applied that only debug sections may have.
    pub(crate) const fn debug_fixup(self, row: &Relocation) -> Option<&'static Fixup> {
        match self {
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => riscv64::debug_fixup(row.number()),
            #[allow(unreachable_patterns, reason = "riscv64 may be the only machine compiled in")]
            _ => {
                let _ = row;
                None
            }
        }
    }

    /// Whether code that asks `__tls_get_addr` for the block, once rewritten, adds its variables'
    /// offsets to the thread pointer instead of the block's address.
    pub(crate) const fn counts_from_thread_pointer(self) -> bool {
        match self {
            #[cfg(feature = "x86_64")]
            Self::X86_64 => true,
            #[allow(unreachable_patterns, reason = "x86_64 may be the only machine compiled in")]
            _ => false,
        }
    }

    /// Bytes of the instruction that [`Action::DescriptorPart`] marks.
    pub(crate) const fn descriptor_part(self) -> u8 {
        if self.counts_from_thread_pointer() { 2 } else { 4 }
    }

    /// What a branch to an undefined weak symbol jumps to, relative to the branch: the next
    /// instruction on AArch64 (AAELF64, "Weak symbols"), the branch itself on RISC-V (as ld.lld
    /// has it; the psABI is silent), and address 0 like any other use on x86-64 (`None`).
    pub(crate) const fn weak_branch_offset(self) -> Option<u64> {
        match self {
            #[cfg(feature = "aarch64")]
            Self::Aarch64 => Some(4),
            #[cfg(feature = "riscv64")]
            Self::Riscv64 => Some(0),
            #[cfg(feature = "x86_64")]
            Self::X86_64 => None,
        }
    }

    /// The byte that fills gaps between sections of code: a trap where one byte can be one.
    pub(crate) const fn text_fill(self) -> u8 {
        match self {
            #[cfg(feature = "x86_64")]
            Self::X86_64 => 0xcc, // int3
            #[allow(unreachable_patterns, reason = "x86_64 may be the only machine compiled in")]
            _ => 0x00, // the permanently undefined instruction of AArch64 and RISC-V
        }
    }
}

/// Writes 32-bit instructions one after another.
#[cfg(any(feature = "aarch64", feature = "riscv64"))]
fn write_instructions<const N: usize>(bytes: &mut [u8], code: [u64; N]) {
    let (places, _) = bytes.as_chunks_mut::<4>();
    for (place, insn) in places.iter_mut().zip(code) {
        *place = (insn as u32).to_le_bytes();
    }
}
