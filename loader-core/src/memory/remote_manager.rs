//! A memory manager for a target that is somewhere else: modules are loaded here and run there.

use crate::address::TargetAddress;
use crate::memory::{InProcess, MemoryError, MemoryManager, Segment, SegmentKind, SegmentRequest};

/// The memory of a target, as a [`RemoteMemoryManager`] reaches it: over a wire, say.
///
/// All methods take `&self`, as those of [`MemoryManager`] do.
pub trait TargetMemory {
    /// Takes memory for one segment, at an address that is a multiple of `request.align`.
    ///
    /// # Errors
    /// [`MemoryError`] where there is no such memory, or the target does not answer; nothing is
    /// taken then.
    fn reserve(&self, request: SegmentRequest) -> Result<TargetAddress, MemoryError>;

    /// Writes the bytes of a segment to the memory that was reserved for it, gives that its final
    /// permissions, and makes code visible to instruction fetch. Comes once for each segment at the
    /// most.
    ///
    /// # Errors
    /// [`MemoryError`] where one of these cannot be done. The core then has all memory of the image
    /// released, what is sealed already included.
    fn seal(
        &self,
        kind: SegmentKind,
        target: TargetAddress,
        bytes: &[u8],
    ) -> Result<(), MemoryError>;

    /// Takes memory back of which `size` bytes were asked for, sealed or not. Has no way to fail:
    /// where the target is gone, so is its memory.
    fn release(&self, kind: SegmentKind, target: TargetAddress, size: usize);
}

impl<T: TargetMemory + ?Sized> TargetMemory for &T {
    fn reserve(&self, request: SegmentRequest) -> Result<TargetAddress, MemoryError> {
        (**self).reserve(request)
    }

    fn seal(
        &self,
        kind: SegmentKind,
        target: TargetAddress,
        bytes: &[u8],
    ) -> Result<(), MemoryError> {
        (**self).seal(kind, target, bytes)
    }

    fn release(&self, kind: SegmentKind, target: TargetAddress, size: usize) {
        (**self).release(kind, target, size);
    }
}

/// Hands out segments that are written here, in memory of a manager `L`, and run in the memory of a
/// target `T`: load here, run there.
///
/// A segment's bytes are sent when it is sealed, to where they were reserved. A client that has
/// [mapped](crate::ObjectImage::map_segment_address) the segment elsewhere says so that the target
/// sees that same memory at this address when the code runs, on the other side of an MMU, for
/// example. One that maps single sections elsewhere puts their bytes there itself
/// ([`RelocatedImage::segment_bytes`](crate::RelocatedImage::segment_bytes)). What
/// [`Module::set_resolved`](crate::Module::set_resolved) puts into a slot goes into the memory here: the
/// client writes the same word to the slot's address on the target.
///
/// The memory here is kept as long as the module lives, for what it knows of its symbols; the module's
/// variables change on the target alone.
///
/// A module for a target has addresses:
/// ```
#[doc = include_str!("../../doc/remote.rs")]
/// let answer = module.symbol("answer").expect("the object exports it");
/// assert_eq!(answer, TargetAddress::new(0x8000_0000));
/// # Ok(())
/// # }
/// ```
/// but no pointers, as there is nothing to call here. This differs from the above in one word:
/// ```compile_fail,E0599
#[doc = include_str!("../../doc/remote.rs")]
/// let answer = module.pointer("answer").expect("the object exports it");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RemoteMemoryManager<L, T> {
    local: L,
    target: T,
}

impl<L: InProcess, T: TargetMemory> RemoteMemoryManager<L, T> {
    /// A manager of segments that are written to memory of `local` and run on `target`.
    pub const fn new(local: L, target: T) -> Self {
        Self { local, target }
    }

    /// The target's memory.
    pub const fn target(&self) -> &T {
        &self.target
    }

    /// Gives the memory here back that a segment was written to.
    fn free_local(&self, segment: &Segment) {
        let (local, size) = (segment.local(), segment.size());
        let target = TargetAddress::new(local.as_ptr().addr() as u64);
        // SAFETY: this is the segment that `local` handed out, made anew: of an in-process manager's,
        // the target address is that of the memory. The other handle to it is never used again.
        self.local.free(unsafe { Segment::new(segment.kind(), local, size, target) });
    }
}

impl<L: InProcess, T: TargetMemory> MemoryManager for RemoteMemoryManager<L, T> {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        let here = self.local.allocate(request)?;
        let target = match self.target.reserve(request) {
            Ok(target) => target,
            Err(error) => {
                self.local.free(here);
                return Err(error);
            }
        };
        // SAFETY: the memory is that of a segment which `local` has handed out and which comes back to
        // it in `free`; it is not used by its own name until then.
        Ok(unsafe { Segment::new(here.kind(), here.local(), here.size(), target) })
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        self.target.seal(segment.kind(), segment.target(), segment.contents())
    }

    fn free(&self, segment: Segment) {
        self.target.release(segment.kind(), segment.target(), segment.size());
        self.free_local(&segment);
    }
}
