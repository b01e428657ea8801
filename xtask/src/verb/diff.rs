//! `cargo xtask diff`: what the loader makes of objects, beside what linkers make of them.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::cli::{DiffArgs, Machines, UsageError};
use crate::diff::{self, Extent, Results};
use crate::report;
use crate::setup::Tools;

/// Runs the command.
///
/// # Errors
/// A tool is missing, a file cannot be read, or the report cannot be written.
pub fn run(args: &DiffArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    let kinds = args.linker.list();
    let results = if args.corpus {
        let archs = args.arch.unwrap_or(Machines::All).list();
        diff::corpus(&tools, kinds, &archs, Extent::Whole)?
    } else {
        let files: Result<Vec<_>> = args.files.iter().map(|path| read(path)).collect();
        diff::files(&tools, kinds, &files.map_err(UsageError)?)?
    };
    for (name, why) in &results.tally.failures {
        println!("DIFFERENT {name}");
        for line in why.lines() {
            println!("    {line}");
        }
    }
    let (same, different) = (results.tally.passed, results.tally.failed());
    let skipped: usize = results.rows.iter().flat_map(|row| row.skipped.values()).sum();
    println!("{same} comparisons without a difference, {different} with one, {skipped} not made");
    if let Some(path) = &args.report {
        write_report(path, &results)?;
    }
    let good = different == 0 && (args.corpus || skipped == 0);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads a file that the user names.
fn read(path: &Path) -> Result<NamedBytes> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let is_known = bytes.starts_with(&object::elf::ELFMAG) || bytes.starts_with(b"!<arch>\n");
    ensure!(is_known, "{} is neither an ELF object nor an archive", path.display());
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(NamedBytes { name, bytes })
}

/// The report file.
#[derive(Serialize)]
struct Report<'a> {
    compared: Vec<Compared<'a>>,
    differences: Vec<Difference<'a>>,
}

/// The modules of a machine, compared with one linker's output.
#[derive(Serialize)]
struct Compared<'a> {
    arch: Arch,
    linker: &'static str,
    modules: usize,
    objects: usize,
    sections: usize,
    bytes: usize,
    symbols: usize,
    relocations: usize,
    types: usize,
    skipped: &'a std::collections::BTreeMap<String, usize>,
}

/// A module that is not the same.
#[derive(Serialize)]
struct Difference<'a> {
    module: &'a str,
    differences: Vec<&'a str>,
}

fn write_report(path: &Path, results: &Results) -> Result<()> {
    let compared = results.rows.iter().map(|row| Compared {
        arch: row.arch,
        linker: row.linker.short_name(),
        modules: row.modules,
        objects: row.counts.objects,
        sections: row.counts.sections,
        bytes: row.counts.bytes,
        symbols: row.counts.symbols,
        relocations: row.counts.relocations,
        types: row.counts.types.len(),
        skipped: &row.skipped,
    });
    let differences = results.tally.failures.iter();
    let differences =
        differences.map(|(module, why)| Difference { module, differences: why.lines().collect() });
    let report = Report { compared: compared.collect(), differences: differences.collect() };
    report::write(path, &report)
}
