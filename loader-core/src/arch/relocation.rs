//! What a relocation type is: a row of data, and the vocabulary that the rows are written in.
//!
//! Notation as in the psABIs: S is the symbol's address, A the addend, P the place, G(S) the
//! address of the symbol's GOT slot, GOT the address of the GOT, Page(x) is x with its low 12
//! bits cleared.

use core::fmt;

use crate::arch::Machine;
use crate::arch::brief::Brief;
use crate::arch::field::Field;
use crate::arch::range::Limits;
pub use crate::arch::range::Range;
#[cfg(feature = "riscv64")]
use crate::features::DELETIONS;

/// A relocation type: one row of an architecture's table.
///
/// Its name is in a table of its own, which an image does without that prints no errors.
#[derive(Clone, Copy)]
pub struct Relocation {
    /// Its number (`ELF64_R_TYPE`).
    pub(crate) number: u16,
    /// The machine in whose table it is.
    pub(crate) machine: Machine,
    /// What of the action most relocations need.
    pub(crate) brief: Brief,
    /// What the loader does about it.
    pub(crate) action: Action,
}

impl Relocation {
    /// Its number, as in `ELF64_R_TYPE`.
    pub const fn number(&self) -> u32 {
        self.number as u32
    }

    /// Its name in the psABI, such as `R_AARCH64_CALL26`.
    pub fn name(&self) -> &'static str {
        let place = self.machine.table().place(self.number());
        let name = place.and_then(|place| self.machine.relocation_names().get(place));
        name.copied().unwrap_or_default()
    }

    /// What the loader does about it.
    pub const fn treatment(&self) -> Treatment {
        match (self.unsupported(), &self.action) {
            (Some(reason), _) => Treatment::Refused(reason),
            (None, Action::Nothing) => Treatment::Ignored,
            _ => Treatment::Applied,
        }
    }

    /// Why it is refused, or `None` where it is applied or has nothing to write.
    pub const fn unsupported(&self) -> Option<Unsupported> {
        match self.action {
            Action::Refuse(reason) => Some(reason),
            #[cfg(feature = "riscv64")]
            Action::Align if !DELETIONS => Some(Unsupported::Padding),
            _ => None,
        }
    }

    /// Whether a symbol enters into what it does.
    pub(crate) const fn needs_symbol(&self) -> bool {
        match self.action {
            Action::Nothing => false,
            #[cfg(feature = "riscv64")]
            Action::Align => false,
            _ => true,
        }
    }

    /// Whether it is a later part of a RISC-V sequence that asks by descriptor: its symbol is the
    /// label of the first part.
    #[cfg(feature = "riscv64")]
    pub(crate) const fn is_descriptor_low(&self) -> bool {
        matches!(self.action, Action::DescriptorLow(_))
            || matches!(self.action, Action::DescriptorPart) && self.number == 65
    }

    /// How many bytes it writes at the least; 0 where it writes nothing.
    #[cfg(feature = "riscv64")]
    pub(crate) const fn width(&self) -> u8 {
        match self.action {
            Action::Apply(fixup) => fixup.field.width,
            Action::PairLow(field) | Action::DescriptorLow(field) => field.width,
            Action::SetUleb128 | Action::SubUleb128 => 1,
            Action::DescriptorPart => 4,
            Action::Nothing | Action::Align | Action::Refuse(_) => 0,
            #[cfg(feature = "aarch64")]
            Action::FunctionInitialiser => 8,
            #[cfg(feature = "aarch64")]
            Action::PatchInstruction(fixup) => fixup.field.width,
        }
    }

    /// The values that it can hold; `None` where it holds no value or is refused.
    pub const fn range(&self) -> Option<Range> {
        match self.action {
            Action::Apply(fixup) => Some(fixup.range()),
            #[cfg(feature = "aarch64")]
            Action::PatchInstruction(fixup) => Some(fixup.range()),
            _ => None,
        }
    }
}

impl fmt::Debug for Relocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.name());
        shown.field("number", &self.number).field("action", &self.action).finish()
    }
}

impl PartialEq for Relocation {
    fn eq(&self, other: &Self) -> bool {
        (self.machine, self.number) == (other.machine, other.number)
    }
}

impl Eq for Relocation {}

/// What the loader does about a relocation type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// What the psABI says.
    Applied,
    /// Nothing, as there is nothing to write: a marker, or a hint to a linker.
    Ignored,
    /// Refuses the object that has it.
    Refused(Unsupported),
}

/// Why a relocation type is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unsupported {
    /// It belongs to linked images; no compiler writes it into an object.
    Dynamic,
    /// It is in a debug section, which has no place in memory, and needs one.
    NotLoaded,
    /// It aligns code by deleting padding, in a loader that was built without the feature
    /// `riscv-align`.
    Padding,
    /// It signs pointers, for which the client's keys would be needed.
    PointerAuthentication,
    /// The psABI reserves the number.
    Reserved,
    /// It initialises data by a function, in a section that is not writable.
    ReadOnly,
    /// It needs thread-local variables, and the plan was made without
    /// ([`TlsModel::None`](crate::TlsModel::None)).
    ThreadLocal,
    /// It announces a relocation of a vendor's own, whose name its symbol is.
    Vendor,
}

/// What the loader does about a relocation type.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    /// Nothing: a marker, or a hint that may be ignored.
    Nothing,
    /// Computes a value and writes it into a field.
    Apply(Fixup),
    /// Marks an instruction of a sequence that asks for a thread-local variable by descriptor:
    /// nothing, or what the sequence becomes.
    DescriptorPart,
    /// `R_AARCH64_PATCHINST`: replaces an instruction, after all else was applied to it.
    #[cfg(feature = "aarch64")]
    PatchInstruction(&'static Fixup),
    /// `R_AARCH64_FUNCINIT64`: what the function at S + A returns.
    #[cfg(feature = "aarch64")]
    FunctionInitialiser,
    /// `R_RISCV_ALIGN`: deletes padding.
    #[cfg(feature = "riscv64")]
    Align,
    /// `R_RISCV_PCREL_LO12_*`: the low part of the high part at the symbol, into this field.
    #[cfg(feature = "riscv64")]
    PairLow(&'static Field),
    /// `R_RISCV_TLSDESC_*_LO12`: the same, of an `R_RISCV_TLSDESC_HI20`.
    #[cfg(feature = "riscv64")]
    DescriptorLow(&'static Field),
    /// `R_RISCV_SET_ULEB128`, written together with the `R_RISCV_SUB_ULEB128` behind it.
    #[cfg(feature = "riscv64")]
    SetUleb128,
    /// `R_RISCV_SUB_ULEB128`, behind its `R_RISCV_SET_ULEB128`.
    #[cfg(feature = "riscv64")]
    SubUleb128,
    /// Refuses it by name.
    Refuse(Unsupported),
}

/// How a value is computed, checked and written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixup {
    pub(crate) formula: Formula,
    pub(crate) field: &'static Field,
    limits: Limits,
}

impl Fixup {
    pub(crate) const fn new(formula: Formula, field: &'static Field, range: Range) -> Self {
        Self { formula, field, limits: Limits::new(range) }
    }

    /// The values that fit.
    #[inline]
    pub(crate) const fn range(&self) -> Range {
        self.limits.range()
    }
}

/// How the value X is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formula {
    /// S + A
    Absolute,
    /// S + A - P
    PcRelative,
    /// S + A - P of a call or jump, or of a call stub for S where that is out of range. A stub
    /// stands for the symbol itself, so A must be this then: 0, or on x86-64 the distance back
    /// from the end of the instruction.
    Branch { addend: i8 },
    /// S + A - P of a branch for which the psABI permits no stub.
    #[cfg(any(feature = "aarch64", feature = "riscv64"))]
    ShortBranch,
    /// S + A - P of data that is used to call S; of a call stub where that is out of range.
    #[cfg(any(feature = "aarch64", feature = "riscv64"))]
    FunctionOffset,
    /// Page(S + A) - Page(P)
    #[cfg(feature = "aarch64")]
    Page,
    /// G(S); A must be 0
    #[cfg(feature = "aarch64")]
    GotSlot(Slot),
    /// Page(G(S)) - Page(P); A must be 0
    #[cfg(feature = "aarch64")]
    GotSlotPage(Slot),
    /// G(S) - Page(GOT); A must be 0
    #[cfg(feature = "aarch64")]
    GotSlotFromPage,
    /// G(S) + A - P
    GotSlotPcRelative(Slot),
    /// G(S) - P, where A must be 0
    GotSlotPcRelativeNoAddend(Slot),
    /// G(S) + A - P, or S + A - P with the instruction rewritten where that is in range
    #[cfg(feature = "x86_64")]
    GotSlotRelaxable,
    /// G(S) - GOT + A
    GotSlotOffset,
    /// G(S) - GOT, where A must be 0
    #[cfg(feature = "aarch64")]
    GotSlotOffsetNoAddend(Slot),
    /// GOT + A - P
    #[cfg(feature = "x86_64")]
    GotPcRelative,
    /// S + A - GOT
    GotOffset,
    /// Z + A, Z being the symbol's size
    #[cfg(feature = "x86_64")]
    Size,
    /// TPREL(S + A): from the thread pointer to a thread-local variable
    ThreadPointer,
    /// DTPREL(S + A): from the start of the module's block of thread-local variables
    ModuleBlock,
}

/// What a GOT slot that a relocation speaks of holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// GDAT(S): the symbol's address.
    Address,
    /// GTLSIDX(S): module and offset of a thread-local variable, for `__tls_get_addr`: 2 words.
    GeneralDynamic,
    /// GLDM: the module, and offset 0: 2 words, one pair for the module.
    LocalDynamic,
    /// GTPREL(S): the offset of a thread-local variable from the thread pointer.
    InitialExec,
    /// GTLSDESC(S): a function and its argument: 2 words.
    Descriptor,
}

impl Formula {
    /// The GOT slot whose address enters into it.
    pub(crate) const fn slot(self) -> Option<Slot> {
        match self {
            #[cfg(feature = "aarch64")]
            Self::GotSlot(slot) | Self::GotSlotPage(slot) | Self::GotSlotOffsetNoAddend(slot) => {
                Some(slot)
            }
            #[cfg(feature = "aarch64")]
            Self::GotSlotFromPage => Some(Slot::Address),
            #[cfg(feature = "x86_64")]
            Self::GotSlotRelaxable => Some(Slot::Address),
            Self::GotSlotPcRelative(slot) | Self::GotSlotPcRelativeNoAddend(slot) => Some(slot),
            Self::GotSlotOffset => Some(Slot::Address),
            _ => None,
        }
    }

    /// Whether thread-local variables and others are the same to it.
    pub(crate) const fn takes_any_symbol(self) -> bool {
        match self {
            #[cfg(feature = "x86_64")]
            Self::Size => true,
            _ => false,
        }
    }

    /// Whether it is for thread-local variables.
    pub(crate) const fn is_thread_local(self) -> bool {
        match self.slot() {
            Some(Slot::Address) => false,
            Some(_) => true,
            None => matches!(self, Self::ThreadPointer | Self::ModuleBlock),
        }
    }

    /// Whether the symbol needs a GOT slot with its address.
    pub(crate) const fn needs_slot(self) -> bool {
        matches!(self.slot(), Some(Slot::Address))
    }

    /// Whether the address of the GOT itself enters into it.
    pub(crate) const fn needs_got(self) -> bool {
        match self {
            #[cfg(feature = "x86_64")]
            Self::GotPcRelative => true,
            Self::GotOffset => true,
            _ => self.slot().is_some(),
        }
    }

    /// Whether a call stub may stand in for the symbol.
    pub(crate) const fn may_use_stub(self) -> bool {
        match self {
            Self::Branch { .. } => true,
            #[cfg(any(feature = "aarch64", feature = "riscv64"))]
            Self::FunctionOffset => true,
            _ => false,
        }
    }

    /// Whether this is a branch instruction's formula.
    pub(crate) const fn is_branch(self) -> bool {
        match self {
            Self::Branch { .. } => true,
            #[cfg(any(feature = "aarch64", feature = "riscv64"))]
            Self::ShortBranch => true,
            _ => false,
        }
    }

    /// Whether A must be 0.
    pub(crate) const fn forbids_addend(self) -> bool {
        match self {
            #[cfg(feature = "aarch64")]
            Self::GotSlot(_) | Self::GotSlotPage(_) | Self::GotSlotFromPage => true,
            #[cfg(feature = "aarch64")]
            Self::GotSlotOffsetNoAddend(_) => true,
            Self::GotSlotPcRelativeNoAddend(_) => true,
            _ => false,
        }
    }
}
