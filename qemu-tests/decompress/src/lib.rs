//! Uncompressing debug sections, in the system image and on the host alike.
#![no_std]

extern crate alloc;

use loader_core::{Compression, Decompress, DecompressError};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use ruzstd::decoding::FrameDecoder;

/// zlib and Zstandard; takes what it needs meanwhile from the heap.
#[derive(Debug, Clone, Copy, Default)]
pub struct Decompressor;

impl Decompress for Decompressor {
    fn decompress(
        &self,
        compression: Compression,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<(), DecompressError> {
        let size = to.len();
        let written = match compression {
            Compression::Zlib => zlib(from, to),
            Compression::Zstd => FrameDecoder::new().decode_all(from, to).ok(),
            _ => return Err(DecompressError::Unsupported),
        };
        if written == Some(size) { Ok(()) } else { Err(DecompressError::Damaged) }
    }
}

/// How many bytes a zlib stream had, if it was whole and nothing was behind it.
fn zlib(from: &[u8], to: &mut [u8]) -> Option<usize> {
    let flags = TINFL_FLAG_PARSE_ZLIB_HEADER | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
    let mut state = DecompressorOxide::new();
    let (status, read, written) = decompress(&mut state, from, to, 0, flags);
    (status == TINFLStatus::Done && read == from.len()).then_some(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `zlib.compress(b"debug " * 20)` of Python.
    const ZLIB: &[u8] = &[
        0x78, 0x9c, 0x4b, 0x49, 0x4d, 0x2a, 0x4d, 0x57, 0x48, 0xa1, 0x3b, 0x09, 0x00, 0x39, 0xb2,
        0x2b, 0x0d,
    ];
    /// `zstd` of the same.
    const ZSTD: &[u8] = &[
        0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x6d, 0x00, 0x00, 0x30, 0x64, 0x65, 0x62, 0x75, 0x67,
        0x20, 0x01, 0x00, 0x2f, 0x69, 0x29, 0x02,
    ];

    #[test]
    fn both_kinds_are_undone_and_damage_is_noticed() {
        let expected = b"debug ".repeat(20);
        for (compression, bytes) in [(Compression::Zlib, ZLIB), (Compression::Zstd, ZSTD)] {
            let undo = |from: &[u8], size| {
                let mut to = alloc::vec![0xff; size];
                Decompressor.decompress(compression, from, &mut to).map(|()| to)
            };
            assert_eq!(undo(bytes, expected.len()).as_deref(), Ok(&*expected));
            for (from, size) in [
                (bytes, expected.len() - 1),
                (bytes, expected.len() + 1),
                (&bytes[..bytes.len() - 1], expected.len()),
                (&[bytes, b"more"].concat(), expected.len()),
                (&[], expected.len()),
            ] {
                assert_eq!(undo(from, size), Err(DecompressError::Damaged), "{compression:?}");
            }
        }
    }
}
