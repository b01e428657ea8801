//! Lua as one object: all its sources in one file, as its authors' own `onelua.c` does it.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::runtime::{lua, picolibc};

/// The object, compiled by gcc for `arch`.
///
/// # Errors
/// The sources cannot be fetched, or do not compile.
pub fn object(arch: Arch, compiler: &Path, flags: &[&str]) -> Result<PathBuf> {
    let folder = lua::lua_sources()?;
    let mut sources = crate::runtime::archives::entries(&folder)?;
    sources.retain(|path| path.extension().is_some_and(|extension| extension == "c"));
    let text = one(&sources)?;
    let headers: Vec<String> =
        picolibc::header_flags(arch)?.into_iter().filter(|flag| flag != "-nostdlibinc").collect();
    let folder = folder.to_str().context("the folder of Lua's sources is not Unicode")?;
    let mut all: Vec<&str> = flags.to_vec();
    all.extend(["-w", "-ffreestanding", "-I", folder]);
    all.extend(headers.iter().map(String::as_str));
    super::generated("lua.c", compiler, &all, &text)
}

/// A file that includes all others.
fn one(sources: &[PathBuf]) -> Result<String> {
    let mut text = String::from("#define LUA_CORE\n#define LUA_LIB\n");
    for source in sources {
        let path =
            source.to_str().with_context(|| format!("{} is not Unicode", source.display()))?;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "#include \"{path}\"");
    }
    Ok(text)
}
