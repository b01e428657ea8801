//! Numbers that stand for interfaces.

/// FNV-1a, 64 bits, over the bytes of a text: of a prototype, say, that both sides have.
///
/// `loader_module::interface_hash` and `LOADER_HASH` of its C header give the same number.
///
/// ```
/// const SET: u64 = loader_core::interface_hash("void gpio_set(uint32_t pin, bool level)");
/// assert_ne!(SET, loader_core::interface_hash("void gpio_set(uint32_t pin)"));
/// ```
pub const fn interface_hash(text: &str) -> u64 {
    let (mut hash, mut rest) = (0xcbf2_9ce4_8422_2325u64, text.as_bytes());
    while let [byte, tail @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    hash
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
