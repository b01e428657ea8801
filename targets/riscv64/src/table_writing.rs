//! The page tables are read-only, but for who changes them: for that long the hart runs on another root,
//! by which they are writable, and all else of the image is where it always is.

use core::sync::atomic::Ordering;

use riscv::register::satp::{self, Mode};
use target_common::Region;

use crate::PAGE;
use crate::layout::{RAM_OFFSET, page_tables};
use crate::paging::{ENTRIES, LEAVES, MIDDLE, READ, ROOT, TABLE_SPAN, Tables, leaf, table};

/// Makes the tables read-only; called once, with those that the boot code has filled.
pub(crate) fn init() {
    copy(&ROOT, &WRITING_ROOT);
    copy(&MIDDLE, &WRITING_MIDDLE);
    WRITING_ROOT.0[0].store(table((&raw const WRITING_MIDDLE).addr()), Ordering::Relaxed);
    let regions = page_tables();
    let hull = Region::between(regions[0].start, regions[1].end());
    let first = hull.start / TABLE_SPAN;
    for (span, leaves) in (first..hull.end().div_ceil(TABLE_SPAN)).zip(&WRITING_LEAVES) {
        for (at, entry) in leaves.0.iter().enumerate() {
            entry.store(LEAVES.0[span * ENTRIES + at].load(Ordering::Relaxed), Ordering::Relaxed);
        }
        WRITING_MIDDLE.0[span].store(table((&raw const *leaves).addr()), Ordering::Relaxed);
    }
    assert!(hull.end().div_ceil(TABLE_SPAN) - first <= SPANS, "the page tables are too far apart");
    let pages = regions.into_iter().flat_map(|region| (region.start..region.end()).step_by(PAGE));
    // From here on they are writable only so: some of these pages hold the entries.
    writing(|| {
        for page in pages {
            LEAVES.0[page / PAGE].store(leaf(page + RAM_OFFSET, READ), Ordering::Relaxed);
        }
    });
}

/// Has the page tables writable for as long as `then` runs, on this hart: for who holds their lock.
pub(crate) fn writing<R>(then: impl FnOnce() -> R) -> R {
    use_root(&WRITING_ROOT);
    let done = then();
    use_root(&ROOT);
    done
}

/// In how many of these spans the tables lie, at most.
const SPANS: usize = 4;

#[unsafe(link_section = ".bss.page_tables")]
static WRITING_ROOT: Tables<ENTRIES> = Tables::new();
#[unsafe(link_section = ".bss.page_tables")]
static WRITING_MIDDLE: Tables<ENTRIES> = Tables::new();
/// As the boot code has filled those of the same spans. Nothing else lies there but the image, whose pages
/// stay as they are, and the programs' stacks, which the kernel can always write.
#[unsafe(link_section = ".bss.page_tables")]
static WRITING_LEAVES: [Tables<ENTRIES>; SPANS] = [const { Tables::new() }; SPANS];

fn copy(from: &Tables<ENTRIES>, to: &Tables<ENTRIES>) {
    for (from, to) in from.0.iter().zip(&to.0) {
        to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
    }
}

fn use_root(root: &'static Tables<ENTRIES>) {
    let number = ((&raw const *root).addr() + RAM_OFFSET) / PAGE;
    // SAFETY: either root maps the image, which runs here, at the same addresses.
    unsafe { satp::set(Mode::Sv39, 0, number) };
    riscv::asm::sfence_vma_all();
}
