//! What can be wrong with a module's notes.

use core::fmt;

use crate::error::Place;
use crate::name::ObjectName;

/// Why what a module says about itself cannot be used.
///
/// Its `Display` names the place and says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetadataError<'o> {
    /// A note is not as [the format](crate::metadata) has it.
    Malformed {
        /// The note's beginning.
        place: Place<'o>,
        /// What is wrong.
        defect: NoteDefect,
    },
    /// Two notes say different things that can be said once.
    Conflict {
        /// What they speak of.
        note: NoteKind,
        /// The object that says it first.
        first: ObjectName<'o>,
        /// The object that says something else.
        second: ObjectName<'o>,
    },
}

/// What is wrong with a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteDefect {
    /// The section is compressed (`SHF_COMPRESSED`).
    Compressed,
    /// A text or the name of a symbol is empty.
    Empty,
    /// No version is in the range: its end does not lie above its beginning.
    EmptyRange,
    /// There is a NUL inside a text or the name of a symbol.
    Nul,
    /// The note's name or descriptor runs over the end of the section.
    Outside,
    /// The file's sections of notes are larger than the file.
    Overlap,
    /// A relocation applies to the section.
    Relocated,
    /// The descriptor has another size than its numbers, or is shorter than them.
    Size,
    /// What is left of the section is shorter than a note.
    Truncated,
    /// No NUL ends the name of a parameter.
    Unterminated,
    /// A text is not UTF-8.
    Utf8,
}

/// A type of note (`n_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u32)]
pub enum NoteKind {
    /// What the module is called.
    Name = 1,
    /// Its version.
    Version = 2,
    /// Its licence.
    Licence = 3,
    /// A module that it needs.
    Dependency = 4,
    /// A variable that may be set.
    Parameter = 5,
    /// What it takes a symbol to be.
    Interface = 6,
    /// The namespace of its exports.
    Namespace = 7,
    /// A namespace that it wants to be granted.
    Uses = 8,
}

impl NoteKind {
    /// Its name: `name`, `version`, `licence`, `dependency`, `parameter`, `interface`,
    /// `namespace` or `uses`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Version => "version",
            Self::Licence => "licence",
            Self::Dependency => "dependency",
            Self::Parameter => "parameter",
            Self::Interface => "interface",
            Self::Namespace => "namespace",
            Self::Uses => "uses",
        }
    }

    /// Its number in a note (`n_type`).
    pub const fn number(self) -> u32 {
        self as u32
    }

    pub(super) const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1 => Self::Name,
            2 => Self::Version,
            3 => Self::Licence,
            4 => Self::Dependency,
            5 => Self::Parameter,
            6 => Self::Interface,
            7 => Self::Namespace,
            8 => Self::Uses,
            _ => return None,
        })
    }
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for MetadataError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { place, defect } => write!(f, "{place}: {}", defect.text()),
            Self::Conflict { note, first, second } => write!(
                f,
                "{first} and {second} say different things about the module ({note}); say it \
                 once, or the same in both"
            ),
        }
    }
}

impl core::error::Error for MetadataError<'_> {}

impl NoteDefect {
    const fn text(self) -> &'static str {
        match self {
            Self::Compressed => "the notes are compressed; leave them uncompressed",
            Self::Empty => "the note has an empty name or text; leave the note out, or fill it in",
            Self::EmptyRange => {
                "no version is in the range that the note asks for; the second must be greater"
            }
            Self::Nul => "there is a NUL inside the note's text; write one note for each text",
            Self::Outside => "the note runs over the end of its section; the file is damaged",
            Self::Overlap => "sections of notes lie in one another; the file is damaged",
            Self::Relocated => {
                "a relocation applies to the notes, which are read as they stand; write them as \
                 constants, without addresses"
            }
            Self::Size => "the note's descriptor is not of the size of what it must hold",
            Self::Truncated => "what is left of the section is no note; the file is damaged",
            Self::Unterminated => "the parameter's name does not end in NUL",
            Self::Utf8 => "the note's text is not UTF-8; save the source as UTF-8",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_numbers_belong_together() {
        let kinds: alloc::vec::Vec<_> = (0..20).filter_map(NoteKind::from_number).collect();
        assert!(kinds.iter().map(|kind| kind.number()).eq(1..=8));
    }
}
