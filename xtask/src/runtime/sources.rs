//! Where cargo keeps the sources of the C packages.
//!
//! They are dependencies of xtask for the bare machines, on which xtask is never built: cargo
//! fetches them as it fetches any crate, pinned by `Cargo.lock`, and compiles nothing of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::arch::Arch;
use crate::process;
use crate::progress;
use crate::setup::root;

/// What to wait for a download at most.
const LIMIT: Duration = Duration::from_secs(300);

/// The directory of the package `name`, as cargo unpacked it.
///
/// # Errors
/// It is no dependency, or cannot be fetched.
pub fn package(name: &str) -> Result<PathBuf> {
    static FOUND: Mutex<Option<BTreeMap<String, PathBuf>>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    if found.is_none() {
        *found = Some(fetch()?);
    }
    let package = found.as_ref().and_then(|packages| packages.get(name)).cloned();
    package.with_context(|| format!("{name} is not among the dependencies in xtask/Cargo.toml"))
}

/// A part of what `cargo metadata` prints.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
}

/// Has cargo fetch what the bare machines depend on, and say where it is.
fn fetch() -> Result<BTreeMap<String, PathBuf>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(root()).args(["metadata", "--format-version=1", "--filter-platform"]);
    // Any of the bare targets: they have the same dependencies.
    command.arg(Arch::X86_64.rust_target());
    let step = progress::step("fetching the sources of the C library and of programs");
    let done = process::run_with(&mut command, LIMIT, |line| {
        // The answer is one long line of JSON; the others say what is being downloaded.
        if !line.starts_with('{') {
            step.say(line);
        }
    });
    let done = done?.checked("cargo metadata")?;
    step.finish();
    let metadata: Metadata =
        serde_json::from_slice(&done.stdout).context("cargo metadata printed something else")?;
    let directories = metadata
        .packages
        .into_iter()
        .filter_map(|package| Some((package.name, package.manifest_path.parent()?.to_owned())));
    Ok(directories.collect())
}
