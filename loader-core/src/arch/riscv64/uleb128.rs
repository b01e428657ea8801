//! ULEB128 numbers rewritten in place, at the width that they were encoded with.

/// The most bytes that a number may have: the widest value takes ten. There is an end to looking, as
/// many relocations may speak of one place.
const LONGEST: usize = 16;

/// Writes `value` over the ULEB128 number at the start of `bytes`, in as many bytes as it has
/// now: the bytes behind it must not move. `None` where the number has no end in `bytes` or is longer
/// than any, or where the value needs more bits than it has.
pub(crate) fn rewrite(bytes: &mut [u8], mut value: u64) -> Option<()> {
    let len = bytes.iter().take(LONGEST).position(|byte| byte & 0x80 == 0)?.checked_add(1)?;
    let number = bytes.get_mut(..len)?;
    let bits = len.checked_mul(7)?;
    if bits < 64 && value >> bits != 0 {
        return None;
    }
    for byte in number {
        *byte = (*byte & 0x80) | (value & 0x7f) as u8;
        value >>= 7;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_width_is_kept() {
        let mut bytes = [0x80, 0x80, 0x00, 0xff];
        assert_eq!(rewrite(&mut bytes, 5), Some(()));
        assert_eq!(bytes, [0x85, 0x80, 0x00, 0xff]);
        assert_eq!(rewrite(&mut bytes, 0x1f_ffff), Some(()));
        assert_eq!(bytes, [0xff, 0xff, 0x7f, 0xff]);
        assert_eq!(rewrite(&mut bytes, 0), Some(()));
        assert_eq!(bytes, [0x80, 0x80, 0x00, 0xff]);
        assert_eq!(rewrite(&mut bytes, 0x20_0000), None);
        assert_eq!(bytes, [0x80, 0x80, 0x00, 0xff]);
    }

    #[test]
    fn a_number_without_an_end_is_refused() {
        assert_eq!(rewrite(&mut [0x80, 0x80], 0), None);
        assert_eq!(rewrite(&mut [], 0), None);
        let mut long = [0x80; LONGEST + 1];
        long[LONGEST] = 0;
        assert_eq!(rewrite(&mut long, 0), None);
        assert_eq!(rewrite(&mut long[1..], 0), Some(()));
    }

    #[test]
    fn the_widest_values_fit() {
        let mut bytes = [0x80; 11];
        bytes[10] = 0;
        assert_eq!(rewrite(&mut bytes, u64::MAX), Some(()));
        assert_eq!(bytes, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0]);
    }
}
