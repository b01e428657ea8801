//! A line that damages what goes over it, for tests of what stands above it.

use std::time::Duration;

use anyhow::Result;

use super::transport::Line;

/// About as many bytes as the shortest frame has.
const SHORT: usize = 80;

/// Damages some of the pieces that go over a line, in either direction.
pub struct Noisy<L> {
    line: L,
    /// One piece in so many; 0: none.
    one_in: u64,
    state: u64,
}

impl<L: Line> Noisy<L> {
    /// A line that damages one piece in so many; the same seed makes the same choices.
    pub const fn new(line: L, one_in: u64, seed: u64) -> Self {
        Self { line, one_in, state: seed }
    }

    /// A number below `limit` (SplitMix64).
    fn random(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % limit.max(1) as u64) as usize
    }

    fn damaged(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        // A line may hand over an answer byte by byte: what is short is damaged less often.
        let chance = bytes.len().min(SHORT);
        if chance == 0 || self.random(self.one_in as usize * SHORT) >= chance || self.one_in == 0 {
            return bytes;
        }
        let at = self.random(bytes.len());
        match self.random(6) {
            0 => bytes.clear(),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(..at)),
            3 => bytes[at] ^= 1 << self.random(8),
            4 => bytes.extend_from_within(..), // as if it had been sent twice
            _ => {
                let noise: Vec<u8> = (0..at.min(40)).map(|_| self.random(256) as u8).collect();
                bytes.splice(at..at, noise);
            }
        }
        bytes
    }
}

impl<L: Line> Line for Noisy<L> {
    fn send(&mut self, bytes: &[u8]) -> Result<()> {
        let bytes = self.damaged(bytes);
        self.line.send(&bytes)
    }

    fn receive(&mut self, limit: Duration) -> Result<Vec<u8>> {
        let bytes = self.line.receive(limit)?;
        Ok(self.damaged(&bytes))
    }
}
