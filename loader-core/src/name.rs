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
