//! The client's side, as thin as it can be. The compiler sees none of what it hands out.

use core::hint::black_box;
use core::ptr::NonNull;

#[cfg(feature = "sealed")]
use loader_core::Name;
use loader_core::{MemoryError, MemoryManager, Scratch, Segment, SegmentRequest, TargetAddress};

/// Hands out memory.
#[derive(Clone, Copy)]
pub struct Manager;

impl MemoryManager for Manager {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        allocate(request)
    }

    fn seal(&self, _: &Segment) -> Result<(), MemoryError> {
        seal()
    }

    fn free(&self, segment: Segment) {
        free(segment);
    }
}

#[inline(never)]
fn allocate(request: SegmentRequest) -> Result<Segment, MemoryError> {
    let start = black_box(NonNull::<u8>::dangling());
    let target = TargetAddress::new(black_box(0));
    // SAFETY: this image is never run; the compiler must only not know that.
    Ok(unsafe { Segment::new(request.kind, start, request.size, target) })
}

#[inline(never)]
fn seal() -> Result<(), MemoryError> {
    black_box(Ok(()))
}

#[inline(never)]
fn free(segment: Segment) {
    black_box(segment);
}

/// Knows every symbol, or none.
#[cfg(feature = "sealed")]
#[inline(never)]
pub fn resolve(name: Name<'_>) -> Option<TargetAddress> {
    black_box((!name.is_empty()).then_some(TargetAddress::NULL))
}

/// An object's bytes, or an archive's.
#[inline(never)]
pub fn file() -> &'static [u8] {
    black_box(&[])
}

/// Working memory.
#[inline(never)]
pub fn scratch() -> &'static mut [Scratch] {
    black_box(&mut [])
}

/// What comes of a load.
#[inline(never)]
pub fn take<T>(value: T) {
    black_box(value);
}

/// Where GDB has a breakpoint.
#[cfg(feature = "debug")]
#[inline(never)]
pub extern "C" fn changed() {
    black_box(());
}

/// The end of the image.
#[inline(never)]
pub fn stop() -> ! {
    loop {
        core::hint::spin_loop();
    }
}
