//! The one place where a registry shares memory between a writer and readers.

use core::cell::UnsafeCell;
use core::fmt;
use core::slice;
use core::sync::atomic::{AtomicU8, Ordering::SeqCst};

use crate::memory::Segment;
use crate::registry::readers::Reading;

/// A value that readers look at without a lock, while writers put it there and take it away.
pub(crate) struct Guarded<T> {
    state: AtomicU8,
    value: UnsafeCell<Option<T>>,
}

const VACANT: u8 = 0;
/// A writer is at it, and nobody else.
const BUSY: u8 = 1;
const PRESENT: u8 = 2;
/// Nobody finds it any more; who found it before may look at it still.
const HIDDEN: u8 = 3;

// SAFETY: shared references to the value go to readers on any hart (`T: Sync`), and the value
// comes and goes on whichever hart writes (`T: Send`).
unsafe impl<T: Send + Sync> Sync for Guarded<T> {}

impl<T: Copy> Guarded<T> {
    pub(crate) const fn empty() -> Self {
        Self { state: AtomicU8::new(VACANT), value: UnsafeCell::new(None) }
    }

    /// The value, for as long as its holder reads.
    pub(crate) fn get<'g>(&'g self, _reading: &'g Reading<'_>) -> Option<&'g T> {
        if !self.is_present() {
            return None;
        }
        // SAFETY: the value is written in state `BUSY` only. `set` comes from `VACANT`, when no
        // reader is here; `clear` comes from `HIDDEN`, once those who saw `PRESENT` have gone.
        unsafe { &*self.value.get() }.as_ref()
    }

    /// Whether readers find a value.
    pub(crate) fn is_present(&self) -> bool {
        self.state.load(SeqCst) == PRESENT
    }

    /// Puts a value there, unless there is one.
    pub(crate) fn set(&self, value: T) {
        if self.state.compare_exchange(VACANT, BUSY, SeqCst, SeqCst).is_err() {
            return;
        }
        // SAFETY: in state `BUSY`, which the exchange gives to one writer alone, nobody reads.
        unsafe { *self.value.get() = Some(value) };
        self.state.store(PRESENT, SeqCst);
    }

    /// Lets no further reader find the value.
    pub(crate) fn hide(&self) {
        let _ = self.state.compare_exchange(PRESENT, HIDDEN, SeqCst, SeqCst);
    }

    /// Takes a hidden value away.
    ///
    /// # Safety
    /// Whoever called `get` before `hide` was called has gone.
    pub(crate) unsafe fn clear(&self) {
        if self.state.compare_exchange(HIDDEN, BUSY, SeqCst, SeqCst).is_err() {
            return;
        }
        // SAFETY: no reader finds the value since `hide`, those who had found it have gone (the
        // caller's contract), and the exchange gives state `BUSY` to one writer alone.
        unsafe { *self.value.get() = None };
        self.state.store(VACANT, SeqCst);
    }
}

impl<T: Copy + fmt::Debug> fmt::Debug for Guarded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Guarded").field(&self.state.load(SeqCst)).finish()
    }
}

/// The bytes of a sealed segment that is not written any more, wherever its owner moves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SharedBytes {
    start: *const u8,
    len: usize,
}

// SAFETY: the bytes are only read.
unsafe impl Send for SharedBytes {}
// SAFETY: as above.
unsafe impl Sync for SharedBytes {}

impl SharedBytes {
    /// The bytes of a read-only segment; none where there is no segment.
    pub(crate) fn of(segment: Option<&Segment>) -> Self {
        let bytes = segment.map_or(&[][..], Segment::contents);
        Self { start: bytes.as_ptr(), len: bytes.len() }
    }

    /// # Safety
    /// The segment is sealed, and is not given back while `'b` lasts.
    pub(crate) const unsafe fn get<'b>(self) -> &'b [u8] {
        // SAFETY: they were a slice in `of`; the caller says that the segment is still there, and
        // nothing writes to a sealed read-only segment.
        unsafe { slice::from_raw_parts(self.start, self.len) }
    }
}
