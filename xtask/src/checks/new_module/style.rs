//! What Rust's tools say of a new module's sources: nothing.

use anyhow::Result;

use super::build::Module;
use crate::checks::host::checked;
use crate::checks::rust_tools::{Tool, tool};
use crate::setup::Tools;

/// rustfmt has nothing to change, and clippy nothing to say.
pub(super) fn check(tools: &Tools, module: &Module) -> Result<()> {
    let manifest = module.folder.join("Cargo.toml");
    let mut format = tool(tools, Tool::Rustfmt)?;
    checked("cargo fmt", format.arg("--manifest-path").arg(&manifest).args(["--", "--check"]))?;
    let mut lint = tool(tools, Tool::Clippy)?;
    lint.arg("--manifest-path").arg(&manifest).args(["--", "--deny", "warnings"]);
    checked("cargo clippy", &mut lint)
}
