//! What comes of measuring.

use super::subject::Subject;

/// Seconds of each run, by what was timed: `load` (in memory, without a file), `link` (what the peer
/// itself says of its link phase), `process` (all of it, from its start to its end).
pub type Measured = Vec<(&'static str, Vec<f64>)>;

/// What a peer made of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// What it took.
    Measured(Measured),
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
    ///
    /// # Errors
    /// Its own words, or why it is not tried.
    fn measure(&self, subject: &Subject, times: usize) -> Result<Measured, String>;

    /// The same, as an outcome: a refusal calls the object's file by its name.
    fn run(&self, subject: &Subject, times: usize) -> Outcome {
        match self.measure(subject, times) {
            Ok(measured) => Outcome::Measured(measured),
            Err(words) => {
                Outcome::Refused(words.replace(&*subject.path.to_string_lossy(), &subject.name))
            }
        }
    }
}
