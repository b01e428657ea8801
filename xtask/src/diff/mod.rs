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
//! | `types` | fields read back, apart from the loader's encoders |
//! | `compare` | bytes, symbols, and what GOT slots hold |
//!
//! A module is loaded below 2 GiB, where each code model reaches everything, or above it where
//! its name says so and its code can. Where the two sides may differ, they are compared by what
//! they mean: GOT slots by what they hold, calls through stubs by where these lead.

use std::collections::BTreeMap;

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
mod types;
mod write;

use compare::Counts;
use corpus::Module;
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

/// The step of `cargo xtask test`: all modules of the corpus, on all machines.
///
/// # Errors
/// A tool is missing, or the corpus cannot be compiled.
pub fn check(tools: &Tools) -> Result<Tally> {
    let lld = tools.lld()?;
    let mut tally = Tally::default();
    let mut table = show::table(&[
        "arch",
        ">modules",
        ">skipped",
        ">objects",
        ">sections",
        ">bytes",
        ">relocations",
        ">by meaning",
        ">types",
        ">symbols",
    ]);
    for arch in Arch::ALL {
        let modules = match std::env::var("DIFF_RARE") { Ok(_) => vec![corpus::rare_types(tools, arch)?], _ => cached(tools, arch)? };
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
            if let Ok(Outcome::Skipped(reason)) = &outcome {
                *skipped.entry(reason.clone()).or_default() += 1;
                continue;
            }
            if let Ok(Outcome::Same(more)) = &outcome {
                counts.add(more);
            }
            tally.count(format!("{arch} {}", module.name), outcome);
        }
        for (reason, count) in &skipped {
            println!("  {arch}: {count} not loaded: {reason}");
        }
        if std::env::var("DIFF_TYPES").is_ok() {
            let machine = match arch { Arch::Aarch64 => loader_core::Machine::Aarch64, Arch::Riscv64 => loader_core::Machine::Riscv64, Arch::X86_64 => loader_core::Machine::X86_64 };
            for r in machine.relocations() { if r.unsupported().is_none() && !counts.types.contains(&r.number()) { println!("UNCOVERED {}", r.name()); } }
        }
        let skipped: usize = skipped.values().sum();
        table.add_row([
            arch.name().to_owned(),
            modules.len().to_string(),
            skipped.to_string(),
            counts.objects.to_string(),
            counts.sections.to_string(),
            counts.bytes.to_string(),
            counts.relocations.to_string(),
            counts.by_meaning.to_string(),
            counts.types.len().to_string(),
            counts.symbols.to_string(),
        ]);
    }
    println!("{table}");
    Ok(tally)
}

/// Loads and links one module, and compares.
fn compare_module(lld: &std::path::Path, module: &Module) -> Result<Outcome> {
    let Module { arch, name, files } = module;
    let parsed: Result<Vec<File<'_>>> = files.iter().map(|file| File::parse(&file.bytes)).collect();
    let parsed = parsed?;
    if parsed.iter().any(|file| file.sections.len() > write::SECTIONS) {
        return Ok(Outcome::Skipped("too many sections for a linker script".into()));
    }
    let relocations: Result<Vec<_>> = parsed.iter().map(Relocations::read).collect();
    let relocations = relocations?;
    let load = |high| load::load(*arch, name, files, &relocations, high);
    let high = std::env::var("DIFF_HIGH").is_ok() || layout::hash(name.as_bytes()) & (1 << 40) != 0;
    let loaded = match load(high)? {
        Err(Refusal::OutOfRange(_)) if high => load(false)?,
        other => other,
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(Refusal::Unsupported(what)) => return Ok(Outcome::Skipped(what)),
        Err(Refusal::OutOfRange(why) | Refusal::Other(why)) => {
            bail!("our loader refuses it: {why}")
        }
    };
    let mut loaded = loaded;
    if std::env::var("DIFF_MUTATE").is_ok() {
        let names = files.iter().map(|file| file.name.as_str()).collect();
        let sites = Sites::new(*arch, names, &loaded, &relocations);
        let ok: Vec<_> = sites.all.iter().filter(|s| !matches!(s.relocation.number, 0|51|43) && !sites.section(**s).bytes.is_empty()).collect();
        if ok.is_empty() { return Ok(Outcome::Skipped("no relocations".into())); }
        let pick = ok[(layout::hash(name.as_bytes()) >> 7) as usize % ok.len()];
        let (sec, off, num) = (pick.section, pick.offset, pick.relocation.number);
        println!("{}", prepare::type_name(*arch, num));
        let bit = match (*arch, num) { (Arch::Riscv64, 44|45) => 5, (Arch::Riscv64, 52|53|54) => 1, (Arch::Aarch64, 311|275) => 30, (Arch::Riscv64,_) => 25, (Arch::X86_64,41|42) => 16, (Arch::Aarch64,_) => 11, _ => 3 };
        drop(sites);
        let b = &mut loaded.sections[sec].bytes;
        let i = (off + bit/8).min(b.len()-1);
        b[i] ^= 1 << (bit%8);
    }
    let loaded = loaded;
    let names = files.iter().map(|file| file.name.as_str()).collect();
    let sites = Sites::new(*arch, names, &loaded, &relocations);
    let told = sites.told();
    let linked = link::link(lld, *arch, files, &loaded, &told.changes, &told.stubs)?;
    let (mut counts, mut differences) = compare::compare(&sites, &parsed, &linked);
    counts.by_meaning += told.calls;
    differences.extend(told.differences);
    if !differences.is_empty() {
        bail!("{}", differences.join("\n"));
    }
    Ok(Outcome::Same(counts))
}

// TEMPORARY
fn cached(tools: &Tools, arch: Arch) -> Result<Vec<Module>> {
    use std::fs;
    let dir = std::path::PathBuf::from(format!("/tmp/diffcorpus/{arch}"));
    if let Ok(index) = fs::read_to_string(dir.join("index")) {
        let mut modules: Vec<Module> = Vec::new();
        for line in index.lines() {
            let mut it = line.split('\t');
            let name = it.next().unwrap().to_string();
            if let Ok(f) = std::env::var("DIFF_FILTER") {
                if !name.contains(&f) {
                    continue;
                }
            }
            if let Ok(f) = std::env::var("DIFF_ARCH") {
                if f != arch.name() {
                    continue;
                }
            }
            let mut files = Vec::new();
            for (f, p) in it.map(|x| x.split_once('=').unwrap()) {
                files.push(crate::archive::NamedBytes { name: f.into(), bytes: fs::read(p)? });
            }
            modules.push(Module { arch, name, files });
        }
        return Ok(modules);
    }
    let modules = corpus::modules(tools, arch)?;
    fs::create_dir_all(&dir)?;
    let mut index = String::new();
    let mut n = 0;
    for m in &modules {
        index.push_str(&m.name);
        for f in &m.files {
            n += 1;
            let p = dir.join(format!("{n}.o"));
            fs::write(&p, &f.bytes)?;
            index.push_str(&format!("\t{}={}", f.name, p.display()));
        }
        index.push('\n');
    }
    fs::write(dir.join("index"), index)?;
    Ok(modules)
}
