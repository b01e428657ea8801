//! SQLite's amalgamation, the largest single object that C programmers meet, in all ways.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Module;
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::parallel;
use crate::process;
use crate::progress;
use crate::runtime::{picolibc, sources};
use crate::setup::{self, Tools};

/// Longest that one compilation may take, on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(1800);
/// Without an operating system, as a module would have it.
const DEFINES: &[&str] = &[
    "-DSQLITE_OS_OTHER=1",
    "-DSQLITE_THREADSAFE=0",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_ENABLE_FTS5",
    "-DSQLITE_ENABLE_RTREE",
];

/// One module for each level of optimisation, with and without position-independent code, by gcc
/// and by clang.
///
/// # Errors
/// A compiler is missing, the source cannot be fetched, or does not compile.
pub fn modules(tools: &Tools, arch: Arch) -> Result<Vec<Module>> {
    let source = sources::package("libsqlite3-sys")?.join("sqlite3/sqlite3.c");
    let headers = picolibc::header_flags(arch)?;
    let (gcc, clang) = (tools.gcc(arch)?, tools.clang()?);
    let mut ways = Vec::new();
    for compiler in [&gcc, &clang] {
        for level in ["-O0", "-O2", "-Os"] {
            for pic in ["-fPIC", "-fno-pic"] {
                ways.push((compiler, level, pic));
            }
        }
    }
    let step = progress::counted(format!("compiling SQLite, {arch}"), ways.len());
    let modules = parallel::map(&ways, |(compiler, level, pic)| {
        let module = compile(compiler, arch, &[level, pic], &headers, &source);
        step.advance();
        module
    });
    step.finish();
    modules.into_iter().collect()
}

fn compile(
    compiler: &Path,
    arch: Arch,
    flags: &[&str],
    headers: &[String],
    source: &Path,
) -> Result<Module> {
    let program = compiler.file_name().unwrap_or_default().to_string_lossy();
    let name = format!("sqlite3 [{program} {}]", flags.join(" "));
    let mut command = match program.starts_with("clang") {
        true => arch.clang(compiler),
        false => Command::new(compiler),
    };
    command.args(flags).args(DEFINES).args(["-w", "-ffreestanding"]);
    // clang's way to leave out the system's headers, which come last with gcc.
    let known = |flag: &&String| program.starts_with("clang") || *flag != "-nostdlibinc";
    command.args(headers.iter().filter(known));
    command.arg("-c").arg(source);
    let object = kept(&command, source)?;
    if !object.exists() {
        // Under its own name once it is whole.
        let unfinished = object.with_extension("unfinished");
        command.arg("-o").arg(&unfinished);
        process::run(&mut command, LIMIT)?.checked(&name)?;
        fs::rename(&unfinished, &object).context("the compiler wrote no object")?;
    }
    let bytes = fs::read(&object).context("the object that was kept cannot be read")?;
    Ok(Module::new(arch, name, vec![NamedBytes { name: "sqlite3.o".into(), bytes }]))
}

/// Where the object that a command makes is kept for the next run: all of them take minutes. Another
/// compiler, another flag or another source has another place.
fn kept(command: &Command, source: &Path) -> Result<PathBuf> {
    let mut hasher = DefaultHasher::new();
    command.get_args().for_each(|arg| arg.hash(&mut hasher));
    for path in [Path::new(command.get_program()), source] {
        let path = path.canonicalize().with_context(|| format!("no {}", path.display()))?;
        let about = path.metadata().with_context(|| format!("no {}", path.display()))?;
        (&path, about.len(), about.modified().ok()).hash(&mut hasher);
    }
    let folder = setup::build_dir().join("sqlite");
    fs::create_dir_all(&folder).context("cannot make a folder for SQLite's objects")?;
    Ok(folder.join(format!("{:016x}.o", hasher.finish())))
}
