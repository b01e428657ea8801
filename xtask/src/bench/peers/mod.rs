//! Other loaders and linkers, each in a file of its own, and what they have in common.
//!
//! A peer runs in a process that may fail, crash or hang: what it then says is its outcome, and the
//! measurement goes on.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::outcome::{Measured, Peer};
use super::subject::Subject;
use crate::arch::Arch;
use crate::process::{self, Done};
use crate::progress;
use crate::setup::{Tools, build_dir, root};

mod crates;
mod dlopen;
mod jitlink;
mod linkers;
mod ours_process;
mod rtdyld;
mod symbols;

/// Longest that one run may take.
pub const LIMIT: Duration = Duration::from_secs(120);
/// Longest that a program may take to say its version.
pub const VERSION_LIMIT: Duration = Duration::from_secs(20);
/// How long a peer may take for all runs on one object; it then ends with fewer.
const BUDGET: Duration = Duration::from_secs(60);
/// Longest that building a program of ours may take.
const BUILD_LIMIT: Duration = Duration::from_secs(30 * 60);

/// All peers; those that are not on this machine and cannot be installed refuse everything.
pub fn peers(tools: &Tools) -> Vec<Box<dyn Peer>> {
    type Find = fn(&Tools) -> Result<Box<dyn Peer>>;
    let all: [(&'static str, Find); 8] = [
        ("llvm-jitlink", jitlink::find),
        ("llvm-rtdyld", rtdyld::find),
        (linkers::LLD, linkers::lld),
        (linkers::MOLD, linkers::mold),
        (ours_process::NAME, ours_process::find),
        (crates::ELF_LOADER, crates::elf_loader),
        (crates::KMOD_LOADER, crates::kmod_loader),
        ("dlopen", dlopen::find),
    ];
    let found = all.into_iter().map(|(name, find)| match find(tools) {
        Ok(peer) => peer,
        Err(error) => Box::new(Missing { name, why: format!("{error:#}") }),
    });
    found.collect()
}

/// A peer that is not here.
struct Missing {
    name: &'static str,
    why: String,
}

impl Peer for Missing {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &str {
        "missing"
    }

    fn measure(&self, _: &Subject, _: usize) -> Run<Measured> {
        Err(self.why.clone())
    }
}

/// What a run came to, or the peer's words for why it did not.
type Run<T> = std::result::Result<T, String>;

/// A whole process: how many seconds it took, and what it printed.
///
/// # Errors
/// It cannot be started, fails or takes too long.
fn process(command: &mut Command) -> Run<(f64, Done)> {
    let started = Instant::now();
    let done = process::run(command, LIMIT).map_err(|error| format!("{error:#}"))?;
    let seconds = started.elapsed().as_secs_f64();
    if done.success() { Ok((seconds, done)) } else { Err(words(&done)) }
}

/// Does a run `times` times after one that warms the machine up; fewer times where these take long, and
/// the first one counts where it alone takes too long.
///
/// # Errors
/// One of them fails.
fn repeat<T>(times: usize, mut run: impl FnMut() -> Run<T>) -> Run<Vec<T>> {
    let started = Instant::now();
    let first = run()?;
    let mut runs = Vec::with_capacity(times);
    while runs.len() < times && started.elapsed() < BUDGET {
        runs.push(run()?);
    }
    if runs.is_empty() {
        runs.push(first);
    }
    Ok(runs)
}

/// The line in which a program that failed says why, without its own name.
fn words(done: &Done) -> String {
    let text = format!("{}\n{}", done.stderr_text(), done.stdout_text());
    let said: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let is_error = |line: &&str| line.to_lowercase().contains("error");
    let Some(at) = said.iter().position(is_error).or((!said.is_empty()).then_some(0)) else {
        return done.status.to_string();
    };
    let line = said[at].split_once(" error: ").map_or(said[at], |(_, rest)| rest);
    match said.get(at + 1) {
        Some(next) if line.ends_with(':') => format!("{line} {next}"),
        _ => line.to_owned(),
    }
}

/// The wall time that LLVM's tools print for one of their timers. It is the last column before the name;
/// the ones before it are left out where all are 0.
fn wall_time(times: &str, timer: &str) -> Option<f64> {
    let line = times.lines().find_map(|line| line.split_once(timer))?.0;
    line.rsplit_once('(')?.0.split_whitespace().next_back()?.parse().ok()
}

/// What a program says of its version: the first line that has a number.
fn version(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let text = process::run(command, VERSION_LIMIT)?.checked(&name)?.stdout_text();
    let line = text.lines().find(|line| line.contains(|c: char| c.is_ascii_digit()));
    Ok(line.with_context(|| format!("{name} says no version"))?.trim().to_owned())
}

/// A program of this workspace, as it is released.
///
/// It has a build folder of its own: what runs now is in cargo's usual one.
///
/// # Errors
/// It does not build.
fn released(package: &str) -> Result<PathBuf> {
    let folder = build_dir().join("bench");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root()).args(["build", "--release", "--package", package]);
    command.arg("--target-dir").arg(&folder);
    let step = progress::step(format!("building {package} to be measured"));
    let done = process::run_with(&mut command, BUILD_LIMIT, |line| step.say(line));
    step.finish();
    done?.checked("cargo build")?;
    Ok(folder.join("release").join(format!("{package}{}", std::env::consts::EXE_SUFFIX)))
}

/// Whether code for a machine runs on this one.
fn is_host(arch: Arch) -> bool {
    cfg!(target_os = "linux") && std::env::consts::ARCH == arch.name()
}

/// A source of C that defines these names, as nothing, and a function that does nothing. The table of
/// position-independent code is left to who loads it.
fn stubs(names: &[String], nothing: &str) -> String {
    let mut text = format!("int {nothing}(void) {{ return 0; }}\n");
    for name in names.iter().filter(|name| *name != "_GLOBAL_OFFSET_TABLE_") {
        text.push_str(&format!("__asm__(\".globl \\\"{name}\\\"\\n\\\"{name}\\\":\\n\");\n"));
    }
    text
}

/// Runs a compiler to its end.
///
/// # Errors
/// It fails: what it said.
fn compile(command: &mut Command) -> Run<()> {
    process(command).map(drop)
}

/// A new folder for what a peer writes, which goes with the value.
fn scratch() -> Run<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| format!("cannot make a temporary folder: {error}"))
}

/// Writes a file that a peer is given.
fn write(path: &Path, text: &str) -> Run<()> {
    std::fs::write(path, text).map_err(|error| format!("cannot write a temporary file: {error}"))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::bench::outcome::Outcome;

    fn failed(script: &str) -> String {
        process(Command::new("sh").args(["-c", script])).unwrap_err()
    }

    #[test]
    fn a_peer_is_taken_by_its_word() {
        let said = "echo 'PLEASE submit a bug report' >&2; echo ' LLVM ERROR: type 44' >&2; exit 1";
        assert_eq!(failed(said), "LLVM ERROR: type 44");
        let said =
            "echo 'ld: error: cannot relocate:' >&2; echo '  Symbol not found: f' >&2; exit 1";
        assert_eq!(failed(said), "cannot relocate: Symbol not found: f");
        assert_eq!(failed("echo no; exit 1"), "no");
        assert!(failed("kill -SEGV $$").contains("signal: 11"));
        assert!(
            process(&mut Command::new("/nowhere/at/all")).unwrap_err().contains("cannot start")
        );
    }

    #[test]
    fn the_first_run_warms_up() {
        let mut runs = 0;
        let mut run = || {
            runs += 1;
            Ok(runs)
        };
        assert_eq!(repeat(3, &mut run), Ok(vec![2, 3, 4]));
        assert_eq!(repeat(0, &mut run), Ok(vec![5]));
        assert_eq!(repeat(3, || Err::<(), _>("no".into())), Err("no".into()));
    }

    #[test]
    fn stubs_define_what_a_loader_does_not() {
        let names = ["memcpy", "_GLOBAL_OFFSET_TABLE_"].map(str::to_owned);
        let source = stubs(&names, "nothing");
        assert!(source.starts_with("int nothing(void)") && source.contains("\\\"memcpy\\\":"));
        assert!(!source.contains("OFFSET_TABLE"), "{source}");
    }

    #[test]
    fn a_missing_peer_refuses() {
        let missing = Missing { name: "p", why: "not here".into() };
        let subject = Subject {
            name: "s".into(),
            arch: Arch::X86_64,
            path: "/s.o".into(),
            compiler: "".into(),
        };
        assert_eq!(missing.run(&subject, 3), Outcome::Refused("not here".into()));
        assert_eq!(missing.version(), "missing");
        let refused = Missing { name: "p", why: "in /s.o: no".into() }.run(&subject, 3);
        assert_eq!(refused, Outcome::Refused("in s: no".into()));
    }
}
