//! What modules may see of the kernel.

use alloc::vec::Vec;
use core::slice;

use loader_core::{Export, ExportTable, export};

use unwinding::abi;

use crate::{gate, hart_tests, kernel, target, tasks, threads, unwind};

export! {
    "_Unwind_Backtrace" => abi::_Unwind_Backtrace as *const (),
    "_Unwind_DeleteException" => abi::_Unwind_DeleteException as *const (),
    "_Unwind_FindEnclosingFunction" => abi::_Unwind_FindEnclosingFunction as *const (),
    "_Unwind_ForcedUnwind" => abi::_Unwind_ForcedUnwind as *const (),
    "_Unwind_GetCFA" => abi::_Unwind_GetCFA as *const (),
    "_Unwind_GetDataRelBase" => unwind::no_relative_base as *const (),
    "_Unwind_GetGR" => abi::_Unwind_GetGR as *const (),
    "_Unwind_GetIP" => abi::_Unwind_GetIP as *const (),
    "_Unwind_GetIPInfo" => abi::_Unwind_GetIPInfo as *const (),
    "_Unwind_GetLanguageSpecificData" => abi::_Unwind_GetLanguageSpecificData as *const (),
    "_Unwind_GetRegionStart" => abi::_Unwind_GetRegionStart as *const (),
    "_Unwind_GetTextRelBase" => unwind::no_relative_base as *const (),
    "_Unwind_RaiseException" => abi::_Unwind_RaiseException as *const (),
    "_Unwind_Resume" => abi::_Unwind_Resume as *const (),
    "_Unwind_Resume_or_Rethrow" => abi::_Unwind_Resume_or_Rethrow as *const (),
    "_Unwind_SetGR" => abi::_Unwind_SetGR as *const (),
    "_Unwind_SetIP" => abi::_Unwind_SetIP as *const (),
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
    "kernel_test_catch" => hart_tests::kernel_test_catch as *const (),
    "kernel_test_describe" => hart_tests::kernel_test_describe as *const (),
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

/// How modules see the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// As the linker gathered and sorted its exports; but `kernel_test_far` so many bytes above itself, or
    /// for 0 where no branch reaches.
    Whole {
        /// How far.
        far: u64,
    },
    /// Through the gate.
    Gate,
}

/// The kernel's exports.
///
/// # Panics
/// If the linker script does not sort them.
pub fn table(seen: Seen) -> ExportTable<'static> {
    // Never given back; there are a few ways to see the kernel, and a few exports.
    let entries: &[Export] = match seen {
        Seen::Whole { far } => whole(far).leak(),
        Seen::Gate => gate::exports().collect::<Vec<_>>().leak(),
    };
    match ExportTable::new(entries) {
        Some(table) => table,
        None => panic!("the exports are not sorted"),
    }
}

fn whole(far: u64) -> Vec<Export> {
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
    entries.iter().map(seen).collect()
}
