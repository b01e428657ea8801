//! LLVM's JITLink, by its own tool.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{Measured, Peer, Run, Subject, process, repeat, symbols, version, wall_time};
use crate::setup::Tools;

struct Jitlink {
    program: PathBuf,
    version: String,
}

/// `llvm-jitlink`.
///
/// # Errors
/// It is missing and cannot be installed.
pub fn find(tools: &Tools) -> Result<Box<dyn Peer>> {
    let program = tools.llvm_jitlink()?;
    let version = version(Command::new(&program).arg("--version"))?;
    Ok(Box::new(Jitlink { program, version }))
}

impl Peer for Jitlink {
    fn name(&self) -> &'static str {
        "llvm-jitlink"
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn measure(&self, subject: &Subject, times: usize) -> Run<Measured> {
        // It links an object when a symbol of it is looked up, and then the whole object.
        let entry = symbols::defined(&subject.path)?.ok_or("no symbol to look up")?;
        let runs = repeat(times, || {
            let mut command = Command::new(&self.program);
            command.args(["-noexec", "-phony-externals", "-show-times"]);
            let (seconds, done) =
                process(command.arg(format!("-entry={entry}")).arg(&subject.path))?;
            let times = done.stderr_text() + &done.stdout_text();
            Ok((link_phase(&times).ok_or("it printed no times")?, seconds))
        })?;
        let (link, whole) = runs.into_iter().unzip();
        Ok(vec![("link", link), ("process", whole)])
    }
}

/// The wall time of the line "time to link object files": from the look-up on, so without reading the
/// file, until all is fixed up and the memory has its permissions.
fn link_phase(times: &str) -> Option<f64> {
    wall_time(times, "time to link object files")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_wall_time_is_read() {
        let times = "\
===-------------------------------------------------------------------------===
                         timers for llvm-jitlink phases
===-------------------------------------------------------------------------===
  Total Execution Time: 1.0512 seconds (1.1071 wall clock)

   ---User Time---   --System Time--   --User+System--   ---Wall Time---  --- Name ---
   1.0339 ( 99.9%)   0.0160 ( 98.7%)   1.0499 ( 99.9%)   1.1058 ( 99.9%)  time to link object files
   0.0011 (  0.1%)   0.0002 (  1.3%)   0.0013 (  0.1%)   0.0013 (  0.1%)  time to load/add object files
   1.0349 (100.0%)   0.0162 (100.0%)   1.0512 (100.0%)   1.1071 (100.0%)  Total
";
        assert_eq!(super::link_phase(times), Some(1.1058));
        let short = "   0.0024 ( 84.9%)   0.0124 ( 95.7%)  time to link object files\n";
        assert_eq!(super::link_phase(short), Some(0.0124));
        assert_eq!(super::link_phase("nothing"), None);
    }
}
