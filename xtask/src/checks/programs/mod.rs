//! Large programs that others wrote, from their unmodified sources: on each machine they print what
//! they print when they are built for this machine.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use anyhow::{Context as _, Error, Result, ensure};
use qemu_protocol::{Ended, Job, Options, Outcome, Program as JobProgram, Surroundings};

use super::{Context, Tally};
use crate::arch::Arch;
use crate::archive::Archive;
use crate::image;
use crate::parallel;
use crate::program::{Inputs, Program, SharedRuntime};
use crate::progress;
use crate::qemu;
use crate::qemu::each::{self, Fate};
use crate::runtime;
use crate::selection::by_image;
use crate::setup::{Need, Tools};
use crate::verb::qemu::{handed_over, lent, runtime_archives};

mod build;
mod embed;
mod library;
mod recipe;

use recipe::{Recipe, Way};

/// Milliseconds that one program may take on a machine, at most: emulated ones are slow, and may share
/// this one.
const LIMIT_MS: u32 = 180_000;
const LIMIT: Duration = Duration::from_millis(LIMIT_MS as u64);
/// What a boot may take besides.
const BOOT: Duration = Duration::from_secs(60);

/// One program for one machine, in all ways: what one boot runs.
struct Run<'r> {
    recipe: &'r Recipe,
    arch: Arch,
    /// As it is compiled in each way, and how that is called.
    programs: Vec<Program>,
    names: Vec<String>,
    runtime: SharedRuntime,
    /// What cannot be run.
    failed: Vec<(String, Error)>,
}

/// Builds all programs, runs them and compares.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let mut needs = vec![Need::Clang, Need::Clangxx, Need::HostCc];
    for arch in Arch::ALL {
        needs.extend([Need::Gcc(arch), Need::Gxx(arch), Need::Libgcc(arch), Need::Qemu(arch)]);
    }
    tools.ensure(&needs)?;
    let recipes = recipe::all(tools)?;
    let mut built = build::all(tools, &recipes)?;
    let archives = Arch::ALL.map(|arch| anyhow::Ok((arch, runtime_archives(tools, arch)?)));
    let archives: BTreeMap<_, _> = archives.into_iter().collect::<Result<_>>()?;
    image::paths(tools, &Arch::ALL)?;
    let mut runs = Vec::new();
    for recipe in &recipes {
        for arch in Arch::ALL {
            let ways = recipe.ways.iter().map(|way| {
                let inputs = built.inputs(recipe, arch, way);
                (way, inputs.and_then(|inputs| link(tools, inputs, &archives[&arch])))
            });
            runs.push(Run::new(recipe, arch, ways));
        }
    }
    let mut tally = Tally::default();
    let step = progress::counted("running programs", runs.len());
    let results = parallel::map(&runs, |run| {
        let results = run.boot(tools, built.expected(run.recipe));
        step.advance();
        results
    });
    step.finish();
    for (run, results) in runs.into_iter().zip(results) {
        run.failed.into_iter().for_each(|(name, error)| tally.count(name, Err::<(), _>(error)));
        results?.into_iter().for_each(|(name, result)| tally.count(name, result));
    }
    Ok(tally)
}

/// A program, with what it needs of the C runtime.
fn link(tools: &Tools, inputs: Inputs, runtime: &[Archive]) -> Result<Program> {
    Program::link(tools, inputs, "main", runtime, runtime::ROOTS, by_image)
}

impl<'r> Run<'r> {
    fn new(
        recipe: &'r Recipe,
        arch: Arch,
        ways: impl Iterator<Item = (&'r Way, Result<Program>)>,
    ) -> Self {
        let (mut names, mut programs, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for (way, program) in ways {
            let name = format!("{} by {} on {arch}", recipe.name, way.name);
            match program {
                Ok(program) => {
                    names.push(name);
                    programs.push(program);
                }
                Err(error) => failed.push((name, error)),
            }
        }
        let runtime = SharedRuntime::take(&mut programs);
        Self { recipe, arch, programs, names, runtime, failed }
    }

    /// Runs it in all ways, one after another, and says how each went.
    fn boot(&self, tools: &Tools, expected: &Result<Vec<u8>>) -> Result<Vec<(String, Result<()>)>> {
        let Self { names, programs, runtime, .. } = self;
        let mut done = Vec::new();
        let boot = |range: Range<usize>| {
            let limit = BOOT + LIMIT.saturating_mul(range.len() as u32);
            let of_job = |at: usize| JobProgram {
                runtime: Some(runtime.of_program(at)),
                surroundings: Surroundings { limit_ms: LIMIT_MS, ..Surroundings::default() },
                ..handed_over(&programs[at], "main", vec![&names[at]], Options::default())
            };
            let programs = range.map(of_job).collect();
            let job = Job { runtime: lent(runtime.members()), programs };
            qemu::boot(tools, self.arch, &job, limit)
        };
        each::run(names, boot, |at, fate| {
            let expected = expected.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"));
            let judged = expected.and_then(|expected| judge(&fate, expected));
            done.push((names[at].clone(), judged));
        })?;
        Ok(done)
    }
}

/// Whether a program ended well, gave all its memory back, and printed what is `expected`.
fn judge(fate: &Fate<'_>, expected: &[u8]) -> Result<()> {
    let (outcome, output, leaked) = match fate {
        Fate::Told(report, output) => {
            (&report.outcome, *output, report.arenas.iter().any(|a| a.after != a.before))
        }
        Fate::Fatal(stop, output) => {
            anyhow::bail!("the machine came to an end: {stop}{}", each::tail(output))
        }
        Fate::NotStarted(why) => anyhow::bail!("{why}"),
    };
    let code = match outcome {
        Outcome::Ended(Ended::Returned(code) | Ended::Exited(code)) => *code,
        other => anyhow::bail!("{other:?}{}", each::tail(output)),
    };
    compare(output, expected)?;
    ensure!(code == 0, "it ended with {code}{}", each::tail(output));
    ensure!(!leaked, "an arena holds other than before");
    Ok(())
}

/// Compares what was printed, line by line.
fn compare(output: &[u8], expected: &[u8]) -> Result<()> {
    let mut lines = output.split(|&byte| byte == b'\n');
    for (at, wanted) in expected.split(|&byte| byte == b'\n').enumerate() {
        let line = lines.next().with_context(|| format!("it printed {at} lines only"))?;
        ensure!(
            line == wanted,
            "line {} is\n{}\nand on this machine\n{}",
            at + 1,
            String::from_utf8_lossy(line),
            String::from_utf8_lossy(wanted)
        );
    }
    ensure!(lines.next().is_none(), "it printed more than on this machine");
    ensure!(!expected.is_empty(), "it printed nothing, here as there");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::compare;

    #[test]
    fn outputs_are_compared_line_by_line() {
        compare(b"one\ntwo\n", b"one\ntwo\n").unwrap();
        let error = |output: &[u8]| compare(output, b"one\ntwo\n").unwrap_err().to_string();
        assert!(error(b"one\ntoo\n").contains("line 2 is\ntoo\n"));
        assert!(error(b"one").contains("1 lines only"));
        assert!(error(b"one\ntwo").contains("2 lines only"));
        assert!(error(b"one\ntwo\nthree").contains("line 3 is"));
        assert!(error(b"one\ntwo\n\n").contains("more than"));
        assert!(compare(b"", b"").is_err());
    }
}
