//! The page tables, and page permissions.

use crate::{
    FAR_ALIAS, LONG_TEXT_SPAN, PAGE, attributes, console, harts::hart, layout, pool::Pool,
};
use aarch64_cpu::{
    asm::barrier,
    registers::{ReadWriteable, Readable, SCTLR_EL1, Writeable},
};
use aarch64_paging::{
    MapError, Mapping,
    descriptor::{El1Attributes, PhysicalAddress, UpdatableDescriptor},
    paging::{Constraints, El1And0, MemoryRegion, VaRange},
};
use core::{arch::asm, error, fmt};
use target_common::{Access, Away, HartLock, Region};

/// Why [`protect`] changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProtectError {
    /// Called from the fault handler while the same hart was changing page tables.
    Busy,
    /// The region is not within one of the arenas for modules.
    OutsideArenas,
    /// The page tables refused the change.
    Refused(MapError),
    /// The region's start or size is not a multiple of [`PAGE`].
    Unaligned,
}

impl fmt::Display for ProtectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("the page tables are being changed already"),
            Self::OutsideArenas => f.write_str("the region is not within an arena"),
            Self::Refused(error) => write!(f, "the page tables refused the change: {error}"),
            Self::Unaligned => f.write_str("the region is not made of whole pages"),
        }
    }
}

impl error::Error for ProtectError {}

/// Sets what the pages of `region`, which lies in one of the arenas for modules, may be used for;
/// in one of the away arenas, where [`map_away`] has put them. From the next access on, of either hart:
/// translations are dropped in all of the inner shareable domain, and waited for.
///
/// # Errors
///
/// See [`ProtectError`]; nothing has changed then.
pub fn protect(region: Region, access: Access) -> Result<(), ProtectError> {
    if change_near(region, attributes::memory(access))? {
        return Ok(());
    }
    let mut tables = TABLES.lock(hart()).ok_or(ProtectError::Busy)?;
    let tables = tables.as_mut().ok_or(ProtectError::Busy)?;
    let away = tables.away.ok_or(ProtectError::OutsideArenas)?;
    let end = region.start.checked_add(region.size).ok_or(ProtectError::OutsideArenas)?;
    // What is mapped in a row and begins and ends in the arenas lies in them.
    if away.home(region.start).is_none() || away.home(end - 1).is_none() {
        return Err(ProtectError::OutsideArenas);
    }
    tables.write(|mapping| {
        let mut at = region.start;
        while at < end {
            let (start, in_a_row) = away.home(at).ok_or(ProtectError::OutsideArenas)?;
            let home = Region { start, size: in_a_row.min(end - at) };
            let mapped = map(mapping, home, at - start, attributes::memory(access), PAGES);
            mapped.map_err(ProtectError::Refused)?;
            at += home.size;
        }
        Ok(())
    })
}

/// As [`protect`], and user mode may use the pages so, too, until `protect` takes them back; code in them
/// only user mode.
///
/// # Errors
///
/// As for [`protect`], but that the region may be a program's stack or heap, and is not away.
pub fn share(region: Region, access: Access) -> Result<(), ProtectError> {
    let changed = change_near(region, attributes::shared(access))?;
    changed.then_some(()).ok_or(ProtectError::OutsideArenas)
}

/// Whether user mode may read all of `region`.
pub fn user_can_read(region: Region) -> bool {
    let readable = |page: usize| {
        let mut result: u64;
        // SAFETY: translates an address, by the rights of EL0, and does nothing else.
        unsafe {
            asm!(
                "at s1e0r, {page}", "isb", "mrs {result}, par_el1",
                page = in(reg) page, result = out(reg) result,
                options(nostack, preserves_flags),
            );
        }
        result & 1 == 0 // PAR_EL1.F: the translation failed
    };
    region
        .start
        .checked_add(region.size)
        .is_some_and(|end| (region.start & !(PAGE - 1)..end).step_by(PAGE).all(readable))
}

/// Sets what whole pages beside the image are; whether that is where the region lies.
fn change_near(region: Region, new: El1Attributes) -> Result<bool, ProtectError> {
    if !region.start.is_multiple_of(PAGE) || !region.size.is_multiple_of(PAGE) {
        return Err(ProtectError::Unaligned);
    }
    if !changeable().iter().any(|near| near.contains(region)) {
        return Ok(false);
    }
    let mut tables = TABLES.lock(hart()).ok_or(ProtectError::Busy)?;
    let tables = tables.as_mut().ok_or(ProtectError::Busy)?;
    let mapped = tables.write(|mapping| match map(mapping, region, 0, new, PAGES) {
        // Whose pages they are changes by break before make (Arm ARM, D8.16.1).
        Err(MapError::BreakBeforeMakeViolation(_)) => {
            unmap(mapping, region).and_then(|()| map(mapping, region, 0, new, PAGES))
        }
        mapped => mapped,
    });
    mapped.map(|()| true).map_err(ProtectError::Refused)
}

/// What is mapped page by page, as its pages may change.
fn changeable() -> [Region; 6] {
    let regions = layout::regions();
    let [first, second] = regions.program_stacks;
    [regions.text, regions.rodata, regions.data, regions.program_heap, first, second]
}

/// Maps the image `distance` bytes above where the linker script has it, and the away arenas as
/// [`Away`] says, with a long text or without; nothing is left of what this has mapped before.
///
/// # Panics
///
/// If the distance is not a multiple of 1 GiB, if the memory would get to where something is, or if
/// called from the fault handler while the same hart was changing page tables.
pub fn map_away(distance: usize, long_text: bool) {
    assert!(
        distance.is_multiple_of(GIB) && ![0, FAR_ALIAS].contains(&distance),
        "no place at {distance:#x}"
    );
    let Some(mut tables) = TABLES.lock(hart()) else { panic!("{}", ProtectError::Busy) };
    let Some(tables) = tables.as_mut() else { return };
    let span = long_text.then_some(LONG_TEXT_SPAN);
    let new = Away { arenas: layout::regions().away, distance, span };
    let old = tables.away.replace(new);
    tables.write(|mapping| {
        for (start, home, _) in old.into_iter().flat_map(away_parts) {
            if let Err(error) = unmap(mapping, Region { start, ..home }) {
                panic!("cannot unmap {home:x?} at {start:#x}: {error}");
            }
        }
        for (start, home, access) in away_parts(new) {
            let distance = start - home.start;
            if let Err(error) = map(mapping, home, distance, attributes::memory(access), PAGES) {
                panic!("cannot map {home:x?} at {start:#x}: {error}");
            }
        }
    });
}

/// What is away: where it is mapped, where its home is, and what for.
fn away_parts(away: Away) -> impl Iterator<Item = (usize, Region, Access)> {
    let image = image_parts().into_iter();
    let image = image.map(move |(home, access)| (home.start + away.distance, home, access));
    let piece = |(at, start)| (at, Region { start, size: Away::PIECE }, Access::ReadWrite);
    image.chain(away.pieces().map(piece))
}

/// Builds the real page tables and puts them in use.
pub(crate) fn init() {
    let [pool, pool_for_writing] = Pool::take();
    let mut mapping = new_mapping(pool, ASID);
    let mut writing = new_mapping(pool_for_writing, WRITING_ASID);
    let tables = layout::image().page_tables;
    let writable = attributes::memory(Access::ReadWrite);
    let built = map_all(&mut mapping, PAGES)
        .and_then(|()| map_all(&mut writing, Constraints::empty()))
        .and_then(|()| map(&mut writing, tables, 0, writable, Constraints::empty()));
    if let Err(error) = built {
        panic!("cannot build the page tables: {error}");
    }
    activate(&mapping);
    if let Some(mut tables) = TABLES.lock(hart()) {
        *tables = Some(Tables { mapping, writing, away: None });
    }
}

fn new_mapping(pool: Pool, number: usize) -> Mapping<Pool, El1And0> {
    Mapping::with_asid_and_va_range(pool, number, ROOT_LEVEL, El1And0, VaRange::Lower)
}

impl Tables {
    /// Has the page tables writable for as long as `then` runs, on this hart: for that long it runs on other
    /// tables, by which all that is the image's is where it always is.
    fn write<R>(&mut self, then: impl FnOnce(&mut Mapping<Pool, El1And0>) -> R) -> R {
        let Self { mapping, writing, .. } = self;
        // SAFETY: they map what is in use here as the others do, and are never dropped.
        let before = unsafe { writing.activate() };
        barrier::isb(barrier::SY);
        let done = then(mapping);
        // SAFETY: back to where it was, which maps all that is in use.
        unsafe { writing.deactivate(before) };
        barrier::isb(barrier::SY);
        done
    }
}

/// Has the second hart use the tables that the first has built.
pub(crate) fn join() {
    let tables = TABLES.lock(hart());
    if let Some(Tables { mapping, .. }) = tables.as_ref().and_then(|tables| tables.as_ref()) {
        activate(mapping);
    }
}

fn activate(mapping: &Mapping<Pool, El1And0>) {
    // SAFETY: the tables map all that is in use, at the addresses that it has now. They are not
    // global and have an address space number of their own, so no entry of the first table can
    // clash with one of theirs. They are never dropped.
    unsafe { mapping.activate() };
    SCTLR_EL1.modify(SCTLR_EL1::WXN::Enable);
    // The kernel reads and writes user mode's pages, also in exceptions (PAN stays off).
    SCTLR_EL1.set(SCTLR_EL1.get() | 1 << 23);
    barrier::isb(barrier::SY);
    // SAFETY: drops what is left of the first table, and of the time before WXN.
    unsafe { asm!("tlbi vmalle1", "dsb nsh", "isb", options(nostack, preserves_flags)) };
}

/// Two levels below the root, and 512 GiB in all: room for [`FAR_ALIAS`].
const ROOT_LEVEL: usize = 1;

/// The first table runs as number 0.
const ASID: usize = 1;
const WRITING_ASID: usize = 2;

const GIB: usize = 1 << 30;

/// For what [`protect`] may change: no page may have to be split off a block later.
const PAGES: Constraints = Constraints::NO_BLOCK_MAPPINGS;

static TABLES: HartLock<Option<Tables>> = HartLock::new(None);

/// The tables in use.
struct Tables {
    mapping: Mapping<Pool, El1And0>,
    /// By which they can be written.
    writing: Mapping<Pool, El1And0>,
    /// Where the away arenas are; `None` before the first [`map_away`].
    away: Option<Away>,
}

/// Maps everything that there is.
fn map_all(mapping: &mut Mapping<Pool, El1And0>, arenas: Constraints) -> Result<(), MapError> {
    let blocks = Constraints::empty();

    map(mapping, console::REGISTERS, 0, attributes::DEVICE, blocks)?;

    for alias in [0, FAR_ALIAS] {
        for (region, access) in image_parts() {
            map(mapping, region, alias, attributes::memory(access), blocks)?;
        }
    }
    let image = layout::image();
    for stack in image.main_stacks.into_iter().chain(image.exception_stacks) {
        map(mapping, stack, 0, attributes::memory(Access::ReadWrite), blocks)?;
    }

    let regions = layout::regions();
    for near in changeable() {
        map(mapping, near, 0, attributes::memory(Access::ReadWrite), arenas)?;
    }
    map(mapping, regions.gate, 0, attributes::shared(Access::ReadExecute), blocks)?;
    map(mapping, regions.heap, 0, attributes::memory(Access::ReadWrite), blocks)?;
    // Programs may leave code in their files.
    map(mapping, regions.job, 0, attributes::memory(Access::ReadExecute), blocks)
}

/// What code of the image needs to run somewhere else.
fn image_parts() -> [(Region, Access); 5] {
    let image = layout::image();
    let [data, more_data] = image.data;
    [
        (image.text, Access::ReadExecute),
        (image.rodata, Access::Read),
        (data, Access::ReadWrite),
        (image.page_tables, Access::Read),
        (more_data, Access::ReadWrite),
    ]
}

/// Unmaps a region, and leaves its tables: `map_range` would free them, and the pool takes none back.
fn unmap(mapping: &mut Mapping<Pool, El1And0>, region: Region) -> Result<(), MapError> {
    let invalidate = |_: &MemoryRegion, entry: &mut UpdatableDescriptor<El1Attributes>| {
        entry.modify_flags(El1Attributes::empty(), El1Attributes::VALID)
    };
    mapping.modify_range(&MemoryRegion::new(region.start, region.end()), &invalidate)
}

/// Maps the physical pages of `region` at their own address plus `alias`.
fn map(
    mapping: &mut Mapping<Pool, El1And0>,
    region: Region,
    alias: usize,
    attributes: El1Attributes,
    constraints: Constraints,
) -> Result<(), MapError> {
    let start = region.start + alias;
    mapping.map_range(
        &MemoryRegion::new(start, start + region.size),
        PhysicalAddress(region.start),
        attributes,
        constraints,
    )
}
