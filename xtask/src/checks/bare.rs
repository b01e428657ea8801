//! What is built for the machines: lints, and the core alone without a panic path.

use anyhow::{Context as _, Result, bail, ensure};
use object::{Object, ObjectSymbol};

use super::clients::UEFI_ARCHS;
use super::host::checked;
use super::rust_tools::{Tool, tool};
use super::{Context, Tally};
use crate::arch::Arch;
use crate::setup::Need;
use crate::toolchain::{self, BareRust, System, Wanted, Way, build};

/// Clippy on the image and what it is made of, for each machine.
pub(super) fn lint(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let rusts = Arch::ALL.map(|arch| tools.rust(arch)).into_iter().collect::<Result<Vec<_>>>()?;
    let uefi = UEFI_ARCHS.map(|arch| tools.rust_for(System::Uefi, arch));
    let uefi = uefi.into_iter().collect::<Result<Vec<_>>>()?;
    if rusts.iter().any(|rust| rust.way() == Way::Debian) {
        tools.ensure(&[Need::DebianClippy])?;
    }
    if rusts.iter().any(|rust| rust.way() != Way::Debian) {
        tool(tools, Tool::Clippy)?; // adds it to the toolchain
    }
    let lint = |name: &str, rusts: &[BareRust]| {
        let targets = Arch::ALL.map(|arch| format!("target-{arch}"));
        let image = ["qemu-image"].into_iter();
        let image: Vec<_> = image.chain(targets.iter().map(String::as_str)).collect();
        // Apart, as cargo gives what is built together the same features: what has no allocator, from
        // the image, which reads files with one; the agent, as it wants less of the targets.
        let small = ["bare-check", "loader-core", "loader-capi"];
        for packages in [&image[..], &small, &["agent"], &["qemu-crates"]] {
            let mut command = toolchain::cargo(rusts, "clippy").context("not the same way")?;
            command.args(packages.iter().flat_map(|package| ["--package", package]));
            checked(name, command.args(["--", "--deny", "warnings"]))?;
        }
        for used in ["archives", "debug", "options", "registry", "sealed"] {
            let mut command = toolchain::cargo(rusts, "clippy").context("not the same way")?;
            command.args(["--package", "size-probe", "--features"]);
            command.arg(format!("{used},aarch64,riscv64,x86_64"));
            checked(name, command.args(["--", "--deny", "warnings"]))?;
        }
        Ok(())
    };
    let mut tally = Tally::default();
    tally.count("lint for UEFI", lint_uefi(&uefi));
    if lint("lint for all machines", &rusts).is_ok() {
        tally.passed += Arch::ALL.len() as u64;
        return Ok(tally);
    }
    for (arch, rust) in Arch::ALL.into_iter().zip(&rusts) {
        let name = format!("lint for {arch}");
        tally.count(&name, lint(&name, std::slice::from_ref(rust)));
    }
    Ok(tally)
}

/// Clippy on the UEFI application.
fn lint_uefi(rusts: &[BareRust]) -> Result<()> {
    let mut command = toolchain::cargo(rusts, "clippy").context("not the same way")?;
    command.args(["--package", "uefi-example", "--", "--deny", "warnings"]);
    checked("lint for UEFI", &mut command)
}

/// Builds the core into an image of its own, which links only if nothing in it can panic.
pub(super) fn no_panic(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let wanted = Wanted { package: "bare-check", profile: "bare", system: System::Bare, args: &[] };
    // All at once is quicker. Where that fails, each tells for itself.
    let all = build(tools, &Arch::ALL, &wanted);
    let mut tally = Tally::default();
    for arch in Arch::ALL {
        let image = match &all {
            Ok(all) => Ok(all.get(&arch).cloned()),
            Err(_) => build(tools, &[arch], &wanted).map(|mut built| built.remove(&arch)),
        };
        let checked = image.and_then(|built| {
            let image = built.and_then(|built| built.executable);
            without_panic(&std::fs::read(image.context("cargo built no image")?)?)
        });
        tally.count(format!("no panic path on {arch}"), checked);
    }
    Ok(tally)
}

/// Looks again, at what was linked.
pub(super) fn without_panic(image: &[u8]) -> Result<()> {
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
