//! The image at a distance from where the linker script has it, and arenas that are mapped only there.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use target_common::{Access, Away, Region};

use crate::harts::{forget_translations_on_other, hart};
use crate::layout::{UART, regions};
use crate::paging::{
    CHANGING, ENTRIES, LEAVES, ProtectError, ROOT, TABLE_SPAN, Tables, set, table,
};
use crate::table_writing::writing;
use crate::{FAR_ALIAS, LONG_TEXT_SPAN, PAGE};

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
    writing(|| {
        let tables = AWAY_MIDDLES.iter().flat_map(|middle| &middle.0);
        tables.for_each(|entry| entry.store(0, Ordering::Relaxed));
        for (_, entry) in ROOT.0.iter().enumerate().filter(|(gib, _)| !taken.contains(gib)) {
            entry.store(0, Ordering::Relaxed);
        }
        let image = (0..regions().text.start).step_by(TABLE_SPAN);
        let image = image.map(|home| (home + distance, home));
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
    });
    riscv::asm::sfence_vma_all();
    forget_translations_on_other();
}

/// Sets the permissions of whole pages of the away arenas, for who holds the lock of the page tables;
/// whether they were others.
///
/// # Errors
/// [`ProtectError::OutsideArenas`]; nothing has changed then.
pub(crate) fn protect(region: Region, access: Access) -> Result<bool, ProtectError> {
    let outside = ProtectError::OutsideArenas(region);
    let away = away().ok_or(outside)?;
    let end = region.start.checked_add(region.size).ok_or(outside)?;
    // What is mapped in a row and begins and ends in the arenas lies in them.
    if away.home(region.start).is_none() || away.home(end - 1).is_none() {
        return Err(outside);
    }
    let (mut at, mut changed) = (region.start, false);
    while at < end {
        let (home, in_a_row) = away.home(at).ok_or(outside)?;
        let piece = Region { start: at, size: in_a_row.min(end - at) };
        changed |= set(piece, home, access, 0);
        at += piece.size;
    }
    Ok(changed)
}

/// The GiBs from the one on in which the image is at its distance.
#[unsafe(link_section = ".bss.page_tables")]
static AWAY_MIDDLES: [Tables<ENTRIES>; 4] = [const { Tables::new() }; 4];

/// The distance of [`map_away`]; 0 before the first.
static AWAY: AtomicUsize = AtomicUsize::new(0);
/// Whether the text there is long.
static LONG_TEXT: AtomicBool = AtomicBool::new(false);

/// What one table of the middle level maps: 1 GiB.
const GIB_SHIFT: u32 = 30;

/// Where the away arenas are; `None` before the first [`map_away`].
fn away() -> Option<Away> {
    let distance = AWAY.load(Ordering::Relaxed);
    let span = LONG_TEXT.load(Ordering::Relaxed).then_some(LONG_TEXT_SPAN);
    (distance != 0).then(|| Away { arenas: regions().away, distance, span })
}
