//! The agent's side: each request once, however often it comes.

use crate::{Assembler, FRAME, Request, Response, decode, encode};

/// The byte stream to the host.
pub trait Port {
    /// Waits for the next byte; `None` where no more will come.
    fn read(&mut self) -> Option<u8>;

    /// Sends bytes.
    fn write(&mut self, bytes: &[u8]);
}

/// Receives requests and answers them.
#[derive(Debug)]
pub struct Server {
    incoming: Assembler,
    /// Whether the last request is to be given out once more.
    put_back: bool,
    /// The number that the session has begun with.
    begun: Option<u32>,
    /// The number of the last request.
    number: Option<u32>,
    /// What the answer is made from.
    plain: [u8; FRAME],
    /// The last answer, as it was sent.
    answer: [u8; FRAME],
    /// How long it is; 0 while there is none to the last request.
    answer_size: usize,
}

impl Server {
    /// One that has heard of no host yet.
    pub const fn new() -> Self {
        Self {
            incoming: Assembler::new(),
            put_back: false,
            begun: None,
            number: None,
            plain: [0; FRAME],
            answer: [0; FRAME],
            answer_size: 0,
        }
    }

    /// Waits for the next request; `None` where no more will come.
    ///
    /// The last one, where it comes again, is answered again and not given out. What does not follow
    /// it begins a session, or is not for now: an earlier request of the session, its [`Request::Hello`]
    /// too, that the line has repeated.
    pub fn receive(&mut self, port: &mut impl Port) -> Option<Request<'_>> {
        if !core::mem::take(&mut self.put_back) {
            self.next(port)?;
        }
        decode(self.incoming.frame())?.request()
    }

    /// Has [`receive`](Self::receive) give out the last request once more.
    pub fn put_back(&mut self) {
        self.put_back = true;
    }

    /// Answers the last request.
    pub fn answer(&mut self, port: &mut impl Port, response: &Response<'_>) {
        let message = response.message().numbered(self.number.unwrap_or_default());
        self.answer_size = encode(&message, &mut self.plain, &mut self.answer).unwrap_or_default();
        self.send(port);
    }

    /// Waits for a frame that is a new request.
    fn next(&mut self, port: &mut impl Port) -> Option<()> {
        loop {
            while !self.incoming.push(port.read()?) {}
            let Some(message) = decode(self.incoming.frame()) else { continue };
            let number = message.number();
            if self.number == Some(number) {
                self.send(port);
                continue;
            }
            let follows = self.number.is_some_and(|last| number == last.wrapping_add(1));
            // The one that this session has begun with may come late, once more.
            let begins = message.is_hello() && self.begun != Some(number);
            if begins {
                self.begun = Some(number);
            }
            if follows || begins {
                self.number = Some(number);
                self.answer_size = 0;
                return Some(());
            }
        }
    }

    fn send(&self, port: &mut impl Port) {
        port.write(self.answer.get(..self.answer_size).unwrap_or_default());
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}
