//! Building a package of the workspace for bare machines.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{BareRust, System, Way, cargo};
use crate::arch::Arch;
use crate::process;
use crate::progress;
use crate::setup::Tools;

/// Longest that one build may take; cold ones build the core library too.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What to build.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The package.
    pub package: &'a str,
    /// The profile: `release`, or another of the workspace's.
    pub profile: &'a str,
    /// What it runs on.
    pub system: System,
    /// Further arguments for cargo, features for example.
    pub args: &'a [&'a str],
}

/// What came of it, for one machine.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// The program, where the package is one.
    pub executable: Option<PathBuf>,
    /// The static library, where the package is one.
    pub archive: Option<PathBuf>,
    /// The core library's own parts, where they were built too.
    pub libraries: Vec<PathBuf>,
}

/// Builds `wanted` for each of `archs`; machines that go the same way are built in one go.
///
/// # Errors
/// There is no Rust for a machine, or the build fails.
pub fn build(tools: &Tools, archs: &[Arch], wanted: &Wanted<'_>) -> Result<BTreeMap<Arch, Built>> {
    let mut ways: BTreeMap<Way, Vec<BareRust>> = BTreeMap::new();
    for &arch in archs {
        let rust = tools.rust_for(wanted.system, arch)?;
        ways.entry(rust.way).or_default().push(rust);
    }
    let mut built: BTreeMap<Arch, Built> =
        archs.iter().map(|&arch| (arch, Built::default())).collect();
    for rusts in ways.values() {
        build_one_way(rusts, wanted, &mut built)?;
    }
    Ok(built)
}

fn build_one_way(
    rusts: &[BareRust],
    wanted: &Wanted<'_>,
    built: &mut BTreeMap<Arch, Built>,
) -> Result<()> {
    let (Some(first), Some(mut command)) = (rusts.first(), cargo(rusts, "build")) else {
        return Ok(());
    };
    let archs: Vec<Arch> = rusts.iter().map(|rust| rust.arch).collect();
    command.args(["--package", wanted.package, "--profile", wanted.profile]).args(wanted.args);
    command.arg("--message-format=json-render-diagnostics");
    let names: Vec<&str> = archs.iter().map(|arch| arch.name()).collect();
    let from_source = if first.way == Way::Ready { "" } else { ", core library from source" };
    let step = progress::step(format!(
        "building {} for {}{from_source}",
        wanted.package,
        names.join(", ")
    ));
    let done = process::run_with(&mut command, LIMIT, |line| {
        if !line.starts_with('{') {
            step.say(line);
        }
    })?;
    step.finish();
    let done = done.checked("cargo build")?;
    for line in done.stdout_text().lines() {
        if let Ok(artifact) = serde_json::from_str::<Artifact>(line) {
            artifact.add_to(rusts, built);
        }
    }
    for arch in archs {
        let got = built.get(&arch).context("a machine that was not asked for")?;
        ensure!(
            first.way == Way::Ready || !got.libraries.is_empty(),
            "cargo did not say where it built the core library for {arch}"
        );
    }
    Ok(())
}

/// Cargo's `compiler-artifact` message, as far as it matters here.
#[derive(Deserialize)]
struct Artifact {
    target: Target,
    filenames: Vec<PathBuf>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

impl Artifact {
    fn add_to(&self, rusts: &[BareRust], built: &mut BTreeMap<Arch, Built>) {
        for rust in rusts {
            let Some(built) = built.get_mut(&rust.arch) else { continue };
            let is_ours =
                |path: &PathBuf| path.components().any(|part| part.as_os_str() == rust.target);
            if self.filenames.iter().any(is_ours) {
                let is_rlib = |path: &&PathBuf| path.extension().is_some_and(|ext| ext == "rlib");
                if is_library(&self.target.name) {
                    built.libraries.extend(self.filenames.iter().find(is_rlib).cloned());
                }
                if let Some(executable) = &self.executable {
                    built.executable = Some(executable.clone());
                }
                let is_archive = |path: &&PathBuf| path.extension().is_some_and(|ext| ext == "a");
                if let Some(archive) = self.filenames.iter().find(is_archive) {
                    built.archive = Some(archive.clone());
                }
            }
        }
    }
}

/// Whether a crate is one that every `no_std` program is linked with.
fn is_library(name: &str) -> bool {
    matches!(name, "core" | "alloc" | "compiler_builtins")
        || name.starts_with("rustc_std_workspace")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_things_are() {
        let library = r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"core"},
            "filenames":["/t/aarch64-unknown-none/release/deps/libcore-1.rlib","/t/x.rmeta"],
            "executable":null,"fresh":true}"#;
        let program = r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"image"},
            "filenames":["/t/x86_64-unknown-none/release/image"],
            "executable":"/t/x86_64-unknown-none/release/image","fresh":false}"#;
        let mut built: BTreeMap<Arch, Built> =
            Arch::ALL.into_iter().map(|arch| (arch, Built::default())).collect();
        let archive = r#"{"reason":"compiler-artifact","package_id":"p","target":{"name":"loader"},
            "filenames":["/t/x86_64-unknown-none/bare/libloader.a"],"executable":null}"#;
        let rusts = Arch::ALL.map(|arch| BareRust {
            arch,
            target: arch.rust_target(),
            way: Way::Ready,
            cargo: PathBuf::new(),
            rustc: PathBuf::new(),
            linker: None,
        });
        for message in [library, program, archive] {
            serde_json::from_str::<Artifact>(message).unwrap().add_to(&rusts, &mut built);
        }
        let path = |text: &str| PathBuf::from(text);
        let core = path("/t/aarch64-unknown-none/release/deps/libcore-1.rlib");
        assert_eq!(built[&Arch::Aarch64].libraries, [core]);
        assert_eq!(built[&Arch::Aarch64].executable, None);
        let image = path("/t/x86_64-unknown-none/release/image");
        assert_eq!(built[&Arch::X86_64].executable, Some(image));
        let archive = path("/t/x86_64-unknown-none/bare/libloader.a");
        assert_eq!(built[&Arch::X86_64].archive, Some(archive));
        assert_eq!(built[&Arch::Aarch64].archive, None);
        assert!(built[&Arch::Riscv64].libraries.is_empty());
        assert!(serde_json::from_str::<Artifact>(r#"{"reason":"build-finished"}"#).is_err());
    }
}
