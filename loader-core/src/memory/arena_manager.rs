//! A memory manager over static arenas: one for each kind of segment, or one for all.

use core::alloc::Layout;

use crate::memory::pool::Pools;
use crate::memory::{
    Arena, InProcess, MemoryError, MemoryManager, Platform, Segment, SegmentKind, SegmentRequest,
};

/// Hands out segments from one arena per kind, or from one that all kinds share, first fit, in
/// multiples of a granule.
///
/// The free lists live inside the arenas' free memory; nothing else is kept. The granule is the
/// page size where pages carry permissions, so that no page is shared by two of them.
///
/// ```
/// use loader_core::{
///     ArenaMemoryManager, MemoryManager, SegmentKind, SegmentRequest, StaticArena,
///     UnprotectedPlatform,
/// };
///
/// // Text, constants and data of all modules in 64 KiB, each in pages of their own.
/// static ARENA: StaticArena<0x10000> = StaticArena::new();
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let arena = ARENA.take().expect("taken once");
/// let manager = ArenaMemoryManager::shared(arena, 4096, UnprotectedPlatform);
/// let text = manager.allocate(SegmentRequest { kind: SegmentKind::Text, size: 5000, align: 16 })?;
/// let data = manager.allocate(SegmentRequest { kind: SegmentKind::Data, size: 40, align: 8 })?;
/// assert_eq!(manager.used(SegmentKind::Text), 0x3000, "of the arena, whatever holds it");
/// assert_eq!(manager.largest_free(SegmentKind::Data), 0xd000);
/// manager.free(text);
/// // In two pieces now, before the data and behind it.
/// assert_eq!(manager.free_bytes(SegmentKind::Data), 0xf000);
/// assert_eq!(manager.largest_free(SegmentKind::Data), 0xd000);
/// manager.free(data);
/// assert_eq!(manager.largest_free(SegmentKind::Data), 0x10000);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ArenaMemoryManager<P> {
    pools: Pools,
    granule: usize,
    platform: P,
}

impl<P: Platform> ArenaMemoryManager<P> {
    /// A manager over these arenas. `granule` is the unit of the platform's permissions in
    /// bytes; it is rounded up to a power of two, and to 16 at the least.
    pub fn new(text: Arena, read_only: Arena, data: Arena, granule: usize, platform: P) -> Self {
        let granule = whole_granule(granule);
        Self { pools: Pools::new([text, read_only, data], granule), granule, platform }
    }

    /// A manager over one arena, in which segments of all kinds lie beside each other; no two of
    /// them share a granule.
    pub fn shared(arena: Arena, granule: usize, platform: P) -> Self {
        let granule = whole_granule(granule);
        Self { pools: Pools::shared(&arena, granule), granule, platform }
    }

    /// Bytes of the kind's arena that are handed out, in whole granules; [lost](Self::lost) ones
    /// included.
    pub fn used(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).used()
    }

    /// Bytes of the kind's arena that are free, though perhaps not in one piece.
    pub fn free_bytes(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).free_bytes()
    }

    /// The size of the largest segment that the kind's arena has room for now, in whole granules.
    /// The less it is than [`free_bytes`](Self::free_bytes), the more the arena is fragmented; both
    /// are the same while the free memory is in one piece.
    ///
    /// It tries sizes, by halves, on the free list: for tests and reports.
    pub fn largest_free(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).largest_free(self.granule)
    }

    /// Bytes of the kind's arena that are lost for good, because
    /// [`Platform::unprotect`] failed when they came back. Anything but 0 is a defect of the
    /// platform: memory that cannot be written carries no free list, and is never tried again.
    pub fn lost(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).lost()
    }

    /// What the heap is asked for: whole granules, so that permissions never share one, and one at
    /// the least.
    fn layout(&self, size: usize, align: usize) -> Option<Layout> {
        let size = size.max(1).checked_next_multiple_of(self.granule)?;
        Layout::from_size_align(size, align.max(self.granule)).ok()
    }
}

impl<P: Platform> MemoryManager for ArenaMemoryManager<P> {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        self.pools.of(request.kind).allocate(request, self.layout(request.size, request.align))
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        let layout = self.layout(segment.size(), 1);
        self.pools.of(segment.kind()).seal(segment, layout, &self.platform)
    }

    fn free(&self, segment: Segment) {
        let layout = self.layout(segment.size(), 1);
        self.pools.of(segment.kind()).free(&segment, layout, &self.platform);
    }
}

// SAFETY: the pools make segments whose target address is that of their memory.
unsafe impl<P: Platform> InProcess for ArenaMemoryManager<P> {}

fn whole_granule(granule: usize) -> usize {
    granule.max(16).checked_next_power_of_two().unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StaticArena, UnprotectedPlatform};

    fn request(kind: SegmentKind, size: usize, align: usize) -> SegmentRequest {
        SegmentRequest { kind, size, align }
    }

    #[test]
    fn a_segment_of_another_manager_is_not_taken() {
        static ARENAS: [StaticArena<0x1000>; 6] = [const { StaticArena::new() }; 6];
        let manager = |at: usize, granule| {
            let [text, rodata, data] = [0, 1, 2].map(|i| ARENAS[at + i].take().unwrap());
            ArenaMemoryManager::new(text, rodata, data, granule, UnprotectedPlatform)
        };
        let (fine, coarse) = (manager(0, 16), manager(3, 0x1000));
        let segment = fine.allocate(request(SegmentKind::Data, 16, 1)).unwrap();
        assert!(coarse.seal(&segment).is_err());
        coarse.free(segment);
        assert_eq!(coarse.free_bytes(SegmentKind::Data), 0x1000);
        assert_eq!(fine.used(SegmentKind::Data), 16, "leaked, not handed out twice");
    }

    #[test]
    fn every_byte_comes_back() {
        static TEXT: StaticArena<0x8000> = StaticArena::new();
        static RODATA: StaticArena<0x8000> = StaticArena::new();
        static DATA: StaticArena<0x8000> = StaticArena::new();
        let [text, rodata, data] =
            [TEXT.take().unwrap(), RODATA.take().unwrap(), DATA.take().unwrap()];
        let manager = ArenaMemoryManager::new(text, rodata, data, 4096, UnprotectedPlatform);
        for kind in SegmentKind::ALL {
            let all = manager.free_bytes(kind);
            assert_eq!(all, 0x8000);
            let a = manager.allocate(request(kind, 1, 1)).unwrap();
            let b = manager.allocate(request(kind, 5000, 0x2000)).unwrap();
            assert!(b.target().is_aligned_to(0x2000));
            assert_eq!(manager.used(kind), 0x3000);
            let error = manager.allocate(request(kind, 0x8000, 1)).unwrap_err();
            assert_eq!(error, MemoryError::Exhausted { free: 0x5000 });
            manager.free(a);
            manager.free(b);
            assert_eq!((manager.used(kind), manager.free_bytes(kind)), (0, all));
            let whole = manager.allocate(request(kind, 0x8000, 1)).unwrap();
            manager.free(whole);
        }
    }
}
