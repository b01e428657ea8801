//! Our own part of the runtime: what picolibc asks of a system, and the names that objects
//! compiled for glibc and for C++ expect.

use std::path::PathBuf;

use anyhow::Result;

use super::archives::{self, Inputs, Made};
use super::compile::{self, Unit, text};
use super::picolibc;
use crate::arch::Arch;
use crate::setup::{Tools, root};

/// The folders of sources, below `qemu-tests/runtime`.
const FOLDERS: [&str; 4] = ["cxx", "glibc", "rust", "system"];

/// Builds the archive, or finds it built.
///
/// # Errors
/// clang is missing, picolibc's headers cannot be fetched, or a source does not compile.
pub fn build(tools: &Tools, arch: Arch) -> Result<Made> {
    let clang = tools.clang()?;
    let flags = flags(arch)?;
    let inputs = Inputs::new().installed(&clang)?.words(&flags).contents(&sources())?;
    archives::archive(arch, "libshim.a", &inputs, || {
        let mut all = Vec::new();
        for folder in FOLDERS {
            all.extend(units(folder)?);
        }
        compile::compile(&clang, &flags, &all, format!("compiling the runtime's shim, {arch}"))
    })
}

/// Where our own part of the runtime is.
pub fn sources() -> PathBuf {
    root().join("qemu-tests/runtime")
}

/// The sources of one of its folders.
///
/// # Errors
/// It cannot be read.
pub fn units(folder: &str) -> Result<Vec<Unit>> {
    let sources = archives::entries(&sources().join(folder))?.into_iter();
    let sources = sources.filter(|path| picolibc::is_source(path));
    Ok(sources.map(|source| Unit::new(source, &format!("{folder}-"))).collect())
}

/// What clang is given for these.
///
/// # Errors
/// picolibc's headers cannot be fetched.
pub fn flags(arch: Arch) -> Result<Vec<String>> {
    let mut flags = picolibc::compile_flags(arch);
    flags.extend(picolibc::header_flags(arch)?);
    // The second folder is for the headers that picolibc keeps to itself.
    for folder in [&sources(), &picolibc::source_root()?] {
        flags.extend(["-I".into(), text(folder)?]);
    }
    flags.push("-D_DEFAULT_SOURCE".into());
    Ok(flags)
}
