//! The probes: what is used of the loader, and how each becomes an image.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::arch::Arch;
use crate::features::OPTIONAL;
use crate::process;
use crate::setup::Tools;
use crate::toolchain::{System, Wanted, build};

/// The profile that all are built by.
const PROFILE: &str = "size";
/// Longest that linking may take.
const LIMIT: Duration = Duration::from_secs(60);
/// What a program in C calls that loads a module and unloads it; messages of errors are not among it.
const CAPI: &[&str] = &[
    "loader_new",
    "loader_parse",
    "loader_scratch_size",
    "loader_plan",
    "loader_place",
    "loader_resolve",
    "loader_seal",
    "loader_symbol",
    "loader_unload",
];

/// What is used of the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// What the table and the baseline call it; but for the C API, the feature of `size-probe`, or of
    /// the core.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Whether it is of one of the core's optional features alone.
    pub of_feature: bool,
}

/// The first one, for which there is a bar.
pub const SEALED: Probe = Probe::of_use("sealed", "parse to sealed");
const C: Probe = Probe::of_use("capi", "the same, by the C API");

/// All of them, in the table's order.
pub const PROBES: &[Probe] = &[
    SEALED,
    Probe::of_use("options", "the same, with options that come at run time"),
    Probe::of_use("debug", "with images for GDB"),
    Probe::of_use("archives", "with archives"),
    Probe::of_use("registry", "with a registry"),
    C,
];

/// A probe for each optional feature of the core.
pub fn of_features() -> impl Iterator<Item = Probe> {
    let about = "parse to sealed with this feature, and options that come at run time";
    OPTIONAL.iter().map(move |name| Probe { name, about, of_feature: true })
}

impl Probe {
    const fn of_use(name: &'static str, about: &'static str) -> Self {
        Self { name, about, of_feature: false }
    }

    /// The features of `size-probe` that it is built with.
    fn features(self, arch: Arch) -> String {
        if self.of_feature {
            format!("sealed,asked,loader-core/{},{arch}", self.name)
        } else {
            format!("{},{arch}", self.name)
        }
    }

    /// The linked image.
    ///
    /// # Errors
    /// There is no Rust for the machine, or the build fails.
    pub fn image(self, tools: &Tools, arch: Arch) -> Result<Vec<u8>> {
        if self == C {
            return c_image(tools, arch);
        }
        let features = self.features(arch);
        let built = build(
            tools,
            &[arch],
            &Wanted {
                package: "size-probe",
                profile: PROFILE,
                system: System::Bare,
                args: &["--features", &features],
            },
        )?;
        let built = built.get(&arch).and_then(|built| built.executable.clone());
        read(&built.context("cargo built no image")?)
    }
}

/// The C API's library for this machine alone, and of it what a program needs that calls [`CAPI`].
fn c_image(tools: &Tools, arch: Arch) -> Result<Vec<u8>> {
    let args = ["--no-default-features", "--features", arch.name()];
    let wanted =
        Wanted { package: "loader-capi", profile: PROFILE, system: System::Bare, args: &args };
    let built = build(tools, &[arch], &wanted)?;
    let library = built.get(&arch).and_then(|built| built.archive.clone());
    let library: PathBuf = library.context("cargo built no library")?;
    let folder = tempfile::tempdir()?;
    let image = folder.path().join("image");
    let mut command = Command::new(tools.lld()?);
    command.args(["--gc-sections", "--entry", CAPI[0]]);
    command.args(CAPI.iter().flat_map(|function| ["--undefined", function]));
    process::run(command.arg(library).arg("-o").arg(&image), LIMIT)?.checked("ld.lld")?;
    read(&image)
}

fn read(image: &Path) -> Result<Vec<u8>> {
    std::fs::read(image).with_context(|| format!("cannot read {}", image.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_is_a_feature() {
        let manifest = include_str!("../../../qemu-tests/size/Cargo.toml");
        for probe in PROBES.iter().filter(|probe| **probe != C) {
            assert!(manifest.contains(&format!("\n{} = [", probe.name)), "{}", probe.name);
        }
    }

    #[test]
    fn what_a_program_in_c_calls_is_in_the_header() {
        let header = include_str!("../../../loader-capi/include/loader.h");
        for function in CAPI {
            assert!(header.contains(&format!(" {function}(")), "{function}");
        }
    }
}
