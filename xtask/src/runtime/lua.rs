//! The demo: Lua's own sources, unmodified, and a script.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::archives::{self, Inputs};
use super::compile::{self, Unit, bytes_as_c, machine_flags, text};
use super::{picolibc, sources};
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::process;
use crate::progress;
use crate::setup::{Tools, build_dir, root};

/// The folder of the version that is used, in the package of all versions.
const VERSION: &str = "lua-5.4.9";
/// What the host's compiler, and then the host's Lua, may take at most.
const LIMIT: Duration = Duration::from_secs(300);

/// The demo, ready to be loaded.
#[derive(Debug)]
pub struct Demo {
    /// The objects, one for each source.
    pub objects: Vec<NamedBytes>,
}

/// Compiles the demo for `arch`, or finds it compiled. Its entry is `main`.
///
/// # Errors
/// clang is missing, the sources cannot be fetched, or one does not compile.
pub fn demo(tools: &Tools, arch: Arch) -> Result<Demo> {
    let clang = tools.clang()?;
    let lua = lua_sources()?;
    let mut flags = machine_flags(arch);
    flags.push("-O2".into());
    flags.extend(picolibc::header_flags(arch)?);
    flags.extend(["-I".into(), text(&lua)?]);
    let inputs = Inputs::new().installed(&clang)?.words(&flags).fixed(&lua).contents(&folder())?;
    let made = archives::archive(arch, "lua.a", &inputs, || {
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let units = all_sources(&lua, scratch.path())?;
        let units: Vec<Unit> = units.into_iter().map(|source| Unit::new(source, "")).collect();
        compile::compile(&clang, &flags, &units, format!("compiling Lua, {arch}"))
    })?;
    Ok(Demo { objects: archives::members(&made.path)? })
}

/// What the demo prints when it is compiled for this machine, with this machine's C library.
///
/// # Errors
/// There is no C compiler, or the demo cannot be built or fails.
pub fn expected(tools: &Tools) -> Result<Vec<u8>> {
    let compiler = tools.host_cc()?;
    let lua = lua_sources()?;
    let dir = build_dir();
    fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let scratch = tempfile::tempdir_in(dir).context("cannot make a temporary folder")?;
    let program = scratch.path().join("lua");
    let step = progress::step("compiling Lua for this machine");
    let mut command = Command::new(compiler);
    command.args(["-O1", "-w"]).arg("-I").arg(&lua).args(all_sources(&lua, scratch.path())?);
    command.args(["-lm", "-o"]).arg(&program);
    process::run(&mut command, LIMIT)?.checked("the C compiler")?;
    step.finish();
    Ok(process::run(&mut Command::new(program), LIMIT)?.checked("lua")?.stdout)
}

/// Where the script and its `main` are.
fn folder() -> PathBuf {
    root().join("qemu-tests/lua")
}

/// Where Lua's own sources are.
///
/// # Errors
/// They cannot be fetched.
pub fn lua_sources() -> Result<PathBuf> {
    Ok(sources::package("lua-src")?.join(VERSION))
}

/// All that makes the interpreter, the script included, whose source is written to `scratch`.
fn all_sources(lua: &Path, scratch: &Path) -> Result<Vec<PathBuf>> {
    let mut all = archives::entries(lua)?;
    all.retain(|path| picolibc::is_source(path));
    all.push(folder().join("main.c"));
    let path = folder().join("demo.lua");
    let script = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let source = scratch.join("demo_script.c");
    fs::write(&source, as_c(&script)).context("cannot write a temporary file")?;
    all.push(source);
    Ok(all)
}

/// The script as C: the one way to get a file into a program that every compiler has.
fn as_c(script: &[u8]) -> String {
    let array = bytes_as_c(script);
    format!(
        "#include <stddef.h>\nconst char demo_script[] = {{{array}\n}};\n\
         const size_t demo_script_size = sizeof demo_script;\n"
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_script_becomes_an_array() {
        let source = super::as_c("é\n".as_bytes());
        assert!(source.contains("-61, -87, 10,"), "{source}");
    }
}
