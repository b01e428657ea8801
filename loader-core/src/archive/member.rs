//! Member headers, and the two ways in which names that do not fit are written.
//!
//! GNU's format ends a name with a slash and gathers long ones in a table, the member `//`; BSD's
//! has none, and puts a long name in front of the contents. A file may mix them; nothing here
//! depends on which it is.

use object::archive::{Header, TERMINATOR};
use object::pod;

use crate::archive::ArchiveDefect;
use crate::elf;
use crate::name::Name;

/// The longest name that the table is searched for: no system's paths are longer. Without an end,
/// a table of megabytes would be read once for each member.
const NAME_MAX: usize = 4096;

/// A header and what belongs to it.
#[derive(Clone, Copy)]
pub(super) struct Entry<'o> {
    header: &'o Header,
    /// What is behind the header; in BSD's format, a long name first.
    pub(super) contents: &'o [u8],
    /// Where the next header is: contents are padded to an even length.
    pub(super) next: usize,
}

/// What an entry is.
#[derive(Clone, Copy)]
pub(super) enum Kind<'o> {
    /// A symbol index.
    Index,
    /// The table of long names.
    LongNames,
    /// A member: its name, where its contents are, counted from its header, and these.
    Member(Name<'o>, usize, &'o [u8]),
}

impl<'o> Entry<'o> {
    /// Reads the header at `offset` of an archive.
    pub(super) fn read(archive: &'o [u8], offset: usize) -> Result<Self, ArchiveDefect> {
        let rest = archive.get(offset..).unwrap_or_default();
        let (header, behind) =
            pod::from_bytes::<Header>(rest).map_err(|()| ArchiveDefect::HeaderCutShort)?;
        if header.terminator != TERMINATOR {
            return Err(ArchiveDefect::Terminator);
        }
        let size = decimal(&header.size).ok_or(ArchiveDefect::Size)?;
        let contents = behind.get(..size).ok_or(ArchiveDefect::PastEnd)?;
        let taken = size_of::<Header>().saturating_add(size);
        // Some writers leave out the padding of the last member.
        let next = offset.saturating_add(taken).saturating_add(taken & 1);
        Ok(Self { header, contents, next })
    }

    /// Says what it is, by its name; `long_names` is the table that was found before it.
    pub(super) fn kind(&self, long_names: Option<&'o [u8]>) -> Result<Kind<'o>, ArchiveDefect> {
        let (name, spent) = match unfilled(&self.header.name) {
            b"/" | b"/SYM64/" => return Ok(Kind::Index),
            b"//" => return Ok(Kind::LongNames),
            [b'/', offset @ ..] => {
                let offset = decimal(offset).ok_or(ArchiveDefect::Name)?;
                let name = long_name(long_names, offset).ok_or(ArchiveDefect::LongName)?;
                return self.member(name, 0);
            }
            // GNU's `#1/` is a file called `#1`.
            [b'#', b'1', b'/', len @ ..] if !len.is_empty() => {
                let len = decimal(len).ok_or(ArchiveDefect::NameLength)?;
                (until_nul(self.contents.get(..len).ok_or(ArchiveDefect::NameLength)?), len)
            }
            [name @ .., b'/'] => return self.member(name, 0),
            name => (name, 0),
        };
        match name {
            b"__.SYMDEF" | b"__.SYMDEF SORTED" | b"__.SYMDEF_64" | b"__.SYMDEF_64 SORTED" => {
                Ok(Kind::Index)
            }
            name => self.member(name, spent),
        }
    }

    /// A member of this name, which so many bytes of its contents were spent on.
    fn member(&self, name: &'o [u8], spent: usize) -> Result<Kind<'o>, ArchiveDefect> {
        if name.is_empty() {
            return Err(ArchiveDefect::Name);
        }
        let contents = self.contents.get(spent..).unwrap_or_default();
        let start = size_of::<Header>().saturating_add(spent);
        Ok(Kind::Member(Name::new(name), start, contents))
    }
}

/// The name at `offset` of the table, which a slash and a line end close.
fn long_name(table: Option<&[u8]>, offset: usize) -> Option<&[u8]> {
    let rest = table?.get(offset..)?;
    let end = rest.iter().take(NAME_MAX).position(|&byte| byte == b'\n')?;
    rest.get(..end)?.strip_suffix(b"/")
}

/// BSD's names are padded with NULs.
fn until_nul(name: &[u8]) -> &[u8] {
    name.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// A decimal number, at the beginning of a field that spaces fill up.
fn decimal(field: &[u8]) -> Option<usize> {
    elf::decimal(unfilled(field)).and_then(|number| usize::try_from(number).ok())
}

/// A field without the spaces behind it.
fn unfilled(field: &[u8]) -> &[u8] {
    let last = field.iter().rposition(|&byte| byte != b' ');
    last.and_then(|last| field.get(..=last)).unwrap_or_default()
}
