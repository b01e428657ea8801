//! A memory manager over three static arenas.

use core::alloc::Layout;
use core::ptr::NonNull;

use linked_list_allocator::Heap;
use spin::Mutex;

use crate::address::TargetAddress;
use crate::memory::{Arena, MemoryError, MemoryManager, Segment, SegmentKind, SegmentRequest};

/// What the arena manager asks of the machine that it runs on.
///
/// `start` and `size` are always multiples of the granule that the manager was made with.
pub trait Platform {
    /// Makes memory that is being freed readable and writable, and not executable: it may have
    /// been sealed.
    ///
    /// # Errors
    /// [`MemoryError::Refused`]; the memory is then never handed out again.
    fn unprotect(&self, start: NonNull<u8>, size: usize) -> Result<(), MemoryError>;

    /// Gives memory the permissions of its kind, after the last write to it.
    ///
    /// # Errors
    /// [`MemoryError::Refused`] where the permissions cannot be had.
    fn protect(
        &self,
        kind: SegmentKind,
        start: NonNull<u8>,
        size: usize,
    ) -> Result<(), MemoryError>;

    /// Makes code that was written as data visible to instruction fetch, on every core.
    fn synchronise_instructions(&self, start: NonNull<u8>, size: usize);
}

/// A machine without memory protection whose instruction fetch sees every write.
#[derive(Debug, Clone, Copy, Default)]
pub struct UnprotectedPlatform;

impl Platform for UnprotectedPlatform {
    fn unprotect(&self, _: NonNull<u8>, _: usize) -> Result<(), MemoryError> {
        Ok(())
    }

    fn protect(&self, _: SegmentKind, _: NonNull<u8>, _: usize) -> Result<(), MemoryError> {
        Ok(())
    }

    fn synchronise_instructions(&self, _: NonNull<u8>, _: usize) {}
}

/// Hands out segments from one arena per kind, first fit, in multiples of a granule.
///
/// The free lists live inside the arenas' free memory; nothing else is kept. The granule is the
/// page size where pages carry permissions, so that no page is shared by two of them.
pub struct ArenaMemoryManager<P> {
    heaps: [Mutex<Heap>; 3],
    granule: usize,
    platform: P,
}

impl<P: Platform> ArenaMemoryManager<P> {
    /// A manager over these arenas. `granule` is the unit of the platform's permissions in
    /// bytes; it is rounded up to a power of two, and to 16 at the least.
    pub fn new(text: Arena, read_only: Arena, data: Arena, granule: usize, platform: P) -> Self {
        let granule = granule.max(16).checked_next_power_of_two().unwrap_or(4096);
        let heap = |arena: Arena| Mutex::new(heap_over(&arena, granule));
        Self { heaps: [heap(text), heap(read_only), heap(data)], granule, platform }
    }

    /// Bytes of the arena that are handed out, in whole granules.
    pub fn used(&self, kind: SegmentKind) -> usize {
        self.heap(kind).lock().used()
    }

    /// Bytes of the arena that are free, though perhaps not in one piece.
    pub fn free_bytes(&self, kind: SegmentKind) -> usize {
        self.heap(kind).lock().free()
    }

    const fn heap(&self, kind: SegmentKind) -> &Mutex<Heap> {
        kind.pick(&self.heaps)
    }

    /// What the heap is asked for: whole granules, so that permissions never share one.
    fn layout(&self, size: usize, align: usize) -> Option<Layout> {
        let size = size.checked_next_multiple_of(self.granule)?;
        Layout::from_size_align(size, align.max(self.granule)).ok()
    }
}

impl<P: Platform> MemoryManager for ArenaMemoryManager<P> {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        let mut heap = self.heap(request.kind).lock();
        let start = self
            .layout(request.size, request.align)
            .and_then(|layout| heap.allocate_first_fit(layout).ok())
            .ok_or(MemoryError::Exhausted { free: heap.free() })?;
        let target = TargetAddress::new(start.as_ptr().addr() as u64);
        // SAFETY: the heap hands out each byte once until it is deallocated, which `free` does
        // with the segment in hand; the arena's bytes are initialised, readable and writable.
        Ok(unsafe { Segment::new(request.kind, start, request.size, target) })
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        let layout = self
            .layout(segment.size(), 1)
            .filter(|layout| holds(&self.heap(segment.kind()).lock(), segment, layout.size()))
            .ok_or(MemoryError::Refused("the segment is another manager's"))?;
        if segment.kind() == SegmentKind::Text {
            self.platform.synchronise_instructions(segment.local(), layout.size());
        }
        self.platform.protect(segment.kind(), segment.local(), layout.size())
    }

    fn free(&self, segment: Segment) {
        let Some(layout) = self.layout(segment.size(), 1) else { return };
        if !holds(&self.heap(segment.kind()).lock(), &segment, layout.size()) {
            return; // another manager's: leaked rather than handed out twice
        }
        if self.platform.unprotect(segment.local(), layout.size()).is_err() {
            return; // memory that cannot be written must not carry a free list
        }
        // SAFETY: the segment lies in this arena, which is this manager's alone, so it came from
        // `allocate`, which asked the heap for a layout of this size (the heap rounds by size;
        // alignment does not enter into what it keeps). Taking it by value ends the last use.
        unsafe { self.heap(segment.kind()).lock().deallocate(segment.local(), layout) };
    }
}

/// Whether a segment, rounded up to `size`, lies in the memory of a heap.
fn holds(heap: &Heap, segment: &Segment, size: usize) -> bool {
    let start = segment.local().as_ptr().addr();
    let end = start.checked_add(size);
    heap.bottom().addr() <= start && end.is_some_and(|end| end <= heap.top().addr())
}

/// A heap over the granules that lie wholly inside the arena.
fn heap_over(arena: &Arena, granule: usize) -> Heap {
    let lost = arena.start().as_ptr().align_offset(granule);
    let size = arena.size().saturating_sub(lost) & !granule.wrapping_sub(1);
    if size == 0 {
        return Heap::empty();
    }
    // SAFETY: `lost` is less than the arena's size here, or `size` would be 0; the arena is
    // exclusively owned memory that lives as long as the program, taken by value by the caller.
    unsafe { Heap::new(arena.start().as_ptr().wrapping_add(lost), size) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StaticArena;

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
