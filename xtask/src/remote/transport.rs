//! Bytes to an agent and back.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::arch::Arch;
use crate::process::{self, Guard};
use crate::qemu;
use crate::setup::Tools;

/// Bits per second of serial ports.
const BAUD: u32 = 115_200;

/// Longest that a port may take no bytes until the line is closed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A byte stream to an agent.
pub trait Line {
    /// Sends bytes, in the background: a peer that takes none keeps nobody waiting.
    ///
    /// # Errors
    /// The line is closed.
    fn send(&mut self, bytes: &[u8]) -> Result<()>;

    /// Waits for bytes for so long at the most; none where none have come.
    ///
    /// # Errors
    /// The line is closed.
    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>>;
}

impl<L: Line + ?Sized> Line for Box<L> {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        (**self).send(bytes)
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        (**self).receive(limit)
    }
}

/// The line to a machine, a socket or a device, which threads of its own read and write.
pub struct Stream {
    out: Sender<Vec<u8>>,
    chunks: Receiver<Vec<u8>>,
    /// The machine in QEMU that is at its other end, which ends with it.
    _machine: Option<Guard>,
}

impl Stream {
    /// Over what can be read and written.
    pub fn over(reader: impl Read + Send + 'static, writer: impl Write + Send + 'static) -> Self {
        let (out, pieces) = mpsc::channel();
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || write(writer, &pieces));
        thread::spawn(move || read(reader, &sender));
        Self { out, chunks, _machine: None }
    }

    /// Boots an agent in QEMU; held, where GDB is to come to a socket.
    ///
    /// # Errors
    /// QEMU is missing, or does not start.
    pub fn qemu(tools: &Tools, arch: Arch, agent: &Path, gdb: Option<&Path>) -> Result<Self> {
        let mut command = qemu::command(tools, arch, agent, gdb)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut machine = Guard(process::spawn(&mut command).context("cannot start QEMU")?);
        let (out, into) = (machine.0.stdout.take(), machine.0.stdin.take());
        let (Some(out), Some(into)) = (out, into) else { bail!("QEMU has no serial port") };
        Ok(Self { _machine: Some(machine), ..Self::over(out, into) })
    }

    /// To an agent that is there already: `HOST:PORT`, the path of a Unix socket, or that of a
    /// serial port.
    ///
    /// # Errors
    /// Nobody is there.
    pub fn connect(address: &str) -> Result<Self> {
        let path = Path::new(address);
        if !path.exists() && address.contains(':') {
            let stream = TcpStream::connect(address);
            let stream = stream.with_context(|| format!("cannot connect to {address}"))?;
            stream.set_nodelay(true)?; // a request is all that there is to send
            return Ok(Self::over(stream.try_clone()?, stream));
        }
        #[cfg(unix)]
        if is_socket(path) {
            let stream = std::os::unix::net::UnixStream::connect(path);
            let stream = stream.with_context(|| format!("cannot connect to {address}"))?;
            return Ok(Self::over(stream.try_clone()?, stream));
        }
        let port = serialport::new(address, BAUD).timeout(Duration::from_millis(100)).open();
        let port = port.with_context(|| format!("cannot open the serial port {address}"))?;
        Ok(Self::over(port.try_clone()?, port))
    }
}

impl Line for Stream {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.send(bytes.to_vec()).ok().context("the line to the target is closed")
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        match self.chunks.recv_timeout(limit) {
            Ok(bytes) => Ok(bytes),
            Err(RecvTimeoutError::Timeout) => Ok(Vec::new()),
            Err(RecvTimeoutError::Disconnected) => bail!("the line to the target is closed"),
        }
    }
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    path.metadata().is_ok_and(|metadata| metadata.file_type().is_socket())
}

fn write(mut writer: impl Write, pieces: &Receiver<Vec<u8>>) {
    for piece in pieces {
        if write_piece(&mut writer, &piece, PATIENCE).is_err() {
            break;
        }
    }
}

/// Writes all of a piece, to a port that may take some of it, and has a limit of its own; for so long at
/// the most.
fn write_piece(writer: &mut impl Write, mut piece: &[u8], limit: Duration) -> std::io::Result<()> {
    let begun = Instant::now();
    loop {
        let taken = match piece {
            [] => writer.flush().map(|()| None),
            _ => writer.write(piece).map(Some),
        };
        match taken {
            Ok(None) => return Ok(()),
            Ok(Some(0)) => return Err(ErrorKind::WriteZero.into()),
            Ok(Some(count)) => piece = piece.get(count..).unwrap_or_default(),
            Err(error) if is_for_now(&error) && begun.elapsed() < limit => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Whether a port has only had no time.
fn is_for_now(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

fn read(mut reader: impl Read, sender: &Sender<Vec<u8>>) {
    let mut buffer = vec![0; 1 << 14];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                let chunk = buffer.get(..count).unwrap_or_default().to_vec();
                if sender.send(chunk).is_err() {
                    break;
                }
            }
            // A serial port has its own limit.
            Err(error) if is_for_now(&error) => {}
            Err(_) => break,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// A port that takes a few bytes each third time, and has a limit of its own at the others.
    struct Slow {
        times: usize,
        taken: Sender<u8>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.times += 1;
            match self.times % 3 {
                0 => {
                    let some = &bytes[..bytes.len().min(5)];
                    some.iter().for_each(|byte| self.taken.send(*byte).unwrap_or_default());
                    Ok(some.len())
                }
                1 => Err(ErrorKind::TimedOut.into()),
                _ => Err(ErrorKind::Interrupted.into()),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.times += 2;
            if self.times % 3 == 2 { Err(ErrorKind::TimedOut.into()) } else { Ok(()) }
        }
    }

    #[test]
    fn a_port_that_is_slow_gets_everything_once() {
        let (taken, bytes) = mpsc::channel();
        let mut stream = Stream::over(io::empty(), Slow { times: 0, taken });
        stream.send(b"a first request, and").unwrap();
        stream.send(b" a second one").unwrap();
        drop(stream);
        let all: Vec<u8> = bytes.iter().collect();
        assert_eq!(String::from_utf8(all).unwrap(), "a first request, and a second one");
    }

    /// A port that takes nothing.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::TimedOut.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_port_that_takes_nothing_is_given_up_in_time() {
        let error = write_piece(&mut Stuck, b"x", Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }
}
