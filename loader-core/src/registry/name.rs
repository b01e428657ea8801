//! A module's name, kept where the module's own memory is not.

use core::fmt;
use core::ops::Deref;

use crate::name::Name;

/// The longest name of a module or of a namespace, in bytes of UTF-8.
pub const NAME_MAX: usize = 63;

/// The name of a module or of a namespace, by value: of up to [`NAME_MAX`] bytes. Longer ones are
/// refused, never cut.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ModuleName {
    bytes: [u8; NAME_MAX],
    len: u8,
}

impl ModuleName {
    /// No name.
    pub(crate) const EMPTY: Self = Self { bytes: [0; NAME_MAX], len: 0 };

    /// The name; `None` where it is longer than [`NAME_MAX`] bytes.
    pub fn new(name: &str) -> Option<Self> {
        let mut bytes = [0; NAME_MAX];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Self { bytes, len: u8::try_from(name.len()).ok()? })
    }

    /// A symbol's name for a message: its beginning and an ellipsis, where it is too long.
    pub(crate) fn shown(name: Name<'_>) -> Self {
        let (mut shown, whole) = (Self::EMPTY, name.as_bytes());
        let text = whole.utf8_chunks().next().map_or("", |chunk| chunk.valid());
        if let Some(name) = Self::new(text).filter(|_| text.len() == whole.len()) {
            return name;
        }
        let ellipsis = "…";
        let end = text.floor_char_boundary(NAME_MAX.saturating_sub(ellipsis.len()));
        for (to, from) in shown.bytes.iter_mut().zip(text.bytes().take(end).chain(ellipsis.bytes()))
        {
            *to = from;
        }
        shown.len = u8::try_from(end.saturating_add(ellipsis.len())).unwrap_or(0);
        shown
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..self.len.into()).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default() // `new` took it from a `str`
    }
}

impl Deref for ModuleName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ModuleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_whole_or_refused() {
        let longest = "é".repeat(31) + "x";
        assert_eq!(longest.len(), NAME_MAX);
        assert_eq!(ModuleName::new(&longest).unwrap().as_str(), longest);
        assert!(ModuleName::new(&(longest + "y")).is_none());
        assert_eq!(ModuleName::new("").unwrap(), ModuleName::EMPTY);
        assert_eq!(ModuleName::shown(Name::from("puts")).as_str(), "puts");
        let shown = ModuleName::shown(Name::from(&*"é".repeat(40)));
        assert_eq!(shown.as_str(), "é".repeat(30) + "…");
    }
}
