//! Our own part of the runtime: what picolibc asks of a system, and the names that objects
//! compiled for glibc and for C++ expect.

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
    let runtime = root().join("qemu-tests/runtime");
    let clang = tools.clang()?;
    let mut flags = picolibc::compile_flags(arch);
    flags.extend(picolibc::header_flags(arch)?);
    // The second folder is for the headers that picolibc keeps to itself.
    for folder in [&runtime, &picolibc::source_root()?] {
        flags.extend(["-I".into(), text(folder)?]);
    }
    flags.push("-D_DEFAULT_SOURCE".into());
    let inputs = Inputs::new().installed(&clang)?.words(&flags).contents(&runtime)?;
    archives::archive(arch, "libshim.a", &inputs, || {
        let mut units = Vec::new();
        for folder in FOLDERS {
            let sources = archives::entries(&runtime.join(folder))?.into_iter();
            let sources = sources.filter(|path| picolibc::is_source(path));
            units.extend(sources.map(|source| Unit::new(source, &format!("{folder}-"))));
        }
        compile::compile(&clang, &flags, &units, format!("compiling the runtime's shim, {arch}"))
    })
}
