//! The kinds of things that are wrong with a file.

use crate::features::THREAD_LOCALS;

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
    /// A group has no flag word, or its size is not a multiple of four. Groups are looked at where
    /// sections may be left out: with the features `several-objects` or `unused-sections`.
    Group,
    /// An index names a section that does not exist.
    SectionIndex,
    /// Tables of relocations or group members overlap, as together they are longer than the file: each
    /// is read several times.
    OverlappingTables,
    /// Symbols' names overlap, and together are more than 16 times as long as the file: each is
    /// read several times.
    OverlappingNames,
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
    /// A symbol's value lies past the end of its section, where only local labels may.
    SymbolValue,
    /// A relocated field lies, in part or whole, past the end of its section.
    RelocationOffset,
    /// A relocation applies to a section that has no bytes in the file.
    RelocationTarget,
    /// A relocation's padding is not there or is no multiple of the instruction size, or another
    /// relocation writes into it or into code that may be made shorter.
    Padding,
    /// A COMMON symbol's alignment is not a power of two.
    CommonAlignment,
}

impl Defect {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Alignment => "the alignment is not a power of two",
            Self::DuplicateRelocations => "a second relocation section for one section",
            Self::DuplicateSymbolTable => "a second symbol table",
            Self::EntrySize => "the entry size is not what ELF64 says",
            Self::Group => "the section group is malformed",
            Self::SectionIndex => "no section has this index",
            Self::OverlappingTables => {
                "tables of relocations or group members are together longer than the file"
            }
            Self::OverlappingNames => {
                "symbols' names overlap, and together are more than 16 times as long as the file"
            }
            Self::SectionOutsideFile => "the section's bytes lie past the end of the file",
            Self::SectionLink => "sh_link does not name the table that it must",
            Self::StringTable => "the string table does not end in NUL",
            Self::StringOffset => "the name lies past the end of its string table",
            Self::SymbolIndex => "no symbol has this index",
            Self::SymbolValue => "the symbol's value lies past the end of its section",
            Self::RelocationOffset => "the relocated field lies past the end of its section",
            Self::RelocationTarget => "the relocated section has no bytes in the file",
            Self::Padding => {
                "R_RISCV_ALIGN has no padding there, or a relocation writes to bytes that may go"
            }
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
    pub(super) const fn text(self) -> &'static str {
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
    /// Code, where other sections of its name are data, or the other way round, and a `__start_` or
    /// `__stop_` symbol wants them all in one piece.
    MixedCode,
    /// `SHF_WRITE` and `SHF_EXECINSTR` together.
    WritableCode,
    /// `SHF_TLS`.
    ThreadLocal,
    /// `SHF_COMPRESSED` on a section that would be loaded.
    Compressed,
    /// `SHT_REL` or `SHT_CREL`: the three psABIs use `SHT_RELA` only.
    Rel,
    /// A list of initialisers or finalisers, in a loader that was built without the feature
    /// `initialisers`.
    Initialisers,
}

impl RefusedSection {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::MixedCode => {
                "sections of this name are code and data, and a __start_ or __stop_ symbol wants them \
                 in one piece; give one of them another name"
            }
            Self::WritableCode => "it is both writable and executable, which is never allowed",
            Self::ThreadLocal if !THREAD_LOCALS => {
                "it is thread-local, which this loader was built without; enable its feature \
                 thread-locals"
            }
            Self::ThreadLocal => {
                "it is thread-local, and the plan was made without thread-local variables \
                 (TlsModel::None)"
            }
            Self::Compressed => "a compressed section cannot be loaded; leave it uncompressed",
            Self::Rel => {
                "its relocations are not of the type SHT_RELA, the only one of this architecture; \
                 compile without --crel"
            }
            Self::Initialisers => {
                "it has functions to be called before or after the module's use, which this loader \
                 was built without; enable its feature initialisers"
            }
        }
    }
}

/// Why a symbol's object is not loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedSymbol {
    /// A COMMON symbol (`SHN_COMMON`), in a loader that was built without the feature
    /// `common-symbols`.
    Common,
    /// An IFUNC (`STT_GNU_IFUNC`), in a loader that was built without the feature
    /// `indirect-functions`.
    IndirectFunction,
}

impl RefusedSymbol {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Common => {
                "is a COMMON symbol, which this loader was built without; compile with -fno-common, \
                 or enable its feature common-symbols"
            }
            Self::IndirectFunction => {
                "is an IFUNC, which this loader was built without; enable its feature \
                 indirect-functions"
            }
        }
    }
}

/// Why code that an erratum affects is not mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmended {
    /// The section has no mapping symbols, which tell code from data.
    NoMappingSymbols,
    /// The section is longer than a branch reaches, and its end is where patches lie.
    Reach,
}

impl Unmended {
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::NoMappingSymbols => {
                "without the section's mapping symbols ($x, $d) it may be data; do not strip them"
            }
            Self::Reach => {
                "no branch reaches the end of the section, where it would be mended; compile with \
                 -ffunction-sections"
            }
        }
    }
}
