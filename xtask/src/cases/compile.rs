//! Compiling a source as a user would, and keeping the object for the next time.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::variants::{Compiler, Language};
use crate::arch::Arch;
use crate::process;
use crate::setup::{Tools, build_dir, root};
use crate::toolchain;

/// Longest that one source may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What every C++ source is compiled with: there is nothing to throw to.
const CXX: &[&str] = &["-std=c++17", "-fno-exceptions", "-fno-rtti"];
/// What every Rust source is compiled with.
const RUST: &[&str] = &["--edition=2024", "--crate-type=lib", "--emit=obj", "-Cpanic=abort"];
/// What the C side of a Rust case is compiled with.
const BESIDE_RUST: &[&str] = &["-O2"];

/// The object that `compiler` makes of `source` for `arch`.
///
/// # Errors
/// The compiler is missing, or refuses the source.
pub fn object(
    tools: &Tools,
    arch: Arch,
    source: &Path,
    compiler: Compiler,
    flags: &[String],
) -> Result<Vec<u8>> {
    let mut command = command(tools, arch, source, compiler, flags)?;
    let kept = kept(arch, &command, source)?;
    if let Ok(bytes) = std::fs::read(&kept) {
        return Ok(bytes);
    }
    let dir = kept.parent().context("a build folder has a parent")?;
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    // Some flags leave more than the object; all of it goes with the folder.
    let temporary = tempfile::tempdir_in(dir)?;
    let object = temporary.path().join("case.o");
    let name = command.get_program().to_string_lossy().into_owned();
    process::run(command.arg("-o").arg(&object), LIMIT)?.checked(&name)?;
    let bytes = std::fs::read(&object).context("the compiler wrote no object")?;
    // Another xtask may have been as fast: its object is the same.
    std::fs::rename(&object, &kept).with_context(|| format!("cannot write {}", kept.display()))?;
    Ok(bytes)
}

/// The name that reports and errors call the object of `source` by.
pub fn object_name(source: &Path) -> String {
    let stem = source.file_stem().unwrap_or(source.as_os_str());
    format!("{}.o", stem.to_string_lossy())
}

fn command(
    tools: &Tools,
    arch: Arch,
    source: &Path,
    compiler: Compiler,
    flags: &[String],
) -> Result<Command> {
    let language = Language::of(source).context("not a source")?;
    let mut command = match (compiler, language) {
        (_, Language::Rust) => {
            let mut command = toolchain::rustc(tools, arch)?;
            command.args(RUST);
            command
        }
        (Compiler::Gcc, Language::Cxx) => Command::new(tools.gxx(arch)?),
        (Compiler::Gcc, _) => Command::new(tools.gcc(arch)?),
        (_, Language::Cxx) => arch.clang(&tools.clangxx()?),
        (_, _) => arch.clang(&tools.clang()?),
    };
    if language == Language::Cxx {
        command.args(CXX);
    }
    if language != Language::Rust {
        command.arg("-c");
    }
    if compiler == Compiler::Rustc && language != Language::Rust {
        command.args(BESIDE_RUST);
    } else {
        command.args(flags);
    }
    // Paths end up in debug information: relative ones are the same everywhere.
    command.current_dir(source.parent().context("a source has a folder")?);
    command.arg(source.file_name().context("a source has a name")?);
    Ok(command)
}

/// Where the object is kept: named by all that it is made of.
fn kept(arch: Arch, command: &Command, source: &Path) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    let program = Path::new(command.get_program());
    program.hash(&mut hasher);
    if let Ok(compiler) = program.metadata() {
        compiler.len().hash(&mut hasher);
        compiler.modified().ok().hash(&mut hasher);
    }
    command.get_args().for_each(|arg| arg.hash(&mut hasher));
    let folder = source.parent().context("a source has a folder")?;
    let shared = folder.with_file_name("include");
    let metadata = root().join("loader-module/include");
    let headers = [folder, &shared, &metadata].into_iter().flat_map(headers);
    for path in headers.chain([source.to_owned()]) {
        let bytes = std::fs::read(&path);
        bytes.with_context(|| format!("cannot read {}", path.display()))?.hash(&mut hasher);
    }
    let name = format!("{}-{:016x}.o", object_name(source), hasher.finish());
    Ok(build_dir().join(arch.name()).join("cases").join(name))
}

/// What sources in a folder may include: every file that is not compiled by itself, in order.
/// (The shared folder holds a module for Rust too.)
fn headers(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    files.retain(|path| Language::of(path).is_none() || path.ends_with("include/case.rs"));
    files.sort();
    files.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_named_after_their_sources() {
        assert_eq!(object_name(Path::new("symbols/weak.c")), "weak.o");
        assert_eq!(object_name(Path::new("a/code.S")), "code.o");
    }

    #[test]
    fn a_kept_object_is_named_by_what_it_is_made_of() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("folder");
        std::fs::create_dir(&folder).unwrap();
        let source = folder.join("a.c");
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        let path = |flag: &str| {
            let mut command = Command::new("cc");
            command.arg(flag);
            kept(Arch::Aarch64, &command, &source).unwrap()
        };
        write("a.c", "int a;");
        write("a.h", "int b;");
        let first = path("-O2");
        assert_eq!(first, path("-O2"));
        assert_ne!(first, path("-O0"));
        write("b.c", "int c;");
        assert_eq!(first, path("-O2"));
        write("a.h", "int bb;");
        let second = path("-O2");
        assert_ne!(first, second);
        write("a.c", "int aa;");
        assert_ne!(second, path("-O2"));
    }
}
