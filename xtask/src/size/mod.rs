//! What the loader takes of an image, by what a client uses of it.
//!
//! | file | what it does |
//! | --- | --- |
//! | `probe` | the clients, and how they become images |
//! | `image` | whose each byte of an image is |

use anyhow::Result;
use serde::Serialize;

use crate::arch::Arch;
use crate::baseline::Numbers;
use crate::setup::Tools;
use crate::toolchain;

mod image;
mod probe;

pub use image::{Image, Sizes};
pub use probe::{PROBES, Probe, SEALED, of_features};

/// The baseline, as messages call it.
pub const BASELINE: &str = "qemu-tests/size/baseline.json";
/// How much text the loader for one architecture may be, from bytes to a module that is sealed.
pub const BAR: u64 = 10 << 10;

/// One image.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// What is used of the loader.
    pub probe: Probe,
    /// The machine.
    pub arch: Arch,
    /// What that takes.
    pub image: Image,
}

/// What compiles the probes: one compiler, unless Rust comes in other ways for one machine than for another.
///
/// # Errors
/// There is no Rust for a machine.
pub fn compiler(tools: &Tools, archs: &[Arch]) -> Result<String> {
    let mut all: Vec<String> =
        archs.iter().map(|&arch| toolchain::version(tools, arch)).collect::<Result<_>>()?;
    all.dedup();
    Ok(all.join("; "))
}

/// Builds probes for these machines, and takes them apart.
///
/// # Errors
/// There is no Rust for a machine, or a build fails.
pub fn measure(tools: &Tools, archs: &[Arch], probes: &[Probe]) -> Result<Vec<Measured>> {
    let mut measured = Vec::new();
    // One after another: cargo builds them in one folder, and waits for itself there.
    for &probe in probes {
        for &arch in archs {
            let image = image::read(&probe.image(tools, arch)?)?;
            measured.push(Measured { probe, arch, image });
        }
    }
    Ok(measured)
}

/// The numbers that are held against the baseline.
pub fn numbers(measured: &[Measured]) -> Numbers {
    let numbers = measured.iter().flat_map(|Measured { probe, arch, image }| {
        let Sizes { text, rodata, data, .. } = image.loader;
        [("text", text), ("rodata", rodata), ("data", data)]
            .map(|(part, size)| (format!("{} {arch} {part}", probe.name), size))
    });
    numbers.collect()
}

/// Of a baseline, what is for these machines.
pub fn of_machines(numbers: &Numbers, archs: &[Arch]) -> Numbers {
    let is_wanted = |name: &str| {
        name.split(' ').nth(1).is_some_and(|word| archs.iter().any(|arch| arch.name() == word))
    };
    let wanted = numbers.iter().filter(|(name, _)| is_wanted(name));
    wanted.map(|(name, &size)| (name.clone(), size)).collect()
}
