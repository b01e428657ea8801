//! What comes with gcc, for gcc and clang alike: the compiler's helpers, which it calls where the
//! machine has no instruction, and the part of the C++ library that the language itself needs.
//!
//! The helpers are made to be linked into each program and not to be shared: their symbols are hidden.
//! Programs here take them from the runtime, a module of its own, so copies are made in which they can
//! be seen. Members that no module can have stay behind.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::read::archive::ArchiveFile;

use super::archives::{self, Inputs, Made};
use super::compile::{self, unloadable};
use super::shim;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::setup::Tools;
use crate::visibility::show;

/// Members of `libsupc++.a` for which the shim has others, or which want threads.
const NOT_OF_CXX: &[&str] = &["atexit_thread.o", "guard.o", "guard_error.o"];

/// Makes the copy of the helpers, or finds it made. With them comes what cleans up in C.
///
/// # Errors
/// gcc's archives are missing or cannot be read.
pub fn helpers(tools: &Tools, arch: Arch) -> Result<Made> {
    let path = tools.libgcc(arch)?;
    let unwinding = path.with_file_name("libgcc_eh.a");
    let inputs = Inputs::new().installed(&path)?.installed(&unwinding)?;
    archives::archive(arch, "libgcc.a", &inputs, || {
        let mut members = copies(&path, |_| true)?;
        // Its other members are an unwinder.
        members.extend(copies(&unwinding, |name| name == "unwind-c.o")?);
        Ok(members)
    })
}

/// Makes an archive of gcc's unwinder, or finds it made: for programs in user mode, which have none of the
/// kernel's.
///
/// # Errors
/// As for [`helpers`], or clang does not compile what tells it of tables.
pub fn unwinder(tools: &Tools, arch: Arch) -> Result<Made> {
    let path = tools.libgcc(arch)?.with_file_name("libgcc_eh.a");
    let (clang, flags) = (tools.clang()?, shim::flags(arch)?);
    let inputs = Inputs::new().installed(&path)?.installed(&clang)?.words(&flags);
    archives::archive(arch, "libunwinder.a", &inputs.contents(&shim::sources())?, || {
        let mut members = copies(&path, |name| name.starts_with("unwind-dw2"))?;
        let message = format!("compiling what tells gcc's unwinder of tables, {arch}");
        members.extend(compile::compile(&clang, &flags, &shim::units("user")?, message)?);
        Ok(members)
    })
}

/// Makes the copy of what C++ needs, or finds it made.
///
/// # Errors
/// As for [`helpers`].
pub fn cxx(tools: &Tools, arch: Arch) -> Result<Made> {
    let path = tools.libsupcxx(arch)?;
    let left_out: Vec<_> = NOT_OF_CXX.iter().map(|&name| name.to_owned()).collect();
    let inputs = Inputs::new().installed(&path)?.words(&left_out);
    archives::archive(arch, "libsupc++.a", &inputs, || {
        copies(&path, |name| !NOT_OF_CXX.contains(&name))
    })
}

/// Copies of those members of an archive that are `wanted`, with all their symbols visible.
fn copies(path: &Path, wanted: impl Fn(&str) -> bool) -> Result<Vec<NamedBytes>> {
    let cannot_read = || format!("cannot read {}", path.display());
    let bytes = fs::read(path).with_context(cannot_read)?;
    let archive = ArchiveFile::parse(bytes.as_slice()).with_context(cannot_read)?;
    let mut members = Vec::new();
    for member in archive.members() {
        let member = member.with_context(cannot_read)?;
        let mut bytes = member.data(bytes.as_slice()).with_context(cannot_read)?.to_vec();
        let name = String::from_utf8_lossy(member.name()).into_owned();
        if !wanted(&name) || unloadable(&bytes).is_some() {
            continue;
        }
        show(&mut bytes).with_context(|| format!("in {}({name})", path.display()))?;
        members.push(NamedBytes { name, bytes });
    }
    Ok(members)
}
