//! Running other programs: never waiting for input, never for ever, and saying what went wrong.

use std::io::Read;
use std::ops::ControlFlow;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Bytes of a line, beyond which it is passed on in pieces.
const LONGEST: usize = 64 << 20;

/// What a program that came to its end has left.
#[derive(Debug)]
pub struct Done {
    /// How it ended.
    pub status: ExitStatus,
    /// All that it wrote to its standard output.
    pub stdout: Vec<u8>,
    /// All that it wrote to its standard error.
    pub stderr: Vec<u8>,
}

impl Done {
    /// Whether it ended with 0.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Its standard output as text.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Its standard error as text.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Itself, if the program succeeded.
    ///
    /// # Errors
    /// It did not: the end of what it printed.
    pub fn checked(self, name: &str) -> Result<Self> {
        /// Lines of a failed program's output to show.
        const TAIL: usize = 120;
        if self.success() {
            return Ok(self);
        }
        let mut text = self.stderr_text();
        if text.trim().is_empty() {
            text = self.stdout_text();
        }
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let tail = lines.get(lines.len().saturating_sub(TAIL)..).unwrap_or_default();
        bail!("{name} failed ({}):\n{}", self.status, tail.join("\n"))
    }
}

/// Runs `command` to its end.
///
/// # Errors
/// It cannot be started, or is not done within `limit`; then it is killed.
pub fn run(command: &mut Command, limit: Duration) -> Result<Done> {
    run_with(command, limit, |_| ())
}

/// Runs `command` to its end, passing each line it prints to `on_line`.
///
/// # Errors
/// As for [`run`].
pub fn run_with(
    command: &mut Command,
    limit: Duration,
    mut on_line: impl FnMut(&str),
) -> Result<Done> {
    let mut done = (Vec::new(), Vec::new());
    let end = pump(command, limit.into(), |stream, bytes| {
        on_line(String::from_utf8_lossy(bytes).trim_end());
        match stream {
            Stream::Out => done.0.extend_from_slice(bytes),
            Stream::Err => done.1.extend_from_slice(bytes),
        }
        ControlFlow::Continue(())
    })?;
    let name = command.get_program().to_string_lossy();
    let End::Exit(status) = end else {
        bail!("{name} was not done after {} s and was stopped", limit.as_secs());
    };
    Ok(Done { status, stdout: done.0, stderr: done.1 })
}

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How [`pump`] came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The program ended.
    Exit(ExitStatus),
    /// The sink had enough, and the program was killed.
    Stopped,
    /// The time limit was reached, and the program was killed.
    TimeLimit,
}

/// How long a program may take.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// In all.
    pub whole: Duration,
    /// Until it prints something, again and again.
    pub silence: Duration,
}

impl From<Duration> for Limit {
    fn from(whole: Duration) -> Self {
        Self { whole, silence: whole }
    }
}

/// Runs `command`, passing on each line, its newline included, as it comes.
///
/// # Errors
/// It cannot be started.
pub fn pump(
    command: &mut Command,
    limit: Limit,
    mut sink: impl FnMut(Stream, &[u8]) -> ControlFlow<()>,
) -> Result<End> {
    let name = command.get_program().to_string_lossy().into_owned();
    let started = Instant::now();
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = spawn(command);
    let mut child = Guard(child.with_context(|| format!("cannot start {name}"))?);
    let (sender, chunks) = mpsc::channel();
    read(child.0.stdout.take(), Stream::Out, &sender);
    read(child.0.stderr.take(), Stream::Err, &sender);
    drop(sender);
    let mut lines = [Lines::default(), Lines::default()];
    let mut end = None;
    while end.is_none() {
        let left = limit.whole.saturating_sub(started.elapsed());
        match chunks.recv_timeout(left.min(limit.silence)) {
            Ok((stream, chunk)) => {
                if lines[stream as usize].take(&chunk, |line| sink(stream, line)).is_break() {
                    end = Some(End::Stopped);
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => end = Some(End::TimeLimit),
        }
    }
    for (stream, lines) in [Stream::Out, Stream::Err].into_iter().zip(lines) {
        if !lines.partial.is_empty() && end != Some(End::Stopped) {
            let _ = sink(stream, &lines.partial); // the last one: there is nothing left to break
        }
    }
    match end {
        Some(end) => Ok(end),
        None => {
            let status = child.0.wait().with_context(|| format!("cannot wait for {name}"))?;
            Ok(End::Exit(status))
        }
    }
}

/// Puts lines together from what the pipe holds at a time.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    fn take(
        &mut self,
        chunk: &[u8],
        mut sink: impl FnMut(&[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() >= LONGEST {
                sink(&std::mem::take(&mut self.partial))?;
            }
        }
        ControlFlow::Continue(())
    }
}

/// Reads in a thread of its own, so that neither pipe can block the other.
fn read(
    pipe: Option<impl Read + Send + 'static>,
    stream: Stream,
    sender: &Sender<(Stream, Vec<u8>)>,
) {
    let Some(mut pipe) = pipe else { return };
    let sender = sender.clone();
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            let chunk = buffer.get(..count).unwrap_or_default().to_vec();
            if sender.send((stream, chunk)).is_err() {
                break;
            }
        }
    });
}

/// Starts a program; on Linux, one that ends with this one, even where this one is killed.
///
/// # Errors
/// It cannot be started.
pub fn spawn(command: &mut Command) -> std::io::Result<Child> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Signal, set_parent_process_death_signal};
        use std::os::unix::process::CommandExt;
        let bind = || Ok(set_parent_process_death_signal(Some(Signal::KILL))?);
        // SAFETY: between fork and exec this is one system call, which needs no memory and no lock.
        unsafe { command.pre_exec(bind) };
    }
    command.spawn()
}

/// A child that does not outlive its parent's interest in it.
pub struct Guard(pub Child);

impl Drop for Guard {
    fn drop(&mut self) {
        // Both fail where it has ended and been waited for, which is what is wanted.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn output_and_status_come_back() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 3"]);
        let done = run(&mut command, Duration::from_secs(10)).unwrap();
        assert_eq!((done.stdout_text().as_str(), done.stderr_text().as_str()), ("out\n", "err\n"));
        assert_eq!(done.status.code(), Some(3));
        assert!(done.checked("sh").unwrap_err().to_string().contains("err"));
    }

    #[test]
    fn a_line_that_is_cut_short_is_not_lost() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; printf two; exec sleep 60"]);
        let mut all = Vec::new();
        let end = pump(&mut command, Duration::from_millis(500).into(), |_, line| {
            all.push(line.to_vec());
            ControlFlow::Continue(())
        });
        assert_eq!(end.unwrap(), End::TimeLimit);
        assert_eq!(all, [&b"one\n"[..], b"two"]);
    }

    #[test]
    fn nothing_runs_for_ever() {
        let started = Instant::now();
        let error = run(Command::new("sleep").arg("60"), Duration::from_millis(200)).unwrap_err();
        assert!(error.to_string().contains("stopped"), "{error}");
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
