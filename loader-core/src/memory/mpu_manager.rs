//! A memory manager for machines that protect regions: powers of two, aligned to their size.

use core::alloc::Layout;
use core::sync::atomic::{AtomicUsize, Ordering};

use crate::memory::pool::Pools;
use crate::memory::{
    Arena, InProcess, MemoryError, MemoryManager, Platform, Segment, SegmentKind, SegmentRequest,
};

/// The region that a segment takes: a power of two in size, at a multiple of its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionPlan {
    /// In bytes; 0 where there is no such segment, and so no region.
    pub size: u64,
    /// What its address is a multiple of, in bytes: its size, or the segment's alignment where that
    /// is more.
    pub align: u64,
    /// How much of it the segment does not need, in bytes.
    pub waste: u64,
}

impl RegionPlan {
    /// The region for `size` bytes aligned to `align`, where none is smaller than `minimum`; `None`
    /// where none is large enough.
    pub fn new(size: u64, align: u64, minimum: u64) -> Option<Self> {
        if size == 0 {
            return Some(Self { size: 0, align: 1, waste: 0 });
        }
        let region = size.max(minimum).checked_next_power_of_two()?;
        Some(Self { size: region, align: align.max(region), waste: region.saturating_sub(size) })
    }
}

/// Hands out segments from arenas as a memory protection unit has its regions: powers of two in
/// size, from a minimum on, each at a multiple of its size (Armv7-M, RISC-V's PMP with NAPOT).
///
/// How much that takes is known before anything is taken, by
/// [`SegmentPlan::region`](crate::SegmentPlan::region). [`Platform::protect`] gets each region
/// whole, to be entered into the unit.
///
/// ```
/// use loader_core::{
///     MemoryError, MemoryManager, MpuMemoryManager, SegmentKind, SegmentPlan, SegmentRequest,
///     StaticArena, UnprotectedPlatform,
/// };
///
/// static ARENA: StaticArena<0x1000> = StaticArena::new();
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let plan = SegmentPlan { size: 600, align: 8 }; // as a `Plan` has it
/// let region = plan.region(32).expect("no segment is that large");
/// assert_eq!((region.size, region.align, region.waste), (1024, 1024, 424));
///
/// let arena = ARENA.take().expect("taken once");
/// let manager = MpuMemoryManager::shared(arena, 32, Some(2), UnprotectedPlatform);
/// let request = |kind, size| SegmentRequest { kind, size, align: 8 };
/// let text = manager.allocate(request(SegmentKind::Text, 600))?;
/// let data = manager.allocate(request(SegmentKind::Data, 20))?;
/// assert_eq!((text.target().value() % 1024, manager.used(SegmentKind::Data)), (0, 1024 + 32));
/// let third = manager.allocate(request(SegmentKind::ReadOnly, 1));
/// assert_eq!(third.unwrap_err(), MemoryError::TooManyRegions { limit: 2 });
/// manager.free(text);
/// manager.free(data);
/// assert_eq!((manager.regions(), manager.largest_free(SegmentKind::Text)), (0, 0x1000));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct MpuMemoryManager<P> {
    pools: Pools,
    minimum: usize,
    limit: usize,
    regions: AtomicUsize,
    platform: P,
}

impl<P: Platform> MpuMemoryManager<P> {
    /// A manager over these arenas. No region is smaller than `minimum` bytes, which is rounded
    /// up to a power of two, and to 16 at the least; no more than `limit` are out at a time.
    pub fn new(
        text: Arena,
        read_only: Arena,
        data: Arena,
        minimum: usize,
        limit: Option<usize>,
        platform: P,
    ) -> Self {
        let minimum = whole_region(minimum);
        Self::over(Pools::new([text, read_only, data], minimum), minimum, limit, platform)
    }

    /// The same over one arena, in which regions of all kinds lie beside each other.
    pub fn shared(arena: Arena, minimum: usize, limit: Option<usize>, platform: P) -> Self {
        let minimum = whole_region(minimum);
        Self::over(Pools::shared(&arena, minimum), minimum, limit, platform)
    }

    /// How many regions are in use; those that are [lost](Self::lost) stay so.
    pub fn regions(&self) -> usize {
        self.regions.load(Ordering::Relaxed)
    }

    /// Bytes of the kind's arena that are handed out, in whole regions; [lost](Self::lost) ones
    /// included.
    pub fn used(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).used()
    }

    /// Bytes of the kind's arena that are free, though perhaps not in one piece.
    pub fn free_bytes(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).free_bytes()
    }

    /// The size of the largest region that the kind's arena has room for now; 0 where it has none.
    /// Also an arena that is whole has no region of all its bytes, but where it is one itself.
    pub fn largest_free(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).largest_free_region(self.minimum)
    }

    /// Whether all free memory of the kind's arena is in one piece, as it is once everything came
    /// back.
    pub fn is_whole(&self, kind: SegmentKind) -> bool {
        let pool = self.pools.of(kind);
        pool.largest_free(self.minimum) == pool.free_bytes()
    }

    /// Bytes of the kind's arena that are lost for good, because [`Platform::unprotect`] failed
    /// when they came back.
    pub fn lost(&self, kind: SegmentKind) -> usize {
        self.pools.of(kind).lost()
    }

    fn over(pools: Pools, minimum: usize, limit: Option<usize>, platform: P) -> Self {
        let limit = limit.unwrap_or(usize::MAX);
        Self { pools, minimum, limit, regions: AtomicUsize::new(0), platform }
    }

    /// What the heap is asked for; of a segment that comes back, only the size counts.
    fn layout(&self, size: usize, align: usize) -> Option<Layout> {
        let region = RegionPlan::new(size.max(1) as u64, align as u64, self.minimum as u64)?;
        let (size, align) = (usize::try_from(region.size), usize::try_from(region.align));
        Layout::from_size_align(size.ok()?, align.ok()?).ok()
    }

    /// Takes one of the regions that the machine has.
    fn reserve(&self) -> Result<(), MemoryError> {
        let one_more = |regions: usize| regions.checked_add(1).filter(|&all| all <= self.limit);
        match self.regions.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(()),
            Err(_) => Err(MemoryError::TooManyRegions { limit: self.limit }),
        }
    }

    fn release(&self) {
        self.regions.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<P: Platform> MemoryManager for MpuMemoryManager<P> {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        self.reserve()?;
        let layout = self.layout(request.size, request.align);
        let allocated = self.pools.of(request.kind).allocate(request, layout);
        if allocated.is_err() {
            self.release();
        }
        allocated
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        let layout = self.layout(segment.size(), 1);
        self.pools.of(segment.kind()).seal(segment, layout, &self.platform)
    }

    fn free(&self, segment: Segment) {
        let layout = self.layout(segment.size(), 1);
        if self.pools.of(segment.kind()).free(&segment, layout, &self.platform) {
            self.release();
        }
    }
}

// SAFETY: the pools make segments whose target address is that of their memory.
unsafe impl<P: Platform> InProcess for MpuMemoryManager<P> {}

fn whole_region(minimum: usize) -> usize {
    minimum.max(16).checked_next_power_of_two().unwrap_or(4096)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StaticArena, UnprotectedPlatform};
    use alloc::vec::Vec;

    fn request(kind: SegmentKind, size: usize, align: usize) -> SegmentRequest {
        SegmentRequest { kind, size, align }
    }

    #[test]
    fn regions_are_powers_of_two() {
        let plan = |size, align, minimum| {
            let region = RegionPlan::new(size, align, minimum).unwrap();
            (region.size, region.align, region.waste)
        };
        assert_eq!(plan(0, 64, 32), (0, 1, 0));
        assert_eq!(plan(1, 1, 32), (32, 32, 31));
        assert_eq!(plan(32, 32, 32), (32, 32, 0));
        assert_eq!(plan(33, 1, 32), (64, 64, 31));
        assert_eq!(plan(33, 4096, 32), (64, 4096, 31), "the segment's own alignment is more");
        assert_eq!(plan(5, 1, 0), (8, 8, 3));
        assert_eq!(plan(1 << 63, 1, 32), (1 << 63, 1 << 63, 0));
        assert_eq!(RegionPlan::new((1 << 63) + 1, 1, 32), None);
        assert_eq!(RegionPlan::new(1, 1, u64::MAX), None);
    }

    #[test]
    fn the_free_list_is_whole_again_in_whatever_order_regions_come_back() {
        static ARENA: StaticArena<0x8000> = StaticArena::new();
        let manager =
            MpuMemoryManager::shared(ARENA.take().unwrap(), 32, None, UnprotectedPlatform);
        let kind = SegmentKind::Data;
        // Strides that go through all ten segments in other orders.
        for stride in [1, 3, 7, 9] {
            let sizes = [20, 600, 33, 4096, 1, 2000, 64, 300, 5000, 31];
            let out: Vec<_> =
                sizes.map(|size| manager.allocate(request(kind, size, 8)).unwrap()).into();
            for (segment, size) in out.iter().zip(sizes) {
                let region = size.max(32).next_power_of_two() as u64;
                assert!(segment.target().is_aligned_to(region), "{size} at {:?}", segment.target());
            }
            let total: usize = sizes.iter().map(|size| size.max(&32).next_power_of_two()).sum();
            assert_eq!((manager.used(kind), manager.regions()), (total, 10));
            let mut out: Vec<_> = out.into_iter().map(Some).collect();
            for at in 0..out.len() {
                manager.free(out[at * stride % 10].take().unwrap());
            }
            assert_eq!((manager.used(kind), manager.regions()), (0, 0));
            assert_eq!(manager.free_bytes(kind), 0x8000);
            assert!(manager.is_whole(kind), "{stride}");
            assert_eq!(manager.largest_free(kind), largest(&manager));
        }
    }

    /// The largest region that the arena has, found by asking for it.
    fn largest(manager: &MpuMemoryManager<UnprotectedPlatform>) -> usize {
        let sizes = (5..=15).rev().map(|log| 1usize << log);
        let found = sizes.into_iter().find_map(|size| {
            let segment = manager.allocate(request(SegmentKind::Data, size, 1)).ok()?;
            manager.free(segment);
            Some(size)
        });
        found.unwrap_or(0)
    }

    #[test]
    fn an_arena_in_pieces_says_so() {
        static ARENA: StaticArena<0x1000> = StaticArena::new();
        let manager =
            MpuMemoryManager::shared(ARENA.take().unwrap(), 32, None, UnprotectedPlatform);
        let kind = SegmentKind::Data;
        let out: Vec<_> =
            (0..4).map(|_| manager.allocate(request(kind, 1024, 1)).unwrap()).collect();
        assert_eq!((manager.largest_free(kind), manager.is_whole(kind)), (0, true), "nothing");
        let mut out = out.into_iter();
        let [a, b, c, d] = core::array::from_fn(|_| out.next().unwrap());
        manager.free(a);
        manager.free(c);
        assert_eq!((manager.free_bytes(kind), manager.largest_free(kind)), (2048, 1024));
        assert!(!manager.is_whole(kind));
        manager.free(b);
        assert_eq!((manager.free_bytes(kind), manager.largest_free(kind)), (3072, 2048));
        assert!(manager.is_whole(kind));
        manager.free(d);
        assert_eq!(manager.largest_free(kind), 4096);
    }

    #[test]
    fn what_is_refused_takes_no_region() {
        static ARENAS: [StaticArena<0x1000>; 3] = [const { StaticArena::new() }; 3];
        let [text, rodata, data] = [0, 1, 2].map(|at| ARENAS[at].take().unwrap());
        let manager = MpuMemoryManager::new(text, rodata, data, 0, Some(3), UnprotectedPlatform);
        let kind = SegmentKind::Text;
        let error = manager.allocate(request(kind, 0x1001, 1)).unwrap_err();
        assert_eq!(error, MemoryError::Exhausted { free: 0x1000 });
        let error = manager.allocate(request(kind, usize::MAX, 1)).unwrap_err();
        assert_eq!(error, MemoryError::Exhausted { free: 0x1000 });
        assert_eq!(manager.regions(), 0);
        let out = SegmentKind::ALL.map(|kind| manager.allocate(request(kind, 1, 1)).unwrap());
        assert_eq!(manager.used(kind), 16, "no region is smaller than a hole's record");
        let error = manager.allocate(request(kind, 1, 1)).unwrap_err();
        assert_eq!(error, MemoryError::TooManyRegions { limit: 3 });
        out.into_iter().for_each(|segment| manager.free(segment));
        assert_eq!(manager.regions(), 0);
        assert!(SegmentKind::ALL.iter().all(|&kind| manager.largest_free(kind) == 0x1000));
    }
}
