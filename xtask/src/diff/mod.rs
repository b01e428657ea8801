//! The differential test: the same objects, loaded by our loader and linked by ld.lld and by GNU
//! ld at the addresses that our loader chose, must be the same in every allocated byte.
//!
//! | file | what it does |
//! | --- | --- |
//! | `archives` | apart from that: which members of archives are linked, and in which order |
//! | `corpus` | what is compared; `cargo xtask test` takes a part of it |
//! | `debug` | the images that a debugger is shown |
//! | `erratum` | code that an erratum of the Cortex-A53 affects, mended |
//! | `expressed` | types that a linker gets as others, because it does not know them |
//! | `files` | apart from that: `cargo xtask link` through its files, and an executable that boots |
//! | `gathered` | sections that `__start_` and `__stop_` symbols speak of |
//! | `layout` | where segments and imports go |
//! | `relocations` | relocations, read apart from the loader |
//! | `load` | our side: what `cargo xtask link` makes |
//! | `nothing` | addresses of undefined weak symbols that are out of reach |
//! | `prepare` | where each relocation ended up |
//! | `told` | what the linkers are told about stubs and undefined symbols |
//! | `write` | the neutralised copies that they get |
//! | `linker` | the linkers, and which types they know |
//! | `link` | their side |
//! | `stubs` | calls and stubs followed, apart from the loader's encoders |
//! | `types` | fields read back, apart from the loader's encoders |
//! | `unused` | sections that nothing uses, and that are left out |
//! | `compare` | bytes, symbols, and what GOT slots hold |
//!
//! A module is loaded below 2 GiB, where each code model reaches everything, or above it where
//! its name says so and its code can. Where the two sides may differ, they are compared by what
//! they mean: GOT slots by what they hold, calls through stubs by where these lead.

use std::collections::BTreeMap;

use anyhow::{Result, bail};

use crate::arch::Arch;
use crate::archive::{Archive, NamedBytes};
use crate::checks::Tally;
use crate::parallel;
use crate::progress;
use crate::setup::Tools;
use crate::show;

pub mod archives;
mod compare;
mod corpus;
mod debug;
mod erratum;
mod expressed;
mod files;
mod gathered;
mod layout;
mod link;
mod linker;
mod load;
mod nothing;
mod prepare;
mod relocations;
mod stubs;
#[cfg(test)]
mod tests;
mod told;
mod types;
mod unused;
mod write;

use compare::Counts;
pub use corpus::Extent;
use corpus::Module;
use layout::Layout;
use linker::Linker;
pub use linker::{Kind, gnu_program};
use load::{Loaded, Refusal};
use prepare::Sites;
use relocations::{File, Relocations};
pub use unused::check as check_unused;

/// How one module fared.
#[derive(Debug)]
enum Outcome {
    /// Both sides made the same of it.
    Same(Counts),
    /// Our loader says that it does not load such a thing.
    Skipped(String),
    /// The module is for the other linker.
    Passed,
}

/// Of so many modules, one may be skipped.
const SKIPPED: usize = 5;

/// So many bytes of debug sections must be compared, or the comparison says nothing.
const DEBUG_BYTES: usize = 100_000;

/// The names of the types that are compared with each linker's output, and that of the type by
/// which each was given to the linker: itself, or one that says the same.
pub type Covered = BTreeMap<Kind, BTreeMap<&'static str, &'static str>>;

/// Modules of one machine, compared with one linker's output.
#[derive(Debug)]
pub struct Row {
    /// The machine.
    pub arch: Arch,
    /// The linker.
    pub linker: Kind,
    /// How many modules there are.
    pub modules: usize,
    /// Why modules were not compared, and how many for that reason.
    pub skipped: BTreeMap<String, usize>,
    /// What was compared.
    pub counts: Counts,
}

/// What a comparison of many modules found.
#[derive(Debug, Default)]
pub struct Results {
    /// The modules that are the same, and the differences of those that are not.
    pub tally: Tally,
    /// The numbers, for each machine and linker.
    pub rows: Vec<Row>,
}

/// The step of `cargo xtask test`: the fast part of the corpus, on all machines.
///
/// # Errors
/// A tool is missing, or the corpus cannot be compiled.
pub fn check(tools: &Tools) -> Result<Tally> {
    let mut results = corpus(tools, &Kind::ALL, &Arch::ALL, Extent::Fast)?;
    let covered = results.covered();
    let tally = &mut results.tally;
    for (name, said) in crate::relocations::oracles()? {
        for (kind, given) in said {
            let found = covered.get(&kind).and_then(|types| types.get(name.as_str()));
            // A later linker may know the type itself.
            if !found.is_some_and(|found| [name.as_str(), &given].contains(found)) {
                let why = "docs/psabi/oracles.csv says so: cargo xtask relocations --oracles";
                let name = format!("{name} is compared with {}, as {given}", kind.name());
                tally.fail(name, why);
            }
        }
    }
    for Row { arch, linker, modules, skipped, counts } in &results.rows {
        if counts.from_nothing == 0 {
            let name = format!("{arch}, {}: weak symbols out of reach", linker.name());
            tally.fail(name, "none was compared");
        }
        if counts.in_place == 0 {
            let name = format!("{arch}, {}: sections that stay in their files", linker.name());
            tally.fail(name, "none was compared");
        }
        if counts.debug_bytes < DEBUG_BYTES && *linker == Kind::Lld {
            let name = format!("{arch}, {}: debug sections", linker.name());
            tally.fail(name, format!("{} bytes were compared", counts.debug_bytes));
        }
        let skipped: usize = skipped.values().sum();
        if skipped * SKIPPED > *modules {
            let name = format!("{arch}, {}: the most part is compared", linker.name());
            tally.fail(name, format!("{skipped} of {modules} modules were skipped"));
        }
    }
    erratum::check(tools, &mut results.tally)?;
    files::check(tools, &mut results.tally)?;
    Ok(results.tally)
}

/// The names of the types that are compared with each linker's output.
///
/// # Errors
/// As [`check`]; a comparison that fails.
pub fn covered(tools: &Tools) -> Result<Covered> {
    let results = corpus(tools, &Kind::ALL, &Arch::ALL, Extent::Fast)?;
    match results.tally.failures.first() {
        Some((name, why)) => bail!("{name}: {why}"),
        None => Ok(results.covered()),
    }
}

/// Compares the corpus, or a part of it, and shows the numbers: of the whole, those of each machine
/// as soon as they are known.
///
/// # Errors
/// A tool is missing, or the corpus cannot be compiled.
pub fn corpus(tools: &Tools, kinds: &[Kind], archs: &[Arch], extent: Extent) -> Result<Results> {
    let mut results = Results::default();
    for &arch in archs {
        let modules = corpus::modules(tools, arch, extent)?;
        results.add(tools, kinds, arch, &modules, extent)?;
        if extent == Extent::Whole {
            let (same, different) = (results.tally.passed, results.tally.failed());
            println!(
                "{arch} is done: until here {same} without a difference, {different} with one"
            );
        }
    }
    results.show();
    Ok(results)
}

/// Compares files: the objects of a machine together are one module, each member of an archive
/// is one of its own. Shows the numbers.
///
/// # Errors
/// A tool is missing; a file is no object for any of the three machines.
pub fn files(tools: &Tools, kinds: &[Kind], files: &[NamedBytes]) -> Result<Results> {
    let mut by_arch: BTreeMap<&str, (Arch, Vec<Module>)> = BTreeMap::new();
    for file in files {
        let modules = match Archive::is_archive(&file.bytes) {
            true => corpus::members(&file.name, &file.bytes)?,
            false => vec![corpus::object(file)?],
        };
        for module in modules {
            let (_, all) =
                by_arch.entry(module.arch.name()).or_insert_with(|| (module.arch, Vec::new()));
            let together = !Archive::is_archive(&file.bytes);
            match all.iter_mut().find(|other| together && other.name == module.name) {
                Some(other) => other.files.extend(module.files),
                None => all.push(module),
            }
        }
    }
    let mut results = Results::default();
    for (arch, mut modules) in by_arch.into_values() {
        corpus::add_twins(&mut modules, Extent::Whole);
        results.add(tools, kinds, arch, &modules, Extent::Whole)?;
    }
    results.show();
    Ok(results)
}

impl Results {
    /// Compares modules of one machine.
    fn add(
        &mut self,
        tools: &Tools,
        kinds: &[Kind],
        arch: Arch,
        modules: &[Module],
        extent: Extent,
    ) -> Result<()> {
        let linkers: Result<Vec<_>> =
            kinds.iter().map(|kind| Linker::find(tools, *kind, arch)).collect();
        let linkers = linkers?;
        let step = progress::counted(format!("{arch}: comparing with linkers"), modules.len());
        let mut outcomes = parallel::map(modules, |module| {
            let outcomes = compare_module(&linkers, module, extent);
            step.advance();
            outcomes.into_iter()
        });
        step.finish();
        for linker in linkers {
            let kind = linker.kind;
            let mut row = Row {
                arch,
                linker: kind,
                modules: modules.len(),
                skipped: BTreeMap::new(),
                counts: Counts::default(),
            };
            for (module, outcomes) in modules.iter().zip(&mut outcomes) {
                let Some(outcome) = outcomes.next() else { continue };
                match &outcome {
                    Ok(Outcome::Same(more)) => row.counts.add(more),
                    Ok(Outcome::Skipped(reason)) => {
                        *row.skipped.entry(reason.clone()).or_default() += 1;
                        continue;
                    }
                    Ok(Outcome::Passed) => {
                        row.modules -= 1;
                        continue;
                    }
                    Err(_) => {}
                }
                self.tally.count(format!("{arch} {} {}", kind.name(), module.name), outcome);
            }
            self.rows.push(row);
        }
        Ok(())
    }

    /// The names of the types that were compared.
    fn covered(&self) -> Covered {
        let mut covered = Covered::new();
        for Row { arch, linker, counts, .. } in &self.rows {
            let machine = crate::relocations::machine(*arch);
            let name = |number| machine.relocation(number).map(|row| row.name());
            let compared = counts.types.iter().filter_map(|(n, given)| name(*n).zip(name(*given)));
            covered.entry(*linker).or_default().extend(compared);
        }
        covered
    }

    /// Prints a table of the numbers, and why modules were not compared.
    fn show(&self) {
        let mut table = show::table(&[
            "arch",
            "linker",
            ">modules",
            ">skipped",
            ">above 2 GiB",
            ">objects",
            ">sections",
            ">bytes",
            ">debug",
            ">symbols",
            ">relocations",
            ">by meaning",
            ">types",
        ]);
        for Row { arch, linker, modules, skipped, counts } in &self.rows {
            let name = linker.name();
            for (reason, count) in skipped {
                println!("  {arch}, {name}: {count} not compared: {reason}");
            }
            let numbers = [*modules, skipped.values().sum()].into_iter().chain(counts.numbers());
            let numbers = numbers.map(|value| show::number(value as u64));
            table.add_row([arch.name().to_owned(), name.to_owned()].into_iter().chain(numbers));
        }
        println!("{table}");
    }
}

/// Loads one module, links it with each linker, and compares.
fn compare_module(linkers: &[Linker], module: &Module, extent: Extent) -> Vec<Result<Outcome>> {
    let same = |outcome: &dyn Fn() -> Result<Outcome>| linkers.iter().map(|_| outcome()).collect();
    let parsed: Result<Vec<File<'_>>> =
        module.files.iter().map(|file| File::parse(&file.bytes)).collect();
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return same(&|| bail!("{error:#}")),
    };
    let limit = match extent {
        Extent::Fast => write::SECTIONS,
        Extent::Whole => write::NUMBERED,
    };
    if parsed.iter().any(|file| file.sections.len() > limit) {
        return same(&|| Ok(Outcome::Skipped("too many sections for a linker script".into())));
    }
    match load_module(module, &parsed) {
        Ok(Ok(mine)) => {
            let compared = linkers.iter().map(|linker| match linker.compares(&module.name) {
                true => mine.compare(linker, module, &parsed),
                false => Ok(Outcome::Passed),
            });
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
    let relocations: Result<Vec<_>> = parsed.iter().map(Relocations::read).collect();
    let relocations = relocations?;
    let load = |high| load::load(module, &relocations, high);
    let mut high = Layout::is_high(&module.name);
    let mut loaded = load(high)?;
    if let Err(Refusal::OutOfRange(_)) = loaded
        && high
        && !module.name.ends_with(layout::HIGH)
    {
        high = false;
        loaded = load(high)?;
    }
    match loaded {
        Ok(loaded) => Ok(Ok(Mine { loaded, relocations, high })),
        Err(Refusal::Unsupported(what)) => Ok(Err(what)),
        // Code of the short models does not reach as far as a file may lie.
        Err(Refusal::OutOfRange(_)) if module.name.ends_with(layout::IN_PLACE) => {
            Ok(Err("out of reach of what stays in its file".into()))
        }
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
        let sites = Sites::new(*arch, names, &self.loaded, parsed, &self.relocations);
        if let Some(name) = sites.rewritten_unknown(linker) {
            return Ok(Outcome::Skipped(format!("does not know {name}")));
        }
        let told = sites.told(linker);
        let linked = link::link(linker, files, &self.loaded, &told)?;
        let (mut counts, mut differences) = compare::compare(&sites, linker, &linked, &told);
        counts.by_meaning += told.by_meaning;
        counts.from_nothing = told.from_nothing;
        counts.in_place = self.loaded.in_place_bytes;
        counts.high = usize::from(self.high);
        differences.extend(told.differences);
        differences.extend(sites.misplaced.iter().cloned());
        if !differences.is_empty() {
            bail!("{}", differences.join("\n"));
        }
        Ok(Outcome::Same(counts))
    }
}
