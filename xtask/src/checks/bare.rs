//! What is built for the machines: lints, and the core alone without a panic path.

use anyhow::{Context as _, Result, bail, ensure};
use object::{Object, ObjectSymbol};

use super::host::checked;
use super::rust_tools::{Tool, tool};
use super::{Context, Tally};
use crate::arch::Arch;
use crate::setup::{Need, Tools};
use crate::toolchain::{Wanted, Way, build};

/// Clippy on the image and what it is made of, for each machine.
pub(super) fn lint(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let mut tally = Tally::default();
    for arch in Arch::ALL {
        let rust = tools.rust(arch)?;
        if rust.way() == Way::Debian {
            tools.ensure(&[Need::DebianClippy])?;
        } else {
            tool(tools, Tool::Clippy)?; // adds it to the toolchain
        }
        let mut command = rust.cargo("clippy");
        let target = format!("target-{arch}");
        let packages = ["qemu-image", "bare-check", "loader-core", &target];
        command.args(packages.iter().flat_map(|package| ["--package", package]));
        command.args(["--", "--deny", "warnings"]);
        let name = format!("lint for {arch}");
        tally.count(&name, checked(&name, &mut command));
    }
    Ok(tally)
}

/// Builds the core into an image of its own, which links only if nothing in it can panic.
pub(super) fn no_panic(context: &Context) -> Result<Tally> {
    let mut tally = Tally::default();
    for arch in Arch::ALL {
        let name = format!("no panic path on {arch}");
        tally.count(name, links_without_panic(&context.tools, arch));
    }
    Ok(tally)
}

fn links_without_panic(tools: &Tools, arch: Arch) -> Result<()> {
    let wanted = Wanted { package: "bare-check", profile: "bare", args: &[] };
    let image = build(tools, &[arch], &wanted)?.remove(&arch);
    let image = image.and_then(|built| built.executable).context("cargo built no image")?;
    without_panic(&std::fs::read(image)?)
}

/// Looks again, at what was linked.
fn without_panic(image: &[u8]) -> Result<()> {
    let file = object::File::parse(image).context("the image is not readable")?;
    let names: Vec<&str> = file.symbols().filter_map(|symbol| symbol.name().ok()).collect();
    ensure!(!names.is_empty(), "the image has no symbols to look at");
    // Everything in `core::panicking`, the handler itself, and the `unwrap_failed` kind.
    let panics = ["panic", "begin_unwind", "unwrap_failed", "expect_failed", "index_fail"];
    let is_panic = |name: &&&str| panics.iter().any(|part| name.contains(part));
    let found: Vec<&str> = names.iter().filter(is_panic).copied().collect();
    if !found.is_empty() {
        bail!("these symbols are there because something can panic:\n{}", found.join("\n"));
    }
    Ok(())
}
