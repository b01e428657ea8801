//! A memory manager with one place per kind of segment, always the same.

use core::sync::atomic::{AtomicUsize, Ordering};

use crate::address::TargetAddress;
use crate::memory::{
    Arena, MemoryError, MemoryManager, Platform, Segment, SegmentKind, SegmentRequest, platform,
};

/// The one place for segments of a kind: memory to write them to, and the address that they run at.
#[derive(Debug)]
pub struct FixedPlace {
    memory: Arena,
    target: TargetAddress,
}

// What becomes of a place.
const FREE: usize = 0;
const USED: usize = 1;
const LOST: usize = 2;

/// Hands out one fixed place for each kind of segment, to one module at a time: for overlays,
/// images that are linked or verified for their addresses before, and code that is written here to
/// run elsewhere.
///
/// A segment that is larger than its place, aligned to more than its target address is, or there
/// while another module's is, is refused. Permissions are set for a place as a whole.
///
/// ```
/// use loader_core::{
///     FixedMemoryManager, FixedPlace, MemoryError, MemoryManager, SegmentKind, SegmentRequest,
///     StaticArena, TargetAddress, UnprotectedPlatform,
/// };
///
/// static TEXT: StaticArena<0x1000> = StaticArena::new();
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = FixedPlace::new(TEXT.take().expect("taken once"), TargetAddress::new(0x800_0000));
/// let places = [text, FixedPlace::NONE, FixedPlace::NONE];
/// let manager = FixedMemoryManager::new(places, 4096, UnprotectedPlatform);
/// let request = SegmentRequest { kind: SegmentKind::Text, size: 100, align: 16 };
/// let segment = manager.allocate(request)?;
/// assert_eq!(segment.target(), TargetAddress::new(0x800_0000));
/// assert_eq!(manager.allocate(request).unwrap_err(), MemoryError::InUse);
/// manager.free(segment);
/// assert!(!manager.is_used(SegmentKind::Text));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FixedMemoryManager<P> {
    places: [FixedPlace; 3],
    states: [AtomicUsize; 3],
    granule: usize,
    platform: P,
}

impl FixedPlace {
    /// No place: segments of its kind are refused.
    pub const NONE: Self = Self::new(Arena::EMPTY, TargetAddress::NULL);

    /// The place in `memory`, which the target sees at `target`.
    pub const fn new(memory: Arena, target: TargetAddress) -> Self {
        Self { memory, target }
    }
}

impl<P: Platform> FixedMemoryManager<P> {
    /// A manager of these places, in the order of [`SegmentKind::ALL`]. `granule` is the unit of
    /// the platform's permissions in bytes, a power of two: a place that is not made of whole
    /// granules would share one with something else, and is refused when it is asked for. 1 where
    /// there are no permissions.
    pub const fn new(places: [FixedPlace; 3], granule: usize, platform: P) -> Self {
        let states = [const { AtomicUsize::new(FREE) }; 3];
        Self { places, states, granule, platform }
    }

    /// Whether a kind's place is handed out, or [lost](Self::lost).
    pub fn is_used(&self, kind: SegmentKind) -> bool {
        self.state(kind).load(Ordering::Relaxed) != FREE
    }

    /// Bytes of a kind's place that are lost for good, because [`Platform::unprotect`] failed when
    /// its segment came back: none, or all.
    pub fn lost(&self, kind: SegmentKind) -> usize {
        let lost = self.state(kind).load(Ordering::Relaxed) == LOST;
        if lost { self.place(kind).memory.size() } else { 0 }
    }

    const fn place(&self, kind: SegmentKind) -> &FixedPlace {
        kind.pick(&self.places)
    }

    const fn state(&self, kind: SegmentKind) -> &AtomicUsize {
        kind.pick(&self.states)
    }

    /// The place that a segment fills; `None` where it is another manager's.
    fn home(&self, segment: &Segment) -> Option<&FixedPlace> {
        let place = self.place(segment.kind());
        let mine = segment.local() == place.memory.start()
            && segment.target() == place.target
            && segment.size() <= place.memory.size();
        (mine && self.state(segment.kind()).load(Ordering::Relaxed) == USED).then_some(place)
    }
}

impl<P: Platform> MemoryManager for FixedMemoryManager<P> {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        let place = self.place(request.kind);
        let (start, size) = (place.memory.start(), place.memory.size());
        if request.size > size {
            return Err(MemoryError::TooSmall { size });
        }
        if !place.target.is_aligned_to(request.align as u64) {
            return Err(MemoryError::Misaligned { align: request.align });
        }
        if (start.as_ptr().addr() | size) & self.granule.wrapping_sub(1) != 0 {
            return Err(MemoryError::Misaligned { align: self.granule });
        }
        let state = self.state(request.kind);
        let taken = state.compare_exchange(FREE, USED, Ordering::Acquire, Ordering::Relaxed);
        taken.map_err(|_| MemoryError::InUse)?;
        let rest = size.saturating_sub(request.size);
        // SAFETY: the place has `size` bytes, and is nobody else's from the exchange above on. What
        // was there before must not become executable.
        unsafe { start.add(request.size).write_bytes(0, rest) };
        // SAFETY: the place's memory is an arena's, exclusively owned, initialised, readable and
        // writable; the exchange above lets one segment have it until `free` has that back.
        Ok(unsafe { Segment::new(request.kind, start, request.size, place.target) })
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        let home = self.home(segment);
        let place = home.ok_or(MemoryError::Refused("the segment is another manager's"))?;
        let memory = &place.memory;
        platform::seal(&self.platform, segment.kind(), memory.start(), memory.size())
    }

    fn free(&self, segment: Segment) {
        let Some(place) = self.home(&segment) else { return }; // another manager's
        let unprotected = self.platform.unprotect(place.memory.start(), place.memory.size());
        let state = if unprotected.is_ok() { FREE } else { LOST };
        self.state(segment.kind()).store(state, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StaticArena, UnprotectedPlatform};

    type Manager = FixedMemoryManager<UnprotectedPlatform>;

    fn manager(arena: &'static StaticArena<0x1000>, target: u64, granule: usize) -> Manager {
        let place = FixedPlace::new(arena.take().unwrap(), TargetAddress::new(target));
        let places = [FixedPlace::NONE, place, FixedPlace::NONE];
        FixedMemoryManager::new(places, granule, UnprotectedPlatform)
    }

    fn request(size: usize, align: usize) -> SegmentRequest {
        SegmentRequest { kind: SegmentKind::ReadOnly, size, align }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        static ARENA: StaticArena<0x1000> = StaticArena::new();
        let manager = manager(&ARENA, 0x4010, 4096);
        let refused = |size, align| manager.allocate(request(size, align)).unwrap_err();
        assert_eq!(refused(0x1001, 1), MemoryError::TooSmall { size: 0x1000 });
        assert_eq!(refused(1, 32), MemoryError::Misaligned { align: 32 });
        for kind in [SegmentKind::Text, SegmentKind::Data] {
            let error = manager.allocate(SegmentRequest { kind, ..request(1, 1) }).unwrap_err();
            assert_eq!(error, MemoryError::TooSmall { size: 0 });
        }
        assert!(!manager.is_used(SegmentKind::ReadOnly), "nothing was taken");
        let segment = manager.allocate(request(0x1000, 16)).unwrap();
        assert_eq!((segment.size(), segment.target().value()), (0x1000, 0x4010));
        assert_eq!(refused(1, 1), MemoryError::InUse);
        manager.free(segment);
        manager.free(manager.allocate(request(1, 1)).unwrap());
    }

    #[test]
    fn a_place_that_shares_a_granule_is_refused() {
        static ARENA: StaticArena<0x1000> = StaticArena::new();
        let manager = manager(&ARENA, 0, 0x2000);
        let error = manager.allocate(request(1, 1)).unwrap_err();
        assert_eq!(error, MemoryError::Misaligned { align: 0x2000 });
    }

    #[test]
    fn a_segment_of_another_manager_is_not_taken() {
        static ARENAS: [StaticArena<0x1000>; 2] = [const { StaticArena::new() }; 2];
        let [one, other] = [0, 1].map(|at| manager(&ARENAS[at], 0x4000, 1));
        let segment = one.allocate(request(8, 8)).unwrap();
        let own = other.allocate(request(8, 8)).unwrap();
        assert!(other.seal(&segment).is_err());
        other.free(segment);
        assert!(other.is_used(SegmentKind::ReadOnly) && one.is_used(SegmentKind::ReadOnly));
        other.free(own);
        assert!(!other.is_used(SegmentKind::ReadOnly));
        assert_eq!(one.allocate(request(8, 8)).unwrap_err(), MemoryError::InUse, "leaked");
    }
}
