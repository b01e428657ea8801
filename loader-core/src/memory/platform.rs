//! What the managers ask of the machine that they run on.

use core::ptr::NonNull;

use crate::memory::{MemoryError, SegmentKind};

/// What the managers of this crate ask of the machine that they run on.
///
/// `start` and `size` are always whole units of the manager: granules of
/// [`ArenaMemoryManager`](crate::ArenaMemoryManager), regions of
/// [`MpuMemoryManager`](crate::MpuMemoryManager), places of
/// [`FixedMemoryManager`](crate::FixedMemoryManager).
pub trait Platform {
    /// Makes memory that is being freed readable and writable, and not executable: it may have
    /// been sealed.
    ///
    /// # Errors
    /// [`MemoryError::Refused`]; the memory is then never handed out again, as nobody may write
    /// to it. The managers count it as lost.
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

/// Seals memory of a kind: code is made visible before it may run.
pub(super) fn seal(
    platform: &impl Platform,
    kind: SegmentKind,
    start: NonNull<u8>,
    size: usize,
) -> Result<(), MemoryError> {
    if kind == SegmentKind::Text {
        platform.synchronise_instructions(start, size);
    }
    platform.protect(kind, start, size)
}
