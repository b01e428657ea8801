//! What can go wrong, in which phase, and where.

mod display;
mod fault;
mod kinds;

use core::fmt;

use crate::address::TargetAddress;
use crate::arch::{Relocation, Unsupported};
use crate::debug::DecompressError;
use crate::memory::{MemoryError, SegmentKind};
use crate::name::{Name, ObjectName};
pub(crate) use fault::{Fault, Faulty};
pub use kinds::{Defect, Format, RefusedSection, RefusedSymbol, Unmended};

/// The phase of a load that an error ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// [`Object::parse`](crate::Object::parse)
    Parse,
    /// [`Plan::new`](crate::Plan::new)
    Plan,
    /// [`Plan::place`](crate::Plan::place)
    Place,
    /// [`ObjectImage::map_section_address`](crate::ObjectImage::map_section_address)
    Map,
    /// [`ObjectImage::resolve`](crate::ObjectImage::resolve)
    Resolve,
    /// [`RelocatedImage::seal`](crate::RelocatedImage::seal)
    Seal,
    /// [`Module::debug_images`](crate::Module::debug_images)
    Debug,
}

impl Phase {
    /// Its name: `parse`, `plan`, `place`, `map`, `resolve`, `seal` or `debug`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Plan => "plan",
            Self::Place => "place",
            Self::Map => "map",
            Self::Resolve => "resolve",
            Self::Seal => "seal",
            Self::Debug => "debug",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place in an object: where in the file's terms something is wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Place<'o> {
    /// The object's name.
    pub object: ObjectName<'o>,
    /// The section's name; empty where it could not be read.
    pub section: Name<'o>,
    /// The section's index in the section header table.
    pub index: u32,
    /// The offset in the section, in bytes of the object file.
    pub offset: u64,
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: section {} `{}`+{:#x}", self.object, self.index, self.section, self.offset)
    }
}

/// Why a load was refused. Nothing is held and nothing has changed when it is returned.
///
/// Its `Display` names the place and says what to do; it borrows all names from the object's
/// bytes (`'o`) and builds no string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error<'o> {
    /// The file is not of a kind that can be loaded.
    Format {
        /// The object's name.
        object: ObjectName<'o>,
        /// What it is instead.
        format: Format,
    },
    /// The object is for a machine that is not compiled in.
    Machine {
        /// The object's name.
        object: ObjectName<'o>,
        /// Its `e_machine`.
        e_machine: u16,
    },
    /// The object contradicts itself.
    Malformed {
        /// The phase that noticed.
        phase: Phase,
        /// Where.
        place: Place<'o>,
        /// How.
        defect: Defect,
        /// The value that is wrong.
        value: u64,
    },
    /// A section that is never loaded.
    Section {
        /// Which.
        place: Place<'o>,
        /// Why.
        reason: RefusedSection,
    },
    /// A symbol of a kind that this loader was built without.
    Symbol {
        /// The object that defines it.
        object: ObjectName<'o>,
        /// Which.
        symbol: Name<'o>,
        /// Its kind.
        reason: RefusedSymbol,
    },
    /// Objects for different machines, or with different calling conventions for floating-point
    /// values, cannot make one module.
    MixedMachines {
        /// The object that differs from the first.
        object: ObjectName<'o>,
    },
    /// A module of more than one object, in a loader that was built without the feature
    /// `several-objects`.
    SeveralObjects {
        /// The second object.
        object: ObjectName<'o>,
    },
    /// The plan needs more working memory than it was lent.
    Scratch {
        /// Records needed.
        needed: usize,
        /// Records lent.
        lent: usize,
    },
    /// Sizes that do not fit what the loader or the machine can count.
    TooLarge {
        /// The object whose part went over the limit.
        object: ObjectName<'o>,
    },
    /// More names than chance would have share a symbol's place in the table of names, which would
    /// make it slow: somebody has chosen them so.
    Crowded {
        /// The object that has the symbol.
        object: ObjectName<'o>,
        /// The symbol.
        symbol: Name<'o>,
    },
    /// Two objects of one module define the same global symbol.
    Duplicate {
        /// The symbol.
        symbol: Name<'o>,
        /// The object that defined it first.
        first: ObjectName<'o>,
        /// The object that defines it again.
        second: ObjectName<'o>,
    },
    /// Too many exported names share a bucket of the module's table of symbols
    /// ([`PlanOptions::kept`](crate::PlanOptions::kept)): names that were made to, as no others do.
    HashCollisions {
        /// One of them.
        symbol: Name<'o>,
        /// How many may.
        limit: usize,
    },
    /// A relocation number that the psABI does not allocate.
    UnknownRelocation {
        /// Where it applies.
        place: Place<'o>,
        /// The number.
        number: u32,
    },
    /// A relocation type that is not applied.
    UnsupportedRelocation {
        /// Where it applies.
        place: Place<'o>,
        /// The type.
        relocation: &'static Relocation,
        /// The symbol.
        symbol: Name<'o>,
        /// Why it is refused.
        reason: Unsupported,
    },
    /// A relocation against a symbol of a kind that it is not for: a thread-local variable where
    /// an address is wanted, or the other way round; for `R_AARCH64_PATCHINST`, one that is not
    /// absolute.
    WrongSymbol {
        /// Where the relocation applies.
        place: Place<'o>,
        /// The type.
        relocation: &'static Relocation,
        /// The symbol.
        symbol: Name<'o>,
    },
    /// A relocation needs a symbol that lies in a section which is not loaded.
    Discarded {
        /// Where the relocation applies.
        place: Place<'o>,
        /// The type.
        relocation: &'static Relocation,
        /// The symbol.
        symbol: Name<'o>,
    },
    /// One half of a pair of relocations without the other.
    Unpaired {
        /// The phase that noticed.
        phase: Phase,
        /// Where the half that is there applies.
        place: Place<'o>,
        /// Its type.
        relocation: &'static Relocation,
    },
    /// The memory manager has no room for a segment.
    Allocate {
        /// What it was to hold.
        kind: SegmentKind,
        /// Its size in bytes.
        size: usize,
        /// Its alignment in bytes.
        align: usize,
        /// What the manager said.
        cause: MemoryError,
    },
    /// The manager gave memory that is not what was asked for.
    BadSegment {
        /// What it was to hold.
        kind: SegmentKind,
    },
    /// No loaded section has this index.
    NoSuchSection {
        /// The object's place among the plan's objects.
        object: usize,
        /// The section's index.
        index: u32,
    },
    /// An address that the section or segment cannot have.
    Misplaced {
        /// The address.
        address: TargetAddress,
        /// What it would have to be a multiple of.
        align: u64,
    },
    /// Nothing defines a symbol that the object needs.
    Undefined {
        /// The first place that needs it.
        place: Place<'o>,
        /// The symbol.
        symbol: Name<'o>,
    },
    /// The client has no block for the module's thread-local variables.
    ThreadLocalBlock {
        /// Bytes of the block.
        size: u64,
        /// What its address, and so its distance from the thread pointer, must be a multiple of.
        align: u64,
    },
    /// Code needs a thread-local variable's distance from the thread pointer, which is not the
    /// same in every thread.
    ThreadPointer {
        /// Where the relocation applies.
        place: Place<'o>,
        /// The type.
        relocation: &'static Relocation,
        /// The variable.
        symbol: Name<'o>,
    },
    /// Code asks for a thread-local variable by descriptor, and the client has none.
    Descriptor {
        /// The variable.
        symbol: Name<'o>,
    },
    /// A value does not fit the field that it belongs into.
    OutOfRange {
        /// The field.
        place: Place<'o>,
        /// The type, which knows the range.
        relocation: &'static Relocation,
        /// The symbol.
        symbol: Name<'o>,
        /// The value computed by the psABI's formula.
        value: i64,
        /// What the field's segment holds.
        segment: SegmentKind,
        /// The address of the field.
        from: TargetAddress,
        /// The address of the symbol.
        to: TargetAddress,
    },
    /// A value is not a multiple of what its field can express.
    Misaligned {
        /// The field.
        place: Place<'o>,
        /// The type, which knows the alignment.
        relocation: &'static Relocation,
        /// The symbol.
        symbol: Name<'o>,
        /// The value computed by the psABI's formula.
        value: i64,
    },
    /// An addend where the type allows none.
    Addend {
        /// The field.
        place: Place<'o>,
        /// The type.
        relocation: &'static Relocation,
        /// The symbol.
        symbol: Name<'o>,
        /// The addend.
        addend: i64,
    },
    /// The field is not in an instruction that the type applies to.
    Instruction {
        /// The field.
        place: Place<'o>,
        /// The type.
        relocation: &'static Relocation,
        /// The bytes that are there, as a little-endian number.
        found: u64,
    },
    /// A call stub cannot reach the GOT: the arenas are too far apart.
    StubReach {
        /// The symbol that the stub is for.
        symbol: Name<'o>,
        /// The stub's address.
        stub: TargetAddress,
        /// The address of its GOT slot.
        slot: TargetAddress,
    },
    /// Code that an erratum of the Cortex-A53 affects cannot be mended
    /// ([`PlanOptions::erratum_843419`](crate::PlanOptions::erratum_843419)).
    Erratum {
        /// Where the code begins, with an ADRP.
        place: Place<'o>,
        /// The address of that.
        address: TargetAddress,
        /// Why not.
        reason: Unmended,
    },
    /// A compressed debug section is not what its header says, or could not be uncompressed.
    Compressed {
        /// Which.
        place: Place<'o>,
        /// What the client's [`Decompress`](crate::Decompress) said.
        cause: DecompressError,
    },
    /// The memory manager could not give a segment its permissions.
    Seal {
        /// What the segment holds.
        kind: SegmentKind,
        /// What the manager said.
        cause: MemoryError,
    },
}

impl Error<'_> {
    /// The phase that refused.
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Malformed { phase, .. } | Self::Unpaired { phase, .. } => *phase,
            Self::Format { .. } | Self::Machine { .. } => Phase::Parse,
            Self::Compressed { .. }
            | Self::UnsupportedRelocation { reason: Unsupported::NotLoaded, .. } => Phase::Debug,
            Self::Section { .. }
            | Self::Symbol { .. }
            | Self::MixedMachines { .. }
            | Self::SeveralObjects { .. }
            | Self::Scratch { .. }
            | Self::TooLarge { .. }
            | Self::Crowded { .. }
            | Self::Duplicate { .. }
            | Self::UnknownRelocation { .. }
            | Self::UnsupportedRelocation { .. }
            | Self::WrongSymbol { .. }
            | Self::Discarded { .. } => Phase::Plan,
            Self::Allocate { .. } | Self::BadSegment { .. } => Phase::Place,
            Self::NoSuchSection { .. } | Self::Misplaced { .. } => Phase::Map,
            Self::Undefined { .. }
            | Self::ThreadLocalBlock { .. }
            | Self::ThreadPointer { .. }
            | Self::Descriptor { .. }
            | Self::HashCollisions { .. }
            | Self::OutOfRange { .. }
            | Self::Misaligned { .. }
            | Self::Addend { .. }
            | Self::Instruction { .. }
            | Self::StubReach { .. }
            | Self::Erratum { .. } => Phase::Resolve,
            Self::Seal { .. } => Phase::Seal,
        }
    }
}

impl core::error::Error for Error<'_> {}
