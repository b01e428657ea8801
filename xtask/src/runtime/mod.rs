//! The C runtime that programs are loaded with, and the demo that is loaded with it.
//!
//! Four archives of plain objects, in the order in which a linker would search them: our own
//! shim over what the image exports (`qemu-tests/runtime`), what C++ needs of its library for the
//! language itself, picolibc, and the compiler's helpers. Programs take from them the members that they need, and the loader loads these as
//! it loads any object.

use std::path::PathBuf;

use anyhow::Result;

use crate::arch::Arch;
use crate::setup::Tools;

pub mod archives;
mod closed;
pub mod compile;
mod gcc;
pub mod lua;
pub mod object;
pub mod picolibc;
mod shim;
pub mod sources;
pub mod sqlite;

pub use archives::in_memory;

/// What the image itself calls in the runtime, so that it must be there for every program.
pub const ROOTS: &[&str] = &["__runtime_finish"];

/// Builds the runtime's archives for `arch`, or finds them built, in the order to search them.
///
/// # Errors
/// A tool is missing, the sources cannot be fetched, or something does not compile.
pub fn build(tools: &Tools, arch: Arch) -> Result<Vec<PathBuf>> {
    let shim = shim::build(tools, arch)?;
    let libc = picolibc::build(tools, arch)?;
    let cxx = gcc::cxx(tools, arch)?;
    let libgcc = gcc::helpers(tools, arch)?;
    if shim.fresh || libc.fresh || cxx.fresh {
        closed::check(&[&shim, &cxx, &libc], &libgcc)?;
    }
    Ok(vec![shim.path, cxx.path, libc.path, libgcc.path])
}

/// As [`build`], for programs in user mode: with an unwinder of their own, before all else.
///
/// # Errors
/// As for [`build`].
pub fn build_for_user(tools: &Tools, arch: Arch) -> Result<Vec<PathBuf>> {
    let mut archives = build(tools, arch)?;
    archives.insert(0, gcc::unwinder(tools, arch)?.path);
    Ok(archives)
}
