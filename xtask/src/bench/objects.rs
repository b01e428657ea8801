//! The real objects: what compilers make of large programs.
//!
//! Each is compiled once, and kept for the next run. Those of C and C++ are gcc's, with its defaults but
//! for what is said here.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::peers::VERSION_LIMIT;
use super::subject::Subject;
use crate::arch::Arch;
use crate::parallel;
use crate::process;
use crate::progress;
use crate::runtime::archives::{Inputs, kept};
use crate::runtime::{object, sqlite};
use crate::setup::{Tools, build_dir};
use crate::toolchain;

mod core;
mod groups;
mod lua;

/// One section for each function and each variable, as modules are compiled to be loaded in part.
const SECTIONS: [&str; 3] = ["-O2", "-ffunction-sections", "-fdata-sections"];

/// The objects, in the order of the tables.
const ROWS: &[Row] = &[
    Row { name: "sqlite-sections", origin: Origin::Sqlite, flags: &SECTIONS, quick: true },
    Row { name: "sqlite", origin: Origin::Sqlite, flags: &["-O2"], quick: false },
    Row {
        name: "sqlite-sections-debug",
        origin: Origin::Sqlite,
        flags: &["-O2", "-ffunction-sections", "-fdata-sections", "-g"],
        quick: false,
    },
    Row { name: "lua", origin: Origin::Lua, flags: &SECTIONS, quick: false },
    Row { name: "cxx-groups", origin: Origin::Groups, flags: &["-O2"], quick: false },
    Row { name: "rust-core", origin: Origin::Core, flags: &[], quick: false },
];

/// An object for all machines.
struct Row {
    name: &'static str,
    origin: Origin,
    flags: &'static [&'static str],
    /// Whether a quick run has it.
    quick: bool,
}

/// Where an object comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// Rust's core library, whole.
    Core,
    /// C++ with thousands of COMDAT groups.
    Groups,
    /// Lua, as one object.
    Lua,
    /// SQLite's amalgamation.
    Sqlite,
}

/// The objects for all machines; a quick run has the first alone.
///
/// # Errors
/// A compiler is missing, a source cannot be fetched, or one does not compile.
pub fn subjects(tools: &Tools, quick: bool) -> Result<Vec<Subject>> {
    let rows = || ROWS.iter().filter(|row| row.quick || !quick);
    let wanted: Vec<_> =
        rows().flat_map(|row| Arch::ALL.into_iter().map(move |arch| (row, arch))).collect();
    let step = progress::counted("compiling what is measured", wanted.len());
    let subjects = parallel::map(&wanted, |(row, arch)| {
        let subject = row.subject(tools, *arch);
        step.advance();
        subject
    });
    step.finish();
    subjects.into_iter().collect()
}

/// The code of a subject, compiled to be part of a shared library; `None` for what only comes compiled.
///
/// # Errors
/// As for [`subjects`].
pub fn position_independent(tools: &Tools, subject: &Subject) -> Result<Option<PathBuf>> {
    let row = ROWS.iter().find(|row| row.name == subject.name);
    let Some(row) = row.filter(|row| !matches!(row.origin, Origin::Core)) else { return Ok(None) };
    let mut flags: Vec<&str> = row.flags.iter().copied().chain(["-fPIC"]).collect();
    if matches!(row.origin, Origin::Groups) {
        // A library with unique symbols is never unloaded, and so loads only once.
        flags.push("-fno-gnu-unique");
    }
    row.object(tools, subject.arch, &flags).map(Some)
}

impl Row {
    fn subject(&self, tools: &Tools, arch: Arch) -> Result<Subject> {
        let path = self.object(tools, arch, self.flags)?;
        let compiler = match self.origin {
            Origin::Core => toolchain::rustc(tools, arch)?,
            Origin::Groups => Command::new(tools.gxx(arch)?),
            Origin::Lua | Origin::Sqlite => Command::new(tools.gcc(arch)?),
        };
        Ok(Subject { name: self.name.into(), arch, path, compiler: version(compiler)? })
    }

    fn object(&self, tools: &Tools, arch: Arch, flags: &[&str]) -> Result<PathBuf> {
        match self.origin {
            Origin::Core => core::object(tools, arch),
            Origin::Groups => groups::object(&tools.gxx(arch)?, flags),
            Origin::Lua => lua::object(arch, &tools.gcc(arch)?, flags),
            Origin::Sqlite => sqlite::object(arch, &tools.gcc(arch)?, flags),
        }
        .with_context(|| format!("{}, {arch}", self.name))
    }
}

/// Compiles a source that was written for this, or finds it compiled.
fn generated(name: &str, compiler: &Path, flags: &[&str], text: &str) -> Result<PathBuf> {
    let folder = build_dir().join("objects");
    let inputs = Inputs::new().words(&[text.to_owned()]);
    // All machines have the same source, and are compiled for at the same time.
    static WRITING: Mutex<()> = Mutex::new(());
    let alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let source = kept(&folder, name, &inputs, || Ok(text.as_bytes().to_vec()))?.path;
    drop(alone);
    let mut command = Command::new(compiler);
    command.args(flags).arg("-c").arg(&source);
    let object = Path::new(name).with_extension("o");
    object::object(&object.to_string_lossy(), command, inputs)
}

/// The first line of what a compiler says of its version.
fn version(mut compiler: Command) -> Result<String> {
    let done = process::run(compiler.arg("--version"), VERSION_LIMIT)?;
    let text = done.checked("the compiler")?.stdout_text();
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_runs_have_the_object_of_the_bars() {
        let quick: Vec<_> = ROWS.iter().filter(|row| row.quick).map(|row| row.name).collect();
        assert_eq!(quick, ["sqlite-sections"]);
        let mut names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ROWS.len());
    }
}
