//! What the managers ask of the platform, and when: every page is made executable only once it is
//! no more written, and writable again before it is handed out again.

use std::cell::RefCell;
use std::ptr::NonNull;

use loader_core::{
    ArenaMemoryManager, FixedMemoryManager, FixedPlace, MemoryError, MemoryManager,
    MpuMemoryManager, Platform, SegmentKind, SegmentRequest, TargetAddress,
};

use super::{address, arena};

/// A call of the platform, with the start and the size of what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Call {
    Unprotect(usize, usize),
    Protect(SegmentKind, usize, usize),
    Synchronise(usize, usize),
}

/// Notes every call, and fails to unprotect where it is told to.
#[derive(Default)]
struct Notes {
    calls: RefCell<Vec<Call>>,
    stuck: RefCell<bool>,
}

impl Notes {
    fn take(&self) -> Vec<Call> {
        self.calls.take()
    }
}

impl Platform for &Notes {
    fn unprotect(&self, start: NonNull<u8>, size: usize) -> Result<(), MemoryError> {
        self.calls.borrow_mut().push(Call::Unprotect(address(start), size));
        if *self.stuck.borrow() { Err(MemoryError::Refused("stuck")) } else { Ok(()) }
    }

    fn protect(
        &self,
        kind: SegmentKind,
        start: NonNull<u8>,
        size: usize,
    ) -> Result<(), MemoryError> {
        self.calls.borrow_mut().push(Call::Protect(kind, address(start), size));
        Ok(())
    }

    fn synchronise_instructions(&self, start: NonNull<u8>, size: usize) {
        self.calls.borrow_mut().push(Call::Synchronise(address(start), size));
    }
}

/// Takes 100 bytes of a kind through a manager, whose unit for them is `unit` bytes.
fn go_through(manager: &dyn MemoryManager, notes: &Notes, unit: usize) {
    for kind in SegmentKind::ALL {
        let segment = manager.allocate(SegmentRequest { kind, size: 100, align: 4 }).unwrap();
        let start = address(segment.local());
        assert_eq!(notes.take(), [], "fresh memory is readable and writable already");
        manager.seal(&segment).unwrap();
        let protect = Call::Protect(kind, start, unit);
        let expected = match kind {
            SegmentKind::Text => vec![Call::Synchronise(start, unit), protect],
            _ => vec![protect],
        };
        assert_eq!(notes.take(), expected, "{kind}");
        manager.free(segment);
        assert_eq!(notes.take(), [Call::Unprotect(start, unit)], "{kind}");
    }
}

fn arenas(notes: &Notes) -> ArenaMemoryManager<&Notes> {
    ArenaMemoryManager::new(arena::<0x2000>(), arena::<0x2000>(), arena::<0x2000>(), 4096, notes)
}

fn fixed(notes: &Notes) -> FixedMemoryManager<&Notes> {
    let place = || FixedPlace::new(arena::<0x2000>(), TargetAddress::new(0x8000));
    FixedMemoryManager::new([place(), place(), place()], 4096, notes)
}

#[test]
fn whole_units_are_protected_and_made_writable_again() {
    let notes = Notes::default();
    go_through(&arenas(&notes), &notes, 4096);
    let shared = ArenaMemoryManager::shared(arena::<0x2000>(), 4096, &notes);
    go_through(&shared, &notes, 4096);
    go_through(&MpuMemoryManager::shared(arena::<0x2000>(), 32, None, &notes), &notes, 128);
    go_through(&fixed(&notes), &notes, 0x2000);
}

#[test]
fn a_segment_of_another_manager_changes_no_permissions() {
    let notes = Notes::default();
    let one = ArenaMemoryManager::shared(arena::<0x2000>(), 16, &notes);
    let other = arenas(&notes);
    let shared = ArenaMemoryManager::shared(arena::<0x2000>(), 16, &notes);
    let regions = MpuMemoryManager::shared(arena::<0x2000>(), 32, None, &notes);
    let fixed = fixed(&notes);
    let others: [&dyn MemoryManager; 4] = [&other, &shared, &regions, &fixed];
    let kind = SegmentKind::Text;
    for (at, other) in (1..).zip(others) {
        let segment = one.allocate(SegmentRequest { kind, size: 8, align: 1 }).unwrap();
        assert!(other.seal(&segment).is_err());
        other.free(segment);
        assert_eq!(notes.take(), []);
        assert_eq!(one.used(kind), at * 16, "leaked rather than handed out twice");
    }
    assert_eq!(one.lost(kind), 0, "it is not the platform that lost them");
    assert_eq!((other.used(kind), shared.used(kind), regions.used(kind)), (0, 0, 0));
    assert_eq!((regions.regions(), fixed.is_used(kind)), (0, false));
}

#[test]
fn memory_that_stays_protected_is_lost_and_counted() {
    let notes = Notes::default();
    let (arenas, fixed) = (arenas(&notes), fixed(&notes));
    let regions = MpuMemoryManager::shared(arena::<0x2000>(), 32, Some(2), &notes);
    let managers: [&dyn MemoryManager; 3] = [&arenas, &fixed, &regions];
    let kind = SegmentKind::ReadOnly;
    let request = SegmentRequest { kind, size: 100, align: 4 };
    let lost = || (arenas.lost(kind), fixed.lost(kind), regions.lost(kind));
    for manager in managers {
        let segment = manager.allocate(request).unwrap();
        manager.seal(&segment).unwrap();
        notes.stuck.replace(true);
        manager.free(segment);
        notes.stuck.replace(false);
    }
    assert_eq!(lost(), (4096, 0x2000, 128));
    assert_eq!((arenas.used(kind), arenas.largest_free(kind)), (4096, 4096));
    assert_eq!((regions.used(kind), regions.regions()), (128, 1));
    assert_eq!((arenas.lost(SegmentKind::Text), fixed.lost(SegmentKind::Text)), (0, 0));
    // What is left serves on, and the lost memory is never handed out.
    assert_eq!(fixed.allocate(request).unwrap_err(), MemoryError::InUse);
    for manager in [managers[0], managers[2]] {
        let segment = manager.allocate(request).unwrap();
        manager.free(segment);
    }
    let all = SegmentRequest { size: 4097, ..request };
    assert!(arenas.allocate(all).is_err());
    assert_eq!(lost(), (4096, 0x2000, 128));
}

#[test]
fn managers_serve_several_cores() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    struct Nothing;
    impl Platform for Nothing {
        fn unprotect(&self, _: NonNull<u8>, _: usize) -> Result<(), MemoryError> {
            Ok(())
        }
        fn protect(&self, _: SegmentKind, _: NonNull<u8>, _: usize) -> Result<(), MemoryError> {
            Ok(())
        }
        fn synchronise_instructions(&self, _: NonNull<u8>, _: usize) {}
    }
    is_shared(&ArenaMemoryManager::shared(arena::<0x1000>(), 16, Nothing));
    is_shared(&FixedMemoryManager::new([const { FixedPlace::NONE }; 3], 1, Nothing));
    let manager = MpuMemoryManager::shared(arena::<0x10000>(), 32, Some(3), Nothing);
    is_shared(&manager);
    std::thread::scope(|scope| {
        for size in [20, 70, 300, 1000] {
            let manager = &manager;
            scope.spawn(move || {
                for _ in 0..500 {
                    let request = SegmentRequest { kind: SegmentKind::Data, size, align: 1 };
                    match manager.allocate(request) {
                        Ok(segment) => manager.free(segment),
                        Err(error) => assert_eq!(error, MemoryError::TooManyRegions { limit: 3 }),
                    }
                }
            });
        }
    });
    let kind = SegmentKind::Data;
    assert_eq!((manager.regions(), manager.free_bytes(kind)), (0, 0x10000));
    assert!(manager.is_whole(kind));
}

/// What a permission covers behind a segment is of its module as well, and of no other before it.
#[test]
fn nothing_of_others_becomes_executable() {
    let notes = Notes::default();
    let shared = ArenaMemoryManager::shared(arena::<0x2000>(), 0x1000, &notes);
    let regions = MpuMemoryManager::shared(arena::<0x1000>(), 32, None, &notes);
    let place = || FixedPlace::new(arena::<0x1000>(), TargetAddress::new(0x1000));
    let fixed = FixedMemoryManager::new([place(), place(), place()], 1, &notes);
    let managers: [(&dyn MemoryManager, usize); 3] =
        [(&shared, 0x1000), (&regions, 128), (&fixed, 0x1000)];
    for (manager, covered) in managers {
        let request = SegmentRequest { kind: SegmentKind::Text, size: covered, align: 1 };
        let whole = manager.allocate(request).unwrap();
        // SAFETY: the segment has so many bytes, and nobody else has it.
        unsafe { whole.local().as_ptr().write_bytes(0x90, covered) };
        let start = whole.local();
        manager.free(whole);
        let part = manager.allocate(SegmentRequest { size: covered / 2 + 4, ..request }).unwrap();
        assert_eq!(part.local(), start, "the same memory");
        // SAFETY: all of it is the segment's and what was rounded up for it.
        let bytes = unsafe { std::slice::from_raw_parts(start.as_ptr(), covered) };
        assert!(bytes[covered / 2 + 4..].iter().all(|byte| *byte == 0), "{covered}");
        manager.free(part);
    }
}

#[test]
fn a_segment_of_no_bytes_takes_a_unit() {
    let notes = Notes::default();
    let none = SegmentRequest { kind: SegmentKind::Data, size: 0, align: 1 };
    let shared = ArenaMemoryManager::shared(arena::<0x2000>(), 0x1000, &notes);
    let segment = shared.allocate(none).unwrap();
    assert_eq!((shared.used(none.kind), shared.largest_free(none.kind)), (0x1000, 0x1000));
    shared.free(segment);
    let regions = MpuMemoryManager::shared(arena::<0x1000>(), 32, None, &notes);
    let segment = regions.allocate(none).unwrap();
    assert_eq!((regions.used(none.kind), regions.regions()), (32, 1));
    regions.free(segment);
    assert_eq!((shared.used(none.kind), regions.used(none.kind)), (0, 0));
}
