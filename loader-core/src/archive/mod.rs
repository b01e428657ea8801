//! Archives (`.a`): their members, and which of them a link takes.
//!
//! | file | what it does |
//! | --- | --- |
//! | `member` | headers, and the names of members in GNU's and in BSD's format |
//! | `error` | what can be wrong |
//! | `globals` | what a member defines, by its own symbol table |
//! | `select` | inputs in order → the objects to link |
//! | `index` | the names that members define, and what is known of each |
//! | `record` | that, packed into scratch memory |
//! | `search` | the order in which members are taken |
//! | `queue` | the members to be taken, in the order that the search comes by |

mod error;
mod globals;
mod index;
mod member;
mod queue;
mod record;
mod search;
mod select;

use object::archive::{MAGIC, THIN_MAGIC};

use crate::error::Error;
use crate::name::{Name, ObjectName};
use crate::object::Object;
pub use error::{ArchiveDefect, ArchiveError};
use member::{Entry, Kind};
pub use select::{LinkInput, Need, Selected, Selection};

/// An archive of object files, checked: GNU's format or BSD's, with a symbol index or without.
///
/// It borrows the file's bytes and copies none of them. The symbol index, where there is one, is
/// never read: it may be older than the members.
///
/// ```
/// use loader_core::Archive;
///
/// # fn main() -> Result<(), loader_core::ArchiveError<'static>> {
/// let header = "hello.txt/      0           0     0     644     5         `\n";
/// let bytes = format!("!<arch>\n{header}hello\n").leak().as_bytes();
/// let archive = Archive::parse("lib.a", bytes)?;
/// for member in archive.members() {
///     assert_eq!(member.object_name().to_string(), "lib.a(hello.txt)");
///     assert_eq!((member.bytes, member.offset), (&b"hello"[..], 8));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Archive<'o> {
    name: &'o str,
    bytes: &'o [u8],
    /// GNU's table of names that are too long for a header.
    long_names: Option<&'o [u8]>,
}

/// A file in an [`Archive`]: an object, as a rule.
#[derive(Debug, Clone, Copy)]
pub struct ArchiveMember<'o> {
    /// The archive's name.
    pub archive: &'o str,
    /// Its own name. Archives do not say that names are UTF-8, or that no two are the same.
    pub name: Name<'o>,
    /// Its contents.
    pub bytes: &'o [u8],
    /// Where its header is in the archive.
    pub offset: u64,
    /// Where its contents are.
    start: usize,
}

impl<'o> Archive<'o> {
    /// Whether a file is an archive, of whichever kind: [`parse`](Self::parse) may yet refuse it.
    pub fn is_archive(bytes: &[u8]) -> bool {
        bytes.starts_with(&MAGIC) || bytes.starts_with(&THIN_MAGIC)
    }

    /// Checks the headers of all members; `name` is what errors and reports call the archive. What
    /// is in the members is not looked at.
    ///
    /// # Errors
    /// [`ArchiveError::NotArchive`] and [`ArchiveError::Thin`] for a file of another kind,
    /// [`ArchiveError::Malformed`] for one that is damaged.
    pub fn parse(name: &'o str, bytes: &'o [u8]) -> Result<Self, ArchiveError<'o>> {
        if bytes.starts_with(&THIN_MAGIC) {
            return Err(ArchiveError::Thin { archive: name });
        }
        if !bytes.starts_with(&MAGIC) {
            return Err(ArchiveError::NotArchive { archive: name });
        }
        let mut archive = Self { name, bytes, long_names: None };
        let mut offset = MAGIC.len();
        while offset < bytes.len() {
            let malformed =
                |defect| ArchiveError::Malformed { archive: name, offset: offset as u64, defect };
            let entry = Entry::read(bytes, offset).map_err(malformed)?;
            if let Kind::LongNames = entry.kind(archive.long_names).map_err(malformed)?
                && archive.long_names.replace(entry.contents).is_some()
            {
                return Err(malformed(ArchiveDefect::SecondNameTable));
            }
            offset = entry.next;
        }
        Ok(archive)
    }

    /// The name given to [`parse`](Self::parse).
    pub const fn name(&self) -> &'o str {
        self.name
    }

    /// Its members, in the order of the file: not its symbol index, and not its table of names.
    pub fn members(&self) -> impl Iterator<Item = ArchiveMember<'o>> + use<'o> {
        let archive = *self;
        let mut offset = MAGIC.len();
        core::iter::from_fn(move || {
            loop {
                let (member, next) = archive.entry(offset)?;
                offset = next;
                if member.is_some() {
                    return member;
                }
            }
        })
    }

    /// The member whose header is at `offset`.
    fn member_at(&self, offset: usize) -> Option<ArchiveMember<'o>> {
        self.entry(offset)?.0
    }

    /// What is at `offset`, if that is a member, and where the next header is.
    fn entry(&self, offset: usize) -> Option<(Option<ArchiveMember<'o>>, usize)> {
        let entry = Entry::read(self.bytes, offset).ok()?;
        let member = match entry.kind(self.long_names).ok()? {
            Kind::Member(name, start, bytes) => Some(ArchiveMember {
                archive: self.name,
                name,
                bytes,
                offset: offset as u64,
                start: offset.saturating_add(start),
            }),
            Kind::Index | Kind::LongNames => None,
        };
        Some((member, entry.next))
    }
}

impl<'o> ArchiveMember<'o> {
    /// What errors and reports call it: `libc.a(printf.o)`.
    pub const fn object_name(&self) -> ObjectName<'o> {
        ObjectName::of_member(self.archive, self.name)
    }

    /// Whether it begins as ELF files do. Other members, such as Rust's metadata, are nothing to
    /// link.
    pub fn is_elf(&self) -> bool {
        self.bytes.starts_with(&object::elf::ELFMAG)
    }

    /// Checks it as an object, as [`Object::parse`] does.
    ///
    /// # Errors
    /// Those of [`Object::parse`].
    pub fn parse(&self) -> Result<Object<'o>, Error<'o>> {
        Object::parse_as(self.object_name(), self.bytes)
    }
}
