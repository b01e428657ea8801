//! SQLite in all ways.

use std::fs;

use anyhow::{Context, Result};

use super::Module;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::parallel;
use crate::progress;
use crate::runtime::sqlite;
use crate::setup::Tools;

/// One module for each level of optimisation, with and without position-independent code, by gcc
/// and by clang.
///
/// # Errors
/// A compiler is missing, the source cannot be fetched, or does not compile.
pub fn modules(tools: &Tools, arch: Arch) -> Result<Vec<Module>> {
    let (gcc, clang) = (tools.gcc(arch)?, tools.clang()?);
    let mut ways = Vec::new();
    for compiler in [&gcc, &clang] {
        for level in ["-O0", "-O2", "-Os"] {
            for pic in ["-fPIC", "-fno-pic"] {
                ways.push((compiler, [level, pic]));
            }
        }
    }
    let step = progress::counted(format!("compiling SQLite, {arch}"), ways.len());
    let modules = parallel::map(&ways, |(compiler, flags)| {
        let program = compiler.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("sqlite3 [{program} {}]", flags.join(" "));
        let object = sqlite::object(arch, compiler, flags)?;
        let bytes = fs::read(&object).context("the object that was kept cannot be read")?;
        step.advance();
        Ok(Module::new(arch, name, vec![NamedBytes { name: "sqlite3.o".into(), bytes }]))
    });
    step.finish();
    modules.into_iter().collect()
}
