//! Ctrl-C at a terminal: GDB stops the machine, and nothing else ends by it.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::arch::Arch;
use crate::checks::remote::compiled;
use crate::process::{Guard, spawn};
use crate::setup::Tools;

/// What runs for ever.
const SOURCE: &str = "volatile int turns;\nvoid spin(void) { turns++; }\n\
                      int main(void) { for (;;) spin(); }\n";

/// Longest to wait for an answer.
const LIMIT: Duration = Duration::from_secs(60);

/// What is typed, each once the words before it have been shown since the last.
const TYPED: &[(&str, &str)] = &[
    ("(gdb) ", "break spin\n"),
    ("(gdb) ", "continue\n"),
    ("hit Breakpoint 1", ""),
    ("(gdb) ", "delete 1\n"),
    ("(gdb) ", "continue\n"),
    ("Continuing.", "\x03"),
    ("received signal SIGINT", ""),
    ("(gdb) ", "print turns > 0\n"),
    ("$1 = 1", ""),
    ("(gdb) ", "set confirm off\n"),
    ("(gdb) ", "quit\n"),
];

/// Has a verb of this program, at a terminal of its own, and GDB in it, go through that; whether the
/// verb then ends as one does whose machine has ended early.
pub(super) fn run(tools: &Tools, verb: &str) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let object = folder.path().join("spin.o");
    std::fs::write(&object, compiled(tools, Arch::X86_64, SOURCE, &["-g", "-O0"])?.bytes)?;
    let mut terminal = Guard(terminal(tools, verb, &object)?);
    let mut keys = terminal.0.stdin.take().context("the terminal takes no input")?;
    let shown = shown(terminal.0.stdout.take().context("the terminal has no output")?);
    let (mut all, mut seen) = (String::new(), 0);
    for (words, keys_then) in TYPED {
        let at = wait(&shown, &mut all, seen, words)?;
        seen = at;
        if *keys_then == "\x03" {
            thread::sleep(Duration::from_secs(1)); // the machine runs again
        }
        keys.write_all(keys_then.as_bytes()).and_then(|()| keys.flush())?;
    }
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        if let Some(status) = terminal.0.try_wait()? {
            ensure!(status.code() == Some(1), "{verb} has ended with {status}:\n{all}");
            return Ok(());
        }
        thread::sleep(Duration::from_millis(20));
    }
    bail!("{verb} goes on when GDB has gone:\n{all}")
}

/// The verb, at a terminal of its own.
fn terminal(tools: &Tools, verb: &str, object: &Path) -> Result<std::process::Child> {
    let program = std::env::current_exe()?;
    // `exec`: some shells that wait for a program end by the Ctrl-C that it has handled.
    let line = format!("exec '{}' {verb} --gdb '{}'", program.display(), object.display());
    let mut command = Command::new(tools.script()?);
    command.args(["-q", "-e", "-c", &line, "/dev/null"]);
    command.env("TERM", "dumb").stdin(Stdio::piped()).stdout(Stdio::piped());
    spawn(&mut command).context("cannot start `script`, which gives programs a terminal")
}

/// What is shown at a terminal, as it comes.
fn shown(mut terminal: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, shown) = mpsc::channel();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = terminal.read(&mut buffer) {
            if sender.send(buffer.get(..count).unwrap_or_default().to_vec()).is_err() {
                break;
            }
        }
    });
    shown
}

/// Waits until the words are shown behind a place; the place behind them.
fn wait(shown: &Receiver<Vec<u8>>, all: &mut String, from: usize, words: &str) -> Result<usize> {
    let begun = Instant::now();
    loop {
        if let Some(at) = all.get(from..).and_then(|rest| rest.find(words)) {
            return Ok(from + at + words.len());
        }
        match shown.recv_timeout(LIMIT.saturating_sub(begun.elapsed())) {
            Ok(bytes) => all.push_str(&String::from_utf8_lossy(&bytes)),
            Err(_) => bail!("`{words}` is not shown:\n{all}"),
        }
    }
}
