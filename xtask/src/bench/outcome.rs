//! What comes of measuring.

use super::subject::Subject;

/// What a peer made of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Seconds of each run, by what was timed: `load` (in memory, without a file), `link` (what the
    /// peer itself says of its link phase), `process` (all of it, from its start to its end).
    Measured(Vec<(&'static str, Vec<f64>)>),
    /// Its own words, or why it was not tried.
    Refused(String),
}

/// Another loader, or a linker.
pub trait Peer {
    /// What tables call it.
    fn name(&self) -> &'static str;
    /// Its version, as it says itself.
    fn version(&self) -> &str;
    /// Measures it on an object, so many times; a peer that takes long is content with fewer.
    fn run(&self, subject: &Subject, times: usize) -> Outcome;
}
