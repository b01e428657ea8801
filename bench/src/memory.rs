//! Memory for one module, taken once: written here, to run on a target that is not there.

use std::ptr::NonNull;

use loader_core::{
    Arena, ArenaMemoryManager, MemoryError, RemoteMemoryManager, SegmentKind, SegmentRequest,
    TargetAddress, TargetMemory, UnprotectedPlatform,
};

/// The manager: arenas here, addresses there.
pub(crate) type Manager = RemoteMemoryManager<ArenaMemoryManager<UnprotectedPlatform>, LowMemory>;

/// The unit of the arenas, and more than the books of one segment take.
const GRANULE: usize = 4096;

/// Bytes of target memory for each kind of segment.
pub(crate) const ROOM: u64 = 0x1000_0000;

/// A manager with room for one module whose segments have these sizes and alignments.
///
/// # Errors
/// A segment is larger than the target's memory for it.
pub(crate) fn manager(segments: [(u64, u64); 3]) -> Result<Manager, String> {
    let mut arenas = [Arena::EMPTY; 3];
    for (arena, (size, align)) in arenas.iter_mut().zip(segments) {
        if size > ROOM || align > ROOM {
            return Err(format!("a segment of {size} bytes, aligned to {align}: there are {ROOM}"));
        }
        *arena = leak((size + align) as usize + 4 * GRANULE);
    }
    let [text, read_only, data] = arenas;
    let local = ArenaMemoryManager::new(text, read_only, data, GRANULE, UnprotectedPlatform);
    Ok(RemoteMemoryManager::new(local, LowMemory))
}

/// Zeroed memory that is never given back.
fn leak(size: usize) -> Arena {
    // Written, rather than promised by the system: no page is missing when the clock runs.
    let mut bytes = vec![1_u8; size];
    bytes.fill(0);
    let bytes = bytes.leak();
    // SAFETY: the bytes are initialised, live as long as the program, and their only reference has
    // just become this pointer.
    unsafe { Arena::new(NonNull::from(&mut *bytes).cast(), size) }
}

/// The memory of a target at low addresses, as the small code model and `medlow` need them: it is at
/// the same place for each load, and holds nothing.
#[derive(Debug)]
pub(crate) struct LowMemory;

impl TargetMemory for LowMemory {
    fn reserve(&self, request: SegmentRequest) -> Result<TargetAddress, MemoryError> {
        let start = match request.kind {
            SegmentKind::Text => ROOM,
            SegmentKind::ReadOnly => 2 * ROOM,
            SegmentKind::Data => 3 * ROOM,
        };
        if request.size as u64 <= ROOM {
            Ok(TargetAddress::new(start))
        } else {
            Err(MemoryError::TooSmall { size: ROOM as usize })
        }
    }

    fn seal(&self, _: SegmentKind, _: TargetAddress, _: &[u8]) -> Result<(), MemoryError> {
        Ok(())
    }

    fn release(&self, _: SegmentKind, _: TargetAddress, _: usize) {}
}
