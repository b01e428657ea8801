//! Page tables: static, filled by `boot.s`, changed by [`protect`] and `map_away` alone.

use core::fmt;

use target_common::{Access, HartLock, Region};
use x86_64::VirtAddr;
use x86_64::instructions::tlb;
#[cfg(feature = "image")]
use x86_64::registers::control::{Cr0, Cr0Flags};
use x86_64::structures::paging::page_table::PageTableEntry;
use x86_64::structures::paging::{PageTable, PageTableFlags as Flags};

#[cfg(feature = "image")]
use super::away::protect as protect_away;
use super::harts::{flush_other, hart};
use super::layout::regions;
use crate::{FAR_ALIAS, PAGE};

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
/// arenas and heaps, or of the away arenas where `map_away` has put them. The image itself and
/// the job window keep the permissions they booted with.
pub fn protect(region: Region, access: Access) -> Result<(), ProtectError> {
    change(region, access, Flags::empty())
}

/// As [`protect`], and user mode may use the pages so, too, until `protect` takes them back.
///
/// # Errors
/// As for [`protect`], but that the region may be a program's stack, and is not away.
#[cfg(feature = "image")]
pub fn share(region: Region, access: Access) -> Result<(), ProtectError> {
    change(region, access, Flags::USER_ACCESSIBLE)
}

fn change(region: Region, access: Access, shared: Flags) -> Result<(), ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Unaligned);
    }
    let _alone = CHANGING.lock(hart()).ok_or(ProtectError::Busy)?;
    let changed = if regions().may_change(region) {
        writing(|| set(region, region.start, access, shared))
    } else if shared.is_empty() {
        writing(|| protect_away(region, access))?
    } else {
        return Err(ProtectError::Outside);
    };
    if changed {
        flush(region);
    }
    Ok(())
}

/// Sets the permissions of the pages of `region`, which the linker script has at `home`, those of user
/// mode included; whether they were others.
pub(super) fn set(region: Region, home: usize, access: Access, shared: Flags) -> bool {
    let (mut page, end) = (home, home + region.size);
    let mut changed = false;
    while page < end {
        if let Some(entry) = entry(page) {
            // SAFETY: `entry` points into the page tables. This hart holds their lock, so nothing
            // but the walk writes them, which only marks what was used, and an aligned store of
            // eight bytes can't be seen by halves by it.
            unsafe {
                let (entry, new) =
                    (entry.cast::<u64>(), page as u64 | (flags(access) | shared).bits());
                let used = (Flags::ACCESSED | Flags::DIRTY).bits();
                if entry.read_volatile() & !used != new {
                    entry.write_volatile(new);
                    changed = true;
                }
            }
        }
        page += PAGE;
    }
    changed
}

/// There are no away arenas.
#[cfg(not(feature = "image"))]
const fn protect_away(_: Region, _: Access) -> Result<bool, ProtectError> {
    Err(ProtectError::Outside)
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

/// Whether user mode may read all of `region`.
#[cfg(feature = "image")]
pub fn user_can_read(region: Region) -> bool {
    let readable = |page: usize| {
        let entry = entry(page).filter(|_| page < NEAR_TABLE_COUNT * TABLE_SPAN);
        entry.is_some_and(|entry| {
            // SAFETY: `entry` points into the page tables, which are always valid to read.
            unsafe { (*entry).flags() }.contains(Flags::PRESENT | Flags::USER_ACCESSIBLE)
        })
    };
    region
        .start
        .checked_add(region.size)
        .is_some_and(|end| (region.start & !(PAGE - 1)..end).step_by(PAGE).all(readable))
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
// through raw pointers, by `writing`: the processor reads them at any time.
/// The root: the processor's CR3.
#[unsafe(link_section = ".bss.page_tables")]
pub(super) static mut ROOT: PageTable = PageTable::new();
/// The only table of the second level.
#[unsafe(link_section = ".bss.page_tables")]
pub(super) static mut DIRECTORY_POINTERS: PageTable = PageTable::new();
/// The first gigabyte.
#[unsafe(link_section = ".bss.page_tables")]
pub(super) static mut DIRECTORY: PageTable = PageTable::new();
/// The first gigabyte as the far alias has it: no arenas.
#[unsafe(link_section = ".bss.page_tables")]
pub(super) static mut FAR_DIRECTORY: PageTable = PageTable::new();
/// One entry per page, in a row from address 0.
#[unsafe(link_section = ".bss.page_tables")]
pub(super) static mut PAGE_TABLES: [PageTable; PAGE_TABLE_COUNT] =
    [const { PageTable::new() }; PAGE_TABLE_COUNT];

/// Has the page tables writable for as long as `then` runs, on this hart: for all else they are read-only.
/// For who holds [`CHANGING`].
#[cfg(feature = "image")]
pub(super) fn writing<R>(then: impl FnOnce() -> R) -> R {
    // SAFETY: the kernel itself keeps to what is read-only for it: the tables alone are written.
    unsafe { Cr0::update(|cr0| cr0.remove(Cr0Flags::WRITE_PROTECT)) };
    let done = then();
    // SAFETY: it holds the kernel to what the tables say, as since boot.
    unsafe { Cr0::update(|cr0| cr0.insert(Cr0Flags::WRITE_PROTECT)) };
    done
}

/// The agent's are always writable.
#[cfg(not(feature = "image"))]
pub(super) fn writing<R>(then: impl FnOnce() -> R) -> R {
    then()
}

/// Held by the hart that changes them.
pub(super) static CHANGING: HartLock<()> = HartLock::new(());

pub(super) const ENTRIES_PER_TABLE: usize = 512;
/// What one page table maps.
pub(super) const TABLE_SPAN: usize = ENTRIES_PER_TABLE * PAGE;
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
