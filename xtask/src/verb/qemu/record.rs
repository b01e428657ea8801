//! The report file: the facts of the runs as JSON.

use anyhow::Result;
use qemu_protocol::ProgramReport;
use serde::Serialize;

use super::{exit_code, output};
use crate::arch::Arch;
use crate::cli::QemuArgs;
use crate::qemu::{Boot, Stop};
use crate::report;

/// Writes the report, where `--report` asks for one.
pub(super) fn write_report(
    args: &QemuArgs,
    boots: &[Boot],
    same_output: Option<bool>,
) -> Result<()> {
    let Some(path) = &args.report else { return Ok(()) };
    let runs = boots.iter().map(|boot| Run {
        arch: boot.arch,
        stop: &boot.stop,
        seconds: boot.took.as_secs_f64(),
        exit_code: exit_code(boot),
        output: String::from_utf8_lossy(output(boot)).into_owned(),
        program: boot.programs.first().and_then(|program| program.report.as_ref()),
        runtime: boot.runtime.as_ref(),
    });
    report::write(path, &Record { runs: runs.collect(), same_output })
}

/// The report file.
#[derive(Serialize)]
struct Record<'a> {
    runs: Vec<Run<'a>>,
    /// Of the demo: whether all machines printed the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    same_output: Option<bool>,
}

/// One boot in the report file.
#[derive(Serialize)]
struct Run<'a> {
    arch: Arch,
    stop: &'a Stop,
    seconds: f64,
    exit_code: u8,
    output: String,
    program: Option<&'a ProgramReport>,
    runtime: Option<&'a ProgramReport>,
}
