//! Page tables for an image that is mapped at one place: what `paging.rs` offers to the rest of the
//! crate, in less than a tenth of its code. The lowest level is one array with an entry for each page
//! from the start of RAM on, so that a page's entry is found by its number alone.

use crate::{PAGE, attributes, console, layout};
use aarch64_cpu::{
    asm::barrier,
    registers::{ReadWriteable, SCTLR_EL1, TTBR0_EL1, Writeable},
};
use core::{
    arch::asm,
    sync::atomic::{AtomicU64, Ordering},
};
use target_common::{Access, Region};

/// Why [`protect`] changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtectError {
    /// The region is not within the arenas for modules.
    OutsideArenas,
    /// The region's start or size is not a multiple of [`PAGE`].
    Unaligned,
}

/// Sets what the pages of `region`, which lies in the arenas for modules, may be used for, from the
/// next access on.
///
/// # Errors
///
/// See [`ProtectError`]; nothing has changed then.
pub fn protect(region: Region, access: Access) -> Result<(), ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Unaligned);
    }
    // The arenas lie behind each other. The agent, whose tables these are, has the gaps between them too.
    let regions = layout::regions();
    if !Region::between(regions.text.start, regions.data.end()).contains(region) {
        return Err(ProtectError::OutsideArenas);
    }
    set(region, access);
    // SAFETY: the entries are those of other permissions for the same memory; what was written to
    // them comes before what is dropped here.
    unsafe {
        asm!("dsb ishst", "tlbi vmalle1", "dsb ish", "isb", options(nostack, preserves_flags));
    }
    Ok(())
}

/// Builds the tables and puts them in use.
pub(crate) fn init() {
    for Part { start, end, access } in &PARTS {
        set(Region::between(start.addr(), end.addr()), *access);
    }
    for (index, entry) in RAM_MIDDLE.0.iter().enumerate().take(LEAF_TABLES) {
        entry.store(TABLE | (address_of(&LEAVES) + index * PAGE) as u64, Ordering::Relaxed);
    }
    let uart = console::REGISTERS.start as u64 | attributes::DEVICE.bits() as u64 | TABLE;
    DEVICE_LEAVES.0[0].store(uart, Ordering::Relaxed);
    let device = console::REGISTERS.start / TABLE_SPAN;
    DEVICE_MIDDLE.0[device].store(TABLE | address_of(&DEVICE_LEAVES) as u64, Ordering::Relaxed);
    ROOT.0[0].store(TABLE | address_of(&DEVICE_MIDDLE) as u64, Ordering::Relaxed);
    ROOT.0[1].store(TABLE | address_of(&RAM_MIDDLE) as u64, Ordering::Relaxed);
    barrier::dsb(barrier::ISH);
    TTBR0_EL1.set(address_of(&ROOT) as u64 | ASID << 48);
    SCTLR_EL1.modify(SCTLR_EL1::WXN::Enable);
    barrier::isb(barrier::SY);
    // SAFETY: the tables map all that is in use, at the addresses that it has now. Drops what is left
    // of the first table, and of the time before WXN.
    unsafe { asm!("tlbi vmalle1", "dsb nsh", "isb", options(nostack, preserves_flags)) };
}

/// What is mapped, from one symbol of the linker script to another.
struct Part {
    start: *const u8,
    end: *const u8,
    access: Access,
}

// SAFETY: the pointers are never followed.
unsafe impl Sync for Part {}

macro_rules! part {
    ($start:ident, $end:ident, $access:ident) => {{
        unsafe extern "C" {
            static $start: u8;
            static $end: u8;
        }
        Part { start: &raw const $start, end: &raw const $end, access: Access::$access }
    }};
}

static PARTS: [Part; 10] = [
    part!(__text_start, __text_end, ReadExecute),
    part!(__rodata_start, __rodata_end, Read),
    part!(__data_start, __data_end, ReadWrite),
    part!(__main_stack_start, __main_stack_end, ReadWrite),
    part!(__exception_stack_start, __exception_stack_end, ReadWrite),
    part!(__arena_text_start, __arena_text_end, ReadWrite),
    part!(__arena_rodata_start, __arena_rodata_end, ReadWrite),
    part!(__arena_data_start, __arena_data_end, ReadWrite),
    part!(__image_heap_start, __image_heap_end, ReadWrite),
    part!(__program_heap_start, __program_heap_end, ReadWrite),
];

/// The first table runs as number 0.
const ASID: u64 = 1;

/// Where RAM begins.
const RAM: usize = 1 << 30;
/// What one table of the lowest level maps.
const TABLE_SPAN: usize = 512 * PAGE;
/// How many of these there are: for 320 MiB.
const LEAF_TABLES: usize = 160;

/// An entry that points to the next lower table; of the lowest level, one for a page.
const TABLE: u64 = 0b11;

/// Page tables of any level, in a row.
#[repr(C, align(4096))]
struct Tables<const ENTRIES: usize>([AtomicU64; ENTRIES]);

impl<const ENTRIES: usize> Tables<ENTRIES> {
    const fn new() -> Self {
        Self([const { AtomicU64::new(0) }; ENTRIES])
    }
}

/// 1 GiB for each entry.
static ROOT: Tables<512> = Tables::new();
/// The first GiB.
static DEVICE_MIDDLE: Tables<512> = Tables::new();
/// The 2 MiB with the UART.
static DEVICE_LEAVES: Tables<512> = Tables::new();
/// The GiB from [`RAM`] on.
static RAM_MIDDLE: Tables<512> = Tables::new();
/// An entry for each page from [`RAM`] on.
static LEAVES: Tables<{ LEAF_TABLES * 512 }> = Tables::new();

fn address_of<const ENTRIES: usize>(tables: &'static Tables<ENTRIES>) -> usize {
    (&raw const *tables).expose_provenance()
}

fn set(region: Region, access: Access) {
    let attributes = attributes::memory(access);
    let mut page = region.start;
    while page < region.end() {
        if let Some(entry) = LEAVES.0.get((page - RAM) / PAGE) {
            entry.store(page as u64 | attributes.bits() as u64 | TABLE, Ordering::Relaxed);
        }
        page += PAGE;
    }
}
