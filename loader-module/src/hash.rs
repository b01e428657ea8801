//! Numbers that stand for interfaces.

const PRIME: u64 = 0x0100_0000_01b3;

/// FNV-1a, 64 bits, over the bytes of a text: of a prototype, say, that both sides have.
///
/// `LOADER_HASH` of the C header and `loader_core::interface_hash` give the same number.
///
/// ```
/// const SET: u64 = loader_module::interface_hash("void gpio_set(uint32_t pin, bool level)");
/// assert_ne!(SET, loader_module::interface_hash("void gpio_set(uint32_t pin)"));
/// ```
pub const fn interface_hash(text: &str) -> u64 {
    let (mut hash, mut rest) = (0xcbf2_9ce4_8422_2325, text.as_bytes());
    while let [byte, tail @ ..] = rest {
        hash = mix(hash, *byte as u64);
        rest = tail;
    }
    hash
}

/// One step of FNV-1a, with a word in place of a byte.
pub const fn mix(hash: u64, word: u64) -> u64 {
    (hash ^ word).wrapping_mul(PRIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_its_authors_publish_it() {
        // From the test vectors of draft-eastlake-fnv.
        assert_eq!(interface_hash(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(interface_hash("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(interface_hash("foobar"), 0x8594_4171_f739_67e8);
    }
}
