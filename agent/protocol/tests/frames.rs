//! Messages and frames from outside.

use agent_protocol::{
    Assembler, FRAME, Kind, Message, PAYLOAD, Port, Refusal, Request, Response, Server, decode,
    encode,
};

fn framed(message: Message<'_>) -> Vec<u8> {
    let mut frame = [0; FRAME];
    let size = encode(&message, &mut [0; FRAME], &mut frame).unwrap();
    frame[..size].to_vec()
}

fn frames(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut assembler, mut found) = (Assembler::new(), Vec::new());
    for byte in stream {
        if assembler.push(*byte) {
            found.push(assembler.frame().to_vec());
        }
    }
    found
}

fn requests(bytes: &[u8]) -> Vec<Request<'_>> {
    vec![
        Request::Hello { version: 7 },
        Request::Export { index: 3 },
        Request::Reserve { size: 0x1_0000_0001, align: 4096 },
        Request::Release { address: u64::MAX, size: 5 },
        Request::Write { address: 0x4000_0000, bytes },
        Request::Read { address: 1, size: PAYLOAD as u16 },
        Request::Protect { kind: Kind::Text, address: 0x1000, size: 1 },
        Request::Protect { kind: Kind::ReadOnly, address: 0x1000, size: 2 },
        Request::Protect { kind: Kind::Data, address: 0x1000, size: 3 },
        Request::ThreadPointer { address: 8 },
        Request::Call { address: 9, arguments: [1, 2, 3, 4, 5, u64::MAX] },
        Request::Continue,
    ]
}

fn responses(bytes: &[u8]) -> Vec<Response<'_>> {
    vec![
        Response::Hello { version: 1, arch: "riscv64", exports: 5 },
        Response::Export { name: "kernel_write", address: 0x20_0000 },
        Response::Reserved { address: 0x40_0000 },
        Response::Done,
        Response::Bytes(bytes),
        Response::Console(bytes),
        Response::Returned(u64::MAX),
        Response::Exited(-1),
        Response::Aborted,
        Response::Fault { cause: 1, pc: 2, value: 3, return_address: 4 },
        Response::Refused(Refusal::Exhausted),
        Response::Refused(Refusal::NotReserved),
        Response::Refused(Refusal::NoSuch),
    ]
}

#[test]
fn every_message_comes_back_as_it_was() {
    let all: Vec<u8> = (0..PAYLOAD).map(|at| (at * 7 / 3) as u8).collect();
    for bytes in [&[][..], &[0; 300], &[0xff; PAYLOAD], &all] {
        for request in requests(bytes) {
            let found = frames(&framed(request.message().numbered(u32::MAX)));
            let message = decode(&found[0]).unwrap();
            assert_eq!((message.number(), message.request()), (u32::MAX, Some(request)));
        }
        for response in responses(bytes) {
            let found = frames(&framed(response.message().numbered(5)));
            let message = decode(&found[0]).unwrap();
            assert_eq!((message.number(), message.response()), (5, Some(response)));
        }
    }
}

#[test]
fn what_is_too_long_is_no_frame() {
    let bytes = vec![1; FRAME];
    let message = Request::Write { address: 0, bytes: &bytes }.message();
    assert_eq!(encode(&message, &mut [0; FRAME], &mut [0; FRAME]), None);
    let mut stream = vec![1; 3 * FRAME];
    stream.push(0);
    assert_eq!(frames(&stream), Vec::<Vec<u8>>::new());
    // And the next one is found.
    stream.extend(framed(Request::Continue.message()));
    assert_eq!(frames(&stream).len(), 1);
}

#[test]
fn no_damaged_bit_goes_unnoticed() {
    let request = Request::Write { address: 0x1234, bytes: b"some bytes\0and more" };
    let good = framed(request.message().numbered(77));
    for at in 0..good.len() {
        for bit in 0..8 {
            let mut stream = good.clone();
            stream[at] ^= 1 << bit;
            stream.push(0);
            for found in frames(&stream) {
                let message = decode(&found);
                // A lost mark of its start or end costs nothing where another one is there.
                assert!(message.is_none_or(|m| m.request() == Some(request) && m.number() == 77));
            }
        }
    }
}

#[test]
fn frames_are_found_among_anything_else() {
    let good = framed(Request::Continue.message().numbered(9));
    let noise: [&[u8]; 4] = [b"OpenSBI v1.1\r\n", &[0; 5], &[3, 1, 2], &good[..good.len() / 2]];
    for noise in noise {
        let stream = [noise, &good, noise, &good].concat();
        let found = frames(&stream);
        let numbers = found.iter().filter_map(|frame| decode(frame)).map(|m| m.number());
        assert_eq!(numbers.collect::<Vec<_>>(), [9, 9], "{noise:?}");
    }
}

/// A line on which all has been said.
struct Tape {
    incoming: std::vec::IntoIter<u8>,
    outgoing: Vec<u8>,
}

impl Port for Tape {
    fn read(&mut self) -> Option<u8> {
        self.incoming.next()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.outgoing.extend_from_slice(bytes);
    }
}

/// What a server carries out of numbered requests, and the numbers of its answers.
fn served(server: &mut Server, requests: &[(u32, Request<'_>)]) -> (Vec<u64>, Vec<u32>) {
    let stream: Vec<u8> =
        requests.iter().flat_map(|(number, r)| framed(r.message().numbered(*number))).collect();
    let mut tape = Tape { incoming: stream.into_iter(), outgoing: Vec::new() };
    let mut done = Vec::new();
    while let Some(request) = server.receive(&mut tape) {
        done.push(match request {
            Request::ThreadPointer { address } => address,
            _ => 0,
        });
        server.answer(&mut tape, &Response::Done);
    }
    let numbers = frames(&tape.outgoing).iter().map(|f| decode(f).unwrap().number()).collect();
    (done, numbers)
}

#[test]
fn a_request_is_carried_out_once_and_answered_each_time() {
    let (hello, set) =
        (Request::Hello { version: 1 }, |address| Request::ThreadPointer { address });
    let mut server = Server::new();
    // Before a session begins, nothing is.
    assert_eq!(served(&mut server, &[(0, set(1)), (1, set(2))]), (vec![], vec![]));
    let sequence = [(u32::MAX, hello), (0, set(5)), (0, set(5)), (0, set(5)), (1, set(6))];
    assert_eq!(served(&mut server, &sequence), (vec![0, 5, 6], vec![u32::MAX, 0, 0, 0, 1]));
    // What does not follow is somebody else's.
    let stray = [(0, set(7)), (3, set(8)), (1, set(9)), (2, set(10))];
    assert_eq!(served(&mut server, &stray), (vec![10], vec![1, 2]));
    // Nor is the beginning of this session, which the line brings once more: nothing is released.
    let late = [(u32::MAX, hello), (3, set(12)), (u32::MAX, hello), (3, set(13))];
    assert_eq!(served(&mut server, &late), (vec![12], vec![3, 3]));
    // A new session may begin at any other number.
    assert_eq!(served(&mut server, &[(1, hello), (2, set(11))]), (vec![0, 11], vec![1, 2]));
}

#[test]
fn a_request_that_is_put_back_comes_again() {
    let stream = [(4, Request::Hello { version: 1 }), (5, Request::Continue)];
    let stream = stream.iter().flat_map(|(number, r)| framed(r.message().numbered(*number)));
    let stream: Vec<u8> = stream.collect();
    let mut tape = Tape { incoming: stream.into_iter(), outgoing: Vec::new() };
    let mut server = Server::new();
    for _ in 0..2 {
        assert_eq!(server.receive(&mut tape), Some(Request::Hello { version: 1 }));
        server.put_back();
    }
    assert_eq!(server.receive(&mut tape), Some(Request::Hello { version: 1 }));
    assert_eq!(server.receive(&mut tape), Some(Request::Continue));
    assert_eq!(server.receive(&mut tape), None);
}
