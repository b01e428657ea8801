//! For an image that leaves the second hart alone: what `harts.rs` offers to the rest of the crate.

/// The hart that runs this.
pub const fn hart() -> usize {
    0
}
