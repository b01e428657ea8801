//! The static library of crates, `qemu-tests/programs/crates`: for the machines and for this one.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::recipe::Library;
use crate::arch::Arch;
use crate::checks::host::{LIMIT, cargo};
use crate::process;
use crate::progress;
use crate::setup::{Tools, build_dir};
use crate::toolchain::{self, System, Wanted};

const PACKAGE: &str = "qemu-crates";

/// Builds it.
///
/// # Errors
/// There is no Rust for a machine, or a crate does not compile.
pub fn build(tools: &Tools) -> Result<Library> {
    let wanted = Wanted { package: PACKAGE, profile: "release", system: System::Bare, args: &[] };
    let built = toolchain::build(tools, &Arch::ALL, &wanted)?;
    let there = built.into_iter().map(|(arch, built)| {
        let archive = built.archive.with_context(|| format!("cargo built no library for {arch}"));
        anyhow::Ok((arch, archive?))
    });
    Ok(Library { here: here()?, there: there.collect::<Result<_>>()? })
}

/// For this machine, away from what else is built for it: in another profile and by itself.
fn here() -> Result<PathBuf> {
    let target = build_dir().join("here");
    let mut command = cargo("build");
    command.args(["--package", PACKAGE, "--profile", "release", "--target-dir"]).arg(&target);
    let step = progress::step("building crates for this machine");
    process::run_with(&mut command, LIMIT, |line| step.say(line))?.checked("cargo build")?;
    step.finish();
    Ok(target.join("release/libcrates.a"))
}
