//! The differential test: the same objects, loaded by our loader and linked by ld.lld and by GNU
//! ld at the addresses that our loader chose, must be the same in every allocated byte.
//!
//! | file | what it does |
//! | --- | --- |
//! | `corpus` | what is compared |
//! | `layout` | where segments and imports go |
//! | `relocations` | relocations, read apart from the loader |
//! | `load` | our side |
//! | `prepare` | what the linkers are told about stubs and undefined symbols |
//! | `write` | the neutralised copies that they get |
//! | `linker` | the linkers, and which types they know |
//! | `link` | their side |
//! | `thread_locals` | where thread-local variables lie |
//! | `types` | fields read back, apart from the loader's encoders |
//! | `compare` | bytes, symbols, and what GOT slots hold |
//!
//! A module is loaded below 2 GiB, where each code model reaches everything, or above it where
//! its name says so and its code can. Where the two sides may differ, they are compared by what
//! they mean: GOT slots by what they hold, calls through stubs by where these lead.

use std::collections::{BTreeMap, BTreeSet};

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
mod linker;
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
pub use linker::Kind;
use linker::Linker;
use load::{Loaded, Refusal};
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

/// The names of the types that are compared with each linker's output.
pub type Covered = BTreeMap<Kind, BTreeSet<&'static str>>;

/// The step of `cargo xtask test`: all modules of the corpus, on all machines.
///
/// # Errors
/// A tool is missing, or the corpus cannot be compiled.
pub fn check(tools: &Tools) -> Result<Tally> {
    let (mut tally, covered) = run(tools)?;
    for (name, said) in crate::relocations::oracles()? {
        for kind in said {
            if !covered.get(&kind).is_some_and(|types| types.contains(name.as_str())) {
                let why = "docs/psabi/oracles.csv says so: cargo xtask relocations --oracles";
                tally.fail(format!("{name} is compared with {}", kind.name()), why);
            }
        }
    }
    Ok(tally)
}

/// The names of the types that are compared with each linker's output.
///
/// # Errors
/// As [`check`]; a comparison that fails.
pub fn covered(tools: &Tools) -> Result<Covered> {
    let (tally, covered) = run(tools)?;
    match tally.failures.first() {
        Some((name, why)) => bail!("{name}: {why}"),
        None => Ok(covered),
    }
}

/// Compares all modules; also returns the names of the types that they hold.
fn run(tools: &Tools) -> Result<(Tally, Covered)> {
    let mut covered = Covered::new();
    let mut tally = Tally::default();
    let mut table = show::table(&[
        "arch",
        "linker",
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
        let linkers: Result<Vec<_>> =
            Kind::ALL.into_iter().map(|kind| Linker::find(tools, kind, arch)).collect();
        let linkers = linkers?;
        let modules = corpus::modules(tools, arch)?;
        let step = progress::counted(format!("{arch}: comparing with linkers"), modules.len());
        let outcomes = parallel::map(&modules, |module| {
            let outcomes = compare_module(&linkers, module);
            step.advance();
            outcomes
        });
        step.finish();
        let mut by_linker: Vec<Vec<_>> = linkers.iter().map(|_| Vec::new()).collect();
        for (module, outcomes) in modules.iter().zip(outcomes) {
            for (list, outcome) in by_linker.iter_mut().zip(outcomes) {
                list.push((module, outcome));
            }
        }
        for (linker, outcomes) in linkers.iter().zip(by_linker) {
            let (kind, total) = (linker.kind, outcomes.len());
            let (counts, skipped) = tally_of(&mut tally, linker, outcomes);
            let rows = crate::relocations::machine(arch).relocations().iter();
            let compared = rows.filter(|row| counts.types.contains(&row.number()));
            covered.entry(kind).or_default().extend(compared.map(|row| row.name()));
            let numbers = [total, skipped].into_iter().chain(counts.numbers());
            let numbers = numbers.map(|value| show::number(value as u64));
            let names = [arch.name().to_owned(), kind.name().to_owned()];
            table.add_row(names.into_iter().chain(numbers));
        }
    }
    println!("{table}");
    Ok((tally, covered))
}

/// Counts how modules fared with one linker, and says which were skipped, and why.
fn tally_of(
    tally: &mut Tally,
    linker: &Linker,
    outcomes: Vec<(&Module, Result<Outcome>)>,
) -> (Counts, usize) {
    let (arch, name, total) = (linker.arch, linker.kind.name(), outcomes.len());
    let mut counts = Counts::default();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for (module, outcome) in outcomes {
        match &outcome {
            Ok(Outcome::Same(more)) => counts.add(more),
            Ok(Outcome::Skipped(reason)) => {
                *reasons.entry(reason.clone()).or_default() += 1;
                continue;
            }
            Err(_) => {}
        }
        tally.count(format!("{arch} {name} {}", module.name), outcome);
    }
    for (reason, count) in &reasons {
        println!("  {arch}, {name}: {count} not compared: {reason}");
    }
    let skipped: usize = reasons.values().sum();
    if skipped * SKIPPED > total {
        let why = format!("{skipped} of {total} modules were skipped");
        tally.fail(format!("{arch}, {name}: the most part is compared"), why);
    }
    (counts, skipped)
}

/// Loads one module, links it with each linker, and compares.
fn compare_module(linkers: &[Linker], module: &Module) -> Vec<Result<Outcome>> {
    let same = |outcome: &dyn Fn() -> Result<Outcome>| linkers.iter().map(|_| outcome()).collect();
    let parsed: Result<Vec<File<'_>>> =
        module.files.iter().map(|file| File::parse(&file.bytes)).collect();
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return same(&|| bail!("{error:#}")),
    };
    if parsed.iter().any(|file| file.sections.len() > write::SECTIONS) {
        return same(&|| Ok(Outcome::Skipped("too many sections for a linker script".into())));
    }
    match load_module(module, &parsed) {
        Ok(Ok(mine)) => {
            let compared = linkers.iter().map(|linker| mine.compare(linker, module, &parsed));
            compared.collect()
        }
        Ok(Err(reason)) => same(&|| Ok(Outcome::Skipped(reason.clone()))),
        Err(error) => same(&|| bail!("{error:#}")),
    }
}

/// A module as our loader makes it, and its relocations.
struct Mine {
    loaded: Loaded,
    relocations: Vec<Relocations>,
    high: bool,
}

/// Loads a module; what the loader says that it does not load is the inner error.
fn load_module(module: &Module, parsed: &[File<'_>]) -> Result<Result<Mine, String>> {
    let Module { arch, name, files } = module;
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
    match loaded {
        Ok(loaded) => Ok(Ok(Mine { loaded, relocations, high })),
        Err(Refusal::Unsupported(what)) => Ok(Err(what)),
        Err(Refusal::OutOfRange(why) | Refusal::Other(why)) => {
            bail!("our loader refuses it: {why}")
        }
    }
}

impl Mine {
    /// Links the module, and compares.
    fn compare(&self, linker: &Linker, module: &Module, parsed: &[File<'_>]) -> Result<Outcome> {
        let Module { arch, files, .. } = module;
        let names = files.iter().map(|file| file.name.as_str()).collect();
        let sites = Sites::new(*arch, names, &self.loaded, &self.relocations);
        if let Some(name) = sites.rewritten_unknown(linker) {
            return Ok(Outcome::Skipped(format!("does not know {name}")));
        }
        let told = sites.told(linker);
        let linked = link::link(linker, files, &self.loaded, &told)?;
        let (mut counts, mut differences) =
            compare::compare(&sites, parsed, linker, &linked, &told);
        counts.by_meaning += told.calls;
        counts.high = usize::from(self.high);
        differences.extend(told.differences);
        if !differences.is_empty() {
            bail!("{}", differences.join("\n"));
        }
        Ok(Outcome::Same(counts))
    }
}
