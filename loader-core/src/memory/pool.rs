//! Arenas with free lists in them: what is free, what is handed out, what is lost.
//!
//! The managers over arenas differ in how they round what they are asked for; the rest is here.

use core::alloc::Layout;
use core::fmt;

use linked_list_allocator::Heap;
use spin::Mutex;

use crate::address::TargetAddress;
use crate::memory::{Arena, MemoryError, Platform, Segment, SegmentKind, SegmentRequest, platform};

/// The pools of the three kinds, or one that all of them share.
#[derive(Debug)]
pub(super) struct Pools {
    pools: [Pool; 3],
    shared: bool,
}

/// One arena.
pub(super) struct Pool(Mutex<Books>);

/// The free list lives inside the arena's free memory; nothing else is kept but sums.
struct Books {
    heap: Heap,
    lost: usize,
}

impl Pools {
    /// One arena for each kind, whose memory goes in multiples of `unit`, a power of two from 16
    /// on.
    pub(super) fn new([text, read_only, data]: [Arena; 3], unit: usize) -> Self {
        let pool = |arena: Arena| Pool::new(heap_over(&arena, unit));
        Self { pools: [pool(text), pool(read_only), pool(data)], shared: false }
    }

    /// One arena for all kinds.
    pub(super) fn shared(arena: &Arena, unit: usize) -> Self {
        let none = || Pool::new(Heap::empty());
        Self { pools: [Pool::new(heap_over(arena, unit)), none(), none()], shared: true }
    }

    pub(super) const fn of(&self, kind: SegmentKind) -> &Pool {
        let kind = if self.shared { SegmentKind::Text } else { kind };
        kind.pick(&self.pools)
    }
}

impl Pool {
    const fn new(heap: Heap) -> Self {
        Self(Mutex::new(Books { heap, lost: 0 }))
    }

    /// Hands out memory of this layout, whose size is at least that of the request.
    pub(super) fn allocate(
        &self,
        request: SegmentRequest,
        layout: Option<Layout>,
    ) -> Result<Segment, MemoryError> {
        let heap = &mut self.0.lock().heap;
        let (start, size) = layout
            .filter(|layout| layout.size() >= request.size && is_reachable(heap, *layout))
            .and_then(|layout| Some((heap.allocate_first_fit(layout).ok()?, layout.size())))
            .ok_or(MemoryError::Exhausted { free: heap.free() })?;
        let target = TargetAddress::new(start.as_ptr().addr() as u64);
        // SAFETY: the heap has just handed out `size` bytes, of which the request's are no more,
        // and nobody has seen them. What was there before must not become executable.
        unsafe { start.add(request.size).write_bytes(0, size.saturating_sub(request.size)) };
        // SAFETY: the heap hands out each byte once until it is deallocated, which `free` does
        // with the segment in hand; the arena's bytes are initialised, readable and writable.
        Ok(unsafe { Segment::new(request.kind, start, request.size, target) })
    }

    /// Seals a segment that has this layout.
    pub(super) fn seal(
        &self,
        segment: &Segment,
        layout: Option<Layout>,
        platform: &impl Platform,
    ) -> Result<(), MemoryError> {
        let layout = layout
            .filter(|layout| self.holds(segment, layout.size()))
            .ok_or(MemoryError::Refused("the segment is another manager's"))?;
        platform::seal(platform, segment.kind(), segment.local(), layout.size())
    }

    /// Takes back a segment that was handed out with a layout of this size. Returns whether it
    /// did: one of another manager is leaked rather than handed out twice, and one that cannot be
    /// made writable must not carry a free list.
    pub(super) fn free(
        &self,
        segment: &Segment,
        layout: Option<Layout>,
        platform: &impl Platform,
    ) -> bool {
        let Some(layout) = layout.filter(|layout| self.holds(segment, layout.size())) else {
            return false;
        };
        if platform.unprotect(segment.local(), layout.size()).is_err() {
            let lost = &mut self.0.lock().lost;
            *lost = lost.saturating_add(layout.size());
            return false;
        }
        // SAFETY: the segment lies in this arena, which is this pool's alone, so it came from
        // `allocate`, which asked the heap for a layout of this size (the heap rounds by size;
        // alignment does not enter into what it keeps). The manager that calls this has taken the
        // segment by value, which ends its last use.
        unsafe { self.0.lock().heap.deallocate(segment.local(), layout) };
        true
    }

    /// Bytes that are handed out, lost ones included.
    pub(super) fn used(&self) -> usize {
        self.0.lock().heap.used()
    }

    /// Bytes that are free.
    pub(super) fn free_bytes(&self) -> usize {
        self.0.lock().heap.free()
    }

    /// Bytes that came back and could not be made writable.
    pub(super) fn lost(&self) -> usize {
        self.0.lock().lost
    }

    /// The largest multiple of `unit` that could be handed out now.
    pub(super) fn largest_free(&self, unit: usize) -> usize {
        let heap = &mut self.0.lock().heap;
        let layout = |count: usize| Layout::from_size_align(count.checked_mul(unit)?, unit).ok();
        // All that is handed out is in such units, so what fits is never less than what does not.
        let (mut fits, mut most) = (0usize, heap.free().checked_div(unit).unwrap_or(0));
        while fits < most {
            let middle = fits.saturating_add(most.saturating_sub(fits).div_ceil(2));
            if layout(middle).is_some_and(|layout| could_allocate(heap, layout)) {
                fits = middle;
            } else {
                most = middle.saturating_sub(1);
            }
        }
        fits.saturating_mul(unit)
    }

    /// The largest power of two, from `least` on, of which so many bytes could be handed out now
    /// at an address that is a multiple of it; 0 where there is none.
    pub(super) fn largest_free_region(&self, least: usize) -> usize {
        let heap = &mut self.0.lock().heap;
        let most = heap.free().checked_ilog2().map(|log| 1usize << log);
        let sizes = core::iter::successors(most, |size| Some(size >> 1));
        let mut sizes = sizes.take_while(|&size| size >= least.max(1));
        let fits = |&size: &usize| {
            Layout::from_size_align(size, size).is_ok_and(|layout| could_allocate(heap, layout))
        };
        sizes.find(fits).unwrap_or(0)
    }

    /// Whether a segment, rounded up to `size`, lies in this arena.
    fn holds(&self, segment: &Segment, size: usize) -> bool {
        let heap = &self.0.lock().heap;
        let start = segment.local().as_ptr().addr();
        let end = start.checked_add(size);
        heap.bottom().addr() <= start && end.is_some_and(|end| end <= heap.top().addr())
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (used, free, lost) = (self.used(), self.free_bytes(), self.lost());
        write!(f, "{used} bytes used, {free} free, {lost} lost")
    }
}

/// Whether a heap has room for a layout; it is left as it was.
fn could_allocate(heap: &mut Heap, layout: Layout) -> bool {
    if !is_reachable(heap, layout) {
        return false;
    }
    let Ok(start) = heap.allocate_first_fit(layout) else { return false };
    // SAFETY: the heap has just handed it out with this layout, and nobody has seen it.
    unsafe { heap.deallocate(start, layout) };
    true
}

/// Whether addresses in a heap can be rounded up as a layout asks: where that goes past the last
/// address, the heap would count on from 0.
fn is_reachable(heap: &Heap, layout: Layout) -> bool {
    can_round(heap.top().addr(), layout.align())
}

const fn can_round(end: usize, align: usize) -> bool {
    end.checked_next_multiple_of(align).is_some()
}

/// A heap over the units that lie wholly inside the arena.
fn heap_over(arena: &Arena, unit: usize) -> Heap {
    let before = arena.start().as_ptr().align_offset(unit);
    let size = arena.size().saturating_sub(before) & !unit.wrapping_sub(1);
    if size == 0 {
        return Heap::empty();
    }
    // SAFETY: `before` is less than the arena's size here, or `size` would be 0; the arena is
    // exclusively owned memory that lives as long as the program, and the managers' constructors
    // take it by value.
    unsafe { Heap::new(arena.start().as_ptr().wrapping_add(before), size) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_rounded_up_past_the_last_one() {
        let kernel = 0xffff_ffff_8110_0000;
        assert!(can_round(kernel, 1 << 30));
        assert!(!can_round(kernel, 1 << 31));
        assert!(can_round(0x1000, 1 << 63) && !can_round((1 << 63) + 1, 1 << 63));
    }
}
