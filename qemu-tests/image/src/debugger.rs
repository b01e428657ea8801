//! Showing modules to a debugger, by GDB's JIT interface.

use loader_core::{DebugSections, Error, GdbJit, Module, RegisteredImages};
use qemu_decompress::Decompressor;
use qemu_protocol::ManagerKind;

use crate::cell;
use crate::manager::{Manager, manager};

/// What GDB knows of a module.
pub type Shown = RegisteredImages<&'static Manager>;

/// The list of images, under the name by which GDB looks for it.
#[unsafe(no_mangle)]
static __jit_debug_descriptor: GdbJit = GdbJit::new();

/// GDB sets a breakpoint here, and looks at the list when it is hit.
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn __jit_debug_register_code() {
    // What makes it a function of its own, with a call that is not left out.
    core::hint::black_box(());
}

/// Shows a module, if its plan was made for that. The memory is in the usual arenas, which a debugger
/// can read wherever the module lies.
pub fn show<'o>(
    module: &Module<'o, '_, &'static Manager>,
    sections: DebugSections,
) -> Result<Option<Shown>, Error<'o>> {
    if sections == DebugSections::None {
        return Ok(None);
    }
    // Not even a program in user mode may read or write what GDB and the kernel follow.
    let images =
        cell::as_kernel(|| module.debug_images(manager(ManagerKind::Arenas), &Decompressor))?;
    Ok(Some(__jit_debug_descriptor.register(images, __jit_debug_register_code)))
}
