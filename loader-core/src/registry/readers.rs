//! Readers that never wait, and a writer that waits for them.
//!
//! A reader counts itself in and out; what it may look at, a writer takes away in two steps: it
//! unlinks it, so that no later reader finds it, and then waits until the readers who were there
//! have gone. There are two counters, used in turns, so that new readers cannot keep a writer
//! waiting (McKenney's sleepable read-copy update).

use core::hint::spin_loop;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Who is reading.
#[derive(Debug)]
pub(crate) struct Readers {
    counts: [AtomicUsize; 2],
    /// Its lowest bit says which counter new readers take.
    turn: AtomicUsize,
}

/// As long as it lives, nothing that its holder can find goes away.
#[derive(Debug)]
pub(crate) struct Reading<'r> {
    count: &'r AtomicUsize,
}

impl Readers {
    pub(crate) const fn new() -> Self {
        Self { counts: [const { AtomicUsize::new(0) }; 2], turn: AtomicUsize::new(0) }
    }

    /// Counts a reader in. It never waits, so it may be called from an exception handler,
    /// whatever that interrupted.
    pub(crate) fn enter(&self) -> Reading<'_> {
        let count = self.count(self.turn.load(SeqCst));
        // A writer that looked at the counter before this unlinked what it takes away before it
        // looked, so the reader does not find that: all of it is in one order (`SeqCst`).
        count.fetch_add(1, SeqCst);
        Reading { count }
    }

    /// Waits until every reader who was there has gone. One writer at a time; not to be called
    /// by who reads.
    pub(crate) fn wait(&self) {
        // A reader may have chosen its counter before the turn changed and count itself in after:
        // so both counters have to be seen empty.
        for _ in 0..2 {
            let old = self.turn.fetch_add(1, SeqCst);
            while self.count(old).load(SeqCst) != 0 {
                spin_loop();
            }
        }
    }

    /// Counts nobody any more: those who were counted have gone without saying so.
    pub(crate) fn forget(&self) {
        self.counts.iter().for_each(|count| count.store(0, SeqCst));
    }

    const fn count(&self, turn: usize) -> &AtomicUsize {
        let [even, odd] = &self.counts;
        if turn & 1 == 0 { even } else { odd }
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    #[test]
    fn a_writer_waits_for_who_was_there_and_for_nobody_else() {
        let readers = Readers::new();
        readers.wait();
        let done = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            let early = readers.enter();
            scope.spawn(|| {
                readers.wait();
                done.store(1, SeqCst);
            });
            // Readers come and go all the time; the writer does not mind them.
            for _ in 0..1000 {
                drop(readers.enter());
            }
            assert_eq!(done.load(SeqCst), 0, "it did not wait");
            drop(early);
        });
        assert_eq!(done.load(SeqCst), 1);
    }
}
