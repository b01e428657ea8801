//! Little-endian numbers in bytes, which may lie at any address.
//!
//! Bare-metal targets read and write a number a byte at a time where its address may be no multiple
//! of its size, and that takes many instructions. Compilers align what they write, whoever loads it
//! mostly keeps that, and instructions are aligned in memory: so numbers are read whole where they
//! happen to be aligned, and, in the fast loops, written whole.

use object::pod;

/// Whether the compiler knows that the processor takes any address.
pub(crate) const AT_ANY_ADDRESS: bool =
    cfg!(any(target_arch = "x86_64", all(target_arch = "aarch64", any(unix, windows))));

/// Whether what is aligned is read where it is asked for, which takes more code.
const IN_LINE: bool = cfg!(feature = "fast-loops");

/// The number in four bytes.
#[inline(always)]
pub(crate) fn load_32(bytes: &[u8; 4]) -> u32 {
    match pod::from_bytes::<u32>(bytes) {
        _ if AT_ANY_ADDRESS => u32::from_le_bytes(*bytes),
        Ok((word, _)) if IN_LINE => u32::from_le(*word),
        _ => load_32_apart(bytes),
    }
}

/// The number in eight bytes.
#[inline(always)]
pub(crate) fn load_64(bytes: &[u8; 8]) -> u64 {
    match pod::from_bytes::<u64>(bytes) {
        _ if AT_ANY_ADDRESS => u64::from_le_bytes(*bytes),
        Ok((word, _)) if IN_LINE => u64::from_le(*word),
        _ => load_64_apart(bytes),
    }
}

/// Writes a number into four bytes.
#[inline(always)]
pub(crate) fn store_32(bytes: &mut [u8; 4], number: u32) {
    if AT_ANY_ADDRESS {
        *bytes = number.to_le_bytes();
    } else {
        store_32_in_parts(bytes, number);
    }
}

/// Writes a number into eight bytes.
#[inline(always)]
pub(crate) fn store_64(bytes: &mut [u8; 8], number: u64) {
    if AT_ANY_ADDRESS {
        *bytes = number.to_le_bytes();
    } else {
        store_64_in_parts(bytes, number);
    }
}

/// The number in four bytes; in RISC-V's compressed code, instructions lie at multiples of two.
#[inline(never)]
fn load_32_apart(bytes: &[u8; 4]) -> u32 {
    if let Ok((word, _)) = pod::from_bytes::<u32>(bytes) {
        u32::from_le(*word)
    } else if let Ok((halves, _)) = pod::from_bytes::<[u16; 2]>(bytes) {
        let [low, high] = halves.map(|half| u32::from(u16::from_le(half)));
        low | high << 16
    } else {
        u32::from_le_bytes(*bytes)
    }
}

#[inline(never)]
fn load_64_apart(bytes: &[u8; 8]) -> u64 {
    match (pod::from_bytes::<u64>(bytes), bytes.first_chunk(), bytes.last_chunk()) {
        (Ok((word, _)), ..) => u64::from_le(*word),
        (_, Some(low), Some(high)) => {
            u64::from(load_32_apart(low)) | u64::from(load_32_apart(high)) << 32
        }
        _ => u64::from_le_bytes(*bytes),
    }
}

#[inline]
fn store_32_in_parts(bytes: &mut [u8; 4], number: u32) {
    if let Ok((word, _)) = pod::from_bytes_mut::<u32>(bytes) {
        *word = number.to_le();
    } else if let Ok((halves, _)) = pod::from_bytes_mut::<[u16; 2]>(bytes) {
        *halves = [(number as u16).to_le(), ((number >> 16) as u16).to_le()];
    } else {
        *bytes = number.to_le_bytes();
    }
}

#[inline(never)]
fn store_64_in_parts(bytes: &mut [u8; 8], number: u64) {
    if let Ok((word, _)) = pod::from_bytes_mut::<u64>(bytes) {
        *word = number.to_le();
        return;
    }
    let (fours, _) = bytes.as_chunks_mut();
    for (four, part) in fours.iter_mut().zip([number as u32, (number >> 32) as u32]) {
        store_32_in_parts(four, part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_at_any_address() {
        let room: [u64; 3] = core::array::from_fn(|at| 0x8877_6655_4433_2211 + at as u64);
        let bytes = pod::bytes_of(&room);
        for at in 0..16 {
            let four = bytes[at..].first_chunk().unwrap();
            let expected = u32::from_le_bytes(*four);
            assert_eq!([load_32(four), load_32_apart(four)], [expected; 2], "at {at}");
            let eight = bytes[at..].first_chunk().unwrap();
            let expected = u64::from_le_bytes(*eight);
            assert_eq!([load_64(eight), load_64_apart(eight)], [expected; 2], "at {at}");
        }
    }

    #[test]
    fn numbers_are_written_at_any_address() {
        for at in 0..8 {
            for store in [store_32, store_32_in_parts] {
                let mut room = [u64::MAX; 2];
                let bytes = pod::bytes_of_mut(&mut room);
                store(bytes[at..].first_chunk_mut().unwrap(), 0x4433_2211);
                let mut expected = [0xff; 16];
                expected[at..at + 4].copy_from_slice(&[0x11, 0x22, 0x33, 0x44]);
                assert_eq!(bytes, expected);
            }
            for store in [store_64, store_64_in_parts] {
                let mut room = [u64::MAX; 2];
                let bytes = pod::bytes_of_mut(&mut room);
                store(bytes[at..].first_chunk_mut().unwrap(), 0x8877_6655_4433_2211);
                let mut expected = [0xff; 16];
                let number = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88];
                expected[at..at + 8].copy_from_slice(&number);
                assert_eq!(bytes, expected);
            }
        }
    }
}
