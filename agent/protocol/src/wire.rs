//! Messages as words and bytes: the form in which they are sent.

use crate::{Kind, Refusal, Request, Response};

/// How many words a message has.
pub const WORDS: usize = 8;

/// The kind of the request that begins a session.
const HELLO: u64 = 1;

/// A request or a response, as words and bytes.
///
/// The first word is its number and, in the upper half, its kind; what the others hold is the kind's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message<'a> {
    /// The words.
    pub words: [u64; WORDS],
    /// The bytes.
    pub bytes: &'a [u8],
}

impl<'a> Message<'a> {
    const fn new(kind: u64, values: [u64; 4], bytes: &'a [u8]) -> Self {
        let [first, second, third, fourth] = values;
        Self { words: [kind << 32, first, second, third, fourth, 0, 0, 0], bytes }
    }

    /// The same with this number.
    pub fn numbered(mut self, number: u32) -> Self {
        let [first, ..] = &mut self.words;
        *first |= u64::from(number);
        self
    }

    /// Its number.
    pub const fn number(&self) -> u32 {
        let [first, ..] = self.words;
        first as u32
    }

    const fn kind(&self) -> u64 {
        let [first, ..] = self.words;
        first >> 32
    }

    /// Whether it begins a session, if it is a request.
    pub(crate) const fn is_hello(&self) -> bool {
        self.kind() == HELLO
    }

    /// The request that it is; `None` where it is none.
    pub fn request(&self) -> Option<Request<'a>> {
        let [_, address, size, third, ..] = self.words;
        Some(match self.kind() {
            HELLO => Request::Hello { version: address as u16 },
            2 => Request::Export { index: address as u16 },
            3 => Request::Reserve { size, align: address },
            4 => Request::Release { address, size },
            5 => Request::Write { address, bytes: self.bytes },
            6 => Request::Read { address, size: size as u16 },
            7 => Request::Protect { kind: Kind::of(third)?, address, size },
            8 => Request::ThreadPointer { address },
            9 => {
                let [_, _, a, b, c, d, e, f] = self.words;
                Request::Call { address, arguments: [a, b, c, d, e, f] }
            }
            10 => Request::Continue,
            _ => return None,
        })
    }

    /// The response that it is; `None` where it is none.
    pub fn response(&self) -> Option<Response<'a>> {
        let [_, first, second, third, fourth, ..] = self.words;
        let text = || str::from_utf8(self.bytes).ok();
        Some(match self.kind() {
            1 => Response::Hello { version: first as u16, arch: text()?, exports: second as u16 },
            2 => Response::Export { name: text()?, address: first },
            3 => Response::Reserved { address: first },
            4 => Response::Done,
            5 => Response::Bytes(self.bytes),
            6 => Response::Console(self.bytes),
            7 => Response::Returned(first),
            8 => Response::Exited(first as i32),
            9 => Response::Aborted,
            10 => {
                let (cause, pc, value, return_address) = (first, second, third, fourth);
                Response::Fault { cause, pc, value, return_address }
            }
            11 => Response::Refused(Refusal::of(first)?),
            _ => return None,
        })
    }
}

impl<'a> Request<'a> {
    /// Itself as words and bytes.
    pub fn message(&self) -> Message<'a> {
        match *self {
            Self::Hello { version } => Message::new(HELLO, [version.into(), 0, 0, 0], &[]),
            Self::Export { index } => Message::new(2, [index.into(), 0, 0, 0], &[]),
            Self::Reserve { size, align } => Message::new(3, [align, size, 0, 0], &[]),
            Self::Release { address, size } => Message::new(4, [address, size, 0, 0], &[]),
            Self::Write { address, bytes } => Message::new(5, [address, 0, 0, 0], bytes),
            Self::Read { address, size } => Message::new(6, [address, size.into(), 0, 0], &[]),
            Self::Protect { kind, address, size } => {
                Message::new(7, [address, size, kind as u64, 0], &[])
            }
            Self::ThreadPointer { address } => Message::new(8, [address, 0, 0, 0], &[]),
            Self::Call { address, arguments: [a, b, c, d, e, f] } => {
                Message { words: [9 << 32, address, a, b, c, d, e, f], bytes: &[] }
            }
            Self::Continue => Message::new(10, [0; 4], &[]),
        }
    }
}

impl<'a> Response<'a> {
    /// Itself as words and bytes.
    pub fn message(&self) -> Message<'a> {
        match *self {
            Self::Hello { version, arch, exports } => {
                Message::new(1, [version.into(), exports.into(), 0, 0], arch.as_bytes())
            }
            Self::Export { name, address } => Message::new(2, [address, 0, 0, 0], name.as_bytes()),
            Self::Reserved { address } => Message::new(3, [address, 0, 0, 0], &[]),
            Self::Done => Message::new(4, [0; 4], &[]),
            Self::Bytes(bytes) => Message::new(5, [0; 4], bytes),
            Self::Console(bytes) => Message::new(6, [0; 4], bytes),
            Self::Returned(value) => Message::new(7, [value, 0, 0, 0], &[]),
            Self::Exited(code) => Message::new(8, [code as u64, 0, 0, 0], &[]),
            Self::Aborted => Message::new(9, [0; 4], &[]),
            Self::Fault { cause, pc, value, return_address } => {
                Message::new(10, [cause, pc, value, return_address], &[])
            }
            Self::Refused(refusal) => Message::new(11, [refusal as u64, 0, 0, 0], &[]),
        }
    }
}

impl Kind {
    const fn of(word: u64) -> Option<Self> {
        match word {
            0 => Some(Self::Text),
            1 => Some(Self::ReadOnly),
            2 => Some(Self::Data),
            _ => None,
        }
    }
}

impl Refusal {
    const fn of(word: u64) -> Option<Self> {
        match word {
            0 => Some(Self::Exhausted),
            1 => Some(Self::NotReserved),
            2 => Some(Self::NoSuch),
            _ => None,
        }
    }
}
