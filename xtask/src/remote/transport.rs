//! Bytes to an agent and back.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::arch::Arch;
use crate::process::{self, Guard};
use crate::qemu;
use crate::setup::Tools;

/// Bits per second of serial ports.
const BAUD: u32 = 115_200;

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
        if writer.write_all(&piece).and_then(|()| writer.flush()).is_err() {
            break;
        }
    }
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
            Err(e) if matches!(e.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            Err(_) => break,
        }
    }
}
