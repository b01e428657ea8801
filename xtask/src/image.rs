//! The system images: built once per machine and process.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::setup::Tools;
use crate::toolchain::{System, Wanted, build};

/// The image for `arch`, built if need be.
///
/// # Errors
/// There is no Rust for the machine, or the build fails.
pub fn path(tools: &Tools, arch: Arch) -> Result<PathBuf> {
    paths(tools, &[arch])?.remove(&arch).context("the image was not built")
}

/// The images for `archs`; what is not built yet is built in one go.
///
/// # Errors
/// As for [`path`].
pub fn paths(tools: &Tools, archs: &[Arch]) -> Result<BTreeMap<Arch, PathBuf>> {
    static IMAGES: Mutex<BTreeMap<Arch, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut images = IMAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let missing: Vec<Arch> =
        archs.iter().copied().filter(|arch| !images.contains_key(arch)).collect();
    if !missing.is_empty() {
        let wanted =
            Wanted { package: "qemu-image", profile: "release", system: System::Bare, args: &[] };
        for (arch, built) in build(tools, &missing, &wanted)? {
            let executable = built.executable;
            let executable =
                executable.with_context(|| format!("cargo built no image for {arch}"))?;
            images.insert(arch, executable);
        }
    }
    Ok(images
        .iter()
        .filter(|(arch, _)| archs.contains(arch))
        .map(|(&arch, path)| (arch, path.clone()))
        .collect())
}
