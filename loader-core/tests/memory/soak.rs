//! Modules come and go in any order for long; what is free is reported rightly, and all is whole in
//! the end.

use std::collections::BTreeSet;

use loader_core::{
    ArenaMemoryManager, MemoryManager, MpuMemoryManager, Segment, SegmentKind, SegmentRequest,
    UnprotectedPlatform,
};

use super::{address, arena};

const SIZE: usize = 0x40000;
const UNIT: usize = 64;

/// Numbers that look random, always the same ones.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.0 >> 33) as usize % limit
    }
}

/// Books of which units are out, apart from the manager's.
struct Books {
    free: BTreeSet<usize>,
    out: Vec<Segment>,
}

impl Books {
    /// The longest run of free units, in bytes.
    fn longest(&self) -> usize {
        let (mut longest, mut run, mut last) = (0, 0, usize::MAX);
        for &unit in &self.free {
            run = if last.wrapping_add(1) == unit { run + 1 } else { 1 };
            (last, longest) = (unit, longest.max(run));
        }
        longest * UNIT
    }

    /// The largest power of two that is free at a multiple of itself.
    fn largest_region(&self) -> usize {
        let mut size = SIZE;
        while size >= UNIT {
            let count = size / UNIT;
            let is_free = |at: usize| (at..at + count).all(|unit| self.free.contains(&unit));
            if (0..SIZE / UNIT).step_by(count).any(is_free) {
                return size;
            }
            size /= 2;
        }
        0
    }
}

/// Runs segments through a manager over memory at `start`; `check` looks at it now and then.
fn soak(
    manager: &dyn MemoryManager,
    start: usize,
    rounded: impl Fn(usize) -> usize,
    check: impl Fn(&Books),
) {
    let mut numbers = Numbers(7);
    let mut books = Books { free: (0..SIZE / UNIT).collect(), out: Vec::new() };
    let units = |segment: &Segment| {
        let first = (address(segment.local()) - start) / UNIT;
        first..first + rounded(segment.size()) / UNIT
    };
    for round in 0..6000 {
        if !books.out.is_empty() && numbers.below(100) < 48 {
            let segment = books.out.swap_remove(numbers.below(books.out.len()));
            books.free.extend(units(&segment));
            manager.free(segment);
        } else {
            let kind = SegmentKind::ALL[numbers.below(3)];
            let limit = 1 << numbers.below(14);
            let size = 1 + numbers.below(limit);
            let align = 1 << numbers.below(9);
            if let Ok(segment) = manager.allocate(SegmentRequest { kind, size, align }) {
                for unit in units(&segment) {
                    assert!(books.free.remove(&unit), "handed out twice: {unit}");
                }
                books.out.push(segment);
            }
        }
        if round % 50 == 0 {
            check(&books);
        }
    }
    assert!(books.out.len() > 10, "the arena was busy");
    for segment in books.out.drain(..) {
        books.free.extend(units(&segment));
        manager.free(segment);
    }
    check(&books);
}

/// An arena aligned to all its size, so that the books' regions are the manager's.
fn aligned_arena() -> (loader_core::Arena, usize) {
    #[repr(align(0x40000))]
    struct Aligned(#[expect(dead_code, reason = "only its address is used")] [u8; SIZE]);
    let memory = Box::leak(Box::new(Aligned([0; SIZE])));
    let start = std::ptr::NonNull::from(memory).cast::<u8>();
    // SAFETY: the box is leaked and zeroed, and nothing else looks at it.
    (unsafe { loader_core::Arena::new(start, SIZE) }, address(start))
}

#[test]
fn pages_come_and_go() {
    let (arena, start) = aligned_arena();
    let manager = ArenaMemoryManager::shared(arena, UNIT, UnprotectedPlatform);
    let kind = SegmentKind::Text;
    soak(
        &manager,
        start,
        |size| size.next_multiple_of(UNIT),
        |books| {
            assert_eq!(manager.free_bytes(kind), books.free.len() * UNIT);
            assert_eq!(manager.largest_free(kind), books.longest());
        },
    );
    assert_eq!((manager.used(kind), manager.largest_free(kind)), (0, SIZE));
}

#[test]
fn regions_come_and_go() {
    let (arena, start) = aligned_arena();
    let manager = MpuMemoryManager::shared(arena, UNIT, None, UnprotectedPlatform);
    let kind = SegmentKind::Text;
    soak(
        &manager,
        start,
        |size| size.max(UNIT).next_power_of_two(),
        |books| {
            assert_eq!(manager.free_bytes(kind), books.free.len() * UNIT);
            assert_eq!(manager.largest_free(kind), books.largest_region());
            assert_eq!(manager.is_whole(kind), books.longest() == books.free.len() * UNIT);
            assert_eq!(manager.regions(), books.out.len());
        },
    );
    assert_eq!((manager.used(kind), manager.largest_free(kind)), (0, SIZE));
}

#[test]
fn an_arena_that_begins_anywhere_gives_whole_units() {
    let arena = arena::<0x3000>();
    let start = arena.start().as_ptr().wrapping_add(0x123);
    // SAFETY: within the arena, which nothing else has.
    let odd = unsafe { loader_core::Arena::new(std::ptr::NonNull::new(start).unwrap(), 0x2800) };
    let manager = ArenaMemoryManager::shared(odd, 0x1000, UnprotectedPlatform);
    assert_eq!(manager.largest_free(SegmentKind::Data), 0x1000);
    let request = SegmentRequest { kind: SegmentKind::Data, size: 1, align: 1 };
    let segment = manager.allocate(request).unwrap();
    assert!(segment.target().is_aligned_to(0x1000));
    assert_eq!(manager.largest_free(SegmentKind::Data), 0);
    manager.free(segment);
}
