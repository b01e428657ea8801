//! The way from the PVH entry to [`start`](super::start).
//!
//! Hand-written, with its own note: the crate `pvh` would bring its readers and a procedural
//! macro for a note of seven lines, and nothing of the start info is needed here.

use super::paging;

core::arch::global_asm!(
    include_str!("boot.s"),
    start = sym super::start,
    root = sym paging::ROOT,
    directory_pointers = sym paging::DIRECTORY_POINTERS,
    directory = sym paging::DIRECTORY,
    far_directory = sym paging::FAR_DIRECTORY,
    far_index = const paging::FAR_INDEX,
    page_tables = sym paging::PAGE_TABLES,
    near_table_count = const paging::NEAR_TABLE_COUNT,
);
