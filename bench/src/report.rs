//! What was measured, as it goes from the program to `cargo xtask bench`.

use serde::{Deserialize, Serialize};

/// An object, and each of its loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measurement {
    /// Relocations of what is loaded; those of debug information are not counted.
    pub relocations: u64,
    /// Symbols, the empty first one included.
    pub symbols: u64,
    /// Sections of the file.
    pub sections: u64,
    /// Working memory that the loader was lent, in bytes.
    pub scratch: u64,
    /// Bytes of text, read-only data and data that the module takes.
    pub segments: [u64; 3],
    /// The loads, each beside a run of the floor.
    pub runs: Vec<Run>,
}

/// One load, and one run of the floor right behind it, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Bytes to an `Object`.
    pub parse: u64,
    /// To a `Plan`.
    pub plan: u64,
    /// To an `ObjectImage`.
    pub place: u64,
    /// To a `RelocatedImage`.
    pub resolve: u64,
    /// To a `Module`.
    pub seal: u64,
    /// All of these.
    pub total: u64,
    /// What the floor took.
    pub floor: u64,
}
