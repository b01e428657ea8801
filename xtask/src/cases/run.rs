//! Booting the images with the programs, until each program has had its turn.

use std::ops::Range;
use std::time::Duration;

use anyhow::Result;
use qemu_protocol as protocol;

use super::Outcome;
use super::batch::{Batch, batches};
use super::libraries::Libraries;
use super::trials::{Test, Trial};
use crate::arch::Arch;
use crate::archive::{Linker, NamedBytes};
use crate::image;
use crate::modules;
use crate::parallel;
use crate::process::Limit;
use crate::program::Members;
use crate::progress::Step;
use crate::qemu::each::{self, Fate};
use crate::qemu::{self, Boot};
use crate::setup::Tools;

/// How many times the limit of one program its whole boot may take.
const BOOTS_LIMITS: u32 = 10;
/// Failures to tell of, where a test has many programs.
const FEW: usize = 3;

/// Runs `tests`, which are for `arch`; the outcomes are in their order.
///
/// # Errors
/// The image cannot be built, or QEMU does not start.
pub fn run(
    tools: &Tools,
    arch: Arch,
    libraries: &Libraries,
    tests: &[Test],
    limit: Duration,
    step: &Step,
) -> Result<Vec<Outcome>> {
    image::path(tools, arch)?;
    let trials: Vec<(usize, &Trial)> = tests
        .iter()
        .enumerate()
        .flat_map(|(test, tested)| tested.trials.iter().map(move |trial| (test, trial)))
        .collect();
    let numbered = trials.iter().enumerate().map(|(number, (_, trial))| (number, *trial));
    let batches = batches(numbered, libraries);
    let name = |number: usize| {
        let test = trials.get(number).and_then(|(test, _)| tests.get(*test));
        let test = test.map_or("", |test| test.name.as_str());
        format!("{test} #{number}")
    };
    let results = parallel::map(&batches, |batch| {
        let programs = batch.programs.iter();
        let programs: Vec<_> = programs.map(|(_, trial)| trial.linker()).collect();
        let runtime = Runtime::of(batch, libraries, &programs);
        run_batch(batch, &name, |names, range| {
            let job = job(&runtime, names, &batch.programs[range.clone()], range);
            // Each program is reported: none of them takes long, all of them may.
            let whole = limit.saturating_mul(BOOTS_LIMITS);
            qemu::boot(tools, arch, &job, Limit { whole, silence: limit })
        })
        .inspect(|results| results.iter().for_each(|_| step.advance()))
    });
    let mut verdicts = vec![Err("it was never run".to_owned()); trials.len()];
    for result in results {
        for (number, result) in result? {
            if let Some(verdict) = verdicts.get_mut(number) {
                *verdict = result;
            }
        }
    }
    let mut failures = vec![Vec::new(); tests.len()];
    for (number, ((test, _), verdict)) in trials.iter().zip(verdicts).enumerate() {
        if let (Some(failures), Err(failure)) = (failures.get_mut(*test), verdict) {
            failures.push((number, failure));
        }
    }
    let outcomes = tests.iter().zip(failures).map(|(test, failures)| Outcome {
        arch,
        test: test.name.clone(),
        failure: test.failure.clone().or_else(|| told(test, &failures)),
    });
    Ok(outcomes.collect())
}

/// The failures of one test as a text; `None` where there are none.
fn told(test: &Test, failures: &[(usize, String)]) -> Option<String> {
    let one = test.trials.len() == 1;
    let few = failures.iter().take(FEW).map(|(number, failure)| match one {
        true => failure.clone(),
        false => format!("#{number}: {failure}"),
    });
    let mut lines: Vec<String> = few.collect();
    if failures.len() > FEW {
        lines.push(format!("and {} more of {}", failures.len() - FEW, test.trials.len()));
    }
    (!lines.is_empty()).then(|| lines.join("\n"))
}

type Numbered<'t> = (usize, &'t Trial);
type Judged = (usize, Result<(), String>);

/// Runs a batch, and judges each of its programs.
fn run_batch<'t>(
    batch: &Batch<'t>,
    name: &dyn Fn(usize) -> String,
    boot: impl Fn(&[String], Range<usize>) -> Result<Boot>,
) -> Result<Vec<Judged>> {
    let programs = &batch.programs;
    let names: Vec<String> = programs.iter().map(|(number, _)| name(*number)).collect();
    let mut judged = Vec::new();
    let boot = |range: Range<usize>| boot(&names[range.clone()], range);
    each::run(&names, boot, |at, fate| {
        let (number, trial) = programs[at];
        let verdict = match fate {
            Fate::Told(report, output) => trial.verdict.judge(report, output),
            Fate::Fatal(stop, output) => Err(format!("{stop}{}", each::tail(output))),
            Fate::NotStarted(why) => Err(why),
        };
        judged.push((number, verdict));
    })?;
    Ok(judged)
}

/// What a batch has of the C runtime.
struct Runtime {
    members: Members,
    /// Which of them each program has; all where it does not say.
    of_programs: Vec<Option<Vec<u32>>>,
}

impl Runtime {
    /// Programs in user mode have what they need alone: what others need may be nothing for that mode.
    fn of(batch: &Batch<'_>, libraries: &Libraries, programs: &[Linker]) -> Self {
        let mut members = Members::default();
        if !batch.needs_runtime {
            return Self { members, of_programs: vec![None; programs.len()] };
        }
        let mut add = |all: Vec<NamedBytes>| -> Vec<u32> {
            all.into_iter().map(|member| members.add(member)).collect()
        };
        let usual = add(libraries.runtime_for(programs));
        let of_programs = batch.programs.iter().zip(programs);
        let of_programs = of_programs.map(|((_, trial), program)| match trial.options.user {
            true => Some(add(libraries.runtime_for_user(program))),
            false => Some(usual.clone()),
        });
        Self { of_programs: of_programs.collect(), members }
    }
}

fn job<'j>(
    runtime: &'j Runtime,
    names: &'j [String],
    programs: &[Numbered<'j>],
    range: Range<usize>,
) -> protocol::Job<'j> {
    let members = runtime.members.all().iter();
    let members = members.map(|file| protocol::File::new(&file.name, &file.bytes));
    let of_programs = &runtime.of_programs[range];
    let programs = names.iter().zip(programs).zip(of_programs).map(|((name, (_, trial)), own)| {
        let files: Vec<(&str, &[u8])> =
            trial.files.iter().map(|file| (&*file.name, &*file.bytes)).collect();
        let file = |at: usize| protocol::File::new(files[at].0, files[at].1);
        let split = modules::split(&files, &trial.entry);
        let module = |&(at, name)| protocol::ModuleFiles { name, files: vec![file(at)] };
        protocol::Program {
            name,
            files: split.main.iter().map(|&at| file(at)).collect(),
            archives: trial
                .archives
                .iter()
                .map(|archive| protocol::File::new(&archive.name, &archive.bytes))
                .collect(),
            modules: split.modules.iter().map(module).collect(),
            runtime: own.clone(),
            entry: &trial.entry,
            args: [name.as_str()]
                .into_iter()
                .chain(trial.args.iter().map(String::as_str))
                .collect(),
            repeat: trial.repeat,
            options: trial.options,
            surroundings: trial.surroundings,
            task: trial.task,
        }
    });
    protocol::Job { runtime: members.collect(), programs: programs.collect() }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
