//! The differential test: the same objects, loaded by our loader and linked by ld.lld at the
//! addresses that our loader chose, must be the same in every allocated byte.
//!
//! | file | what it does |
//! | --- | --- |
//! | `corpus` | what is compared |
//! | `layout` | where segments and imports go |
//! | `relocations` | relocations, read apart from the loader |
//! | `load` | our side |
//! | `prepare` | what ld.lld is told about stubs and undefined symbols |
//! | `write` | the neutralised copies that ld.lld gets |
//! | `link` | ld.lld's side |
//! | `thread_locals` | where thread-local variables lie |
//! | `types` | fields read back, apart from the loader's encoders |
//! | `compare` | bytes, symbols, and what GOT slots hold |
//!
//! A module is loaded below 2 GiB, where each code model reaches everything, or above it where
//! its name says so and its code can. Where the two sides may differ, they are compared by what
//! they mean: GOT slots by what they hold, calls through stubs by where these lead.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Result, bail};

use crate::arch::Arch;
use crate::checks::Tally;
use crate::parallel;
use crate::progress;
use crate::setup::Tools;
use crate::show;

mod compare;
mod corpus;
mod layout;
mod link;
mod load;
mod prepare;
mod relocations;
#[cfg(test)]
mod tests;
mod thread_locals;
mod types;
mod write;

use compare::Counts;
use corpus::Module;
use layout::Layout;
use load::Refusal;
use prepare::Sites;
use relocations::{File, Relocations};

/// How one module fared.
#[derive(Debug)]
enum Outcome {
    /// Both sides made the same of it.
    Same(Counts),
    /// Our loader says that it does not load such a thing.
    Skipped(String),
}

/// Of so many modules, one may be skipped.
const SKIPPED: usize = 5;

/// The step of `cargo xtask test`: all modules of the corpus, on all machines.
///
/// # Errors
/// A tool is missing, or the corpus cannot be compiled.
pub fn check(tools: &Tools) -> Result<Tally> {
    let (mut tally, covered) = run(tools)?;
    for (name, _) in relocations_compared()? {
        if !covered.contains(name.as_str()) {
            let why = "docs/psabi/oracles.csv says so: cargo xtask relocations --oracles";
            tally.fail(format!("{name} is compared"), why);
        }
    }
    Ok(tally)
}

/// The names of the types that are compared with ld.lld's output.
///
/// # Errors
/// As [`check`]; a comparison that fails.
pub fn covered(tools: &Tools) -> Result<BTreeSet<&'static str>> {
    let (tally, covered) = run(tools)?;
    match tally.failures.first() {
        Some((name, why)) => bail!("{name}: {why}"),
        None => Ok(covered),
    }
}

/// The types that are said to be compared.
fn relocations_compared() -> Result<impl Iterator<Item = (String, bool)>> {
    Ok(crate::relocations::oracles()?.into_iter().filter(|(_, compared)| *compared))
}

/// Compares all modules; also returns the names of the types that they hold.
fn run(tools: &Tools) -> Result<(Tally, BTreeSet<&'static str>)> {
    let mut covered = BTreeSet::new();
    let lld = tools.lld()?;
    let mut tally = Tally::default();
    let mut table = show::table(&[
        "arch",
        ">modules",
        ">skipped",
        ">above 2 GiB",
        ">objects",
        ">sections",
        ">bytes",
        ">symbols",
        ">relocations",
        ">by meaning",
        ">types",
    ]);
    for arch in Arch::ALL {
        let modules = corpus::modules(tools, arch)?;
        let step = progress::counted(format!("{arch}: comparing with ld.lld"), modules.len());
        let outcomes = parallel::map(&modules, |module| {
            let outcome = compare_module(&lld, module);
            step.advance();
            outcome
        });
        step.finish();
        let mut counts = Counts::default();
        let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
        for (module, outcome) in modules.iter().zip(outcomes) {
            match &outcome {
                Ok(Outcome::Same(more)) => counts.add(more),
                Ok(Outcome::Skipped(reason)) => {
                    *skipped.entry(reason.clone()).or_default() += 1;
                    continue;
                }
                Err(_) => {}
            }
            tally.count(format!("{arch} {}", module.name), outcome);
        }
        let rows = crate::relocations::machine(arch).relocations().iter();
        let compared = rows.filter(|row| counts.types.contains(&row.number()));
        covered.extend(compared.map(|row| row.name()));
        for (reason, count) in &skipped {
            println!("  {arch}: {count} not compared: {reason}");
        }
        let skipped: usize = skipped.values().sum();
        if skipped * SKIPPED > modules.len() {
            let why = format!("{skipped} of {} modules were skipped", modules.len());
            tally.fail(format!("{arch}: the most part is compared"), why);
        }
        let numbers = [modules.len(), skipped].into_iter().chain(counts.numbers());
        let numbers = numbers.map(|value| show::number(value as u64));
        table.add_row(std::iter::once(arch.name().to_owned()).chain(numbers));
    }
    println!("{table}");
    Ok((tally, covered))
}

/// Loads and links one module, and compares.
fn compare_module(lld: &Path, module: &Module) -> Result<Outcome> {
    let Module { arch, name, files } = module;
    let parsed: Result<Vec<File<'_>>> = files.iter().map(|file| File::parse(&file.bytes)).collect();
    let parsed = parsed?;
    if parsed.iter().any(|file| file.sections.len() > write::SECTIONS) {
        return Ok(Outcome::Skipped("too many sections for a linker script".into()));
    }
    let relocations: Result<Vec<_>> = parsed.iter().map(Relocations::read).collect();
    let relocations = relocations?;
    let load = |high| load::load(*arch, name, files, &relocations, high);
    let mut high = Layout::is_high(name);
    let mut loaded = load(high)?;
    if let Err(Refusal::OutOfRange(_)) = loaded
        && high
    {
        high = false;
        loaded = load(high)?;
    }
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(Refusal::Unsupported(what)) => return Ok(Outcome::Skipped(what)),
        Err(Refusal::OutOfRange(why) | Refusal::Other(why)) => {
            bail!("our loader refuses it: {why}")
        }
    };
    let names = files.iter().map(|file| file.name.as_str()).collect();
    let sites = Sites::new(*arch, names, &loaded, &relocations);
    let told = sites.told();
    let linked = link::link(lld, *arch, files, &loaded, &told)?;
    let (mut counts, mut differences) = compare::compare(&sites, &parsed, &linked);
    counts.by_meaning += told.calls;
    counts.high = usize::from(high);
    differences.extend(told.differences);
    if !differences.is_empty() {
        bail!("{}", differences.join("\n"));
    }
    Ok(Outcome::Same(counts))
}
