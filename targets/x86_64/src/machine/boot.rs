//! The way from the PVH entry to [`start`](super::start).
//!
//! Hand-written, with its own note: the crate `pvh` would bring its readers and a procedural
//! macro for a note of seven lines, and nothing of the start info is needed here.

use super::{apic, paging};

/// Where the second hart begins: a page below 1 MiB that neither the firmware nor the image uses.
pub(super) const TRAMPOLINE: u32 = 0x8000;

core::arch::global_asm!(
    include_str!("boot.s"),
    start = sym super::start,
    start_second = sym super::harts::start_second,
    trampoline_address = const TRAMPOLINE,
    apic_index = const apic::REGISTERS / paging::TABLE_SPAN,
    apic_page = const apic::PAGE_ENTRY,
    root = sym paging::ROOT,
    directory_pointers = sym paging::DIRECTORY_POINTERS,
    directory = sym paging::DIRECTORY,
    far_directory = sym paging::FAR_DIRECTORY,
    far_index = const paging::FAR_INDEX,
    page_tables = sym paging::PAGE_TABLES,
    protects_tables = const cfg!(feature = "image") as u8,
    near_table_count = const paging::NEAR_TABLE_COUNT,
);

core::arch::global_asm!(
    include_str!("trampoline.s"),
    address = const TRAMPOLINE,
    options(att_syntax)
);
