//! Versions, from how people write them.

/// The end of a range that has none.
const OPEN: [u32; 3] = [u32::MAX; 3];

/// A version in a note.
pub const fn version(text: &str) -> [u8; 12] {
    bytes(parse(text))
}

/// The range of versions of a dependency in a note: from the first, if there is one, and up to the
/// second, if there is one.
pub const fn dependency(from: &[&str], to: &[&str]) -> [u8; 24] {
    let from = if let [from] = from { parse(from) } else { [0; 3] };
    let to = if let [to] = to { parse(to) } else { OPEN };
    assert!(is_below(from, to), "no version is in the range: its end is not above its beginning");
    let (mut range, bounds) = ([0; 24], [bytes(from), bytes(to)]);
    let mut at = 0;
    while at < range.len() {
        range[at] = bounds[at / 12][at % 12];
        at += 1;
    }
    range
}

/// `1.2.3`, `1.2` or `1`.
const fn parse(text: &str) -> [u32; 3] {
    let (mut numbers, mut part, mut digits) = ([0u32; 3], 0, 0);
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        match *byte {
            digit @ b'0'..=b'9' => {
                let number = numbers[part] as u64 * 10 + (digit - b'0') as u64;
                assert!(number <= u32::MAX as u64, "a number of a version does not fit 32 bits");
                numbers[part] = number as u32;
                digits += 1;
            }
            b'.' if digits > 0 && part < 2 => (part, digits) = (part + 1, 0),
            _ => panic!("a version is up to three numbers with dots between them, as in 1.2.3"),
        }
        rest = tail;
    }
    assert!(digits > 0, "a version is up to three numbers with dots between them, as in 1.2.3");
    numbers
}

const fn is_below(a: [u32; 3], b: [u32; 3]) -> bool {
    let (high_a, high_b) = ((a[0] as u64) << 32 | a[1] as u64, (b[0] as u64) << 32 | b[1] as u64);
    high_a < high_b || high_a == high_b && a[2] < b[2]
}

const fn bytes(numbers: [u32; 3]) -> [u8; 12] {
    let mut bytes = [0; 12];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = numbers[at / 4].to_le_bytes()[at % 4];
        at += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(parse("1.2.3"), [1, 2, 3]);
        assert_eq!(parse("10.0"), [10, 0, 0]);
        assert_eq!(parse("4294967295"), [u32::MAX, 0, 0]);
        assert_eq!(version("1.2.258"), [1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0]);
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in ["", ".", "1.", ".1", "1..2", "1.2.3.4", "1.2.3-alpha", "4294967296", "v1"] {
            assert!(std::panic::catch_unwind(|| parse(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_range_may_be_open_at_either_end() {
        let whole = dependency(&[], &[]);
        assert_eq!((&whole[..12], &whole[12..]), (&[0; 12][..], &[0xff; 12][..]));
        let range = dependency(&["1.2"], &["2"]);
        assert_eq!((&range[..12], &range[12..]), (&version("1.2")[..], &version("2.0.0")[..]));
    }

    #[test]
    fn an_empty_range_is_refused() {
        for (from, to) in [("1", "1"), ("2", "1.9"), ("1.2.3", "1.2.3"), ("1.2.4", "1.2.3")] {
            assert!(
                std::panic::catch_unwind(|| dependency(&[from], &[to])).is_err(),
                "{from} {to}"
            );
        }
    }
}
