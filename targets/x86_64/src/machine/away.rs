//! The image at a distance from where the linker script has it, and arenas that are mapped only there.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use target_common::{Access, Away, Region};
use x86_64::PhysAddr;
use x86_64::instructions::tlb;
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{PageTable, PageTableFlags as Flags};

use super::harts::{flush_other, hart};
use super::layout::regions;
use super::paging::{
    CHANGING, DIRECTORY_POINTERS, ENTRIES_PER_TABLE, FAR_INDEX, PAGE_TABLES, ProtectError,
    TABLE_SPAN, set, writing,
};
use crate::LONG_TEXT_SPAN;

/// Maps the image `distance` bytes above where the linker script has it, and the away arenas as
/// [`Away`] says, with a long text or without; nothing is left of what this has mapped before.
///
/// # Panics
/// If the distance is not a multiple of 2 MiB, if the memory would get to where something is, or if
/// called from the fault handler while the same hart was changing page tables.
pub fn map_away(distance: usize, long_text: bool) {
    let Some(_alone) = CHANGING.lock(hart()) else { panic!("{}", ProtectError::Busy) };
    let span = long_text.then_some(LONG_TEXT_SPAN);
    let away = Away { arenas: regions().away, distance, span };
    AWAY.store(distance, Ordering::Relaxed);
    LONG_TEXT.store(long_text, Ordering::Relaxed);
    let pointers = (&raw mut DIRECTORY_POINTERS).cast::<PageTableEntry>();
    let directories = (&raw mut AWAY_DIRECTORIES).cast::<PageTableEntry>();
    let write = |table: *mut PageTableEntry, index: usize, lower: Option<usize>| {
        let mut value = PageTableEntry::new();
        if let Some(lower) = lower {
            value.set_addr(PhysAddr::new_truncate(lower as u64), Flags::PRESENT | Flags::WRITABLE);
        }
        // SAFETY: all that comes here are the two tables above with indices in them. This hart holds
        // the lock, so nothing else writes them, and an aligned store of eight bytes can't be seen by
        // halves by the walk. The image runs at addresses below 1 GiB, whose entry of the upper
        // table, the first, never comes here.
        unsafe { table.wrapping_add(index).write_volatile(value) };
    };
    writing(|| {
        (1..ENTRIES_PER_TABLE)
            .filter(|&gib| gib != FAR_INDEX)
            .for_each(|gib| write(pointers, gib, None));
        (0..AWAY_GIBS * ENTRIES_PER_TABLE).for_each(|index| write(directories, index, None));
        let image = (0..regions().text.start).step_by(TABLE_SPAN);
        let image = image.map(|home| (home + distance, home));
        let first = distance >> GIB_SHIFT;
        for (at, home) in image.chain(away.pieces()) {
            let gib = at >> GIB_SHIFT;
            let fits = at.is_multiple_of(TABLE_SPAN) && gib - first < AWAY_GIBS;
            let is_free = first != 0 && gib < ENTRIES_PER_TABLE && gib != FAR_INDEX;
            assert!(fits && is_free, "there is no place at {at:#x}");
            let table =
                (&raw const PAGE_TABLES).addr() + home / TABLE_SPAN * size_of::<PageTable>();
            write(directories, at / TABLE_SPAN - first * ENTRIES_PER_TABLE, Some(table));
            let directory = directories.addr() + (gib - first) * size_of::<PageTable>();
            write(pointers, gib, Some(directory));
        }
    });
    tlb::flush_all();
    flush_other();
}

/// Sets the permissions of whole pages of the away arenas, for who holds the lock of the page tables;
/// whether they were others.
///
/// # Errors
/// [`ProtectError::Outside`]; nothing has changed then.
pub(super) fn protect(region: Region, access: Access) -> Result<bool, ProtectError> {
    let away = away().ok_or(ProtectError::Outside)?;
    let end = region.start.checked_add(region.size).ok_or(ProtectError::Outside)?;
    // What is mapped in a row and begins and ends in the arenas lies in them.
    if away.home(region.start).is_none() || away.home(end - 1).is_none() {
        return Err(ProtectError::Outside);
    }
    let (mut at, mut changed) = (region.start, false);
    while at < end {
        let (home, in_a_row) = away.home(at).ok_or(ProtectError::Outside)?;
        let piece = Region { start: at, size: in_a_row.min(end - at) };
        changed |= set(piece, home, access, Flags::empty());
        at += piece.size;
    }
    Ok(changed)
}

/// The gigabytes from the one on in which the image is at its distance.
#[unsafe(link_section = ".bss.page_tables")]
static mut AWAY_DIRECTORIES: [PageTable; AWAY_GIBS] = [const { PageTable::new() }; AWAY_GIBS];

/// The distance of [`map_away`]; 0 before the first.
static AWAY: AtomicUsize = AtomicUsize::new(0);
/// Whether the text there is long.
static LONG_TEXT: AtomicBool = AtomicBool::new(false);

/// How many gigabytes the image and the away arenas are in, at most.
const AWAY_GIBS: usize = 4;

/// What one directory maps: 1 GiB.
const GIB_SHIFT: u32 = 30;

/// Where the away arenas are; `None` before the first [`map_away`].
fn away() -> Option<Away> {
    let distance = AWAY.load(Ordering::Relaxed);
    let span = LONG_TEXT.load(Ordering::Relaxed).then_some(LONG_TEXT_SPAN);
    (distance != 0).then(|| Away { arenas: regions().away, distance, span })
}
