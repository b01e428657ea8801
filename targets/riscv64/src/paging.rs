//! Sv39 page tables (privileged specification, section "Sv39: Page-Based 39-bit
//! Virtual-Memory System") and the permissions of the arenas' pages.
//!
//! The lowest level is one array with an entry for each page from address 0 to
//! [`VIRTUAL_END`], so that a page's entry is found by its number alone. `boot.rs` fills the
//! tables before paging is on; afterwards only the entries of the arenas, and those of the tables
//! at a distance, ever change.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use target_common::{Access, Away, HartLock, Region};

use crate::harts::{forget_translations_on_other, hart};
use crate::layout::{FINISHER_PHYSICAL, RAM_OFFSET, UART, UART_PHYSICAL, VIRTUAL_END, regions};
use crate::{FAR_ALIAS, LONG_TEXT_SPAN, PAGE};

/// Why [`protect`] changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtectError {
    /// Called from the fault handler while the same hart was changing page tables.
    Busy,
    /// The region does not start and end at a page boundary.
    Misaligned(Region),
    /// The region reaches outside the arenas and heaps; other mappings are fixed.
    OutsideArenas(Region),
}

impl fmt::Display for ProtectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (region, why) = match self {
            Self::Busy => return f.write_str("the page tables are being changed already"),
            Self::Misaligned(region) => (region, "does not consist of whole pages"),
            Self::OutsideArenas(region) => (region, "is not inside the arenas and heaps"),
        };
        write!(f, "{:#x} bytes at {:#x}: the region {why}", region.size, region.start)
    }
}

impl core::error::Error for ProtectError {}

/// Changes what the pages of `region` may be used for, from the next access on, of either hart.
///
/// The region must consist of whole pages of the arenas or heaps, or of the away arenas where
/// [`map_away`] has put them.
pub fn protect(region: Region, access: Access) -> Result<(), ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Misaligned(region));
    }
    let outside = ProtectError::OutsideArenas(region);
    let flags = match access {
        Access::Read => READ,
        Access::ReadExecute => READ_EXECUTE,
        Access::ReadWrite => READ_WRITE,
    };
    let _alone = CHANGING.lock(hart()).ok_or(ProtectError::Busy)?;
    // The arenas and heaps follow each other without a gap, as the linker script asserts.
    let near = Region::between(regions().text.start, regions().program_heap.end());
    let away = away();
    let home = |address: usize| match away {
        _ if near.contains(region) => Some(address),
        Some(away) => away.home(address).map(|(home, _)| home),
        None => None,
    };
    let end = region.start.checked_add(region.size).ok_or(outside)?;
    // What is mapped in a row and begins and ends in the arenas lies in them.
    if home(region.start).is_none() || home(end - 1).is_none() {
        return Err(outside);
    }
    let mut changed = false;
    for address in (region.start..end).step_by(PAGE) {
        let home = home(address).ok_or(outside)?;
        let new = leaf(home + RAM_OFFSET, flags);
        changed |= LEAVES.0[home / PAGE].swap(new, Ordering::Relaxed) != new;
    }
    if changed {
        // Orders the stores before the page-table walks of what follows, and drops cached entries.
        riscv::asm::sfence_vma_all();
        forget_translations_on_other();
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
    let taken = [0, FAR_ALIAS >> GIB_SHIFT, UART >> GIB_SHIFT];
    let tables = AWAY_MIDDLES.iter().flat_map(|middle| &middle.0);
    tables.for_each(|entry| entry.store(0, Ordering::Relaxed));
    for (_, entry) in ROOT.0.iter().enumerate().filter(|(gib, _)| !taken.contains(gib)) {
        entry.store(0, Ordering::Relaxed);
    }
    let image = (0..regions().text.start).step_by(TABLE_SPAN).map(|home| (home + distance, home));
    let first = distance >> GIB_SHIFT;
    for (at, home) in image.chain(away.pieces()) {
        let gib = at >> GIB_SHIFT;
        // Addresses of Sv39 are signed: the upper half of the top-level table is somewhere else.
        let is_free = gib < ENTRIES / 2 && !taken.contains(&gib);
        let middle = AWAY_MIDDLES.get(gib - first).filter(|_| at.is_multiple_of(TABLE_SPAN));
        let Some(middle) = middle.filter(|_| is_free) else {
            panic!("there is no place at {at:#x}");
        };
        let lower = (&raw const LEAVES).addr() + home / TABLE_SPAN * PAGE;
        middle.0[at / TABLE_SPAN % ENTRIES].store(table(lower), Ordering::Relaxed);
        ROOT.0[gib].store(table((&raw const *middle).addr()), Ordering::Relaxed);
    }
    riscv::asm::sfence_vma_all();
    forget_translations_on_other();
}

/// Entry flag: the entry is in use; alone, it points to the next lower table.
pub(crate) const VALID: u64 = 1 << 0;

/// Flags of a page that can be read. "Accessed" (and "dirty" below) are set from the start, since
/// harts may fault instead of setting them.
pub(crate) const READ: u64 = VALID | 1 << 1 | 1 << 6;

/// Flags of a page that can be read and written.
pub(crate) const READ_WRITE: u64 = READ | 1 << 2 | 1 << 7;

/// Flags of a page that can be read and executed.
pub(crate) const READ_EXECUTE: u64 = READ | 1 << 3;

/// Page tables of any level, in a row.
#[repr(C, align(4096))]
pub(crate) struct Tables<const ENTRIES: usize>([AtomicU64; ENTRIES]);

/// The top level: 1 GiB for each entry.
pub(crate) static ROOT: Tables<512> = Tables::new();

/// The first GiB, 2 MiB for each entry.
pub(crate) static MIDDLE: Tables<512> = Tables::new();

/// The GiB at [`FAR_ALIAS`](crate::FAR_ALIAS); its entries share the lowest tables with [`MIDDLE`].
pub(crate) static FAR_MIDDLE: Tables<512> = Tables::new();

/// The GiBs from the one on in which the image is at its distance.
static AWAY_MIDDLES: [Tables<ENTRIES>; 4] = [const { Tables::new() }; 4];

/// Held by the hart that changes them.
static CHANGING: HartLock<()> = HartLock::new(());

/// The distance of [`map_away`]; 0 before the first.
static AWAY: AtomicUsize = AtomicUsize::new(0);
/// Whether the text there is long.
static LONG_TEXT: AtomicBool = AtomicBool::new(false);

/// The GiB that begins at [`UART`].
pub(crate) static DEVICE_MIDDLE: Tables<512> = Tables::new();

/// A page for each device. Device memory needs no mark: QEMU's (and any) physical memory attributes
/// say what it is.
pub(crate) static DEVICE_LEAVES: Tables<512> = {
    let mut entries = [const { AtomicU64::new(0) }; 512];
    entries[0] = AtomicU64::new(leaf(UART_PHYSICAL, READ_WRITE));
    entries[1] = AtomicU64::new(leaf(FINISHER_PHYSICAL, READ_WRITE));
    Tables(entries)
};

/// An entry for each page from address 0 to [`VIRTUAL_END`].
pub(crate) static LEAVES: Tables<{ VIRTUAL_END / PAGE }> = Tables::new();

impl<const ENTRIES: usize> Tables<ENTRIES> {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; ENTRIES])
    }
}

/// Entries of a table.
const ENTRIES: usize = 512;
/// What one table of the lowest level maps.
const TABLE_SPAN: usize = ENTRIES * PAGE;
/// What one table of the middle level maps: 1 GiB.
const GIB_SHIFT: u32 = 30;

/// The entry for the next lower table, which lies at this link address.
const fn table(address: usize) -> u64 {
    leaf(address + RAM_OFFSET, VALID)
}

/// The entry for a page at a physical address.
const fn leaf(physical: usize, flags: u64) -> u64 {
    // Bits 10 and up hold the physical page number: the page's address without its 12 zeros.
    (physical as u64 >> 2) | flags
}

/// Where the away arenas are; `None` before the first [`map_away`].
fn away() -> Option<Away> {
    let distance = AWAY.load(Ordering::Relaxed);
    let span = LONG_TEXT.load(Ordering::Relaxed).then_some(LONG_TEXT_SPAN);
    (distance != 0).then(|| Away { arenas: regions().away, distance, span })
}
