//! The QEMU cases: sources in a folder per feature, compiled in every way that matters, loaded
//! and run by the system images, and compared with what they say about themselves.

use std::time::Duration;

use anyhow::Result;

use crate::arch::Arch;
use crate::parallel;
use crate::progress;
use crate::setup::{Tools, root};
use libraries::Libraries;
use variants::Language;

mod batch;
mod compile;
mod damage;
#[cfg(test)]
mod damage_sample;
mod directives;
mod discover;
mod facts;
mod judge;
mod libraries;
mod mutate;
mod run;
mod settings;
mod trials;
mod variants;

/// How one test went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The machine.
    pub arch: Arch,
    /// The case, the way it was compiled, and the damage done to it.
    pub test: String,
    /// What went wrong.
    pub failure: Option<String>,
}

/// Runs the cases whose names begin with one of `only` (all where it is empty) on each of
/// `archs`; a boot takes at most `limit`.
///
/// # Errors
/// A tool is missing, the C runtime or an image cannot be built, or a case cannot be read. That a
/// case fails is no error: see [`Outcome::failure`].
pub fn run(
    tools: &Tools,
    archs: &[Arch],
    only: &[String],
    limit: Duration,
) -> Result<Vec<Outcome>> {
    let mut cases = discover::discover(&root().join("qemu-tests/cases"))?;
    if !only.is_empty() {
        cases.retain(|case| only.iter().any(|prefix| case.name.starts_with(prefix.as_str())));
    }
    let mut outcomes = Vec::new();
    for &arch in archs {
        let mine: Vec<_> =
            cases.iter().filter(|case| case.directives.archs().contains(&arch)).collect();
        let wants_rust = mine.iter().any(|case| case.language == Language::Rust);
        let libraries = Libraries::open(tools, arch, wants_rust)?;
        let step = progress::counted(format!("{arch}: compiling the cases"), mine.len());
        let tests = parallel::map(&mine, |case| {
            let tests = trials::tests(tools, case, arch, &libraries);
            step.advance();
            tests
        });
        step.finish();
        let tests: Vec<_> = tests.into_iter().flatten().collect();
        let programs = tests.iter().map(|test| test.trials.len()).sum();
        let step = progress::counted(format!("{arch}: running the cases"), programs);
        outcomes.extend(run::run(tools, arch, &libraries, &tests, limit, &step)?);
        step.finish();
    }
    Ok(outcomes)
}
