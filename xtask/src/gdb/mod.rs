//! GDB at a machine: QEMU holds its processors until GDB has attached, and GDB learns of modules as
//! they come and go: of those that an image loads by its JIT interface, of those that are loaded here for
//! an agent from files, which `modules.py` looks for where the agent passes when something has changed.

use std::io::{IsTerminal, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use qemu_protocol::Job;
use tempfile::TempDir;

use crate::arch::Arch;
use crate::image;
use crate::process::{self, Done};
use crate::qemu::{self, Boot};
use crate::setup::Tools;

mod interrupts;

/// Longest that QEMU may take until it listens.
const START: Duration = Duration::from_secs(30);

/// Longest from GDB's seeing that the machine has gone until that is known here.
const SOON: Duration = Duration::from_secs(2);

/// For who looks at a machine as long as they like: a year.
pub const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What GDB is told first: modules that are not there yet have lines to break at, and who calls their
/// `main` is of interest.
const ALWAYS: &[&str] =
    &["set breakpoint pending on", "set pagination off", "set backtrace past-main on"];

/// What has GDB look for modules in files.
const MODULES: &str = include_str!("modules.py");

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

/// What GDB has said that followed a script.
#[derive(Debug)]
pub struct Said {
    /// Its output, and how it has ended.
    done: Done,
    /// Whether the machine had ended before, which GDB takes for an error. One that GDB could still
    /// leave had not, though it may have ended by itself soon after.
    is_outlived: bool,
}

impl Said {
    /// What it said.
    pub fn text(&self) -> String {
        self.done.stdout_text()
    }

    /// What else it said, of errors.
    pub fn errors(&self) -> String {
        self.done.stderr_text()
    }

    /// Whether GDB did all of its script, as far as there was a machine for it.
    pub fn is_good(&self) -> bool {
        self.is_outlived || self.done.success()
    }
}

impl<'s> Session<'s> {
    /// What a script says, where there is one; or what the user does, who sees the terminal if there is
    /// one and it is free.
    pub fn of(script: Option<&'s Path>, is_free: bool) -> Self {
        let is_terminal = || std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        match script {
            Some(script) => Self::Script(script),
            None if is_free && is_terminal() => Self::Terminal,
            None => Self::Elsewhere(|command| eprintln!("held until GDB is attached: {command}")),
        }
    }
}

/// Where a machine and GDB meet.
pub struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        Ok(Self { folder })
    }

    /// The socket at which QEMU is to wait for GDB.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("gdb")
    }

    /// The folder with the files of modules.
    pub fn modules(&self) -> PathBuf {
        self.folder.path().join("modules")
    }
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
) -> Result<(Boot, Option<Said>)> {
    let image = image::path(tools, arch)?;
    let place = Place::new()?;
    let command = command(&tools.gdb()?, &image, &place, &[]);
    let boot = || qemu::boot_held(tools, arch, job, limit, &place.socket());
    let (boot, said) = beside(command, &place, limit, session, boot)?;
    Ok((boot?, said?))
}

/// Does what `then` does, which boots the agent at a place, held until GDB is there; `changed` is the
/// address of the agent's function to break in. What GDB printed comes back, where that followed a
/// script.
///
/// # Errors
/// GDB is missing, or failed; what `then` says.
pub fn run_agent<R>(
    tools: &Tools,
    agent: &Path,
    changed: u64,
    limit: Duration,
    session: Session<'_>,
    then: impl FnOnce(&Place) -> Result<R>,
) -> Result<(R, Option<Said>)> {
    let place = Place::new()?;
    let (modules, script) = (place.modules(), place.folder.path().join("modules.py"));
    std::fs::create_dir(&modules).and_then(|()| std::fs::write(&script, MODULES))?;
    let told = [
        format!("source {}", script.display()),
        format!("python Modules('*{changed:#x}', {:?})", modules.display().to_string()),
    ];
    let command = command(&tools.gdb()?, agent, &place, &told);
    let (done, said) = beside(command, &place, limit, session, || then(&place))?;
    // Where GDB could do nothing, it has taken the machine along.
    let said = said?;
    match (done, said) {
        (Err(error), Some(said)) => {
            Err(error.context(format!("GDB said: {}{}", said.text(), said.errors())))
        }
        (done, said) => Ok((done?, said)),
    }
}

/// Has GDB at the machine that `then` boots, for as long as it likes, and ends the machine with it.
fn beside<R>(
    mut command: Command,
    place: &Place,
    limit: Duration,
    session: Session<'_>,
    then: impl FnOnce() -> R,
) -> Result<(R, Result<Option<Said>>)> {
    let _ignored = match session {
        Session::Terminal => Some(interrupts::Ignored::new()?),
        _ => None,
    };
    let (socket, is_over) = (place.socket(), AtomicBool::new(false));
    let gdb = || {
        let is_over = || is_over.load(Ordering::SeqCst);
        within(START, || socket.exists() || is_over());
        let said = match session {
            Session::Elsewhere(tell) => {
                tell(&shown(&command));
                return Ok(None);
            }
            Session::Script(script) => {
                command.args(["-batch", "-nx", "-x"]).arg(script);
                process::run(&mut command, limit).map(|done| {
                    let has_left = has_left(&done.stdout_text());
                    let is_outlived = !done.success() && !has_left && within(SOON, is_over);
                    Some(Said { done, is_outlived })
                })
            }
            Session::Terminal => attach(&mut command).map(|()| None),
        };
        if !is_over() {
            end(&socket);
        }
        said
    };
    thread::scope(|scope| {
        let gdb = scope.spawn(gdb);
        let done = then();
        is_over.store(true, Ordering::SeqCst);
        let said = gdb.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((done, said))
    })
}

/// Whether GDB has said, before it ended, that it leaves a machine to itself: so it does with one that is
/// there after an error in a script.
fn has_left(said: &str) -> bool {
    said.lines().any(|line| line.starts_with("[Inferior ") && line.ends_with(" detached]"))
}

/// Whether something is so within a time; waits for it.
fn within(limit: Duration, is_so: impl Fn() -> bool) -> bool {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() >= limit {
            return false;
        }
        thread::sleep(Duration::from_millis(20));
    }
    true
}

/// GDB, with an image's symbols, told a few things, at the machine that listens there.
fn command(gdb: &Path, image: &Path, place: &Place, told: &[String]) -> Command {
    let mut command = Command::new(gdb);
    command.env("LANGUAGE", "en"); // what it says is read
    command.arg("-q").arg(image);
    for always in ALWAYS.iter().copied().chain(told.iter().map(String::as_str)) {
        command.args(["-ex", always]);
    }
    command.arg("-ex").arg(format!("target remote {}", place.socket().display()));
    command
}

/// Shows what GDB printed, where that followed a script.
///
/// # Errors
/// GDB failed.
pub fn show(said: Option<Said>) -> Result<()> {
    if let Some(said) = said {
        print!("{}", said.text());
        eprint!("{}", said.errors());
        ensure!(said.is_good(), "GDB failed ({})", said.done.status);
    }
    Ok(())
}

/// A command as a shell takes it.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted = words.map(|word| {
        let word = word.to_string_lossy();
        match word.contains([' ', '\'', '"', '*']) {
            true => format!("'{}'", word.replace('\'', r"'\''")),
            false => word.into_owned(),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gdb_says_whether_it_has_left_a_machine() {
        assert!(has_left("0x0000fff0 in ?? ()\n[Inferior 1 (process 1) detached]\n"));
        assert!(!has_left("0x0000fff0 in ?? ()\n[Inferior 1 (process 1) exited normally]\n"));
        assert!(!has_left("$1 = \"[Inferior 1 (process 1) detached]\"\n"));
    }
}
