//! A module that GDB is shown.

use core::hint::black_box;

use loader_core::{Error, GdbJit, Module};

use crate::client::{Manager, changed};

/// The list that GDB reads, which is the client's.
static JIT: GdbJit = GdbJit::new();

/// Has GDB know of a module, and forget it.
pub fn show<'o>(module: &Module<'o, '_, Manager>) -> Result<(), Error<'o>> {
    drop(JIT.register(module.debug_images(Manager, &())?, black_box(changed)));
    Ok(())
}
