//! Names as ELF has them: bytes, not text.

use core::fmt;

/// The name of a symbol or a section, borrowed from the object's string table.
///
/// ELF does not say that names are UTF-8; [`Display`](fmt::Display) replaces what is not.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<'o>(&'o [u8]);

impl<'o> Name<'o> {
    /// The name made of these bytes, without a terminating NUL.
    pub const fn new(bytes: &'o [u8]) -> Self {
        Self(bytes)
    }

    /// Its bytes, without a terminating NUL.
    pub const fn as_bytes(self) -> &'o [u8] {
        self.0
    }

    /// Whether there is no name.
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }
}

impl<'o> From<&'o str> for Name<'o> {
    fn from(name: &'o str) -> Self {
        Self(name.as_bytes())
    }
}

/// What errors and reports call an object: its own name, after that of the archive it is in, if
/// it is in one.
///
/// Names of members are bytes, as ELF's are, and shown in the same way.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName<'o> {
    archive: Option<&'o str>,
    name: Name<'o>,
}

impl<'o> ObjectName<'o> {
    /// The name of a member of the archive of this name.
    pub const fn of_member(archive: &'o str, member: Name<'o>) -> Self {
        Self { archive: Some(archive), name: member }
    }

    /// The name of the archive that the object is a member of.
    pub const fn archive(self) -> Option<&'o str> {
        self.archive
    }

    /// The object's own name; for a member, the one it has in its archive.
    pub const fn name(self) -> Name<'o> {
        self.name
    }
}

impl<'o> From<&'o str> for ObjectName<'o> {
    fn from(name: &'o str) -> Self {
        Self { archive: None, name: Name::from(name) }
    }
}

/// `printf.o`, or `libc.a(printf.o)`.
impl fmt::Display for ObjectName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.archive {
            Some(archive) => write!(f, "{archive}({})", self.name),
            None => self.name.fmt(f),
        }
    }
}

impl fmt::Debug for ObjectName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn members_are_named_after_their_archive() {
        let member = ObjectName::of_member("libc.a", Name::from("printf.o"));
        assert_eq!(member.to_string(), "libc.a(printf.o)");
        assert_eq!(ObjectName::from("printf.o").to_string(), "printf.o");
        let odd = ObjectName::of_member("libc.a", Name::new(b"\xffx.o"));
        assert_eq!(
            (odd.to_string().as_str(), odd.archive()),
            ("libc.a(\u{fffd}x.o)", Some("libc.a"))
        );
        assert_ne!(member, ObjectName::from("libc.a(printf.o)"));
    }
}
