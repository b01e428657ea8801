//! The images of a module, in memory that a manager gives.

use core::num::NonZeroUsize;

use super::Decompress;
use super::gdb::JitEntry;
use super::layout::ALIGN;
use crate::error::Error;
use crate::memory::{MemoryManager, Segment, SegmentKind, SegmentRequest};
use crate::module::Module;

/// What a debugger is shown of a module: an ELF image of each object that has some, sealed, and room
/// for GDB's list of them. Dropping it gives the memory back.
///
/// It does not borrow the module. The client drops it once nothing of the module runs any more, and
/// before the module's memory goes: a debugger takes its breakpoints out of that.
#[derive(Debug)]
pub struct DebugImages<M: MemoryManager> {
    manager: M,
    images: Option<Segment>,
    pub(super) entries: Option<Segment>,
    pub(super) count: usize,
}

impl<'o, M: MemoryManager> Module<'o, '_, M> {
    /// Makes the images that a debugger is shown of the module's objects, for
    /// [`GdbJit::register`](crate::GdbJit::register): their memory, from a manager that may be
    /// another than the module's, is one read-only segment, as large as
    /// [`Plan::debug_size`](crate::Plan::debug_size) of all objects together, and a data segment of 32
    /// bytes for each object.
    ///
    /// Without [`PlanOptions::debug`](crate::PlanOptions::debug), nothing is taken.
    ///
    /// # Errors
    /// As those of [`write_debug_image`](Self::write_debug_image), and [`Error::Allocate`],
    /// [`Error::BadSegment`] and [`Error::Seal`]. The module is as it was, and all that was taken for
    /// the images is given back.
    pub fn debug_images<N: MemoryManager>(
        &self,
        manager: N,
        decompress: &dyn Decompress,
    ) -> Result<DebugImages<N>, Error<'o>> {
        let mut made = DebugImages { manager, images: None, entries: None, count: 0 };
        let objects = self.plan().objects();
        let sizes = || (0..objects.len()).map(|object| self.plan().debug_size(object));
        let (mut total, mut count) = (0u64, 0usize);
        for (object, size) in objects.iter().zip(sizes()) {
            total = total
                .checked_add(size)
                .filter(|&total| total <= isize::MAX as u64)
                .ok_or(Error::TooLarge { object: object.name() })?;
            count = count.saturating_add(usize::from(size != 0));
        }
        let bytes = count.saturating_mul(size_of::<JitEntry>());
        let (Some(total), Some(bytes)) =
            (NonZeroUsize::new(total as usize), NonZeroUsize::new(bytes))
        else {
            return Ok(made);
        };
        made.images = Some(made.allocate(SegmentKind::ReadOnly, total)?);
        made.entries = Some(made.allocate(SegmentKind::Data, bytes)?);
        let Some(images) = &mut made.images else { return Ok(made) };
        let mut start = 0usize;
        for (object, size) in sizes().enumerate().filter(|(_, size)| *size != 0) {
            let end = start.saturating_add(size as usize);
            let target = images.target().wrapping_add(start as u64);
            let to = images.bytes_mut().get_mut(start..end).unwrap_or_default();
            self.write_debug_image(object, to, decompress)?;
            if let Some(entries) = &mut made.entries {
                JitEntry::describe(entries, made.count, target, size);
            }
            made.count = made.count.saturating_add(1);
            start = end;
        }
        for segment in [&made.images, &made.entries].into_iter().flatten() {
            let kind = segment.kind();
            made.manager.seal(segment).map_err(|cause| Error::Seal { kind, cause })?;
        }
        Ok(made)
    }
}

impl<M: MemoryManager> DebugImages<M> {
    /// How many there are: one for each object with a section header table.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The images, one behind the other, as they are in memory.
    pub fn bytes(&self) -> &[u8] {
        self.images.as_ref().map(Segment::contents).unwrap_or_default()
    }

    fn allocate<'o>(&self, kind: SegmentKind, size: NonZeroUsize) -> Result<Segment, Error<'o>> {
        let (size, align) = (size.get(), ALIGN as usize);
        let request = SegmentRequest { kind, size, align };
        let segment = self.manager.allocate(request).map_err(|cause| Error::Allocate {
            kind,
            size,
            align,
            cause,
        })?;
        if request.is_met_by(&segment) {
            return Ok(segment);
        }
        self.manager.free(segment);
        Err(Error::BadSegment { kind })
    }
}

impl<M: MemoryManager> Drop for DebugImages<M> {
    fn drop(&mut self) {
        for segment in [self.images.take(), self.entries.take()].into_iter().flatten() {
            self.manager.free(segment);
        }
    }
}
