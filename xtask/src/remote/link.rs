//! Requests to an agent, each asked again until it is answered or time is up.

use std::time::{Duration, Instant};

use agent_protocol::{
    ARGUMENTS, Assembler, FRAME, Kind, PAYLOAD, Request, Response, VERSION, decode, encode,
};
use anyhow::{Context, Result, anyhow, bail, ensure};

use super::transport::Line;
use crate::arch::Arch;
use crate::gdb::NO_LIMIT;

/// How long to wait for what.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Before a request is sent again, besides what requests usually take; each time after that
    /// twice as long, up to eight times or an eighth of what it has taken already.
    pub again: Duration,
    /// For an answer, after which the agent is lost.
    pub answer: Duration,
    /// For a function that was called to come back.
    pub call: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            again: Duration::from_millis(400),
            answer: Duration::from_secs(20),
            call: Duration::from_secs(120),
        }
    }
}

impl Limits {
    /// None, but that requests are sent again.
    pub fn none() -> Self {
        Self { answer: NO_LIMIT, call: NO_LIMIT, ..Self::default() }
    }
}

/// Why nothing is said any more.
const CLOSED: &str = "the session is over";

/// How a call has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallEnd {
    /// The function has returned this.
    Returned(u64),
    /// It has ended the program with this code.
    Exited(i32),
    /// It has ended the program as aborted.
    Aborted,
    /// By an exception.
    Fault(Fault),
}

/// An exception on the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The cause register.
    pub cause: u64,
    /// The instruction.
    pub pc: u64,
    /// The register for an address, where the exception has one.
    pub value: u64,
    /// The return address of the frame that faulted, as a hint.
    pub return_address: u64,
}

/// What has gone over a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Traffic {
    /// Requests, each counted once.
    pub requests: u64,
    /// Requests that were sent again.
    pub again: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// Bytes that were received.
    pub received: u64,
}

/// A session with an agent.
pub struct Link {
    /// None once it is closed.
    line: Option<Box<dyn Line>>,
    incoming: Assembler,
    /// Received, and not yet looked at.
    waiting: std::vec::IntoIter<u8>,
    /// The number of the last request.
    number: u32,
    limits: Limits,
    /// How long requests take, the slower ones of late: one that is sent again while the first is
    /// still on its way makes the line slower.
    pace: Duration,
    traffic: Traffic,
    is_lost: bool,
    arch: Arch,
    exports: Vec<(String, u64)>,
}

impl Link {
    /// Begins a session: nothing of an earlier one is left on the target.
    ///
    /// # Errors
    /// Nobody answers within the limit, or one that is not understood.
    pub fn new(line: Box<dyn Line>, limits: Limits) -> Result<Self> {
        let mut link = Self {
            line: Some(line),
            incoming: Assembler::new(),
            waiting: Vec::new().into_iter(),
            // Not that of the last session, whose last answer the agent still has.
            number: std::process::id() ^ now_ns(),
            limits,
            pace: Duration::ZERO,
            traffic: Traffic::default(),
            is_lost: true, // until it answers
            arch: Arch::Aarch64,
            exports: Vec::new(),
        };
        let answer = link.ask(&Request::Hello { version: VERSION }, limits.answer)?;
        let Response::Hello { version, arch, exports } = answer else { return unexpected(answer) };
        ensure!(version == VERSION, "the agent speaks version {version}, and this is {VERSION}");
        let known = Arch::ALL.into_iter().find(|known| known.name() == arch);
        let arch = known.with_context(|| format!("the agent is on an unknown machine: {arch}"))?;
        link.arch = arch;
        for index in 0..exports {
            let answer = link.ask(&Request::Export { index }, limits.answer)?;
            let Response::Export { name, address } = answer else { return unexpected(answer) };
            let export = (name.to_owned(), address);
            link.exports.push(export);
        }
        Ok(link)
    }

    /// Closes the line; a machine in QEMU ends with it.
    pub fn close(&mut self) {
        self.line = None;
    }

    /// Whether the other side has stopped answering, or the line is closed.
    pub const fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// The target's machine.
    pub const fn arch(&self) -> Arch {
        self.arch
    }

    /// The functions that modules may import, with their addresses.
    pub fn exports(&self) -> &[(String, u64)] {
        &self.exports
    }

    /// What has gone over the line so far.
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// Takes memory, all zeros.
    ///
    /// # Errors
    /// The target has none, or is lost.
    pub fn reserve(&mut self, size: u64, align: u64) -> Result<u64> {
        match self.ask(&Request::Reserve { size, align }, self.limits.answer)? {
            Response::Reserved { address } => Ok(address),
            other => unexpected(other),
        }
    }

    /// Gives memory back.
    ///
    /// # Errors
    /// It was not reserved, or the target is lost.
    pub fn release(&mut self, address: u64, size: u64) -> Result<()> {
        self.done(&Request::Release { address, size })
    }

    /// Writes memory that holds zeros; of the bytes, only pieces that are not all zeros are sent.
    ///
    /// # Errors
    /// The memory cannot be written, or the target is lost.
    pub fn fill(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        let pieces = bytes.chunks(PAYLOAD).zip((address..).step_by(PAYLOAD));
        for (bytes, address) in pieces.filter(|(bytes, _)| bytes.iter().any(|byte| *byte != 0)) {
            self.done(&Request::Write { address, bytes })?;
        }
        Ok(())
    }

    /// Writes memory.
    ///
    /// # Errors
    /// The memory cannot be written, or the target is lost.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        for (bytes, address) in bytes.chunks(PAYLOAD).zip((address..).step_by(PAYLOAD)) {
            self.done(&Request::Write { address, bytes })?;
        }
        Ok(())
    }

    /// Reads memory.
    ///
    /// # Errors
    /// The memory cannot be read, or the target is lost.
    pub fn read(&mut self, address: u64, size: usize) -> Result<Vec<u8>> {
        let mut all = Vec::with_capacity(size);
        while all.len() < size {
            let at = address.wrapping_add(all.len() as u64);
            let next = (size - all.len()).min(PAYLOAD) as u16;
            match self.ask(&Request::Read { address: at, size: next }, self.limits.answer)? {
                Response::Bytes(bytes) if bytes.len() == usize::from(next) => {
                    all.extend_from_slice(bytes);
                }
                other => return unexpected(other),
            }
        }
        Ok(all)
    }

    /// Gives memory its kind's permissions, and lets code be fetched from it.
    ///
    /// # Errors
    /// It was not reserved, or the target is lost.
    pub fn protect(&mut self, kind: Kind, address: u64, size: u64) -> Result<()> {
        self.done(&Request::Protect { kind, address, size })
    }

    /// Makes this the thread pointer of what is called from now on.
    ///
    /// # Errors
    /// The target is lost.
    pub fn set_thread_pointer(&mut self, address: u64) -> Result<()> {
        self.done(&Request::ThreadPointer { address })
    }

    /// Calls a function, and hands what it prints to `console`.
    ///
    /// # Errors
    /// It does not come back within the limit, or the target is lost.
    pub fn call(
        &mut self,
        address: u64,
        arguments: [u64; ARGUMENTS],
        mut console: impl FnMut(&[u8]),
    ) -> Result<CallEnd> {
        let begun = Instant::now();
        let mut request = Request::Call { address, arguments };
        loop {
            let left = self.limits.call.saturating_sub(begun.elapsed());
            match self.ask(&request, left).context("the function did not come back")? {
                Response::Console(bytes) => console(bytes),
                Response::Returned(value) => return Ok(CallEnd::Returned(value)),
                Response::Exited(code) => return Ok(CallEnd::Exited(code)),
                Response::Aborted => return Ok(CallEnd::Aborted),
                Response::Fault { cause, pc, value, return_address } => {
                    return Ok(CallEnd::Fault(Fault { cause, pc, value, return_address }));
                }
                other => return unexpected(other),
            }
            request = Request::Continue;
        }
    }

    fn done(&mut self, request: &Request<'_>) -> Result<()> {
        match self.ask(request, self.limits.answer)? {
            Response::Done => Ok(()),
            other => unexpected(other),
        }
    }

    /// Sends a request until it is answered, or for so long.
    fn ask(&mut self, request: &Request<'_>, limit: Duration) -> Result<Response<'_>> {
        self.number = self.number.wrapping_add(1);
        let mut frame = [0; FRAME];
        let message = request.message().numbered(self.number);
        let size = encode(&message, &mut [0; FRAME], &mut frame);
        let frame = size.and_then(|size| frame.get(..size)).context("the request is too long")?;
        self.traffic.requests += 1;
        self.is_lost = true; // until it answers
        let begun = Instant::now();
        // However slow the line has been of late, what is lost can be asked for again.
        let first = (self.limits.again + 3 * self.pace).min(limit / 4);
        let mut wait = first;
        loop {
            self.traffic.sent += frame.len() as u64;
            self.line.as_mut().context(CLOSED)?.send(frame)?;
            let until = begun.elapsed() + wait;
            let mut left = wait.min(limit);
            loop {
                if self.next_frame(left)? {
                    let answer = decode(self.incoming.frame());
                    if answer.is_some_and(|a| a.number() == self.number && a.response().is_some()) {
                        self.is_lost = false;
                        let is_call = matches!(request, Request::Call { .. } | Request::Continue);
                        // Which of several sendings is answered, nobody knows.
                        let took = if wait > first { self.limits.again } else { begun.elapsed() };
                        if !is_call {
                            self.pace = took.max(self.pace - self.pace / 8);
                        }
                        let answer = decode(self.incoming.frame());
                        let answer = answer.and_then(|answer| answer.response());
                        return answer.context("an answer that was there is gone");
                    }
                }
                match until.min(limit).checked_sub(begun.elapsed()) {
                    Some(more) => left = more,
                    // What has come is looked at before anything else is asked for: it may be the
                    // answer, behind older ones.
                    None if self.waiting.len() > 0 => left = Duration::ZERO,
                    None => break,
                }
            }
            if begun.elapsed() >= limit {
                bail!("the target has not answered for {:.1} s", limit.as_secs_f64());
            }
            self.traffic.again += 1;
            let most = (8 * first).max(begun.elapsed() / 8);
            wait = (wait * 2).min(most).max(first + Duration::from_nanos(1));
        }
    }

    /// Reads up to the end of a frame, or for so long; whether there is one.
    fn next_frame(&mut self, limit: Duration) -> Result<bool> {
        if self.waiting.len() == 0 {
            let bytes = self.line.as_mut().context(CLOSED)?.receive(limit)?;
            self.traffic.received += bytes.len() as u64;
            self.waiting = bytes.into_iter();
        }
        Ok(self.waiting.by_ref().any(|byte| self.incoming.push(byte)))
    }
}

/// What an answer says that is not what was asked for.
fn unexpected<T>(response: Response<'_>) -> Result<T> {
    Err(match response {
        Response::Refused(refusal) => anyhow!("the target refuses: {refusal:?}"),
        other => anyhow!("the target answers something else: {other:?}"),
    })
}

fn now_ns() -> u32 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |now| now.as_nanos() as u32)
}

#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
