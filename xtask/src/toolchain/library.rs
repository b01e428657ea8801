//! The core library itself: for `rustc --emit=obj`, and for objects that need parts of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

use super::{BareRust, System, Wanted, Way, build};
use crate::arch::Arch;
use crate::process;
use crate::setup::{Tools, build_dir};

/// Longest that `rustc` may take to print a fact about itself.
const FACT_LIMIT: Duration = Duration::from_secs(60);

/// `rustc` for `arch`'s bare target, ready to compile a `no_std` crate.
///
/// # Errors
/// There is no Rust for the machine, or its core library cannot be built.
pub fn rustc(tools: &Tools, arch: Arch) -> Result<Command> {
    let rust = tools.rust(arch)?;
    let mut command = bare_rustc(&rust);
    if rust.way != Way::Ready {
        library_dir(tools, arch)?;
        command.arg("--sysroot").arg(sysroot(&rust));
    }
    Ok(command)
}

/// Which `rustc` compiles for `arch`'s bare target, in its own words, and whether the core library too.
///
/// # Errors
/// There is no Rust for the machine.
pub fn version(tools: &Tools, arch: Arch) -> Result<String> {
    let rust = tools.rust(arch)?;
    let mut command = bare_rustc(&rust);
    let done = process::run(command.arg("-V"), FACT_LIMIT)?.checked("rustc")?;
    let core = if rust.way == Way::Ready { "" } else { ", core library from source" };
    Ok(format!("{}{core}", done.stdout_text().trim()))
}

/// The folder that holds `libcore-*.rlib` and its companions for `arch`'s bare target.
///
/// # Errors
/// There is no Rust for the machine, or its core library cannot be built.
pub fn library_dir(tools: &Tools, arch: Arch) -> Result<PathBuf> {
    let rust = tools.rust(arch)?;
    if rust.way == Way::Ready {
        let mut command = bare_rustc(&rust);
        command.args(["--print", "target-libdir"]);
        let done = process::run(&mut command, FACT_LIMIT)?.checked("rustc")?;
        return Ok(done.stdout_text().trim().into());
    }
    static DONE: Mutex<BTreeMap<Arch, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(dir) = done.get(&arch) {
        return Ok(dir.clone());
    }
    // The smallest package that needs `core` and `alloc`; the images need it too.
    let wanted =
        Wanted { package: "qemu-protocol", profile: "release", system: System::Bare, args: &[] };
    let built = build(tools, &[arch], &wanted)?;
    let dir = sysroot(&rust).join("lib/rustlib").join(arch.rust_target()).join("lib");
    let libraries = built.get(&arch).map(|built| built.libraries.as_slice()).unwrap_or_default();
    mirror(libraries, &dir).with_context(|| format!("cannot write to {}", dir.display()))?;
    done.insert(arch, dir.clone());
    Ok(dir)
}

/// Every folder on this machine that may hold a core library for `arch`, whatever its target:
/// those of all toolchains, and our own builds of it.
pub fn library_dirs(tools: &Tools, arch: Arch) -> Vec<PathBuf> {
    let mut sysroots = vec![PathBuf::from("/usr"), PathBuf::from("/usr/local")];
    let mut print = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    if let Ok(done) = process::run(print.args(["--print", "sysroot"]), FACT_LIMIT) {
        sysroots.push(done.stdout_text().trim().into());
    }
    let home = std::env::home_dir().map(|home| home.join(".rustup"));
    let rustup = std::env::var_os("RUSTUP_HOME").map(PathBuf::from).or(home);
    sysroots.extend(rustup.into_iter().flat_map(|dir| folders_in(&dir.join("toolchains"))));
    // Our own builds of it: those of this way, and what other ways have left.
    let mut dirs: Vec<PathBuf> = library_dir(tools, arch).into_iter().collect();
    sysroots.extend(folders_in(&build_dir().join(arch.name())));
    for targets in sysroots.iter().map(|sysroot| sysroot.join("lib/rustlib")) {
        let ours = folders_in(&targets).into_iter().filter(|dir| is_for(dir, arch));
        dirs.extend(ours.map(|dir| dir.join("lib")));
    }
    dirs.retain(|dir| dir.is_dir());
    dirs.sort();
    dirs.dedup();
    dirs
}

/// The `core`, `alloc` and `compiler_builtins` archives in `dir`.
pub fn archives_in(dir: &Path) -> Vec<PathBuf> {
    let wanted = ["libcore-", "liballoc-", "libcompiler_builtins-"];
    let is_wanted = |name: &str| {
        name.ends_with(".rlib") && wanted.iter().any(|prefix| name.starts_with(prefix))
    };
    let mut found: Vec<PathBuf> = entries(dir)
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_wanted))
        .collect();
    found.sort();
    found
}

fn bare_rustc(rust: &BareRust) -> Command {
    let mut command = Command::new(&rust.rustc);
    rust.own_environment(&mut command);
    command.args(["--target", rust.target]);
    command
}

/// The folder that stands in for the toolchain's own, where that has no library for the target.
fn sysroot(rust: &BareRust) -> PathBuf {
    build_dir().join(rust.arch.name()).join(format!("sysroot-{}", rust.way.name()))
}

/// Makes `dir` hold exactly `files`.
fn mirror(files: &[PathBuf], dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let names: Vec<_> = files.iter().filter_map(|file| file.file_name()).collect();
    let is_old = |path: &PathBuf| {
        let is_library = path.extension().is_some_and(|ext| ext == "rlib");
        is_library && !path.file_name().is_some_and(|name| names.contains(&name))
    };
    for old in entries(dir).filter(is_old) {
        std::fs::remove_file(old)?;
    }
    for file in files {
        let Some(name) = file.file_name() else { continue };
        let to = dir.join(name);
        // The name holds a hash of all that went into the file.
        if to.metadata().ok().map(|data| data.len()) != Some(file.metadata()?.len()) {
            let temporary = tempfile::NamedTempFile::new_in(dir)?;
            std::fs::copy(file, temporary.path())?;
            temporary.persist(&to)?;
        }
    }
    Ok(())
}

fn is_for(dir: &Path, arch: Arch) -> bool {
    let prefix = match arch {
        Arch::Aarch64 => "aarch64-",
        Arch::Riscv64 => "riscv64",
        Arch::X86_64 => "x86_64-",
    };
    let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(prefix) && !name.ends_with("-uefi") // whose objects are no ELF files
}

fn folders_in(dir: &Path) -> Vec<PathBuf> {
    entries(dir).filter(|path| path.is_dir()).collect()
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}
