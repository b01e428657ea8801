//! rustfmt and clippy: of the active toolchain, added to it, or Debian's.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::process;
use crate::progress;
use crate::setup::{Need, SetupError, Tools, on_path, root};
use crate::toolchain;

use super::host::cargo;

/// A tool that cargo runs, and that toolchains may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tool {
    /// `cargo clippy`.
    Clippy,
    /// `cargo fmt`.
    Rustfmt,
}

impl Tool {
    const fn verb(self) -> &'static str {
        match self {
            Self::Clippy => "clippy",
            Self::Rustfmt => "fmt",
        }
    }

    const fn component(self) -> &'static str {
        match self {
            Self::Clippy => "clippy",
            Self::Rustfmt => "rustfmt",
        }
    }

    /// Debian's, and what it needs; its program comes first.
    const fn needs(self) -> &'static [Need] {
        match self {
            Self::Clippy => &[Need::DebianClippy, Need::DebianRust],
            Self::Rustfmt => &[Need::DebianRustfmt],
        }
    }
}

/// `cargo fmt` or `cargo clippy`, in the workspace's root.
///
/// # Errors
/// [`SetupError`] where the tool is missing and cannot be had.
pub(super) fn tool(tools: &Tools, tool: Tool) -> Result<Command> {
    if works(tool) || (from_rustup(tool) && works(tool)) {
        return Ok(cargo(tool.verb()));
    }
    tools.ensure(tool.needs()).map_err(|error| {
        let component = tool.component();
        SetupError(format!("Run: rustup component add {component}\n{error:#}"))
    })?;
    let mut command = Command::new(format!("/usr/bin/cargo-{}", tool.verb()));
    toolchain::leave_rustup(&mut command, Path::new("/usr/bin/rustc"));
    command.current_dir(root()).arg(tool.verb());
    if tool == Tool::Rustfmt {
        command.env("RUSTFMT", "/usr/bin/rustfmt");
    } else {
        command.arg("--target-dir").arg(crate::setup::build_dir().join("debian"));
    }
    Ok(command)
}

fn works(tool: Tool) -> bool {
    let limit = Duration::from_secs(60);
    process::run(cargo(tool.verb()).arg("--version"), limit).is_ok_and(|done| done.success())
}

/// Asks rustup for the component, if there is a rustup.
fn from_rustup(tool: Tool) -> bool {
    let Some(rustup) = on_path("rustup") else { return false };
    let component = tool.component();
    let step = progress::step(format!("installing {component} with rustup"));
    let mut command = Command::new(rustup);
    command.args(["component", "add", component]);
    let limit = Duration::from_secs(60);
    let done = process::run_with(&mut command, limit, |line| step.say(line));
    step.finish();
    done.is_ok_and(|done| done.success())
}
