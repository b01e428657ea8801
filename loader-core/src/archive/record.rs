//! Records of 16 bytes: what is known of an object, of a definition, of a name.

use crate::scratch::Scratch;

/// Units and definitions are counted in 29 bits, with flags beside them.
pub(super) const LIMIT: usize = 1 << 29;
const NUMBER: u32 = (1 << STATE_SHIFT) - 1;
const STATE_SHIFT: u32 = 29;
const TOP: u32 = 1 << 31;

/// An object that may be linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    /// A member's header in its archive; 0 for an object that is no member.
    pub(super) offset: u32,
    /// Its first definition; the next unit's first is the end.
    pub(super) first: u32,
    /// Its archive's number; for an object that is no member, the number of the input.
    pub(super) source: u32,
    /// Whether a visit to it is in the queue.
    pub(super) queued: bool,
    /// How many names it is to be taken for.
    pub(super) wanted: u32,
}

/// A member's definition of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Definition {
    /// Where the name is in the archive.
    pub(super) name_at: u32,
    pub(super) unit: u32,
    /// The next definition of the name; after the last one, the first.
    pub(super) next: u32,
    /// The name.
    pub(super) name: u32,
    /// Whether it takes the place of a COMMON symbol.
    pub(super) data: bool,
}

/// What is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nobody has asked for it.
    Idle = 0,
    /// It is needed, and nothing taken so far defines it.
    Needed = 1,
    /// A COMMON symbol defines it, and data may take its place.
    Common = 2,
    /// It is defined weakly, which a COMMON symbol takes the place of.
    Weak = 3,
    /// It is defined.
    Defined = 4,
}

/// A name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Known {
    /// The upper half of its hash; the lower half says where it is in the table.
    pub(super) hash: u32,
    /// Its last definition.
    pub(super) last: u32,
    pub(super) state: State,
    /// Who needs it: a place in the link order, counted from 1, or 0 for the client.
    pub(super) needed_by: u32,
    /// The member that is to be taken for it.
    pub(super) from: Option<u32>,
}

impl Unit {
    pub(super) const fn unpack(record: Scratch) -> Self {
        let (offset, first) = split(record.word);
        let (queued, wanted) = (record.high & TOP != 0, record.high & NUMBER);
        Self { offset, first, source: record.low, queued, wanted }
    }

    pub(super) const fn pack(self) -> Scratch {
        let queued = if self.queued { TOP } else { 0 };
        let high = self.wanted & NUMBER | queued;
        Scratch { word: join(self.offset, self.first), low: self.source, high }
    }
}

impl Definition {
    pub(super) const fn unpack(record: Scratch) -> Self {
        let (name_at, unit) = split(record.word);
        let (data, name) = (record.high & TOP != 0, record.high & !TOP);
        Self { name_at, unit, next: record.low, name, data }
    }

    pub(super) const fn pack(self) -> Scratch {
        let high = self.name & !TOP | if self.data { TOP } else { 0 };
        Scratch { word: join(self.name_at, self.unit), low: self.next, high }
    }
}

impl Known {
    /// A name that nobody has asked for, with its only definition.
    pub(super) const fn new(hash: u32, definition: u32) -> Self {
        Self { hash, last: definition, state: State::Idle, needed_by: 0, from: None }
    }

    /// Whether a member that so defines it is to be taken.
    pub(super) const fn wants(self, definition: Definition) -> bool {
        match self.state {
            State::Needed => true,
            State::Common => definition.data,
            State::Idle | State::Weak | State::Defined => false,
        }
    }

    pub(super) const fn unpack(record: Scratch) -> Self {
        let (hash, needed_by) = split(record.word);
        let state = match record.high >> STATE_SHIFT {
            1 => State::Needed,
            2 => State::Common,
            3 => State::Weak,
            4 => State::Defined,
            _ => State::Idle,
        };
        let (last, from) = (record.low.wrapping_sub(1), (record.high & NUMBER).checked_sub(1));
        Self { hash, last, state, needed_by, from }
    }

    /// Packs it; `low` is never 0, by which an empty bucket is told.
    pub(super) const fn pack(self) -> Scratch {
        let from = match self.from {
            Some(unit) => unit.wrapping_add(1) & NUMBER,
            None => 0,
        };
        let (low, high) = (self.last.wrapping_add(1), (self.state as u32) << STATE_SHIFT | from);
        Scratch { word: join(self.hash, self.needed_by), low, high }
    }
}

/// Two numbers in one word.
pub(super) const fn join(upper: u32, lower: u32) -> u64 {
    (upper as u64) << 32 | lower as u64
}

/// The upper and the lower number in a word.
pub(super) const fn split(word: u64) -> (u32, u32) {
    ((word >> 32) as u32, word as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_hold_what_they_are_given() {
        let most = LIMIT as u32 - 2;
        for (queued, wanted) in [(false, 0), (true, 1), (true, most)] {
            let unit = Unit { offset: u32::MAX, first: most, source: u32::MAX, queued, wanted };
            assert_eq!(Unit::unpack(unit.pack()), unit);
        }
        for data in [false, true] {
            let name = TOP - 1;
            let definition = Definition { name_at: u32::MAX, unit: most, next: most, name, data };
            assert_eq!(Definition::unpack(definition.pack()), definition);
        }
        for state in [State::Idle, State::Needed, State::Common, State::Weak, State::Defined] {
            for (last, from) in [(0, None), (most, Some(0)), (1, Some(most))] {
                let known = Known { hash: u32::MAX, last, state, needed_by: most, from };
                assert_eq!(Known::unpack(known.pack()), known);
                assert_ne!(known.pack().low, 0);
            }
        }
    }
}
