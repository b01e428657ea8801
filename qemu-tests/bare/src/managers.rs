//! The core's own memory managers, but for those with free lists, which are another crate's.

use core::hint::black_box;
use core::ptr::NonNull;

use loader_core::{
    Arena, Error, FixedMemoryManager, FixedPlace, MemoryError, Name, Object, Plan, Platform,
    Scratch, SegmentKind, TargetAddress,
};

/// The pipeline in fixed places.
pub fn pipeline_in_fixed_places<'o>(
    bytes: &'o [u8],
    scratch: &mut [Scratch],
) -> Result<(), Error<'o>> {
    let objects = [Object::parse("only", bytes)?];
    let manager = fixed_places();
    let resolver = |name: Name<'_>| black_box((!name.is_empty()).then_some(TargetAddress::NULL));
    let plan = Plan::new(black_box(&objects), scratch)?;
    plan.place(&manager)?.resolve(&resolver)?.seal()?.unload();
    black_box((manager.is_used(SegmentKind::Text), manager.lost(SegmentKind::Text)));
    Ok(())
}

/// Changes permissions where the compiler cannot see.
struct Pages;

impl Platform for Pages {
    fn unprotect(&self, start: NonNull<u8>, size: usize) -> Result<(), MemoryError> {
        black_box((start, size));
        black_box(Ok(()))
    }

    fn protect(
        &self,
        kind: SegmentKind,
        start: NonNull<u8>,
        size: usize,
    ) -> Result<(), MemoryError> {
        black_box((kind, start, size));
        black_box(Ok(()))
    }

    fn synchronise_instructions(&self, start: NonNull<u8>, size: usize) {
        black_box((start, size));
    }
}

/// The core's own manager that keeps no free list: those are `linked_list_allocator`'s.
fn fixed_places() -> FixedMemoryManager<Pages> {
    let place = || {
        let start = black_box(NonNull::<u8>::dangling());
        // SAFETY: this image is never run; the compiler must only not know that.
        let memory = unsafe { Arena::new(start, black_box(0)) };
        FixedPlace::new(memory, TargetAddress::new(black_box(0)))
    };
    FixedMemoryManager::new([place(), place(), FixedPlace::NONE], black_box(4096), Pages)
}
