//! What modules may see of the kernel.

use core::slice;

use loader_core::{Export, ExportTable, Name, Resolver, TargetAddress, export};

use crate::{kernel, target, threads};

export! {
    "__tls_get_addr" => threads::tls_get_addr as *const (),
    "kernel_abort" => kernel::kernel_abort as *const (),
    "kernel_call_back" => kernel::kernel_call_back as *const (),
    "kernel_clock_ns" => kernel::kernel_clock_ns as *const (),
    "kernel_exit" => kernel::kernel_exit as *const (),
    "kernel_sbrk" => kernel::kernel_sbrk as *const (),
    "kernel_test_far" => kernel::kernel_test_far as *const (),
    "kernel_thread_lookups" => threads::kernel_thread_lookups as *const (),
    "kernel_use_thread" => threads::kernel_use_thread as *const (),
    "kernel_write" => kernel::kernel_write as *const (),
}

/// The kernel's exports, as the linker gathered and sorted them.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    table: ExportTable<'static>,
    /// How far above itself modules see `kernel_test_far`.
    far: u64,
}

impl Kernel {
    /// The table between the linker script's two symbols. `kernel_test_far` is seen `far` bytes
    /// above itself, or for 0 where no branch reaches.
    pub fn exports(far: u64) -> Self {
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
        match ExportTable::new(entries) {
            Some(table) if far == 0 => Self { table, far: target::FAR_ALIAS as u64 },
            Some(table) => Self { table, far },
            None => panic!("the linker script does not sort the exports"),
        }
    }
}

impl Resolver for Kernel {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        let address = self.table.resolve(name)?;
        if name == Name::from("kernel_test_far") {
            return Some(address.wrapping_add(self.far));
        }
        Some(address)
    }
}
