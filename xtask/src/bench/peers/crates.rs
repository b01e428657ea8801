//! Loaders of the same kind that are published as crates, in the process of `bench/peers`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{Measured, Peer, Run, Subject};
use super::{compile, is_host, process, released, scratch, write};
use crate::setup::{Tools, root};

/// The crate whose feature `object` loads objects.
pub const ELF_LOADER: &str = "elf_loader";
/// The crate that loads Linux's kernel modules.
pub const KMOD_LOADER: &str = "kmod-loader";

/// What every kernel module has, as an object to be put beside the measured one: its name, and room
/// for the kernel's record of it, in which no function is set.
const MODULE: &str = "__asm__(\".section .modinfo,\\\"a\\\"\\n.asciz \\\"name=subject\\\"\\n\
    .section .gnu.linkonce.this_module,\\\"aw\\\"\\n.zero 8192\\n\");\n";

struct Crate {
    name: &'static str,
    version: String,
    program: PathBuf,
    cc: PathBuf,
}

/// `elf_loader`.
///
/// # Errors
/// What runs it does not build.
pub fn elf_loader(tools: &Tools) -> Result<Box<dyn Peer>> {
    of_name(ELF_LOADER, tools)
}

/// `kmod-loader`.
///
/// # Errors
/// What runs it does not build.
pub fn kmod_loader(tools: &Tools) -> Result<Box<dyn Peer>> {
    of_name(KMOD_LOADER, tools)
}

fn of_name(name: &'static str, tools: &Tools) -> Result<Box<dyn Peer>> {
    let lock = fs::read_to_string(root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let version = locked(&lock, name).with_context(|| format!("Cargo.lock has no {name}"))?;
    Ok(Box::new(Crate { name, version, program: program()?, cc: tools.host_cc()? }))
}

impl Peer for Crate {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn measure(&self, subject: &Subject, times: usize) -> Run<Measured> {
        let scratch = scratch()?;
        let seconds = if self.name == KMOD_LOADER {
            if !is_host(subject.arch) {
                return Err("it loads modules for the machine that it is compiled for".into());
            }
            let module = self.module(&subject.path, scratch.path())?;
            in_process(&self.program, self.name, &module, None, times)?
        } else {
            in_process(&self.program, self.name, &subject.path, None, times)?
        };
        Ok(vec![("load", seconds)])
    }
}

impl Crate {
    /// The object as a kernel module: with the two sections that make it one.
    fn module(&self, object: &Path, scratch: &Path) -> Run<PathBuf> {
        let (source, module) = (scratch.join("module.c"), scratch.join("module.o"));
        write(&source, MODULE)?;
        let mut command = Command::new(&self.cc);
        command.args(["-r", "-nostdlib", "-o"]).arg(&module).arg(object).arg(&source);
        compile(&mut command)?;
        Ok(module)
    }
}

/// The program that runs peers in its own process.
///
/// # Errors
/// It does not build.
pub fn program() -> Result<PathBuf> {
    released("bench-peers")
}

/// Has that program load a file again and again: one process for a peer and a file, as it may die of it.
///
/// # Errors
/// The peer's words.
pub fn in_process(
    program: &Path,
    peer: &str,
    file: &Path,
    stubs: Option<&Path>,
    times: usize,
) -> Run<Vec<f64>> {
    let mut command = Command::new(program);
    command.arg(peer).arg(file).arg(times.to_string()).args(stubs);
    let (_, done) = process(&mut command)?;
    let text = done.stdout_text();
    let answer = text.lines().next_back().and_then(|line| serde_json::from_str(line).ok());
    match answer.ok_or("it printed something else than times")? {
        Answer::Load(seconds) => Ok(seconds),
        Answer::Refused(words) => Err(words),
    }
}

/// The last line that the program prints.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Load(Vec<f64>),
    Refused(String),
}

/// The version of a package that `Cargo.lock` pins.
fn locked(lock: &str, name: &str) -> Option<String> {
    let heading = format!("name = \"{name}\"");
    let mut lines = lock.lines().skip_while(|line| *line != heading).skip(1);
    Some(lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_that_are_built() {
        let lock = "[[package]]\nname = \"elf\"\nversion = \"0.8.0\"\n\n\
                    [[package]]\nname = \"elf_loader\"\nversion = \"0.18.0\"\n";
        assert_eq!(locked(lock, "elf_loader").as_deref(), Some("0.18.0"));
        assert_eq!(locked(lock, "kmod-loader"), None);
        let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
        assert!([ELF_LOADER, KMOD_LOADER].into_iter().all(|name| locked(&lock, name).is_some()));
    }

    #[test]
    #[cfg(unix)]
    fn an_answer_is_the_last_line() {
        let script = tempfile::NamedTempFile::new().unwrap();
        let run = |text: &str| {
            fs::write(&script, text).unwrap();
            // The shell takes the peer for its script.
            let peer = script.path().to_str().unwrap();
            in_process(Path::new("sh"), peer, Path::new("a.o"), None, 2)
        };
        assert_eq!(run("echo hello; echo '{\"load\":[0.5,0.25]}'"), Ok(vec![0.5, 0.25]));
        assert_eq!(run("echo '{\"refused\":\"no\"}'"), Err("no".into()));
        assert!(run("echo hello").unwrap_err().contains("something else"));
        assert!(run("kill -ABRT $$").unwrap_err().contains("signal: 6"));
    }
}
