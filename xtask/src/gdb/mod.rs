//! GDB at a machine: QEMU holds its processors until GDB has attached, and GDB learns of modules as
//! they come and go.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use qemu_protocol::Job;

use crate::arch::Arch;
use crate::image;
use crate::process::{self, Done};
use crate::qemu::{self, Boot};
use crate::setup::Tools;

/// Longest that QEMU may take until it listens.
const START: Duration = Duration::from_secs(30);

/// For who looks at a machine as long as they like: a year.
pub const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What GDB is told first: modules that are not there yet have lines to break at, and who calls their
/// `main` is of interest.
const ALWAYS: &[&str] =
    &["set breakpoint pending on", "set pagination off", "set backtrace past-main on"];

/// What the debugger is to do.
#[derive(Clone, Copy, Debug)]
pub enum Session<'s> {
    /// What the user says, who sees the terminal.
    Terminal,
    /// What a file says, without anybody there.
    Script(&'s Path),
    /// Nothing: somebody else attaches. Called with the command for that.
    Elsewhere(fn(&str)),
}

/// Boots `arch`'s image with `job`, held until GDB is there. What GDB printed comes back, where that
/// followed a script.
///
/// # Errors
/// As for [`qemu::boot`]; GDB is missing, or failed.
pub fn run(
    tools: &Tools,
    arch: Arch,
    job: &Job<'_>,
    limit: Duration,
    session: Session<'_>,
) -> Result<(Boot, Option<Done>)> {
    let image = image::path(tools, arch)?;
    let gdb = tools.gdb()?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let socket = folder.path().join("gdb");
    thread::scope(|scope| {
        let machine = scope.spawn(|| qemu::boot_held(tools, arch, job, limit, &socket));
        let started = Instant::now();
        while !socket.exists() && !machine.is_finished() && started.elapsed() < START {
            thread::sleep(Duration::from_millis(20));
        }
        let mut command = command(&gdb, &image, &socket);
        let said = match session {
            Session::Elsewhere(tell) => {
                tell(&shown(&command));
                Ok(None)
            }
            Session::Script(script) => {
                command.args(["-batch", "-nx", "-x"]).arg(script);
                process::run(&mut command, limit).map(Some)
            }
            Session::Terminal => attach(&mut command).map(|()| None),
        };
        if !matches!(session, Session::Elsewhere(_)) && !machine.is_finished() {
            end(&socket);
        }
        let boot = machine.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((boot?, said?))
    })
}

/// GDB, with the kernel's symbols, at the machine that listens there.
fn command(gdb: &Path, image: &Path, socket: &Path) -> Command {
    let mut command = Command::new(gdb);
    command.arg("-q").arg(image);
    for always in ALWAYS {
        command.args(["-ex", always]);
    }
    command.arg("-ex").arg(format!("target remote {}", socket.display()));
    command
}

/// A command as a shell takes it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        if word.contains(' ') { format!("'{word}'") } else { word.into_owned() }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Gives GDB the terminal.
fn attach(command: &mut Command) -> Result<()> {
    let status = command.status().context("cannot start GDB")?;
    ensure!(status.success(), "GDB failed ({status})");
    Ok(())
}

/// Ends a machine that GDB has left: the remote protocol's `k`.
fn end(socket: &Path) {
    // Where nobody listens any more, it has ended by itself.
    if let Ok(mut stream) = UnixStream::connect(socket) {
        let _ = stream.write_all(b"$k#6b");
    }
}
