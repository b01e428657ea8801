//! What a debugger is shown of a module: for each object an ELF image with run-time addresses, and
//! GDB's JIT interface to register it by.
//!
//! | file | what it does |
//! | --- | --- |
//! | `layout` | what becomes of each section, and where it lies in the image: exact sizes |
//! | `write` | the image itself: headers, symbols, debug sections |
//! | `images` | the images of a module, in memory that a manager gives |
//! | `gdb` | GDB's list of images, and who is on it |

mod gdb;
mod images;
mod layout;
mod write;

use core::fmt;

pub use gdb::{GdbJit, RegisteredImages};
pub use images::DebugImages;

/// How a debug section is compressed (`ch_type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// `ELFCOMPRESS_ZLIB`: a zlib stream (RFC 1950).
    Zlib,
    /// `ELFCOMPRESS_ZSTD`: Zstandard frames (RFC 8878).
    Zstd,
}

/// Why a compressed section could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecompressError {
    /// The bytes are not compressed so, or are more or fewer uncompressed than their header says.
    Damaged,
    /// The client cannot do this kind of compression, or has no memory for it.
    Unsupported,
}

impl fmt::Display for DecompressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Damaged => "the compressed section is damaged",
            Self::Unsupported => {
                "the section is compressed in a way that the client cannot undo; compile with -gz=none"
            }
        })
    }
}

impl core::error::Error for DecompressError {}

/// What the client lends to uncompress debug sections; `()` can do nothing.
pub trait Decompress {
    /// Uncompresses all of `from` into all of `to`, which has as many bytes as the section's header
    /// says. What else `to` holds is lost.
    ///
    /// # Errors
    /// [`DecompressError`]; the core then gives back all that it has taken for the images.
    fn decompress(
        &self,
        compression: Compression,
        from: &[u8],
        to: &mut [u8],
    ) -> Result<(), DecompressError>;
}

impl Decompress for () {
    fn decompress(&self, _: Compression, _: &[u8], _: &mut [u8]) -> Result<(), DecompressError> {
        Err(DecompressError::Unsupported)
    }
}
