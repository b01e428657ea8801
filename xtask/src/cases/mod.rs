//! The QEMU cases: sources in a folder per feature, compiled in every way that matters, loaded
//! and run by the system images, and compared with what they say about themselves.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::parallel;
use crate::progress;
use crate::setup::{Tools, root};
pub use compile::object as compile_object;
use libraries::Libraries;
pub use variants::Compiler;
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
/// `archs`; a machine that says nothing for `limit` is stopped.
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

/// The objects of the case of this name, as gcc makes them with its first set of flags.
///
/// # Errors
/// There is no such case, or it does not compile.
pub fn objects(tools: &Tools, arch: Arch, name: &str) -> Result<Vec<NamedBytes>> {
    let cases = discover::discover(&root().join("qemu-tests/cases"))?;
    let case = cases.iter().find(|case| case.name == name);
    let case = case.with_context(|| format!("there is no case {name}"))?;
    let settings = case.directives.settings(arch, Compiler::Gcc);
    let flags = settings.flags.as_ref().and_then(|sets| sets.first()).cloned().unwrap_or_default();
    trials::compile(tools, case, &settings, arch, (Compiler::Gcc, &flags))
}
