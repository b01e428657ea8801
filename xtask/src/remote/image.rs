//! The agent's images, and how much code is in them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::{Object, ObjectSection};

use crate::arch::Arch;
use crate::setup::Tools;
use crate::toolchain::{Wanted, build};

/// The most code that an agent may have, in bytes.
pub const TEXT_LIMIT: u64 = 6 << 10;

/// The agents for these machines, built if need be.
///
/// # Errors
/// There is no Rust for a machine, or the build fails.
pub fn agents(tools: &Tools, archs: &[Arch]) -> Result<BTreeMap<Arch, PathBuf>> {
    let wanted = Wanted { package: "agent", profile: "agent", args: &[] };
    let built = build(tools, archs, &wanted)?.into_iter().map(|(arch, built)| {
        let path = built.executable;
        Ok((arch, path.with_context(|| format!("cargo built no agent for {arch}"))?))
    });
    built.collect()
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
