//! LLVM's RuntimeDyld, the loader of MCJIT, by its own tool.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{Measured, Peer, Run, Subject};
use super::{
    compile, is_host, process, repeat, scratch, stubs, symbols, version, wall_time, write,
};
use crate::setup::Tools;

/// The function that it is told to run, which nothing measured has.
const NOTHING: &str = "bench_nothing";
/// Where undefined symbols are said to be: in reach of where it puts sections, from 4 KiB on.
const ELSEWHERE: &str = "0x70000000";

struct Rtdyld {
    program: PathBuf,
    version: String,
    cc: PathBuf,
}

/// `llvm-rtdyld`.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn find(tools: &Tools) -> Result<Box<dyn Peer>> {
    let program = tools.llvm_rtdyld()?;
    let version = version(Command::new(&program).arg("--version"))?;
    Ok(Box::new(Rtdyld { program, version, cc: tools.host_cc()? }))
}

impl Peer for Rtdyld {
    fn name(&self) -> &'static str {
        "llvm-rtdyld"
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn measure(&self, subject: &Subject, times: usize) -> Run<Measured> {
        let scratch = scratch()?;
        let undefined = symbols::undefined(&subject.path)?;
        let whole = self.verify(subject, &undefined, scratch.path(), times)?;
        let mut measured = vec![("process", whole)];
        if is_host(subject.arch) {
            measured.insert(0, ("link", self.execute(subject, &undefined, scratch.path(), times)?));
        }
        Ok(measured)
    }
}

impl Rtdyld {
    /// Seconds of whole processes that load and relocate for any machine.
    fn verify(
        &self,
        subject: &Subject,
        undefined: &[String],
        scratch: &Path,
        times: usize,
    ) -> Run<Vec<f64>> {
        // There may be more than a command line holds.
        let (externs, mut text) = (scratch.join("externs"), String::new());
        for name in undefined {
            text.push_str(&format!("-dummy-extern={name}={ELSEWHERE}\n"));
        }
        write(&externs, &text)?;
        repeat(times, || {
            let mut command = Command::new(&self.program);
            command.arg("-verify").arg(format!("-triple={}-linux-gnu", subject.arch));
            command.arg(format!("@{}", externs.display())).arg(&subject.path);
            process(&mut command).map(|(seconds, _)| seconds)
        })
    }

    /// Seconds that it says it took to load and to link, which it says only where it runs something:
    /// a function of another object, which defines what the measured one does not.
    fn execute(
        &self,
        subject: &Subject,
        undefined: &[String],
        scratch: &Path,
        times: usize,
    ) -> Run<Vec<f64>> {
        let (source, object) = (scratch.join("stubs.c"), scratch.join("stubs.o"));
        write(&source, &stubs(undefined, NOTHING))?;
        compile(Command::new(&self.cc).arg("-c").arg(&source).arg("-o").arg(&object))?;
        repeat(times, || {
            let mut command = Command::new(&self.program);
            command.args(["-execute", "-show-times"]).arg(format!("-entry={NOTHING}"));
            let (_, done) = process(command.arg(&object).arg(&subject.path))?;
            let times = done.stderr_text() + &done.stdout_text();
            Ok(load_and_link(&times).ok_or("it printed no times")?)
        })
    }
}

/// The wall times of "time to load/add object files", in which it relocates what is local, and of
/// "time to link object files".
fn load_and_link(times: &str) -> Option<f64> {
    let load = wall_time(times, "time to load/add object files")?;
    Some(load + wall_time(times, "time to link object files")?)
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_phases_count() {
        let times = "\
   0.2919 ( 99.4%)   0.0154 ( 98.9%)   0.3073 ( 99.4%)   0.3500 ( 99.5%)  time to load/add object files
   0.0017 (  0.6%)   0.0002 (  1.0%)   0.0019 (  0.6%)   0.0100 (  0.5%)  time to link object files
";
        assert_eq!(super::load_and_link(times), Some(0.36));
        assert_eq!(super::load_and_link("time to link object files"), None);
    }
}
