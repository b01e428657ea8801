//! Page tables: static, filled by `boot.s`, changed by [`protect`] and [`map_away`] alone.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use target_common::{Access, Away, HartLock, Region};
use x86_64::instructions::tlb;
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{PageTable, PageTableFlags as Flags};
use x86_64::{PhysAddr, VirtAddr};

use super::harts::{flush_other, hart};
use super::layout::regions;
use crate::{FAR_ALIAS, LONG_TEXT_SPAN, PAGE};

/// Why [`protect`] changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectError {
    /// Called from the fault handler while the same hart was changing page tables.
    Busy,
    /// The region is not within the arenas and heaps.
    Outside,
    /// The region does not begin and end with a page.
    Unaligned,
}

impl fmt::Display for ProtectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "the page tables are being changed already",
            Self::Outside => "the region is not within the arenas and heaps",
            Self::Unaligned => "the region does not begin and end with a page",
        })
    }
}

impl core::error::Error for ProtectError {}

/// Changes what the pages of `region` may be used for, from the next access on, of either hart.
///
/// # Errors
/// [`ProtectError`], with all pages as they were: the region must be made of whole pages of the
/// arenas and heaps, or of the away arenas where [`map_away`] has put them. The image itself and
/// the job window keep the permissions they booted with.
pub fn protect(region: Region, access: Access) -> Result<(), ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Unaligned);
    }
    let _alone = CHANGING.lock(hart()).ok_or(ProtectError::Busy)?;
    // The script lays the arenas and heaps in one run, the text arena first.
    let regions = regions();
    let near = Region::between(regions.text.start, regions.program_heap.end());
    let away = away();
    let home = |address: usize| match away {
        _ if near.contains(region) => Some(address),
        Some(away) => away.home(address).map(|(home, _)| home),
        None => None,
    };
    let end = region.start.checked_add(region.size).ok_or(ProtectError::Outside)?;
    // What is mapped in a row and begins and ends in the arenas lies in them.
    if home(region.start).is_none() || home(end - 1).is_none() {
        return Err(ProtectError::Outside);
    }
    let mut changed = false;
    for address in (region.start..end).step_by(PAGE) {
        let home = home(address).ok_or(ProtectError::Outside)?;
        let Some(entry) = entry(home) else { return Err(ProtectError::Outside) };
        let mut value = PageTableEntry::new();
        value.set_addr(PhysAddr::new_truncate(home as u64), flags(access));
        // SAFETY: `entry` points into the page tables. This hart holds their lock, so nothing but the
        // walk writes them, which only marks what was used, and an aligned store of eight bytes can't
        // be seen by halves by it.
        unsafe {
            let old = entry.read_volatile().flags() - (Flags::ACCESSED | Flags::DIRTY);
            if old != value.flags() {
                entry.write_volatile(value);
                changed = true;
            }
        }
    }
    if changed {
        flush(region);
    }
    Ok(())
}

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
    (1..ENTRIES_PER_TABLE)
        .filter(|&gib| gib != FAR_INDEX)
        .for_each(|gib| write(pointers, gib, None));
    (0..AWAY_GIBS * ENTRIES_PER_TABLE).for_each(|index| write(directories, index, None));
    let image = (0..regions().text.start).step_by(TABLE_SPAN).map(|home| (home + distance, home));
    let first = distance >> GIB_SHIFT;
    for (at, home) in image.chain(away.pieces()) {
        let gib = at >> GIB_SHIFT;
        let fits = at.is_multiple_of(TABLE_SPAN) && gib - first < AWAY_GIBS;
        let is_free = first != 0 && gib < ENTRIES_PER_TABLE && gib != FAR_INDEX;
        assert!(fits && is_free, "there is no place at {at:#x}");
        let table = (&raw const PAGE_TABLES).addr() + home / TABLE_SPAN * size_of::<PageTable>();
        write(directories, at / TABLE_SPAN - first * ENTRIES_PER_TABLE, Some(table));
        let directory = directories.addr() + (gib - first) * size_of::<PageTable>();
        write(pointers, gib, Some(directory));
    }
    tlb::flush_all();
    flush_other();
}

/// Where the away arenas are; `None` before the first [`map_away`].
fn away() -> Option<Away> {
    let distance = AWAY.load(Ordering::Relaxed);
    let span = LONG_TEXT.load(Ordering::Relaxed).then_some(LONG_TEXT_SPAN);
    (distance != 0).then(|| Away { arenas: regions().away, distance, span })
}

/// Makes code that was just written to `region` visible to the instruction fetch.
pub fn sync_instructions(region: Region) {
    // Nothing to do: x86 keeps the instruction cache and the prefetch coherent with the stores
    // of the same processor (Intel SDM volume 3, 12.6 "Self-Modifying Code"), and the indirect
    // call into new code is the branch that this asks for. The stores must only be made before
    // that call, which a call through an address the compiler does not know guarantees. The other
    // hart must serialise before it runs the code ("Cross-Modifying Code"): it does when it
    // answers the change of permissions that comes after the last write, and in `call_program`.
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
/// The gigabytes from the one on in which the image is at its distance.
static mut AWAY_DIRECTORIES: [PageTable; AWAY_GIBS] = [const { PageTable::new() }; AWAY_GIBS];
/// One entry per page, in a row from address 0.
pub(super) static mut PAGE_TABLES: [PageTable; PAGE_TABLE_COUNT] =
    [const { PageTable::new() }; PAGE_TABLE_COUNT];

/// Held by the hart that changes them.
static CHANGING: HartLock<()> = HartLock::new(());

/// The distance of [`map_away`]; 0 before the first.
static AWAY: AtomicUsize = AtomicUsize::new(0);
/// Whether the text there is long.
static LONG_TEXT: AtomicBool = AtomicBool::new(false);

/// How many gigabytes the image and the away arenas are in, at most.
const AWAY_GIBS: usize = 4;

const ENTRIES_PER_TABLE: usize = 512;
/// What one page table maps.
pub(super) const TABLE_SPAN: usize = ENTRIES_PER_TABLE * PAGE;
/// What one directory maps: 1 GiB.
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

/// Makes both harts forget how they translated the addresses of `region`.
///
/// No page is global and every arena is mapped once, so this is all there is to forget.
fn flush(region: Region) {
    if region.size / PAGE > FLUSH_ALL_ABOVE {
        tlb::flush_all();
    } else {
        for address in (region.start..region.end()).step_by(PAGE) {
            tlb::flush(VirtAddr::new_truncate(address as u64));
        }
    }
    flush_other();
}
