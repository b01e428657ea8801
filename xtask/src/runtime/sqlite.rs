//! SQLite's amalgamation, the largest single object that C programmers meet.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::archives::Inputs;
use super::{object, picolibc, sources};
use crate::arch::Arch;

/// Without an operating system, as a module would have it.
const DEFINES: &[&str] = &[
    "-DSQLITE_OS_OTHER=1",
    "-DSQLITE_THREADSAFE=0",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_ENABLE_FTS5",
    "-DSQLITE_ENABLE_RTREE",
];

/// SQLite's object, compiled for `arch` by gcc or clang with these flags, or found compiled.
///
/// # Errors
/// The source cannot be fetched, or does not compile.
pub fn object(arch: Arch, compiler: &Path, flags: &[&str]) -> Result<PathBuf> {
    let source = sources::package("libsqlite3-sys")?.join("sqlite3/sqlite3.c");
    let headers = picolibc::header_flags(arch)?;
    let is_clang =
        compiler.file_name().is_some_and(|name| name.to_string_lossy().contains("clang"));
    let mut command = if is_clang { arch.clang(compiler) } else { Command::new(compiler) };
    command.args(flags).args(DEFINES).args(["-w", "-ffreestanding"]);
    // clang's way to leave out the system's headers, which come last with gcc.
    command.args(headers.iter().filter(|flag| is_clang || *flag != "-nostdlibinc"));
    command.arg("-c").arg(&source);
    object::object("sqlite3.o", command, Inputs::new().fixed(&source))
}
