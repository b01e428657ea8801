//! The one place where the core touches raw memory.

use core::ptr::NonNull;
use core::slice;

use crate::address::TargetAddress;
use crate::memory::SegmentKind;

/// The memory of one segment: exclusively owned from [`allocate`] until it is given to [`free`].
///
/// [`allocate`]: crate::MemoryManager::allocate
/// [`free`]: crate::MemoryManager::free
#[derive(Debug)]
pub struct Segment {
    kind: SegmentKind,
    local: NonNull<u8>,
    size: usize,
    target: TargetAddress,
}

// SAFETY: a segment is the only handle to its memory (the contract of `Segment::new`), so moving
// it to another thread moves that memory with it, as with a boxed slice.
unsafe impl Send for Segment {}
// SAFETY: through `&Segment` memory is read that nobody writes then, and a word of data is written in
// one piece (`write_word`) of memory that nobody here has a reference to.
unsafe impl Sync for Segment {}

impl Segment {
    /// The segment of `size` bytes at `local`, which the target sees at `target`.
    ///
    /// # Safety
    /// Until this segment comes back through [`free`](crate::MemoryManager::free), the `size`
    /// bytes at `local` are initialised memory that may be read, that may be written until
    /// [`seal`](crate::MemoryManager::seal), and after it as well where they are
    /// [data](SegmentKind::Data), and that no other Rust reference covers. `size` is at most
    /// `isize::MAX`.
    pub const unsafe fn new(
        kind: SegmentKind,
        local: NonNull<u8>,
        size: usize,
        target: TargetAddress,
    ) -> Self {
        Self { kind, local, size, target }
    }

    /// What it holds.
    pub const fn kind(&self) -> SegmentKind {
        self.kind
    }

    /// Its size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Where the loader writes it.
    pub const fn local(&self) -> NonNull<u8> {
        self.local
    }

    /// Where the manager said that it will run.
    pub const fn target(&self) -> TargetAddress {
        self.target
    }

    /// A pointer to the byte at an offset; `None` past its end.
    pub(crate) const fn pointer(&self, offset: usize) -> Option<NonNull<()>> {
        if offset >= self.size {
            return None;
        }
        // SAFETY: `new`'s caller promised `size` bytes at `local`, and the offset is one of theirs.
        Some(unsafe { self.local.add(offset) }.cast())
    }

    /// Its bytes.
    ///
    /// # Safety
    /// Nobody writes them while the slice is used. Until a manager's
    /// [`seal`](crate::MemoryManager::seal) has returned nobody does, and nobody ever writes a
    /// segment that holds no [data](SegmentKind::Data); but the code of a module that runs writes its
    /// data, on another core as well.
    pub const unsafe fn bytes(&self) -> &[u8] {
        // SAFETY: `new`'s caller promised `size` initialised, readable bytes at `local`; that nobody
        // writes them is this function's contract.
        unsafe { slice::from_raw_parts(self.local.as_ptr(), self.size) }
    }

    /// Its bytes, as the loader wrote them: for what is not sealed yet, or holds no data.
    pub(crate) const fn contents(&self) -> &[u8] {
        // SAFETY: nobody writes those, as the contract of `bytes` has it; the core asks for no others.
        unsafe { self.bytes() }
    }

    /// Its bytes, to be written. The core calls this before sealing only.
    pub(crate) const fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; `&mut self` makes this the only reference, and the phases'
        // types let nobody come here once `seal` has taken the right to write away.
        unsafe { slice::from_raw_parts_mut(self.local.as_ptr(), self.size) }
    }

    /// The `at`-th of the things of one type that its bytes are, without a look at these; `None` where
    /// that is not a whole one, or not aligned.
    pub(crate) fn element<T>(&self, at: usize) -> Option<NonNull<T>> {
        let offset = at.checked_mul(size_of::<T>())?;
        let end = offset.checked_add(size_of::<T>())?;
        let all = self.local.cast::<T>();
        (end <= self.size && all.is_aligned()).then(|| {
            // SAFETY: `new`'s caller promised `size` bytes at `local`; the element ends within them.
            unsafe { all.add(at) }
        })
    }

    /// The word at an offset, whatever the module's code makes of it meanwhile; `None` past the end.
    pub(crate) fn read_word(&self, offset: usize) -> Option<u64> {
        if offset.checked_add(8)? > self.size {
            return None;
        }
        // SAFETY: `new`'s caller promised `size` initialised bytes at `local` that may be read; these
        // eight are among them. Volatile, as the target's code may write them.
        let word = unsafe { self.local.add(offset).cast::<[u8; 8]>().read_volatile() };
        Some(u64::from_le_bytes(word))
    }

    /// Writes a word of a segment that stays writable once it is sealed, whatever else the
    /// module's code does to it meanwhile. Past its end, nothing is written.
    pub(crate) fn write_word(&self, offset: u64, word: u64) {
        let Ok(offset) = usize::try_from(offset) else { return };
        let fits = offset.checked_add(8).is_some_and(|end| end <= self.size);
        if self.kind != SegmentKind::Data || !fits {
            return;
        }
        // SAFETY: `new`'s caller promised `size` bytes at `local` that may be written; `fits` says
        // that these eight are among them. Volatile, as the target's code reads them too.
        unsafe { self.local.add(offset).cast::<[u8; 8]>().write_volatile(word.to_le_bytes()) }
    }
}
