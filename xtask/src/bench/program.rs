//! The measured program: built as a release is, and run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use loader_bench::Kind;
use loader_bench::report::Measurement;

use crate::arch::Arch;
use crate::process;
use crate::progress;
use crate::setup::root;

/// Longest that building may take.
const BUILD_LIMIT: Duration = Duration::from_secs(20 * 60);
/// Longest that one object may take.
const LIMIT: Duration = Duration::from_secs(600);

/// The measured program, and the one that writes objects for it.
#[derive(Clone, Debug)]
pub struct Program {
    measure: PathBuf,
    generate: PathBuf,
}

impl Program {
    /// Builds both.
    ///
    /// # Errors
    /// They do not compile.
    pub fn build() -> Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(root()).args(["build", "--release", "--package", "loader-bench"]);
        let step = progress::step("building what is measured");
        let done = process::run_with(&mut command, BUILD_LIMIT, |line| step.say(line))?;
        step.finish();
        done.checked("cargo build")?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.map_or_else(|| root().join("target"), |dir| root().join(dir));
        let folder = target.join("release");
        let program = |name: &str| folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        Ok(Self { measure: program("loader-bench"), generate: program("generate-object") })
    }

    /// The measured program, for an object whose imports all lie at an address.
    pub fn command(&self, object: &Path, imports: u64) -> Vec<std::ffi::OsString> {
        let imports = format!("--imports={imports:#x}");
        vec![self.measure.clone().into(), object.into(), imports.into()]
    }

    /// Loads an object so many times.
    ///
    /// # Errors
    /// The loader refuses it: its words.
    pub fn measure(&self, object: &Path, imports: u64, times: usize) -> Result<Measurement> {
        let words = self.command(object, imports);
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).arg(format!("--times={times}"));
        let done = process::run(&mut command, LIMIT)?;
        if !done.success() {
            anyhow::bail!("{}", done.stderr_text().trim());
        }
        serde_json::from_slice(&done.stdout).context("the measured program printed no numbers")
    }

    /// Writes an object of a kind into a folder.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn generate(&self, folder: &Path, kind: Kind, arch: Arch, count: u64) -> Result<PathBuf> {
        let object = folder.join(format!("{kind}-{arch}-{count}.o"));
        let mut command = Command::new(&self.generate);
        command.args([kind.name(), arch.name(), &count.to_string()]).arg(&object);
        process::run(&mut command, LIMIT)?.checked("generate-object")?;
        Ok(object)
    }
}
