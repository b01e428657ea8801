//! How long the names of a file's symbols are together.
//!
//! Names in a string table may share their ends, so a small file can have many long ones. Whoever
//! looks at each would then take time that grows with the square of the file.

use crate::elf::{Number, Sym, name_at};

/// How many bytes of names there may be for each byte of the file: an entry of the symbol table
/// alone has 24.
const PER_BYTE: usize = 16;

/// How many bytes of a string table are looked at together.
const BLOCK: usize = 64;

/// The first symbol with which names are too long for a file of so many bytes; `None` where they
/// are not.
pub(crate) fn overlong(strings: &[u8], symbols: &[Sym], file: usize) -> Option<usize> {
    let most = file.saturating_mul(PER_BYTE);
    if longest(strings).saturating_mul(symbols.len()) <= most {
        return None;
    }
    let mut total = 0usize;
    symbols.iter().position(|symbol| {
        let name = name_at(strings, symbol.st_name.read());
        total = total.saturating_add(name.map_or(0, |name| name.as_bytes().len()));
        total > most
    })
}

/// A length that no string is longer than: quick, and right to a few blocks.
fn longest(strings: &[u8]) -> usize {
    let (mut run, mut most) = (0usize, 0usize);
    for block in strings.chunks(BLOCK) {
        // Without a branch for each byte.
        let ends = block.iter().fold(0u8, |ends, byte| ends | u8::from(*byte == 0));
        run = if ends == 0 { run.saturating_add(1) } else { 0 };
        most = most.max(run);
    }
    most.saturating_add(2).saturating_mul(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_string_is_longer_than_the_longest() {
        for length in [0usize, 1, 63, 64, 65, 127, 128, 129, 1000] {
            for before in 0..130 {
                let mut strings = alloc::vec![0; before];
                strings.resize(before + length, b'x');
                strings.push(0);
                let longest = longest(&strings);
                assert!((length..=length + 2 * BLOCK).contains(&longest), "{length}: {longest}");
            }
        }
    }
}
