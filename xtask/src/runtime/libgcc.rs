//! The compiler's helpers: what gcc and clang call where the machine has no instruction.
//!
//! They come with gcc, in an archive made to be linked into each program and not to be shared:
//! its symbols are hidden. Programs here take them from the runtime, a module of its own, so a
//! copy is made in which they can be seen. Members that no module can have stay behind.

use std::fs;

use anyhow::{Context, Result};
use object::read::archive::ArchiveFile;

use super::archives::{self, Inputs, Made};
use super::compile::unloadable;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::setup::Tools;
use crate::visibility::show;

/// Makes the copy, or finds it made.
///
/// # Errors
/// gcc's archive is missing or cannot be read.
pub fn build(tools: &Tools, arch: Arch) -> Result<Made> {
    let path = tools.libgcc(arch)?;
    let inputs = Inputs::new().installed(&path)?;
    archives::archive(arch, "libgcc.a", &inputs, || {
        let cannot_read = || format!("cannot read {}", path.display());
        let bytes = fs::read(&path).with_context(cannot_read)?;
        let archive = ArchiveFile::parse(bytes.as_slice()).with_context(cannot_read)?;
        let mut members = Vec::new();
        for member in archive.members() {
            let member = member.with_context(cannot_read)?;
            let mut bytes = member.data(bytes.as_slice()).with_context(cannot_read)?.to_vec();
            if unloadable(&bytes).is_some() {
                continue;
            }
            let name = String::from_utf8_lossy(member.name()).into_owned();
            show(&mut bytes).with_context(|| format!("in {}({name})", path.display()))?;
            members.push(NamedBytes { name, bytes });
        }
        Ok(members)
    })
}
