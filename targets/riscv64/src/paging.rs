//! Sv39 page tables (privileged specification, section "Sv39: Page-Based 39-bit
//! Virtual-Memory System") and the permissions of the arenas' pages.
//!
//! The lowest level is one array with an entry for each page from address 0 to
//! [`VIRTUAL_END`], so that a page's entry is found by its number alone. `boot.rs` fills the
//! tables before paging is on; afterwards only the entries of the arenas, of the programs' stacks and heaps, and
//! those of the tables at a distance, ever change.

use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};

use target_common::{Access, HartLock, Region};

use crate::PAGE;
#[cfg(feature = "image")]
use crate::away::protect as protect_away;
use crate::harts::{forget_translations_on_other, hart};
use crate::layout::{FINISHER_PHYSICAL, RAM_OFFSET, UART_PHYSICAL, VIRTUAL_END, regions};
#[cfg(feature = "image")]
use crate::table_writing::writing;

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
    change(region, access, 0)
}

/// As [`protect`], and user mode may use the pages so, too, until `protect` takes them back; code in them
/// only user mode. The region may be a program's stack, and is not away.
#[cfg(feature = "image")]
pub fn share(region: Region, access: Access) -> Result<(), ProtectError> {
    change(region, access, USER)
}

fn change(region: Region, access: Access, shared: u64) -> Result<(), ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Misaligned(region));
    }
    let _alone = CHANGING.lock(hart()).ok_or(ProtectError::Busy)?;
    let changed = if regions().may_change(region) {
        writing(|| set(region, region.start, access, shared))
    } else if shared == 0 {
        writing(|| protect_away(region, access))?
    } else {
        return Err(ProtectError::OutsideArenas(region));
    };
    if changed {
        // Orders the stores before the page-table walks of what follows, and drops cached entries.
        riscv::asm::sfence_vma_all();
        forget_translations_on_other();
    }
    Ok(())
}

/// Whether user mode may read all of `region`.
#[cfg(feature = "image")]
pub fn user_can_read(region: Region) -> bool {
    let readable = |page: usize| {
        let entry = LEAVES.0.get(page / PAGE);
        entry.is_some_and(|entry| entry.load(Ordering::Relaxed) & (USER | READ) == USER | READ)
    };
    region
        .start
        .checked_add(region.size)
        .is_some_and(|end| (region.start & !(PAGE - 1)..end).step_by(PAGE).all(readable))
}

/// Sets the permissions of the pages of `region`, which the linker script has at `home`, those of user
/// mode included; whether they were others.
pub(crate) fn set(region: Region, home: usize, access: Access, shared: u64) -> bool {
    let flags = match access {
        Access::Read => READ,
        Access::ReadExecute => READ_EXECUTE,
        Access::ReadWrite => READ_WRITE,
    };
    let (mut page, end) = (home, home + region.size);
    let mut changed = false;
    while page < end {
        if let Some(entry) = LEAVES.0.get(page / PAGE) {
            let new = leaf(page + RAM_OFFSET, flags | shared);
            changed |= entry.swap(new, Ordering::Relaxed) != new;
        }
        page += PAGE;
    }
    changed
}

/// The agent's tables are always writable.
#[cfg(not(feature = "image"))]
fn writing<R>(then: impl FnOnce() -> R) -> R {
    then()
}

/// There are no away arenas.
#[cfg(not(feature = "image"))]
const fn protect_away(region: Region, _: Access) -> Result<bool, ProtectError> {
    Err(ProtectError::OutsideArenas(region))
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

/// Flag of a page that is user mode's, too, to read and write; to execute, user mode's alone.
#[cfg(feature = "image")]
pub(crate) const USER: u64 = 1 << 4;

/// Entries of a table.
#[cfg(feature = "image")]
pub(crate) const ENTRIES: usize = 512;
/// What one table of the lowest level maps.
#[cfg(feature = "image")]
pub(crate) const TABLE_SPAN: usize = ENTRIES * PAGE;

/// Page tables of any level, in a row.
#[repr(C, align(4096))]
pub(crate) struct Tables<const ENTRIES: usize>(pub(crate) [AtomicU64; ENTRIES]);

/// The top level: 1 GiB for each entry.
#[unsafe(link_section = ".bss.page_tables")]
pub(crate) static ROOT: Tables<512> = Tables::new();

/// The first GiB, 2 MiB for each entry.
#[unsafe(link_section = ".bss.page_tables")]
pub(crate) static MIDDLE: Tables<512> = Tables::new();

/// The GiB at [`FAR_ALIAS`](crate::FAR_ALIAS); its entries share the lowest tables with [`MIDDLE`].
#[unsafe(link_section = ".bss.page_tables")]
pub(crate) static FAR_MIDDLE: Tables<512> = Tables::new();

/// Held by the hart that changes them.
pub(crate) static CHANGING: HartLock<()> = HartLock::new(());

/// The GiB that begins at [`UART`].
#[unsafe(link_section = ".bss.page_tables")]
pub(crate) static DEVICE_MIDDLE: Tables<512> = Tables::new();

/// A page for each device. Device memory needs no mark: QEMU's (and any) physical memory attributes
/// say what it is.
#[unsafe(link_section = ".data.page_tables")]
pub(crate) static DEVICE_LEAVES: Tables<512> = {
    let mut entries = [const { AtomicU64::new(0) }; 512];
    entries[0] = AtomicU64::new(leaf(UART_PHYSICAL, READ_WRITE));
    entries[1] = AtomicU64::new(leaf(FINISHER_PHYSICAL, READ_WRITE));
    Tables(entries)
};

/// An entry for each page from address 0 to [`VIRTUAL_END`].
#[unsafe(link_section = ".bss.page_tables")]
pub(crate) static LEAVES: Tables<{ VIRTUAL_END / PAGE }> = Tables::new();

impl<const ENTRIES: usize> Tables<ENTRIES> {
    pub(crate) const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; ENTRIES])
    }
}

/// The entry for a lower table, by its link address.
#[cfg(feature = "image")]
pub(crate) const fn table(address: usize) -> u64 {
    leaf(address + RAM_OFFSET, VALID)
}

/// The entry for a page at a physical address.
pub(crate) const fn leaf(physical: usize, flags: u64) -> u64 {
    // Bits 10 and up hold the physical page number: the page's address without its 12 zeros.
    (physical as u64 >> 2) | flags
}
