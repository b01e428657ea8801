//! The agent's images, and how much code is in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol};

use crate::arch::Arch;
use crate::setup::Tools;
use crate::toolchain::{System, Wanted, build};

/// The most code that an agent may have, in bytes.
pub const TEXT_LIMIT: u64 = 6 << 10;

/// The agents for these machines, built if need be.
///
/// # Errors
/// There is no Rust for a machine, or the build fails.
pub fn agents(tools: &Tools, archs: &[Arch]) -> Result<BTreeMap<Arch, PathBuf>> {
    let wanted = Wanted { package: "agent", profile: "agent", system: System::Bare, args: &[] };
    let built = build(tools, archs, &wanted)?.into_iter().map(|(arch, built)| {
        let path = built.executable;
        Ok((arch, path.with_context(|| format!("cargo built no agent for {arch}"))?))
    });
    built.collect()
}

/// Where an agent's function is that is called for a debugger to look at what has changed.
///
/// # Errors
/// The image cannot be read, or has none.
pub fn debugger_function(agent: &Path) -> Result<u64> {
    let bytes = std::fs::read(agent).with_context(|| format!("cannot read {}", agent.display()))?;
    let file = object::File::parse(&*bytes).context("the agent is not readable")?;
    let found = file.symbol_by_name("agent_changed").map(|symbol| symbol.address());
    found.context("the agent has no function for a debugger")
}

/// The size of an agent's code in bytes.
///
/// # Errors
/// The image cannot be read.
pub fn text_size(agent: &Path) -> Result<u64> {
    let bytes = std::fs::read(agent).with_context(|| format!("cannot read {}", agent.display()))?;
    let file = object::File::parse(&*bytes).context("the agent is not readable")?;
    let text = file.section_by_name(".text").context("the agent has no code")?;
    Ok(text.size())
}
