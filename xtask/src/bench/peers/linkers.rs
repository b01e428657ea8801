//! Linkers, as whole processes that link an object alone into an executable for fixed addresses.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{Measured, Peer, Run, Subject, process, repeat, scratch, version};
use crate::arch::Arch;
use crate::setup::Tools;

/// LLVM's linker.
pub const LLD: &str = "ld.lld";
/// The linker of that name.
pub const MOLD: &str = "mold";

struct Linker {
    name: &'static str,
    program: PathBuf,
    version: String,
}

/// `ld.lld`.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn lld(tools: &Tools) -> Result<Box<dyn Peer>> {
    linker(LLD, tools.lld()?)
}

/// `mold`.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn mold(tools: &Tools) -> Result<Box<dyn Peer>> {
    linker(MOLD, tools.mold()?)
}

fn linker(name: &'static str, program: PathBuf) -> Result<Box<dyn Peer>> {
    let version = version(Command::new(&program).arg("--version"))?;
    Ok(Box::new(Linker { name, program, version }))
}

impl Peer for Linker {
    fn name(&self) -> &'static str {
        self.name
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn measure(&self, subject: &Subject, times: usize) -> Run<Measured> {
        let scratch = scratch()?;
        let seconds = repeat(times, || {
            let mut command = Command::new(&self.program);
            command.args(["-m", emulation(subject.arch), "-static"]);
            // Debug information stays behind, as the loader leaves it.
            command.args(["--unresolved-symbols=ignore-all", "--strip-debug", "-o"]);
            command.arg(scratch.path().join("linked")).arg(&subject.path);
            process(&mut command).map(|(seconds, _)| seconds)
        })?;
        Ok(vec![("process", seconds)])
    }
}

/// The machine, as linkers call it.
const fn emulation(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "aarch64linux",
        Arch::Riscv64 => "elf64lriscv",
        Arch::X86_64 => "elf_x86_64",
    }
}
