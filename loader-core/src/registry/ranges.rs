//! Addresses to modules: ranges by address, twice. A writer fills the list that nobody reads, and
//! then makes it the one that is read.

use core::fmt;
use core::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

use crate::registry::readers::Reading;

/// Addresses from `start` on, and below `end`, that one module has.
#[derive(Debug)]
pub(crate) struct Range {
    start: AtomicU64,
    end: AtomicU64,
    slot: AtomicU32,
}

impl Range {
    /// No addresses.
    pub(crate) const fn empty() -> Self {
        Self { start: AtomicU64::new(0), end: AtomicU64::new(0), slot: AtomicU32::new(0) }
    }

    fn copy(&self, from: &Self) {
        self.set(from.start.load(SeqCst), from.end.load(SeqCst), from.slot.load(SeqCst));
    }

    fn set(&self, start: u64, end: u64, slot: u32) {
        self.start.store(start, SeqCst);
        self.end.store(end, SeqCst);
        self.slot.store(slot, SeqCst);
    }
}

/// How many ranges each list has, and which list is read: the count, times two, and a bit.
#[derive(Debug)]
pub(crate) struct Current(AtomicUsize);

impl Current {
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }
}

/// The two lists.
#[derive(Clone, Copy)]
pub(crate) struct Ranges<'r> {
    pub(crate) lists: [&'r [Range]; 2],
    pub(crate) current: &'r Current,
}

impl fmt::Debug for Ranges<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.read()).finish()
    }
}

impl<'r> Ranges<'r> {
    /// The module that has an address, and the first of the addresses that it has there.
    pub(crate) fn find(self, address: u64, _reading: &Reading<'_>) -> Option<(u32, u64)> {
        let list = self.read();
        let after = list.partition_point(|range| range.start.load(SeqCst) <= address);
        let range = list.get(after.checked_sub(1)?)?;
        let found = (range.slot.load(SeqCst), range.start.load(SeqCst));
        (address < range.end.load(SeqCst)).then_some(found)
    }

    /// How many more ranges there can be.
    pub(crate) fn free(self) -> usize {
        self.write().len().saturating_sub(self.read().len())
    }

    /// Adds a module's ranges, in no order; `None` where there is no room for them. One writer at a
    /// time, who has waited for all readers since the last change.
    pub(crate) fn add<I: Iterator<Item = (u64, u64)>>(
        self,
        slot: u32,
        ranges: impl Fn() -> I,
    ) -> Option<()> {
        let (old, new) = (self.read(), self.write());
        let count = old.len().checked_add(ranges().count())?;
        let mut to = new.get(..count)?.iter();
        let mut from = old.iter().peekable();
        // Both are merged. There is no memory to sort the new ones in, of which there are few.
        let after = |last| ranges().filter(|range| Some(*range) > last).min();
        let mut next = after(None);
        loop {
            let before = |range: &&Range| next.is_none_or(|n| range.start.load(SeqCst) < n.0);
            if let Some(range) = from.next_if(before) {
                to.next()?.copy(range);
            } else if let Some((start, end)) = next {
                to.next()?.set(start, end, slot);
                next = after(next);
            } else {
                break;
            }
        }
        let unused = to.count();
        self.switch(count.saturating_sub(unused));
        Some(())
    }

    /// Takes a module's ranges away. One writer at a time, who has waited likewise.
    pub(crate) fn remove(self, slot: u32) {
        let new = self.write();
        let left = self.read().iter().filter(|range| range.slot.load(SeqCst) != slot);
        let mut count = 0usize;
        for (to, from) in new.iter().zip(left) {
            to.copy(from);
            count = count.saturating_add(1);
        }
        self.switch(count);
    }

    /// The list that is read.
    fn read(self) -> &'r [Range] {
        let current = self.current.0.load(SeqCst);
        let [even, odd] = self.lists;
        let list = if current & 1 == 0 { even } else { odd };
        list.get(..current >> 1).unwrap_or_default()
    }

    /// The other list, which nobody reads any more.
    fn write(self) -> &'r [Range] {
        let [even, odd] = self.lists;
        if self.current.0.load(SeqCst) & 1 == 0 { odd } else { even }
    }

    /// Makes the other list the one that is read.
    fn switch(self, count: usize) {
        let bit = !self.current.0.load(SeqCst) & 1;
        self.current.0.store(count << 1 | bit, SeqCst);
    }
}
