//! The memory manager: the firmware's pages.

use core::ops::Range;
use core::ptr::NonNull;

use loader_core::{
    InProcess, MemoryError, MemoryManager, Segment, SegmentKind, SegmentRequest, TargetAddress,
};
use uefi::boot::{self, AllocateType, MemoryAttribute, MemoryType, PAGE_SIZE, ScopedProtocol};
use uefi::proto::security::MemoryProtection;

use crate::caches;

/// Hands out pages of the firmware's, and sets their permissions where it offers that.
///
/// Firmware that does not (`EFI_MEMORY_ATTRIBUTE_PROTOCOL`, from 2023 on in EDK II) leaves loaded code
/// writable as it does with that of applications.
#[derive(Debug)]
pub struct Pages;

impl MemoryManager for Pages {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        if request.align > PAGE_SIZE {
            return Err(MemoryError::Misaligned { align: PAGE_SIZE });
        }
        // Firmware may keep what is allocated as data from being executed.
        let kind = match request.kind {
            SegmentKind::Text => MemoryType::LOADER_CODE,
            SegmentKind::ReadOnly | SegmentKind::Data => MemoryType::LOADER_DATA,
        };
        let pages = request.size.div_ceil(PAGE_SIZE);
        let start = boot::allocate_pages(AllocateType::AnyPages, kind, pages)
            .map_err(|_| MemoryError::Refused("the firmware has no pages left"))?;
        let target = TargetAddress::new(start.as_ptr() as u64); // memory is mapped one to one
        // SAFETY: they are mapped, readable and writable, and nobody else's; they hold something, whatever
        // it is, and fewer than `isize::MAX` bytes.
        let segment = unsafe { Segment::new(request.kind, start, request.size, target) };
        // Pages for code come executable: not while they are written.
        match set(&segment, MemoryAttribute::EXECUTE_PROTECT) {
            Ok(()) => Ok(segment),
            Err(error) => {
                self.free(segment);
                Err(error)
            }
        }
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        let permissions = match segment.kind() {
            SegmentKind::Text => MemoryAttribute::READ_ONLY,
            SegmentKind::ReadOnly => MemoryAttribute::READ_ONLY | MemoryAttribute::EXECUTE_PROTECT,
            SegmentKind::Data => MemoryAttribute::EXECUTE_PROTECT,
        };
        set(segment, permissions)?;
        if segment.kind() == SegmentKind::Text {
            caches::synchronise(segment.local().as_ptr(), segment.size());
        }
        Ok(())
    }

    fn free(&self, segment: Segment) {
        let start: NonNull<u8> = segment.local();
        // Where neither works, the pages are lost until the machine starts again: better so than pages that
        // the firmware cannot write to.
        if set(&segment, MemoryAttribute::EXECUTE_PROTECT).is_ok() {
            // SAFETY: `allocate` had as many pages there, and nothing refers to them any more.
            let _ = unsafe { boot::free_pages(start, segment.size().div_ceil(PAGE_SIZE)) };
        }
    }
}

// SAFETY: the target address of each segment is that of its memory.
unsafe impl InProcess for Pages {}

/// Gives the pages of a segment these permissions, and no others.
fn set(segment: &Segment, permissions: MemoryAttribute) -> Result<(), MemoryError> {
    let Some(protection) = protection() else { return Ok(()) };
    let all = MemoryAttribute::READ_ONLY | MemoryAttribute::EXECUTE_PROTECT;
    let start = segment.target().value();
    let size = segment.size().next_multiple_of(PAGE_SIZE) as u64;
    let pages: Range<u64> = start..start + size;
    let refused = |_| MemoryError::Refused("the firmware does not change these permissions");
    // First what is taken away: nothing is both writable and executable in between.
    protection.set_memory_attributes(pages.clone(), permissions).map_err(refused)?;
    protection.clear_memory_attributes(pages, all - permissions).map_err(refused)
}

fn protection() -> Option<ScopedProtocol<MemoryProtection>> {
    let handle = boot::get_handle_for_protocol::<MemoryProtection>().ok()?;
    boot::open_protocol_exclusive::<MemoryProtection>(handle).ok()
}
