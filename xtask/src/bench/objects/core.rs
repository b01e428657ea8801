//! Rust's core library as one object.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use object::read::archive::ArchiveFile;

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::bench::peers::LIMIT;
use crate::process;
use crate::runtime::archives::{Inputs, kept};
use crate::setup::{Tools, build_dir};
use crate::toolchain;

/// All of the library that comes with the compiler, or is built by it. Where that has several
/// objects, they are put together as `ld.lld -r` does it.
///
/// # Errors
/// There is no such library, or it cannot be put together.
pub fn object(tools: &Tools, arch: Arch) -> Result<PathBuf> {
    let archives = toolchain::archives_in(&toolchain::library_dir(tools, arch)?);
    let is_core = |path: &&PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libcore-"))
    };
    let archive = archives.iter().find(is_core).context("Rust's core library is not there")?;
    let lld = tools.lld()?;
    let inputs = Inputs::new().installed(archive)?.installed(&lld)?;
    let folder = build_dir().join("objects");
    let made = kept(&folder, "core.o", &inputs, || {
        let members = members(archive)?;
        match members.as_slice() {
            [] => bail!("{} has no objects", archive.display()),
            [one] => Ok(one.bytes.clone()),
            several => together(&lld, several),
        }
    })?;
    Ok(made.path)
}

fn members(archive: &Path) -> Result<Vec<NamedBytes>> {
    let cannot_read = || format!("cannot read {}", archive.display());
    let bytes = fs::read(archive).with_context(cannot_read)?;
    let file = ArchiveFile::parse(bytes.as_slice()).with_context(cannot_read)?;
    let mut members = Vec::new();
    for member in file.members() {
        let member = member.with_context(cannot_read)?;
        let data = member.data(bytes.as_slice()).with_context(cannot_read)?;
        // Its metadata is in an object of its own.
        let name = String::from_utf8_lossy(member.name()).into_owned();
        if data.starts_with(&object::elf::ELFMAG) && name.ends_with(".o") {
            members.push(NamedBytes { name, bytes: data.to_vec() });
        }
    }
    Ok(members)
}

fn together(lld: &Path, members: &[NamedBytes]) -> Result<Vec<u8>> {
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let mut command = Command::new(lld);
    let object = scratch.path().join("core.o");
    command.arg("-r").arg("-o").arg(&object);
    for (number, member) in members.iter().enumerate() {
        let path = scratch.path().join(format!("{number}.o"));
        fs::write(&path, &member.bytes).context("cannot write a temporary file")?;
        command.arg(path);
    }
    process::run(&mut command, LIMIT)?.checked("ld.lld")?;
    fs::read(&object).context("ld.lld wrote no object")
}
