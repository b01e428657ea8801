//! One load, and one run of the floor, each in a function whose instructions callgrind counts.
//!
//! `--toggle-collect=loader_bench::count::ours` counts from where the function begins to where it
//! returns; so they are never inlined, and do nothing else.

use std::hint::black_box;

use crate::{Floor, Ours};

/// Loads the object once; the module stays, as unloading is none of the phases.
///
/// # Errors
/// The loader's words, where it refuses the object.
#[inline(never)]
pub fn ours(ours: &mut Ours<'_>) -> Result<(), String> {
    ours.load_and(|| (), |module| std::mem::forget(module)).map(drop)
}

/// Runs the floor once.
#[inline(never)]
pub fn floor(floor: &mut Floor<'_>) {
    black_box(floor.run());
}
