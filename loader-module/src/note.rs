//! A note as it lies in the object.

/// A note: constant, without an address in it, and a multiple of four bytes.
#[repr(C, align(4))]
#[derive(Debug)]
pub struct Note<const SIZE: usize> {
    sizes_and_number: [[u8; 4]; 3],
    owner: [u8; 12],
    descriptor: [u8; SIZE],
}

impl<const SIZE: usize> Note<SIZE> {
    /// The note of this number, whose descriptor is these parts.
    pub const fn new(number: u32, mut parts: &[&[u8]]) -> Self {
        let mut descriptor = [0; SIZE];
        let mut size = 0;
        while let [part, rest @ ..] = parts {
            let mut at = 0;
            while at < part.len() {
                descriptor[size] = part[at];
                (at, size) = (at + 1, size + 1);
            }
            parts = rest;
        }
        let sizes_and_number =
            [12u32.to_le_bytes(), (size as u32).to_le_bytes(), number.to_le_bytes()];
        Self { sizes_and_number, owner: *b"loader-core\0", descriptor }
    }
}

/// The bytes of a descriptor with its padding.
pub const fn padded(mut parts: &[&[u8]]) -> usize {
    let mut size = 0;
    while let [part, rest @ ..] = parts {
        size += part.len();
        parts = rest;
    }
    size.next_multiple_of(4)
}

/// The bytes of a text, which is not empty and has no NUL in it.
pub const fn text(text: &str) -> &[u8] {
    let bytes = text.as_bytes();
    assert!(!bytes.is_empty(), "a text is empty");
    without_nul(text)
}

/// The bytes of a text that has no NUL in it.
pub const fn without_nul(text: &str) -> &[u8] {
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        assert!(*byte != 0, "a text has a NUL in it");
        rest = tail;
    }
    text.as_bytes()
}

/// Puts a note into the section; nobody but the macros here writes one.
#[doc(hidden)]
#[macro_export]
macro_rules! __note {
    ($number:expr, $($part:expr),+) => {
        const _: () = {
            // Names that nobody else has: what the parts speak of is the caller's.
            const __LOADER_PARTS: &[&[u8]] = &[$($part),+];
            #[used]
            // SAFETY: nothing is run or written by what lies in this section; it is read as
            // notes, which this static is.
            #[cfg_attr(
                not(target_vendor = "apple"), // whose object files have no such names
                unsafe(link_section = ".note.loader-core")
            )]
            static __LOADER_NOTE: $crate::macros::Note<{ $crate::macros::padded(__LOADER_PARTS) }> =
                $crate::macros::Note::new($number, __LOADER_PARTS);
        };
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_whole_words() {
        const PARTS: &[&[u8]] = &[&[1, 2], b"abc"];
        let note: Note<{ padded(PARTS) }> = Note::new(9, PARTS);
        assert_eq!((size_of_val(&note), align_of_val(&note)), (12 + 12 + 8, 4));
        assert_eq!(note.sizes_and_number, [[12, 0, 0, 0], [5, 0, 0, 0], [9, 0, 0, 0]]);
        assert_eq!(&note.owner, b"loader-core\0");
        assert_eq!(note.descriptor, [1, 2, b'a', b'b', b'c', 0, 0, 0]);
    }

    #[test]
    #[should_panic(expected = "NUL")]
    fn a_nul_would_end_a_text() {
        text("a\0b");
    }

    #[test]
    #[should_panic(expected = "empty")]
    fn an_empty_text_says_nothing() {
        text("");
    }
}
