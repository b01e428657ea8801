//! The static library: built, and linked with all that its header has, to see that nothing panics.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use object::read::archive::ArchiveFile;

use super::must;
use crate::arch::Arch;
use crate::checks::bare;
use crate::checks::host::{LIMIT, cargo};
use crate::checks::{Context, Tally};
use crate::process;
use crate::setup::{Tools, root};
use crate::toolchain::{System, Wanted, build};

/// The library for bare machines.
pub(super) fn bare(tools: &Tools, archs: &[Arch]) -> Result<BTreeMap<Arch, PathBuf>> {
    let wanted =
        Wanted { package: "loader-capi", profile: "bare", system: System::Bare, args: &[] };
    let built = build(tools, archs, &wanted)?.into_iter().map(|(arch, built)| {
        let archive = built.archive;
        Ok((arch, archive.with_context(|| format!("cargo built no library for {arch}"))?))
    });
    built.collect()
}

/// The library for this machine.
pub(super) fn host() -> Result<PathBuf> {
    let mut command = cargo("build");
    command.args(["--package", "loader-capi", "--profile", "bare"]);
    command.arg("--message-format=json-render-diagnostics");
    let done = process::run(&mut command, LIMIT)?.checked("cargo build")?;
    let text = done.stdout_text();
    let messages = text.lines().filter_map(|line| serde_json::from_str(line).ok());
    let is_archive = |name: &str| name.ends_with(".a") || name.ends_with(".lib");
    let mut names = messages.flat_map(|message: serde_json::Value| {
        let names = message.get("filenames").and_then(|names| names.as_array()).cloned();
        names
            .into_iter()
            .flatten()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    });
    names.find(|name| is_archive(name)).map(PathBuf::from).context("cargo built no library")
}

/// Links all functions of the library, and what they need, for each machine.
pub(super) fn without_panic(context: &Context, tally: &mut Tally) -> Result<()> {
    let tools = &context.tools;
    let lld = tools.lld()?;
    let folder = tempfile::tempdir()?;
    for (arch, library) in bare(tools, &Arch::ALL)? {
        let image = folder.path().join(arch.name());
        tally.count(format!("no panic path in the C API on {arch}"), link(&lld, &library, &image));
    }
    Ok(())
}

fn link(lld: &Path, library: &Path, image: &Path) -> Result<()> {
    let header = std::fs::read_to_string(root().join(crate::header::NAME))?;
    let bytes = std::fs::read(library)?;
    let functions = functions(&bytes)?;
    ensure!(functions.len() > 20, "the library has only {} functions", functions.len());
    for function in &functions {
        ensure!(header.contains(&format!("{function}(")), "{function} is not in the header");
    }
    let mut command = Command::new(lld);
    command.args(["--gc-sections", "--entry", "loader_new"]);
    for function in &functions {
        command.args(["--undefined", function]);
    }
    must(command.arg(library).arg("-o").arg(image))?;
    bare::without_panic(&std::fs::read(image)?)
}

/// What the library offers.
fn functions(library: &[u8]) -> Result<Vec<String>> {
    let archive = ArchiveFile::parse(library)?;
    let symbols = archive.symbols()?.context("the library has no index")?;
    let mut names: Vec<String> = symbols
        .flatten()
        .filter_map(|symbol| Some(std::str::from_utf8(symbol.name()).ok()?.to_owned()))
        .filter(|name| name.starts_with("loader_"))
        .collect();
    names.sort();
    Ok(names)
}
