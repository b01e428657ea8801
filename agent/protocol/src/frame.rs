//! Frames: numbered messages to bytes and back, and finding them in a stream.

use crc::{CRC_32_ISO_HDLC, Crc};

use crate::FRAME;
use crate::wire::{Message, WORDS};

/// What stands between frames, and in none.
const END: u8 = 0;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// Writes a message as a frame, its ends included; how long it is, or `None` where it is too long.
/// `plain` is for what the frame is made from.
pub fn encode(
    message: &Message<'_>,
    plain: &mut [u8; FRAME],
    frame: &mut [u8; FRAME],
) -> Option<usize> {
    let size = WORDS * 8 + message.bytes.len();
    let (head, rest) = plain.split_first_chunk_mut::<{ WORDS * 8 }>()?;
    for (to, word) in head.as_chunks_mut().0.iter_mut().zip(message.words) {
        *to = word.to_le_bytes();
    }
    rest.get_mut(..message.bytes.len())?.copy_from_slice(message.bytes);
    let sum = CRC.checksum(plain.get(..size)?);
    *plain.get_mut(size..)?.first_chunk_mut()? = sum.to_le_bytes();
    let (start, rest) = frame.split_first_mut()?;
    *start = END; // whatever came before is no part of this
    let end = cobs::try_encode(plain.get(..size + 4)?, rest).ok()? + 1;
    *frame.get_mut(end)? = END;
    Some(end + 1)
}

/// Reads a message from what an [`Assembler`] has found; `None` where it is none.
pub fn decode(frame: &[u8]) -> Option<Message<'_>> {
    let (checked, sum) = frame.split_last_chunk()?;
    if CRC.checksum(checked) != u32::from_le_bytes(*sum) {
        return None;
    }
    let (head, bytes) = checked.split_first_chunk::<{ WORDS * 8 }>()?;
    let mut words = [0; WORDS];
    for (word, bytes) in words.iter_mut().zip(head.as_chunks().0) {
        *word = u64::from_le_bytes(*bytes);
    }
    Some(Message { words, bytes })
}

/// Finds frames in a stream.
#[derive(Debug)]
pub struct Assembler {
    buffer: [u8; FRAME],
    /// How much of the buffer is filled; more than it holds where a frame is too long.
    filled: usize,
    /// How much of it is the last frame, which is there until the next byte comes.
    found: usize,
}

impl Assembler {
    /// One that has seen nothing yet.
    pub const fn new() -> Self {
        Self { buffer: [0; FRAME], filled: 0, found: 0 }
    }

    /// Takes the next byte of the stream; whether it ends a [`frame`](Self::frame).
    pub fn push(&mut self, byte: u8) -> bool {
        if byte != END {
            if let Some(slot) = self.buffer.get_mut(self.filled) {
                *slot = byte;
                self.filled += 1;
            } else {
                self.filled = FRAME + 1;
            }
            return false;
        }
        let filled = core::mem::take(&mut self.filled);
        let frame = self.buffer.get_mut(..filled).and_then(|b| cobs::decode_in_place(b).ok());
        self.found = frame.unwrap_or_default();
        self.found != 0
    }

    /// What [`decode`] takes, once [`push`](Self::push) has said that it is there.
    pub fn frame(&self) -> &[u8] {
        self.buffer.get(..self.found).unwrap_or_default()
    }
}

impl Default for Assembler {
    fn default() -> Self {
        Self::new()
    }
}
