//! Memory: what the core asks of its client, and managers for common machines.
//!
//! | manager | what it hands out |
//! | --- | --- |
//! | [`ArenaMemoryManager`] | pages of static arenas: one per kind of segment, or one for all |
//! | [`FixedMemoryManager`] | one place per kind, always the same: overlays, pre-linked images |
//! | [`MpuMemoryManager`] | regions of static arenas, as an MPU has them |
//! | [`RemoteMemoryManager`] | memory of a target that is somewhere else |

mod arena;
mod arena_manager;
mod fixed_manager;
mod mpu_manager;
mod platform;
mod pool;
mod remote_manager;
mod segment;

use core::fmt;

pub use arena::{Arena, StaticArena};
pub use arena_manager::ArenaMemoryManager;
pub use fixed_manager::{FixedMemoryManager, FixedPlace};
pub use mpu_manager::{MpuMemoryManager, RegionPlan};
pub use platform::{Platform, UnprotectedPlatform};
pub use remote_manager::{RemoteMemoryManager, TargetMemory};
pub use segment::Segment;

/// What a segment holds, and so what may be done with its memory once it is sealed.
///
/// There is no kind that is both writable and executable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SegmentKind {
    /// Code and call stubs: read and execute.
    Text,
    /// Constants, the GOT, and data that is constant once relocated: read.
    ReadOnly,
    /// Variables, COMMON symbols and zero-initialised data: read and write.
    Data,
}

impl SegmentKind {
    /// All kinds, in the order in which they are allocated.
    pub const ALL: [Self; 3] = [Self::Text, Self::ReadOnly, Self::Data];

    /// This kind's element of three that are in the order of [`ALL`](Self::ALL).
    #[expect(clippy::indexing_slicing, reason = "there are three kinds, as the compiler sees")]
    pub(crate) const fn pick<T>(self, all: &[T; 3]) -> &T {
        &all[self as usize] // no jump, which sections in any order would mislead
    }

    /// The same, to be changed.
    #[expect(clippy::indexing_slicing, reason = "there are three kinds, as the compiler sees")]
    pub(crate) const fn pick_mut<T>(self, all: &mut [T; 3]) -> &mut T {
        &mut all[self as usize]
    }

    /// A short name: `text`, `rodata` or `data`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::ReadOnly => "rodata",
            Self::Data => "data",
        }
    }
}

impl fmt::Display for SegmentKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A request for the memory of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentRequest {
    /// What it will hold.
    pub kind: SegmentKind,
    /// Its exact size in bytes; never 0.
    pub size: usize,
    /// The alignment that its target address must have, in bytes; a power of two.
    pub align: usize,
}

impl SegmentRequest {
    /// Whether a segment is what was asked for, and ends below the last address.
    pub(crate) fn is_met_by(&self, segment: &Segment) -> bool {
        segment.size() == self.size
            && segment.kind() == self.kind
            && segment.target().is_aligned_to(self.align as u64)
            && segment.target().value().checked_add(self.size as u64).is_some()
    }
}

/// Why a memory manager could not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemoryError {
    /// No free run of this size and alignment is left.
    Exhausted {
        /// Bytes free in all, though perhaps not in one piece.
        free: usize,
    },
    /// The memory that there is for it is in use.
    InUse,
    /// The memory that there is for it is not aligned as it must be.
    Misaligned {
        /// What its address, or its size, must be a multiple of, in bytes.
        align: usize,
    },
    /// The request is refused; the reason is the manager's own.
    Refused(&'static str),
    /// As many regions are in use as the machine has.
    TooManyRegions {
        /// How many it has.
        limit: usize,
    },
    /// The memory that there is for it is smaller.
    TooSmall {
        /// Its size in bytes.
        size: usize,
    },
}

impl fmt::Display for MemoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exhausted { free } => write!(f, "only {free} bytes are free"),
            Self::InUse => f.write_str("the memory for it is in use"),
            Self::Misaligned { align } => {
                write!(f, "the memory for it is not aligned to {align}")
            }
            Self::Refused(reason) => f.write_str(reason),
            Self::TooManyRegions { limit } => write!(f, "all {limit} regions are in use"),
            Self::TooSmall { size } => write!(f, "the memory for it has only {size} bytes"),
        }
    }
}

impl core::error::Error for MemoryError {}

/// The client's memory, as the core sees it: LLVM's `JITMemoryManager`.
///
/// All methods take `&self`, so that one manager serves many modules at a time; a manager that
/// keeps books does so behind a lock of its own.
pub trait MemoryManager {
    /// Hands out the memory of one segment, readable and writable, not yet executable.
    ///
    /// The segment's target address must be a multiple of `request.align`.
    ///
    /// # Errors
    /// [`MemoryError`] where there is no such memory; nothing may have changed then.
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError>;

    /// Gives a segment its final permissions, and makes code visible to instruction fetch on
    /// every core that may run it. Nothing writes to text or read-only segments afterwards.
    ///
    /// # Errors
    /// [`MemoryError`] where the permissions cannot be had. The core then frees all segments of
    /// the image, those already sealed included.
    fn seal(&self, segment: &Segment) -> Result<(), MemoryError>;

    /// Takes a segment back, sealed or not. Cannot fail: the segment came from `allocate`.
    fn free(&self, segment: Segment);
}

impl<M: MemoryManager + ?Sized> MemoryManager for &M {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        (**self).allocate(request)
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        (**self).seal(segment)
    }

    fn free(&self, segment: Segment) {
        (**self).free(segment);
    }
}

/// A manager whose segments run where they are written, in the memory of the caller: modules in them
/// give out [pointers](crate::Module::pointer).
///
/// A [`FixedMemoryManager`] is none, as its places may run anywhere, and a [`RemoteMemoryManager`]
/// never is.
///
/// # Safety
/// The target address of each segment that it hands out is the address of the segment's memory
/// ([`Segment::local`]).
pub unsafe trait InProcess: MemoryManager {}

// SAFETY: the segments are the other manager's.
unsafe impl<M: InProcess + ?Sized> InProcess for &M {}
