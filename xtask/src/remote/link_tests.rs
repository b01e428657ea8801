//! Links over lines that damage, lose and repeat what they carry, to an agent in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use agent_protocol::{Port, Refusal, Server};

use super::super::noise::Noisy;
use super::*;

/// Where the agent's memory begins.
const START: u64 = 0x1000;
/// The function that adds its argument to a counter, and prints as often as its other one says.
const COUNT: u64 = 0x8;
/// The function that faults.
const FAULT: u64 = 0x10;

/// What an agent has done.
#[derive(Default)]
struct Done {
    memory: Vec<u8>,
    counter: u64,
    calls: u64,
    printed: u64,
}

/// An agent at the other end of a line, and what is on its way from there.
struct Peer {
    server: Server,
    wire: Wire,
    done: Rc<RefCell<Done>>,
    /// What a call under way still has to print.
    left: u64,
}

#[derive(Default)]
struct Wire {
    incoming: VecDeque<u8>,
    outgoing: Vec<u8>,
}

impl Port for Wire {
    fn read(&mut self) -> Option<u8> {
        self.incoming.pop_front()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }
}

impl Peer {
    fn new() -> (Self, Rc<RefCell<Done>>) {
        let memory = vec![0; 3 * PAYLOAD];
        let done = Rc::new(RefCell::new(Done { memory, ..Done::default() }));
        let (server, wire) = (Server::new(), Wire::default());
        (Self { server, wire, done: Rc::clone(&done), left: 0 }, done)
    }

    /// Answers all requests that have come.
    fn work(&mut self) {
        while let Some(request) = self.server.receive(&mut self.wire) {
            let mut done = self.done.borrow_mut();
            let done = &mut *done;
            let place = |address: u64, size: usize| {
                let at = address.checked_sub(START)? as usize;
                (at + size <= 3 * PAYLOAD).then_some(at..at + size)
            };
            let is_going_on = matches!(request, Request::Continue) && self.left > 0;
            let response = match request {
                Request::Hello { version } => {
                    Response::Hello { version, arch: "riscv64", exports: 1 }
                }
                Request::Export { .. } => Response::Export { name: "f", address: COUNT },
                Request::Write { address, bytes } => match place(address, bytes.len()) {
                    Some(place) => {
                        done.memory[place].copy_from_slice(bytes);
                        Response::Done
                    }
                    None => Response::Refused(Refusal::NoSuch),
                },
                Request::Read { address, size } => match place(address, size.into()) {
                    Some(place) => Response::Bytes(&done.memory[place]),
                    None => Response::Refused(Refusal::NoSuch),
                },
                Request::Call { address: COUNT, arguments: [add, times, ..] } => {
                    done.calls += 1;
                    done.counter += add;
                    self.left = times + 1;
                    Response::Done // another one stands in for it below
                }
                Request::Call { .. } => {
                    Response::Fault { cause: 1, pc: 2, value: 3, return_address: 4 }
                }
                _ => Response::Refused(Refusal::NoSuch),
            };
            let is_call = matches!(response, Response::Done) && self.left > 0;
            let response = if is_going_on || is_call {
                self.left -= 1;
                done.printed += u64::from(self.left > 0);
                match self.left {
                    0 => Response::Returned(done.counter),
                    _ => Response::Console(b"piece\0"),
                }
            } else {
                response
            };
            self.server.answer(&mut self.wire, &response);
        }
    }
}

impl Line for Peer {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.wire.incoming.extend(bytes);
        self.work();
        Ok(())
    }

    fn receive(&mut self, _: Duration) -> Result<Vec<u8>> {
        Ok(std::mem::take(&mut self.wire.outgoing))
    }
}

/// A line with nobody at its other end, or with noise.
struct Nobody(Vec<u8>);

impl Line for Nobody {
    fn send(&mut self, _: &[u8]) -> Result<()> {
        Ok(())
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        if self.0.is_empty() {
            std::thread::sleep(limit);
        }
        Ok(self.0.clone())
    }
}

/// Asks again at once.
fn at_once() -> Limits {
    Limits { again: Duration::ZERO, ..Limits::default() }
}

/// Numbers that look random (an LCG).
struct Random(u64);

impl Random {
    fn next(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) % limit
    }
}

/// A random session of a few requests, held to a model of what they do.
fn session(seed: u64, one_in: u64) -> Traffic {
    let (peer, done) = Peer::new();
    let line = Box::new(Noisy::new(peer, one_in, seed));
    let mut link = Link::new(line, at_once()).unwrap();
    assert_eq!((link.arch(), link.exports()), (Arch::Riscv64, &[("f".into(), COUNT)][..]));
    let mut random = Random(seed);
    let (mut memory, mut counter, mut calls, mut printed) = (vec![0; 3 * PAYLOAD], 0, 0, 0);
    for _ in 0..4 {
        let at = random.next(2 * PAYLOAD as u64);
        let size = random.next(PAYLOAD as u64) as usize;
        match random.next(3) {
            0 => {
                let bytes: Vec<u8> = (0..size).map(|_| random.next(256) as u8).collect();
                memory[at as usize..][..size].copy_from_slice(&bytes);
                link.write(START + at, &bytes).unwrap();
            }
            1 => {
                let bytes = link.read(START + at, size).unwrap();
                assert!(bytes == memory[at as usize..][..size], "seed {seed}");
            }
            _ => {
                let (add, times) = (random.next(100), random.next(4));
                (counter, calls, printed) = (counter + add, calls + 1, printed + times);
                let mut pieces = 0;
                let end = link.call(COUNT, [add, times, 0, 0, 0, 0], |bytes| {
                    assert_eq!(bytes, b"piece\0");
                    pieces += 1;
                });
                assert_eq!((end.unwrap(), pieces), (CallEnd::Returned(counter), times));
            }
        }
    }
    let done = done.borrow();
    assert!(done.memory == memory, "seed {seed}");
    assert_eq!((done.counter, done.calls, done.printed), (counter, calls, printed), "seed {seed}");
    link.traffic()
}

#[test]
fn everything_is_done_once_whatever_the_line_does() {
    let mut again = 0;
    for seed in 0..3000 {
        again += session(seed, 2 + seed % 7).again;
    }
    assert!(again > 3000, "the line did no damage: {again}");
}

#[test]
fn a_good_line_needs_no_second_try() {
    for seed in 0..200 {
        assert_eq!(session(seed, 0).again, 0);
    }
}

#[test]
fn faults_and_refusals_come_through() {
    let (peer, _) = Peer::new();
    let mut link = Link::new(Box::new(peer), at_once()).unwrap();
    let fault = Fault { cause: 1, pc: 2, value: 3, return_address: 4 };
    assert_eq!(link.call(FAULT, [0; 6], |_| ()).unwrap(), CallEnd::Fault(fault));
    assert!(link.write(0, &[1]).unwrap_err().to_string().contains("NoSuch"));
    assert!(link.read(START + 3 * PAYLOAD as u64, 1).is_err());
    assert_eq!(link.read(START, 1).unwrap(), [0], "and it goes on");
}

/// An agent that outlives the lines to it, with all that it remembers.
struct Shared {
    peer: Rc<RefCell<Peer>>,
    /// What it has said last.
    last: Rc<RefCell<Vec<u8>>>,
}

impl Line for Shared {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.peer.borrow_mut().send(bytes)
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        let bytes = self.peer.borrow_mut().receive(limit)?;
        if !bytes.is_empty() {
            self.last.replace(bytes.clone());
        }
        Ok(bytes)
    }
}

#[test]
fn a_new_session_takes_no_answer_of_an_old_one() {
    let (peer, done) = Peer::new();
    let (peer, last) = (Rc::new(RefCell::new(peer)), Rc::default());
    for round in 1..=20 {
        let shared = Shared { peer: Rc::clone(&peer), last: Rc::clone(&last) };
        let mut link = Link::new(Box::new(shared), at_once()).unwrap();
        let end = link.call(COUNT, [1, 0, 0, 0, 0, 0], |_| ()).unwrap();
        assert_eq!((end, done.borrow().calls), (CallEnd::Returned(round), round));
        // What it has said last comes once more.
        peer.borrow_mut().wire.outgoing.extend(last.borrow().iter());
    }
}

/// A line that brings the first frame of all once more before each other one.
struct Late {
    peer: Peer,
    first: Vec<u8>,
}

impl Line for Late {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        if self.first.is_empty() {
            self.first = bytes.to_vec();
        }
        let first = self.first.clone();
        self.peer.send(&first)?;
        self.peer.send(bytes)
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        self.peer.receive(limit)
    }
}

#[test]
fn a_beginning_that_comes_late_begins_nothing() {
    let (peer, done) = Peer::new();
    let limits = Limits { answer: Duration::from_secs(1), ..at_once() };
    let mut link = Link::new(Box::new(Late { peer, first: Vec::new() }), limits).unwrap();
    for round in 1..=3 {
        let end = link.call(COUNT, [1, 2, 0, 0, 0, 0], |_| ()).unwrap();
        assert_eq!((end, done.borrow().calls), (CallEnd::Returned(round), round));
    }
}

/// A line that takes its time once, and then loses a request.
struct Hesitant {
    peer: Peer,
    sent: usize,
}

impl Line for Hesitant {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        self.sent += 1;
        match self.sent {
            3 => {
                std::thread::sleep(HESITATION);
                self.peer.send(bytes)
            }
            4 => Ok(()),
            _ => self.peer.send(bytes),
        }
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        let bytes = self.peer.receive(limit)?;
        if bytes.is_empty() {
            std::thread::sleep(limit);
        }
        Ok(bytes)
    }
}

const HESITATION: Duration = Duration::from_millis(200);

#[test]
fn what_is_lost_is_asked_for_again_however_slow_the_line_has_been() {
    let (peer, _) = Peer::new();
    let limits = Limits { answer: 2 * HESITATION, ..at_once() };
    let mut link = Link::new(Box::new(Hesitant { peer, sent: 0 }), limits).unwrap();
    assert_eq!(link.read(START, 1).unwrap(), [0], "slowly");
    assert_eq!(link.read(START, 1).unwrap(), [0], "and at the second try");
    assert_eq!(link.traffic().again, 1);
}

#[test]
fn a_link_knows_whether_it_is_lost() {
    let (peer, _) = Peer::new();
    let limit = Duration::from_millis(300);
    let limits = Limits { again: limit, answer: limit, call: limit };
    let mut link = Link::new(Box::new(peer), limits).unwrap();
    assert!(link.write(0, &[1]).is_err() && !link.is_lost(), "a refusal is an answer");
    link.line = Some(Box::new(Nobody(Vec::new())));
    assert!(link.read(START, 1).is_err() && link.is_lost());
    link.close();
    assert!(link.read(START, 1).is_err() && link.is_lost());
}

#[test]
fn a_peer_that_is_lost_is_given_up_in_time() {
    let limit = Duration::from_millis(60);
    let limits = Limits { again: Duration::from_millis(5), answer: limit, call: limit };
    let noise = (0..=255).collect();
    for heard in [Vec::new(), vec![0; 10], noise] {
        let begun = Instant::now();
        let error = Link::new(Box::new(Nobody(heard)), limits).err().unwrap();
        assert!(error.to_string().contains("not answered"), "{error}");
        assert!(begun.elapsed() >= limit && begun.elapsed() < Duration::from_secs(20));
    }
}
