//! Memory for page tables.

use aarch64_paging::{
    descriptor::{El1Attributes, PhysicalAddress},
    paging::{PageTable, Translation},
};
use core::{
    mem,
    ptr::{self, NonNull},
    sync::atomic::{AtomicBool, Ordering},
};

/// The tables that are not in use yet.
pub(crate) struct Pool(&'static mut [Table]);

/// Memory for one page table.
#[repr(C, align(4096))]
struct Table([u64; 512]);

impl Pool {
    /// All of them: those in use, and those by which the page tables are written.
    ///
    /// # Panics
    ///
    /// If called again.
    pub(crate) fn take() -> [Self; 2] {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        #[unsafe(link_section = ".bss.page_tables")]
        static mut POOL: [Table; TABLES + WRITING_TABLES] =
            [const { Table([0; 512]) }; TABLES + WRITING_TABLES];
        assert!(!TAKEN.swap(true, Ordering::Relaxed), "the page tables are in use");
        let pool = &raw mut POOL;
        // SAFETY: once, and nowhere else.
        let all = unsafe { &mut *pool };
        let (tables, for_writing) = all.split_at_mut(TABLES);
        [Self(tables), Self(for_writing)]
    }
}

impl Translation<El1Attributes> for Pool {
    fn allocate_table(&mut self) -> (NonNull<PageTable<El1Attributes>>, PhysicalAddress) {
        let Some((table, rest)) = mem::take(&mut self.0).split_first_mut() else {
            panic!("{TABLES} page tables, or {WRITING_TABLES} to write them, are too few");
        };
        self.0 = rest;
        let address = (&raw mut *table).expose_provenance();
        (NonNull::from(table).cast(), PhysicalAddress(address))
    }

    unsafe fn deallocate_table(&mut self, _table: NonNull<PageTable<El1Attributes>>) {
        // `unmap` leaves tables in place, so none is ever given back.
    }

    fn physical_to_virtual(&self, address: PhysicalAddress) -> NonNull<PageTable<El1Attributes>> {
        // SAFETY: only addresses that `allocate_table` gave out come here, and none is null.
        unsafe { NonNull::new_unchecked(ptr::with_exposed_provenance_mut(address.0)) }
    }
}

/// 4 for the root and the second levels, 1 for the UART, 80 for the arenas and the programs' heaps, and
/// for each of eight distances 1 for the second level and 24 for the away arenas, and 66 for one long text; the rest
/// is for the image, which takes one for each 2 MiB and place.
const TABLES: usize = 440;
/// Those by which the others are written, in blocks where that can be.
const WRITING_TABLES: usize = 48;
