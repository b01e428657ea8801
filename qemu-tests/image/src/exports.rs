//! What modules may see of the kernel.

use alloc::vec::Vec;
use core::slice;

use loader_core::{Export, ExportTable, export};

use crate::{hart_tests, kernel, target, tasks, threads};

export! {
    "__tls_get_addr" => threads::tls_get_addr as *const (),
    "kernel_abort" => kernel::kernel_abort as *const (),
    "kernel_call_back" => kernel::kernel_call_back as *const (),
    "kernel_clock_ns" => kernel::kernel_clock_ns as *const (),
    "kernel_exit" => kernel::kernel_exit as *const (),
    "kernel_hart" => hart_tests::kernel_hart as *const (),
    "kernel_on_second_hart" => hart_tests::kernel_on_second_hart as *const (),
    "kernel_sbrk" => kernel::kernel_sbrk as *const (),
    "kernel_start_on_second_hart" => hart_tests::kernel_start_on_second_hart as *const (),
    "kernel_test_allocate" => hart_tests::kernel_test_allocate as *const (),
    "kernel_test_far" => kernel::kernel_test_far as *const (),
    "kernel_test_fault" => hart_tests::kernel_test_fault as *const (),
    "kernel_test_free" => hart_tests::kernel_test_free as *const (),
    "kernel_test_note" => tasks::kernel_test_note as *const (),
    "kernel_test_seal" => hart_tests::kernel_test_seal as *const (),
    "kernel_thread_lookups" => threads::kernel_thread_lookups as *const (),
    "kernel_use_thread" => threads::kernel_use_thread as *const (),
    "kernel_wait_for_second_hart" => hart_tests::kernel_wait_for_second_hart as *const (),
    "kernel_write" => kernel::kernel_write as *const (),
}

/// The kernel's exports, as the linker gathered and sorted them; but `kernel_test_far` is seen
/// `far` bytes above itself, or for 0 where no branch reaches.
///
/// # Panics
/// If the linker script does not sort them.
pub fn table(far: u64) -> ExportTable<'static> {
    unsafe extern "C" {
        static __exports_start: u8;
        static __exports_end: u8;
    }
    let start = (&raw const __exports_start).cast::<Export>();
    let end = (&raw const __exports_end).cast::<Export>();
    let bytes = end.addr() - start.addr();
    // SAFETY: between the two symbols the linker script puts the sections that `export!`
    // made, each one `Export`, and nothing else.
    let entries = unsafe { slice::from_raw_parts(start, bytes / size_of::<Export>()) };
    let far = if far == 0 { target::FAR_ALIAS } else { far as usize };
    let seen = |entry: &Export| match entry.name() {
        name @ "kernel_test_far" => {
            let near = kernel::kernel_test_far as *const u8;
            Export::new(name, near.wrapping_add(far).cast())
        }
        _ => *entry,
    };
    // Never given back; there are a few distances, and a few exports.
    let entries = entries.iter().map(seen).collect::<Vec<_>>().leak();
    match ExportTable::new(entries) {
        Some(table) => table,
        None => panic!("the linker script does not sort the exports"),
    }
}
