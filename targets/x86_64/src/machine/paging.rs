//! Page tables: static, filled by `boot.s`, changed by [`protect`] and [`map_away`] alone.

use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering};

use target_common::{Access, Region};
use x86_64::instructions::tlb;
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{PageTable, PageTableFlags as Flags};
use x86_64::{PhysAddr, VirtAddr};

use super::layout::regions;
use crate::{FAR_ALIAS, PAGE};

/// Why [`protect`] changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectError {
    /// The region is not within the arenas and heaps.
    Outside,
    /// The region does not begin and end with a page.
    Unaligned,
}

impl fmt::Display for ProtectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Outside => "the region is not within the arenas and heaps",
            Self::Unaligned => "the region does not begin and end with a page",
        })
    }
}

impl core::error::Error for ProtectError {}

/// Changes what the pages of `region` may be used for, from the next access on.
///
/// # Errors
/// [`ProtectError`], with all pages as they were: the region must be made of whole pages of the
/// arenas and heaps, or of the away arenas where [`map_away`] has put them. The image itself and
/// the job window keep the permissions they booted with.
pub fn protect(region: Region, access: Access) -> Result<(), ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Unaligned);
    }
    // The script lays the arenas and heaps in one run, the text arena first.
    let regions = regions();
    let near = Region::between(regions.text.start, end_of(regions.program_heap));
    let start = if contains(near, region) {
        region.start
    } else {
        let start = region.start.wrapping_sub(AWAY.load(Ordering::Relaxed));
        if !contains(regions.away.all(), Region { start, ..region }) {
            return Err(ProtectError::Outside);
        }
        start
    };

    for address in (start..start + region.size).step_by(PAGE) {
        let Some(entry) = entry(address) else { return Err(ProtectError::Outside) };
        let mut value = PageTableEntry::new();
        value.set_addr(PhysAddr::new_truncate(address as u64), flags(access));
        // SAFETY: `entry` points into the page tables. One processor runs, so nothing else
        // writes them, and an aligned store of eight bytes can't be seen by halves by the walk.
        unsafe { entry.write_volatile(value) };
    }
    flush(region);
    Ok(())
}

/// Maps the image, and the away arenas, `distance` bytes above where the linker script has them,
/// and no longer where this had put them before.
///
/// # Panics
/// If the distance is not a multiple of 2 MiB, or the memory would get to where something is.
pub fn map_away(distance: usize) {
    let (gib, shift) = (distance >> GIB_SHIFT, (distance & (GIB - 1)) / TABLE_SPAN);
    let fits = distance.is_multiple_of(TABLE_SPAN) && shift + PAGE_TABLE_COUNT <= ENTRIES_PER_TABLE;
    assert!(fits && (1..ENTRIES_PER_TABLE).contains(&gib) && gib != FAR_INDEX, "{distance:#x}");
    let image_tables = regions().text.start / TABLE_SPAN;
    let shared = Flags::PRESENT | Flags::WRITABLE;
    let old = AWAY.swap(distance, Ordering::Relaxed) >> GIB_SHIFT;
    let directories = (&raw mut DIRECTORY_POINTERS).cast::<PageTableEntry>();
    let directory = (&raw mut AWAY_DIRECTORY).cast::<PageTableEntry>();
    let write = |table: *mut PageTableEntry, index: usize, lower: Option<usize>| {
        let mut value = PageTableEntry::new();
        if let Some(lower) = lower {
            value.set_addr(PhysAddr::new_truncate(lower as u64), shared);
        }
        // SAFETY: all that comes here are the two tables above and indices below 512, by the
        // assertion. One processor runs, so nothing else writes them, and an aligned store of
        // eight bytes can't be seen by halves by the walk. It runs at addresses below 1 GiB,
        // which are not changed: `gib` and `old` are not 0 where they are written.
        unsafe { table.wrapping_add(index).write_volatile(value) };
    };
    if old != 0 {
        write(directories, old, None);
    }
    (0..ENTRIES_PER_TABLE).for_each(|index| write(directory, index, None));
    for index in (0..image_tables).chain(NEAR_TABLE_COUNT..PAGE_TABLE_COUNT) {
        let table = (&raw const PAGE_TABLES).addr() + index * size_of::<PageTable>();
        write(directory, index + shift, Some(table));
    }
    write(directories, gib, Some(directory.addr()));
    tlb::flush_all();
}

/// Makes code that was just written to `region` visible to the instruction fetch.
pub fn sync_instructions(region: Region) {
    // Nothing to do: x86 keeps the instruction cache and the prefetch coherent with the stores
    // of the same processor (Intel SDM volume 3, 12.6 "Self-Modifying Code"), and the indirect
    // call into new code is the branch that this asks for. The stores must only be made before
    // that call, which a call through an address the compiler does not know guarantees.
    let _ = region;
}

/// Whether `address` can be read where the linker script has it.
pub(super) fn is_mapped(address: usize) -> bool {
    let entry = entry(address).filter(|_| address < NEAR_TABLE_COUNT * TABLE_SPAN);
    entry.is_some_and(|entry| {
        // SAFETY: `entry` points into the page tables, which are always valid to read.
        unsafe { (*entry).flags() }.contains(Flags::PRESENT)
    })
}

/// How many page tables map the memory from address 0 to the end of the job window.
pub(super) const NEAR_TABLE_COUNT: usize = 160;
/// How many there are: the others are for the away arenas.
pub(super) const PAGE_TABLE_COUNT: usize = 184;
/// The entry of [`DIRECTORY_POINTERS`], of a gigabyte each, that begins at [`FAR_ALIAS`].
pub(super) const FAR_INDEX: usize = FAR_ALIAS >> 30;

// The tables are written by `boot.s` before this program has any code running, and then only
// through raw pointers in this file: the processor reads them at any time.
/// The root: the processor's CR3.
pub(super) static mut ROOT: PageTable = PageTable::new();
/// The only table of the second level.
pub(super) static mut DIRECTORY_POINTERS: PageTable = PageTable::new();
/// The first gigabyte.
pub(super) static mut DIRECTORY: PageTable = PageTable::new();
/// The first gigabyte as the far alias has it: no arenas.
pub(super) static mut FAR_DIRECTORY: PageTable = PageTable::new();
/// The gigabyte in which the image and the away arenas are at their distance.
static mut AWAY_DIRECTORY: PageTable = PageTable::new();
/// One entry per page, in a row from address 0.
pub(super) static mut PAGE_TABLES: [PageTable; PAGE_TABLE_COUNT] =
    [const { PageTable::new() }; PAGE_TABLE_COUNT];

/// The distance of [`map_away`]; 0 before the first.
static AWAY: AtomicUsize = AtomicUsize::new(0);

const ENTRIES_PER_TABLE: usize = 512;
/// What one page table maps.
const TABLE_SPAN: usize = ENTRIES_PER_TABLE * PAGE;
/// What one directory maps.
const GIB: usize = 1 << GIB_SHIFT;
const GIB_SHIFT: u32 = 30;

/// Above this many pages it is cheaper to forget all translations than these.
const FLUSH_ALL_ABOVE: usize = 64;

/// The entry that maps `address`, at no distance, or nothing above the page tables.
fn entry(address: usize) -> Option<*mut PageTableEntry> {
    let index = address / PAGE;
    if index >= PAGE_TABLE_COUNT * ENTRIES_PER_TABLE {
        return None;
    }
    let entries = (&raw mut PAGE_TABLES).cast::<PageTableEntry>();
    // `wrapping_add` because it is safe; the check above keeps it inside the tables.
    Some(entries.wrapping_add(index))
}

fn flags(access: Access) -> Flags {
    match access {
        Access::Read => Flags::PRESENT | Flags::NO_EXECUTE,
        Access::ReadExecute => Flags::PRESENT,
        Access::ReadWrite => Flags::PRESENT | Flags::WRITABLE | Flags::NO_EXECUTE,
    }
}

/// Makes the processor forget how it translated the addresses of `region`.
///
/// No page is global and every arena is mapped once, so this is all there is to forget.
fn flush(region: Region) {
    if region.size / PAGE > FLUSH_ALL_ABOVE {
        tlb::flush_all();
    } else {
        for address in (region.start..end_of(region)).step_by(PAGE) {
            tlb::flush(VirtAddr::new_truncate(address as u64));
        }
    }
}

fn contains(outer: Region, inner: Region) -> bool {
    let end = inner.start.checked_add(inner.size);
    outer.start <= inner.start && end.is_some_and(|end| end <= end_of(outer))
}

fn end_of(region: Region) -> usize {
    region.start.saturating_add(region.size)
}
