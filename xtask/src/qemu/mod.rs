//! Booting one image with one job, and what came of it.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use qemu_protocol::{Job, ProgramReport, Report};
use serde::Serialize;

use crate::arch::Arch;
use crate::image;
use crate::process::{self, End, Limit, Stream};
use crate::setup::Tools;

mod console;
pub mod each;
mod machine;

/// How long a boot may take, unless something else is asked for.
pub const DEFAULT_LIMIT: Duration = Duration::from_secs(120);

/// Bytes that the images reserve for a job, and for the encoded length in front of it.
const JOB_SIZE: usize = 64 << 20;

/// Bytes on the console of one program, reports included, beyond which a boot is stopped.
const MOST_OUTPUT: usize = 256 << 20;

/// One boot, from power-on to the end.
#[derive(Debug)]
pub struct Boot {
    /// The machine.
    pub arch: Arch,
    /// What the firmware and the image printed before the image was ready.
    pub preamble: Vec<u8>,
    /// How loading the C runtime went, if the job has one.
    pub runtime: Option<ProgramReport>,
    /// The programs that were started, in the order of the job.
    pub programs: Vec<Ran>,
    /// How it ended.
    pub stop: Stop,
    /// From starting QEMU to its end.
    pub took: Duration,
}

/// What one program did.
#[derive(Debug)]
pub struct Ran {
    /// Its name in the job.
    pub name: String,
    /// All that it printed.
    pub output: Vec<u8>,
    /// What the image says of it; none if the boot ended while it ran.
    pub report: Option<ProgramReport>,
}

/// How a boot ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The whole job was done.
    Done,
    /// The image caught a fault.
    Fault(String),
    /// QEMU ended before the job was done: what it said.
    Died(String),
    /// More was printed than is kept.
    Flood,
    /// The time limit was reached.
    TimeLimit(u64),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("done"),
            Self::Fault(message) => write!(f, "fault: {message}"),
            Self::Died(message) => write!(f, "the machine ended early: {message}"),
            Self::Flood => write!(f, "stopped after printing {} MiB", MOST_OUTPUT >> 20),
            Self::TimeLimit(seconds) => {
                write!(f, "stopped after {seconds} s (a longer limit: --timeout SECONDS)")
            }
        }
    }
}

impl Boot {
    /// Itself, if the whole job was done.
    ///
    /// # Errors
    /// It was not: why, and what was printed last.
    pub fn complete(self) -> Result<Self> {
        if self.stop == Stop::Done {
            return Ok(self);
        }
        let last = self.programs.last();
        let printed = last.map_or(&self.preamble, |program| &program.output);
        let text = String::from_utf8_lossy(printed);
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n");
        let place =
            last.map_or("before its first program".to_owned(), |p| format!("in {}", p.name));
        bail!("{} {place}: {}\n{tail}", self.arch, self.stop)
    }

    fn take(&mut self, report: Report) {
        match report {
            Report::Ready { .. } => {}
            Report::Runtime(report) => self.runtime = Some(report),
            Report::Start { program } => {
                self.programs.push(Ran { name: program, output: Vec::new(), report: None });
            }
            Report::Done(report) => {
                // A program that is refused may never have been started.
                let running = self.programs.last_mut().filter(|p| p.report.is_none());
                match running.filter(|program| program.name == report.program) {
                    Some(program) => program.report = Some(report),
                    None => self.programs.push(Ran {
                        name: report.program.clone(),
                        output: Vec::new(),
                        report: Some(report),
                    }),
                }
            }
            Report::Fault { message } => self.stop = Stop::Fault(message),
            Report::End => self.stop = Stop::Done,
        }
    }

    fn print(&mut self, output: &[u8]) {
        let to = self.programs.last_mut().map_or(&mut self.preamble, |program| &mut program.output);
        to.extend_from_slice(output);
    }
}

/// Boots `arch`'s image with `job`, for at most `limit`.
///
/// A fault, an early end or the time limit is no error here: see [`Boot::stop`], and
/// [`Boot::complete`] where nothing less than the whole job will do.
///
/// # Errors
/// A tool is missing, the image cannot be built, the job is too big, or QEMU does not start.
pub fn boot(tools: &Tools, arch: Arch, job: &Job<'_>, limit: impl Into<Limit>) -> Result<Boot> {
    boot_job(tools, arch, job, limit.into(), Manner::Free)
}

/// The same in QEMU's instruction count mode: each instruction takes a nanosecond of the machine's time,
/// and so the same job takes the same time whatever else this machine does.
///
/// # Errors
/// As for [`boot`].
pub fn boot_counting(
    tools: &Tools,
    arch: Arch,
    job: &Job<'_>,
    limit: impl Into<Limit>,
) -> Result<Boot> {
    boot_job(tools, arch, job, limit.into(), Manner::Counting)
}

/// The same, held until GDB, which is to come to `socket`, says when to start.
///
/// # Errors
/// As for [`boot`].
pub fn boot_held(
    tools: &Tools,
    arch: Arch,
    job: &Job<'_>,
    limit: Duration,
    socket: &Path,
) -> Result<Boot> {
    boot_job(tools, arch, job, limit.into(), Manner::Held(socket))
}

/// How a machine runs.
#[derive(Clone, Copy)]
enum Manner<'s> {
    /// By an instruction counter.
    Counting,
    /// As fast as it can.
    Free,
    /// The same, once GDB has come to this socket.
    Held(&'s Path),
}

fn boot_job(
    tools: &Tools,
    arch: Arch,
    job: &Job<'_>,
    limit: Limit,
    manner: Manner<'_>,
) -> Result<Boot> {
    let bytes = job.encode().context("the job cannot be encoded")?;
    ensure!(
        machine::fits(&bytes),
        "the job is {} bytes; the image takes at most {JOB_SIZE}: hand over fewer or smaller files",
        bytes.len()
    );
    let image = image::path(tools, arch)?;
    let file = tempfile::Builder::new().prefix("job-").suffix(".bin").tempfile()?;
    std::fs::write(file.path(), &bytes).context("cannot write the job to a temporary file")?;
    boot_image(tools, arch, &image, Some(file.path()), limit, manner)
}

/// The command that boots `image`, with its console on standard input and output; held, where GDB is
/// to come to the socket `gdb`.
///
/// # Errors
/// QEMU is missing.
pub fn command(tools: &Tools, arch: Arch, image: &Path, gdb: Option<&Path>) -> Result<Command> {
    Ok(machine::command(&tools.qemu(arch)?, arch, image, None, gdb))
}

/// Boots `image`, with the bytes of the file `job` in its job window.
///
/// # Errors
/// QEMU is missing, or does not start.
pub fn boot_file(
    tools: &Tools,
    arch: Arch,
    image: &Path,
    job: Option<&Path>,
    limit: Duration,
) -> Result<Boot> {
    boot_image(tools, arch, image, job, limit.into(), Manner::Free)
}

fn boot_image(
    tools: &Tools,
    arch: Arch,
    image: &Path,
    job: Option<&Path>,
    limit: Limit,
    manner: Manner<'_>,
) -> Result<Boot> {
    let qemu = tools.qemu(arch)?;
    let started = Instant::now();
    let mut boot = Boot {
        arch,
        preamble: Vec::new(),
        runtime: None,
        programs: Vec::new(),
        stop: Stop::Died(String::new()),
        took: Duration::ZERO,
    };
    let mut said = Vec::new();
    let gdb = if let Manner::Held(socket) = manner { Some(socket) } else { None };
    let mut command = machine::command(&qemu, arch, image, job, gdb);
    if let Manner::Counting = manner {
        command.args(machine::COUNTING);
    }
    let mut read = 0;
    let end = process::pump(&mut command, limit, |stream, line| {
        read += line.len();
        if stream == Stream::Err {
            said.extend_from_slice(line);
        } else {
            let line = console::split(line);
            boot.print(line.output);
            if let Some(report) = line.report {
                if matches!(report, Report::Start { .. }) {
                    read = 0;
                }
                boot.take(report);
            }
        }
        if read > MOST_OUTPUT { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    boot.took = started.elapsed();
    match end {
        // What the image said last stands, even if the machine did not switch itself off.
        _ if !matches!(boot.stop, Stop::Died(_)) => {}
        End::Exit(status) => {
            let said = String::from_utf8_lossy(&said);
            boot.stop = Stop::Died(format!("{status} {}", said.trim()).trim_end().to_owned());
        }
        End::Stopped => boot.stop = Stop::Flood,
        End::TimeLimit => boot.stop = Stop::TimeLimit(boot.took.as_secs()),
    }
    Ok(boot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use qemu_protocol::{Ended, Outcome};

    fn empty() -> Boot {
        Boot {
            arch: Arch::Aarch64,
            preamble: Vec::new(),
            runtime: None,
            programs: Vec::new(),
            stop: Stop::Died(String::new()),
            took: Duration::ZERO,
        }
    }

    fn done(name: &str) -> Report {
        Report::Done(ProgramReport {
            program: name.into(),
            outcome: Outcome::Ended(Ended::Returned(0)),
            load_ns: 1,
            objects: Vec::new(),
            arenas: Vec::new(),
            modules: Vec::new(),
            soaks: Vec::new(),
            measured: None,
        })
    }

    #[test]
    fn output_goes_to_the_program_that_runs() {
        let mut boot = empty();
        boot.print(b"firmware\n");
        boot.take(Report::Ready { arch: "aarch64".into(), programs: 2 });
        boot.take(Report::Start { program: "a".into() });
        boot.print(b"one");
        boot.take(done("a"));
        boot.take(done("refused"));
        boot.take(Report::End);
        let boot = boot.complete().unwrap();
        assert_eq!(boot.preamble, b"firmware\n");
        let names: Vec<&str> = boot.programs.iter().map(|program| program.name.as_str()).collect();
        assert_eq!(names, ["a", "refused"]);
        assert_eq!(boot.programs[0].output, b"one");
        assert!(boot.programs.iter().all(|program| program.report.is_some()));
    }

    #[test]
    fn a_boot_that_ends_early_says_where() {
        let mut boot = empty();
        boot.take(Report::Start { program: "wild".into() });
        boot.print(b"last words\n");
        boot.take(Report::Fault { message: "data abort".into() });
        let error = boot.complete().unwrap_err().to_string();
        let parts = ["aarch64", "wild", "data abort", "last words"];
        assert!(parts.iter().all(|part| error.contains(part)), "{error}");
    }
}
