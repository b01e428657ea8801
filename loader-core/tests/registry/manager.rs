//! A memory manager that threads may share, over arenas, which keeps books.

use std::alloc::{Layout, alloc_zeroed};
use std::fmt;
use std::ptr::NonNull;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use loader_core::{
    Arena, ArenaMemoryManager, MemoryError, MemoryManager, Segment, SegmentKind, SegmentRequest,
    UnprotectedPlatform,
};

/// The size of each arena.
const SIZE: usize = 1 << 20;
/// What memory holds that was given back: somebody who still reads it finds no names there.
const GONE: u8 = 0xdd;

/// Counts calls, fails where it is told to, and notes what it was given back.
pub struct Books {
    arenas: ArenaMemoryManager<UnprotectedPlatform>,
    calls: AtomicUsize,
    fail_at: AtomicUsize,
    freed: Mutex<Vec<u64>>,
}

impl Books {
    /// One for the life of the program, its arenas fresh.
    pub fn leaked() -> &'static Self {
        let layout = Layout::from_size_align(SIZE, 4096).unwrap();
        let [text, read_only, data] = [(); 3].map(|()| {
            // SAFETY: the layout has a size.
            let start = NonNull::new(unsafe { alloc_zeroed(layout) }).unwrap();
            // SAFETY: zeroed memory that nobody else has, and that is never freed.
            unsafe { Arena::new(start, SIZE) }
        });
        Box::leak(Box::new(Self {
            arenas: ArenaMemoryManager::new(text, read_only, data, 16, UnprotectedPlatform),
            calls: AtomicUsize::new(0),
            fail_at: AtomicUsize::new(usize::MAX),
            freed: Mutex::new(Vec::new()),
        }))
    }

    /// Fails the n-th call of `allocate` and `seal` from now on, counted from 0.
    pub fn fail_at(&self, call: usize) {
        self.calls.store(0, SeqCst);
        self.fail_at.store(call, SeqCst);
    }

    /// Whether the call that was to fail was made; nothing fails from now on.
    pub fn failed(&self) -> bool {
        let failed = self.calls.load(SeqCst) > self.fail_at.swap(usize::MAX, SeqCst);
        self.calls.store(0, SeqCst);
        failed
    }

    /// How many calls of `allocate` and `seal` there were since `fail_at`.
    pub fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    /// The addresses of the segments that came back since the last time, in order.
    pub fn freed(&self) -> Vec<u64> {
        std::mem::take(&mut self.freed.lock().unwrap())
    }

    /// How many bytes are out.
    pub fn used(&self) -> [usize; 3] {
        SegmentKind::ALL.map(|kind| self.arenas.used(kind))
    }

    /// Checks that all memory has come back, in one piece.
    pub fn check_whole(&self) {
        assert_eq!(self.used(), [0; 3], "memory was kept");
        for kind in SegmentKind::ALL {
            let all = SegmentRequest { kind, size: SIZE, align: 1 };
            let whole = self.arenas.allocate(all).expect("free, but in pieces");
            self.arenas.free(whole);
        }
    }

    fn call(&self) -> Result<(), MemoryError> {
        let fails = self.calls.fetch_add(1, SeqCst) == self.fail_at.load(SeqCst);
        if fails { Err(MemoryError::Refused("told to fail")) } else { Ok(()) }
    }
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Books").field("used", &self.used()).finish_non_exhaustive()
    }
}

impl MemoryManager for Books {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        self.call()?;
        self.arenas.allocate(request)
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        self.call()?;
        self.arenas.seal(segment)
    }

    fn free(&self, segment: Segment) {
        self.freed.lock().unwrap().push(segment.target().value());
        // SAFETY: these bytes are the segment's, which came by value.
        unsafe { segment.local().write_bytes(GONE, segment.size()) };
        self.arenas.free(segment);
    }
}
