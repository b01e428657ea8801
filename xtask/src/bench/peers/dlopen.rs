//! The system's own loader, on the same code as a shared library.
//!
//! The linker has then done most of the work: laid out sections, and relocated what is relative.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::crates::{self, in_process};
use super::{Measured, Peer, Run, Subject};
use super::{compile, is_host, scratch, stubs, symbols, version, write};
use crate::bench::objects;
use crate::setup::Tools;

struct Dlopen {
    program: PathBuf,
    version: String,
    cc: PathBuf,
    tools: Tools,
}

/// `dlopen` of this system.
///
/// # Errors
/// What calls it does not build.
pub fn find(tools: &Tools) -> Result<Box<dyn Peer>> {
    let version = version(Command::new("getconf").arg("GNU_LIBC_VERSION"));
    let version = version.context("only glibc's is measured")?;
    let program = crates::program()?;
    Ok(Box::new(Dlopen { program, version, cc: tools.host_cc()?, tools: Tools::new() }))
}

impl Peer for Dlopen {
    fn name(&self) -> &'static str {
        "dlopen"
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn measure(&self, subject: &Subject, times: usize) -> Run<Measured> {
        if !is_host(subject.arch) {
            return Err("it loads code for this machine alone".into());
        }
        let object = objects::position_independent(&self.tools, subject);
        let object = object.map_err(|error| format!("{error:#}"))?;
        let object = object.ok_or("it is not compiled to be part of a shared library")?;
        let scratch = scratch()?;
        let (library, others) = self.libraries(&object, scratch.path())?;
        let seconds = in_process(&self.program, self.name(), &library, Some(&others), times)?;
        Ok(vec![("load", seconds)])
    }
}

impl Dlopen {
    /// The object as a shared library, and another one that defines what it does not: what the C library
    /// has of it is found there first.
    fn libraries(&self, object: &Path, scratch: &Path) -> Run<(PathBuf, PathBuf)> {
        let (library, others) = (scratch.join("subject.so"), scratch.join("others.so"));
        let source = scratch.join("others.c");
        write(&source, &stubs(&symbols::undefined(object)?, "bench_nothing"))?;
        for (input, output) in [(object, &library), (&source, &others)] {
            let mut command = Command::new(&self.cc);
            command.args(["-shared", "-nostdlib", "-Wl,--strip-debug,-z,now", "-o"]);
            compile(command.arg(output).arg(input))?;
        }
        Ok((library, others))
    }
}
