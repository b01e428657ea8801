//! Choosing the way: what is there first, then what can be had soonest.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

use super::{BareRust, FORCE, System, Way};
use crate::arch::Arch;
use crate::cli::UsageError;
use crate::process;
use crate::progress;
use crate::setup::{Need, SetupError, Tools, build_dir, on_path};

/// Longest that rustup may take to fetch a target: where it can at all, it is quick.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);
/// For how long a failed try is remembered.
const RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest that `rustc` may take to print a fact about itself.
const FACT_LIMIT: Duration = Duration::from_secs(60);

/// The Rust that builds programs for a system on `arch`, set up if need be.
///
/// # Errors
/// [`SetupError`] where there is none and none can be installed.
pub fn choose(tools: &Tools, system: System, arch: Arch) -> Result<BareRust> {
    let target = Target { arch, name: system.target(arch)? };
    let forced = std::env::var(FORCE).unwrap_or_default();
    let chosen = match forced.as_str() {
        "" => any(tools, target)?,
        "rustup" => ready(target).or_else(|| from_rustup(target, true)),
        "build-std" => build_std(target),
        "debian" => Some(debian(tools, target)?),
        other => {
            let error = anyhow!("{FORCE}={other}: it is rustup, build-std or debian");
            return Err(UsageError(error).into());
        }
    };
    let mut rust = chosen.ok_or_else(|| {
        let target = target.name;
        SetupError(format!("{FORCE}={forced}: this toolchain has no core library for {target}"))
    })?;
    if !has_rust_lld(&rust.rustc) {
        let lld = tools.lld()?;
        rust.linker = Some(match system {
            System::Bare => lld,
            System::Uefi => for_uefi(&lld),
        });
    }
    Ok(rust)
}

/// A target, and its machine.
#[derive(Clone, Copy)]
struct Target {
    arch: Arch,
    name: &'static str,
}

/// The same linker by the name under which it writes UEFI's programs.
fn for_uefi(lld: &Path) -> PathBuf {
    let name = lld.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    lld.with_file_name(name.replacen("ld.lld", "lld-link", 1))
}

fn any(tools: &Tools, target: Target) -> Result<Option<BareRust>> {
    let found = ready(target).or_else(|| from_rustup(target, false));
    if let Some(rust) = found.or_else(|| build_std(target)) {
        return Ok(Some(rust));
    }
    debian(tools, target).map(Some).map_err(|error| {
        let target = target.name;
        SetupError(format!(
            "there is no Rust that builds for {target}.\nRun: rustup target add {target}\n  or: \
             rustup component add rust-src\n{error:#}"
        ))
        .into()
    })
}

/// The active toolchain, if it has the target's `core` compiled.
fn ready(target: Target) -> Option<BareRust> {
    let dir = fact(&["--print", "target-libdir", "--target", target.name])?;
    let mut files = std::fs::read_dir(dir).ok()?.flatten();
    let is_core = |name: &str| name.starts_with("libcore-") && name.ends_with(".rlib");
    files
        .any(|file| file.file_name().to_str().is_some_and(is_core))
        .then(|| active(target, Way::Ready))
}

/// The active toolchain, once rustup has given it the target; where that failed not long ago,
/// it is tried `again` only if that is asked for.
fn from_rustup(target: Target, again: bool) -> Option<BareRust> {
    let rustup = on_path("rustup")?;
    let failed = build_dir().join("rustup-failed");
    if is_recent(&failed) && !again {
        return None;
    }
    let name = target.name;
    let step = progress::step(format!("installing Rust's core library for {name} with rustup"));
    let mut command = Command::new(rustup);
    command.args(["target", "add", name]).env("RUST_BACKTRACE", "0");
    let done = process::run_with(&mut command, RUSTUP_LIMIT, |line| step.say(line));
    step.finish();
    match done {
        Ok(done) if done.success() => {
            if let Some(rust) = ready(target) {
                return Some(rust);
            }
            progress::note("  rustup added the target to a toolchain that is not in use");
        }
        Ok(done) => {
            let text = done.stderr_text();
            let why = text.lines().find(|line| line.starts_with("error")).unwrap_or("it failed");
            progress::note(format!("  rustup target add {name}: {why}"));
        }
        Err(error) => progress::note(format!("  {error:#}")),
    }
    // The other targets would fare no better; nor would the next run, so soon.
    // Where this cannot be written down, the next run tries again: no harm.
    drop(std::fs::create_dir_all(build_dir()).and_then(|()| std::fs::write(&failed, name)));
    None
}

/// The active toolchain, if it has the library's sources.
fn build_std(target: Target) -> Option<BareRust> {
    let sysroot = fact(&["--print", "sysroot"])?;
    let core = Path::new(&sysroot).join("lib/rustlib/src/rust/library/core/Cargo.toml");
    core.is_file().then(|| active(target, Way::BuildStd))
}

fn debian(tools: &Tools, target: Target) -> Result<BareRust> {
    tools.ensure(&[Need::DebianRust, Need::Lld])?; // it comes without a linker of its own
    let (cargo, rustc) = (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc"));
    let Target { arch, name } = target;
    Ok(BareRust { arch, target: name, way: Way::Debian, cargo, rustc, linker: None })
}

/// The toolchain that runs xtask: the cargo that started it, and the rustc which that one calls.
fn active(target: Target, way: Way) -> BareRust {
    let cargo = std::env::var_os("CARGO").map_or_else(|| "cargo".into(), PathBuf::from);
    let Target { arch, name } = target;
    BareRust { arch, target: name, way, cargo, rustc: active_rustc(), linker: None }
}

fn active_rustc() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

/// What the active `rustc` prints about itself.
fn fact(args: &[&str]) -> Option<String> {
    print(&active_rustc(), args).ok()
}

fn print(rustc: &Path, args: &[&str]) -> Result<String> {
    let mut command = Command::new(rustc);
    command.args(args);
    if rustc.is_absolute() {
        command.env_remove("LD_LIBRARY_PATH"); // cargo's own, for another rustc
    }
    let done = process::run(&mut command, FACT_LIMIT)?.checked("rustc")?;
    Ok(done.stdout_text().trim().to_owned())
}

/// Whether the linker that the bare targets name comes with the toolchain, or is on the path.
fn has_rust_lld(rustc: &Path) -> bool {
    let bundled = || -> Result<bool> {
        let sysroot = print(rustc, &["--print", "sysroot"])?;
        let about = print(rustc, &["-vV"])?;
        let host = about.lines().find_map(|line| line.strip_prefix("host: "));
        let host = host.context("rustc -vV names no host")?;
        let lld = format!("lib/rustlib/{host}/bin/rust-lld{}", std::env::consts::EXE_SUFFIX);
        Ok(Path::new(&sysroot).join(lld).is_file())
    };
    on_path("rust-lld").is_some() || bundled().unwrap_or(false)
}

fn is_recent(file: &Path) -> bool {
    let modified = file.metadata().and_then(|data| data.modified());
    modified.is_ok_and(|time| time.elapsed().is_ok_and(|age| age < RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_linker_for_uefi_is_beside_the_other() {
        let name = |path: &str| for_uefi(Path::new(path)).display().to_string();
        assert_eq!(name("/usr/bin/ld.lld-22"), "/usr/bin/lld-link-22");
        assert_eq!(name("/opt/homebrew/opt/lld/bin/ld.lld"), "/opt/homebrew/opt/lld/bin/lld-link");
    }
}
