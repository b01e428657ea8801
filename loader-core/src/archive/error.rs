//! What can be wrong with archives.

use core::fmt;

use crate::error::Error;

/// Why an archive, or a choice among its members, was refused.
///
/// Its `Display` names the archive and the place, and says what to do; it borrows all names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArchiveError<'o> {
    /// The file is no archive.
    NotArchive {
        /// The name it was given.
        archive: &'o str,
    },
    /// The archive is thin: it names files that lie elsewhere.
    Thin {
        /// The archive's name.
        archive: &'o str,
    },
    /// More names that its members define than chance would have share a place in the table of
    /// names, which would make it slow: somebody has chosen them so.
    Crowded {
        /// The archive's name.
        archive: &'o str,
    },
    /// The archive is damaged.
    Malformed {
        /// The archive's name.
        archive: &'o str,
        /// Where the header of the member is that is wrong.
        offset: u64,
        /// What is wrong with it.
        defect: ArchiveDefect,
    },
    /// A member that was to be linked cannot be: the error names it.
    Member(Error<'o>),
    /// The choice needs more working memory than it was lent.
    Scratch {
        /// Records needed.
        needed: usize,
        /// Records lent.
        lent: usize,
    },
    /// An archive of 4 GiB or more, or more members or definitions than can be counted.
    TooLarge {
        /// The name of the archive that went over the limit.
        archive: &'o str,
    },
}

/// What is wrong with a member of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArchiveDefect {
    /// Fewer bytes are left than a header has.
    HeaderCutShort,
    /// Its name is not in the table of long names, or does not end there.
    LongName,
    /// It has no name, or one that is of no known format.
    Name,
    /// The length of its name is no number, or is more than its size.
    NameLength,
    /// Its contents reach past the end of the archive.
    PastEnd,
    /// It is a second table of long names.
    SecondNameTable,
    /// Its size is no decimal number.
    Size,
    /// Its header does not end as headers do.
    Terminator,
}

impl fmt::Display for ArchiveError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotArchive { archive } => {
                write!(f, "{archive}: not an archive; hand over one as `ar` makes it")
            }
            Self::Thin { archive } => write!(
                f,
                "{archive}: a thin archive, which names its members but does not hold them; make \
                 it without `T`"
            ),
            Self::Crowded { archive } => write!(
                f,
                "{archive}: more than a thousand names that its members define have hashes that \
                 lie together, as if chosen so; rename symbols, or leave members out"
            ),
            Self::Malformed { archive, offset, defect } => {
                write!(f, "{archive}: member at {offset:#x}: {}", defect.text())
            }
            Self::Member(error) => error.fmt(f),
            Self::Scratch { needed, lent } => write!(
                f,
                "choosing members needs {needed} scratch records and was lent {lent}; lend as \
                 many as `Selection::scratch_len` says"
            ),
            Self::TooLarge { archive } => write!(
                f,
                "{archive}: 4 GiB or more, or more members or definitions than can be counted; \
                 split it"
            ),
        }
    }
}

impl core::error::Error for ArchiveError<'_> {}

impl<'o> From<Error<'o>> for ArchiveError<'o> {
    fn from(error: Error<'o>) -> Self {
        Self::Member(error)
    }
}

impl ArchiveDefect {
    const fn text(self) -> &'static str {
        match self {
            Self::HeaderCutShort => "the header is cut short; the archive is damaged",
            Self::LongName => {
                "the name is not in the table of long names, or does not end there; the archive is \
                 damaged"
            }
            Self::Name => {
                "the name is empty, or of no known format; make the archive with GNU's \
                           or LLVM's `ar`"
            }
            Self::NameLength => {
                "the length of the name is no number, or is more than the size; the archive is \
                 damaged"
            }
            Self::PastEnd => "the contents reach past the end; the archive is cut short or damaged",
            Self::SecondNameTable => "a second table of long names; the archive is damaged",
            Self::Size => "the size is no decimal number; the archive is damaged",
            Self::Terminator => "the header does not end as it must; the archive is damaged",
        }
    }
}
