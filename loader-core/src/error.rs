//! What can go wrong, in which phase, and where.

use core::fmt;

use crate::address::TargetAddress;
use crate::arch::{Relocation, Unsupported};
use crate::memory::{MemoryError, SegmentKind};
use crate::name::Name;

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
}

impl Phase {
    /// Its name: `parse`, `plan`, `place`, `map`, `resolve` or `seal`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Plan => "plan",
            Self::Place => "place",
            Self::Map => "map",
            Self::Resolve => "resolve",
            Self::Seal => "seal",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A place in an object: where in the file's terms something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'o> {
    /// The object's name, as given to [`Object::parse`](crate::Object::parse).
    pub object: &'o str,
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

/// What is wrong with an object whose parts contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// A section's alignment is neither 0 nor a power of two.
    Alignment,
    /// Two relocation sections apply to one section.
    DuplicateRelocations,
    /// Two symbol tables.
    DuplicateSymbolTable,
    /// A table's entry size is not what ELF64 says.
    EntrySize,
    /// A group has no flag word, or its size is not a multiple of four.
    Group,
    /// An index names a section that does not exist.
    SectionIndex,
    /// A section's bytes lie past the end of the file.
    SectionOutsideFile,
    /// `sh_link` does not name a table of the kind that it must.
    SectionLink,
    /// A string table does not end in NUL, or is not there.
    StringTable,
    /// An offset lies past the end of its string table.
    StringOffset,
    /// An index names a symbol that does not exist.
    SymbolIndex,
    /// A symbol's value lies past the end of its section.
    SymbolValue,
    /// A relocated field lies, in part or whole, past the end of its section.
    RelocationOffset,
    /// A relocation applies to a section that has no bytes in the file.
    RelocationTarget,
    /// A relocation's padding is not there, or is no multiple of the instruction size.
    Padding,
    /// A COMMON symbol's alignment is not a power of two.
    CommonAlignment,
}

impl Defect {
    const fn text(self) -> &'static str {
        match self {
            Self::Alignment => "the alignment is not a power of two",
            Self::DuplicateRelocations => "a second relocation section for one section",
            Self::DuplicateSymbolTable => "a second symbol table",
            Self::EntrySize => "the entry size is not what ELF64 says",
            Self::Group => "the section group is malformed",
            Self::SectionIndex => "no section has this index",
            Self::SectionOutsideFile => "the section's bytes lie past the end of the file",
            Self::SectionLink => "sh_link does not name the table that it must",
            Self::StringTable => "the string table does not end in NUL",
            Self::StringOffset => "the name lies past the end of its string table",
            Self::SymbolIndex => "no symbol has this index",
            Self::SymbolValue => "the symbol's value lies past the end of its section",
            Self::RelocationOffset => "the relocated field lies past the end of its section",
            Self::RelocationTarget => "the relocated section has no bytes in the file",
            Self::Padding => "the padding that R_RISCV_ALIGN speaks of is not there",
            Self::CommonAlignment => "a COMMON symbol's alignment is not a power of two",
        }
    }
}

/// A kind of object file that is no ELF64 little-endian ET_REL file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// The file does not begin with an ELF header.
    NotElf,
    /// `ELFCLASS32`.
    Class32,
    /// `ELFDATA2MSB`.
    BigEndian,
    /// An `e_version`, `e_ehsize` or `e_shentsize` that ELF64 does not have.
    Version,
    /// `e_type` is not `ET_REL`: the file is already linked.
    Linked,
    /// The section header table is missing or lies past the end of the file.
    SectionTable,
}

impl Format {
    const fn text(self) -> &'static str {
        match self {
            Self::NotElf => "not an ELF file; hand over an object file as the compiler wrote it",
            Self::Class32 => "a 32-bit ELF file; compile for the 64-bit target",
            Self::BigEndian => "a big-endian ELF file; compile for the little-endian target",
            Self::Version => "an ELF header that is not ELF64's; the file is damaged",
            Self::Linked => {
                "already linked (not ET_REL); hand over the output of the compiler's -c"
            }
            Self::SectionTable => {
                "the section header table lies outside the file, which is cut short"
            }
        }
    }
}

/// A section that can be read but not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedSection {
    /// `SHF_WRITE` and `SHF_EXECINSTR` together.
    WritableCode,
    /// `SHF_TLS`.
    ThreadLocal,
    /// `SHF_COMPRESSED` on a section that would be loaded.
    Compressed,
    /// `SHT_REL`: the three psABIs use `SHT_RELA` only.
    Rel,
}

impl RefusedSection {
    const fn text(self) -> &'static str {
        match self {
            Self::WritableCode => "it is both writable and executable, which is never allowed",
            Self::ThreadLocal => {
                "thread-local storage is not supported yet; compile without thread-local variables"
            }
            Self::Compressed => "a compressed section cannot be loaded; leave it uncompressed",
            Self::Rel => "SHT_REL relocations do not belong to this architecture, SHT_RELA do",
        }
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
        object: &'o str,
        /// What it is instead.
        format: Format,
    },
    /// The object is for a machine that is not compiled in.
    Machine {
        /// The object's name.
        object: &'o str,
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
    /// Objects for different machines, or with different calling conventions for floating-point
    /// values, cannot make one module.
    MixedMachines {
        /// The object that differs from the first.
        object: &'o str,
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
        object: &'o str,
    },
    /// Two objects of one module define the same global symbol.
    Duplicate {
        /// The symbol.
        symbol: Name<'o>,
        /// The object that defined it first.
        first: &'o str,
        /// The object that defines it again.
        second: &'o str,
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
        /// Why it is refused.
        reason: Unsupported,
    },
    /// A relocation against a symbol of a kind that is not loaded yet: thread-local, or IFUNC.
    UnsupportedSymbol {
        /// Where the relocation applies.
        place: Place<'o>,
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
            Self::Section { .. }
            | Self::MixedMachines { .. }
            | Self::Scratch { .. }
            | Self::TooLarge { .. }
            | Self::Duplicate { .. }
            | Self::UnknownRelocation { .. }
            | Self::UnsupportedRelocation { .. }
            | Self::UnsupportedSymbol { .. }
            | Self::Discarded { .. } => Phase::Plan,
            Self::Allocate { .. } | Self::BadSegment { .. } => Phase::Place,
            Self::NoSuchSection { .. } | Self::Misplaced { .. } => Phase::Map,
            Self::Undefined { .. }
            | Self::OutOfRange { .. }
            | Self::Misaligned { .. }
            | Self::Addend { .. }
            | Self::Instruction { .. }
            | Self::StubReach { .. } => Phase::Resolve,
            Self::Seal { .. } => Phase::Seal,
        }
    }
}

impl core::error::Error for Error<'_> {}

impl fmt::Display for Error<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { object, format } => write!(f, "{object}: {}", format.text()),
            Self::Machine { object, e_machine } => write!(
                f,
                "{object}: made for machine {e_machine} (e_machine), which this loader was built \
                 without; compile for this machine, or enable its feature"
            ),
            Self::Malformed { place, defect, value, .. } => {
                write!(f, "{place}: {} ({value:#x}); the file is damaged", defect.text())
            }
            Self::Section { place, reason } => write!(f, "{place}: {}", reason.text()),
            Self::MixedMachines { object } => {
                write!(f, "{object}: made for another machine or float ABI than the module's first object; \
                     compile all with the same target")
            }
            Self::Scratch { needed, lent } => write!(
                f,
                "the plan needs {needed} scratch records and was lent {lent}; lend as many as \
                 `scratch_len` says"
            ),
            Self::TooLarge { object } => write!(
                f,
                "{object}: a segment would be larger than 4 GiB or the address space; split it"
            ),
            Self::Duplicate { symbol, first, second } => write!(
                f,
                "`{symbol}` is defined in {first} and again in {second}; rename one, or make it \
                 static or weak"
            ),
            Self::UnknownRelocation { place, number } => {
                write!(f, "{place}: relocation type {number} is not in the psABI")
            }
            Self::UnsupportedRelocation { place, relocation, reason } => {
                write!(f, "{place}: {} {}", relocation.name(), reason.text())
            }
            Self::UnsupportedSymbol { place, symbol } => write!(
                f,
                "{place}: `{symbol}` is thread-local or an IFUNC, which is not supported yet"
            ),
            Self::Discarded { place, relocation, symbol } => write!(
                f,
                "{place}: {} needs `{symbol}`, whose section is not loaded",
                relocation.name()
            ),
            Self::Unpaired { place, relocation, .. } => write!(
                f,
                "{place}: {} has lost the relocation that it belongs to",
                relocation.name()
            ),
            Self::Allocate { kind, size, align, cause } => write!(
                f,
                "no memory for the {kind} segment of {size} bytes, aligned to {align}: {cause}; \
                 enlarge the {kind} arena or unload a module"
            ),
            Self::BadSegment { kind } => write!(
                f,
                "the memory manager gave a {kind} segment of another size or alignment than asked"
            ),
            Self::NoSuchSection { object, index } => {
                write!(f, "object {object} has no loaded section {index}")
            }
            Self::Misplaced { address, align } => write!(
                f,
                "{address} is not a multiple of {align}, or runs over the end of the address space"
            ),
            Self::Undefined { place, symbol } => write!(
                f,
                "{place}: `{symbol}` is undefined; export it, or load what defines it as well"
            ),
            Self::OutOfRange { place, relocation, symbol, value, segment, from, to } => {
                write!(f, "{place}: {} against `{symbol}`: {}", relocation.name(), Hex(*value))?;
                if let Some(range) = relocation.range() {
                    write!(f, " is not within {}..={}", Hex(range.min), Hex(range.max))?;
                }
                write!(
                    f,
                    "; the {segment} segment (here {from}) is too far from `{symbol}` at {to}"
                )
            }
            Self::Misaligned { place, relocation, symbol, value } => {
                write!(f, "{place}: {} against `{symbol}`: {}", relocation.name(), Hex(*value))?;
                let align = relocation.range().map_or(1, |range| range.align);
                write!(f, " is not a multiple of {align}; the symbol or the field is misaligned")
            }
            Self::Addend { place, relocation, symbol, addend } => write!(
                f,
                "{place}: {} against `{symbol}` has the addend {}, which it cannot have",
                relocation.name(),
                Hex(*addend)
            ),
            Self::Instruction { place, relocation, found } => write!(
                f,
                "{place}: {} does not apply to what is there ({found:#x}); the file is damaged",
                relocation.name()
            ),
            Self::StubReach { symbol, stub, slot } => write!(
                f,
                "the call stub for `{symbol}` at {stub} cannot reach its GOT slot at {slot}; \
                 place the text and rodata arenas closer together"
            ),
            Self::Seal { kind, cause } => write!(f, "the {kind} segment cannot be sealed: {cause}"),
        }
    }
}

/// A signed number in hexadecimal, with its sign.
struct Hex(i64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 < 0 { "-" } else { "" })?;
        write!(f, "{:#x}", self.0.unsigned_abs())
    }
}

impl Unsupported {
    const fn text(self) -> &'static str {
        match self {
            Self::Dynamic => "belongs to linked images; hand over the output of the compiler's -c",
            Self::NotYet => "is not implemented yet",
            Self::PointerAuthentication => {
                "signs pointers, which is not implemented; compile without pointer authentication ABIs"
            }
            Self::Reserved => {
                "is reserved by the psABI; the file is damaged or newer than the psABI"
            }
            Self::ThreadLocal => {
                "needs thread-local storage, which is not implemented yet; compile without \
                 thread-local variables"
            }
        }
    }
}
