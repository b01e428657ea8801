//! The members to be taken, in the order that the search comes by: a heap in scratch memory.

use core::cmp::Reverse;

use crate::scratch::Scratch;
use crate::sort::{exchange, sift_down};

/// When the search comes by a member: in which turn, in which pass over the archive, and there by
/// its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Visit {
    /// Turns are counted from archive to archive; those of a group come round again.
    pub(super) turn: u64,
    /// An archive is gone through again before the next one's turn.
    pub(super) pass: u32,
    /// The member's number.
    pub(super) unit: u32,
}

/// A heap with the next visit on top.
#[derive(Debug)]
pub(super) struct Queue<'s> {
    records: &'s mut [Scratch],
    len: usize,
}

impl<'s> Queue<'s> {
    /// An empty queue, with room for as many visits as there are records.
    pub(super) const fn new(records: &'s mut [Scratch]) -> Self {
        Self { records, len: 0 }
    }

    /// Adds a visit, if there is room.
    pub(super) fn push(&mut self, visit: Visit) {
        let Some(record) = self.records.get_mut(self.len) else { return };
        *record = Scratch { word: visit.turn, low: visit.pass, high: visit.unit };
        let mut at = self.len;
        self.len = self.len.saturating_add(1);
        while let Some(parent) = at.checked_sub(1).map(|at| at / 2) {
            let (Some(child), Some(above)) = (self.records.get(at), self.records.get(parent))
            else {
                return;
            };
            if key(above) >= key(child) {
                return;
            }
            exchange(self.records, at, parent);
            at = parent;
        }
    }

    /// Takes the next visit out.
    pub(super) fn pop(&mut self) -> Option<Visit> {
        self.len = self.len.checked_sub(1)?;
        exchange(self.records, 0, self.len);
        if let Some(heap) = self.records.get_mut(..self.len) {
            sift_down(heap, 0, &key);
        }
        self.records.get(self.len).map(visit)
    }
}

fn key(record: &Scratch) -> Reverse<Visit> {
    Reverse(visit(record))
}

const fn visit(record: &Scratch) -> Visit {
    Visit { turn: record.word, pass: record.low, unit: record.high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_come_out_in_order() {
        let mut seed = 1u64;
        for len in 0..100usize {
            let mut records = alloc::vec![Scratch::ZERO; len];
            let mut queue = Queue::new(&mut records);
            let mut visits: alloc::vec::Vec<Visit> = (0..len as u32)
                .map(|unit| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    Visit { turn: seed >> 62, pass: (seed >> 40) as u32 & 3, unit }
                })
                .collect();
            visits.iter().for_each(|visit| queue.push(*visit));
            visits.sort();
            assert!(core::iter::from_fn(|| queue.pop()).eq(visits));
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_left_out() {
        let mut queue = Queue::new(&mut []);
        queue.push(Visit { turn: 0, pass: 0, unit: 0 });
        assert_eq!(queue.pop(), None);
    }
}
