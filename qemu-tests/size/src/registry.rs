//! A module's life in a registry.

use core::hint::black_box;

use loader_core::{ExportTable, LoadRequest, Object, RegistryError, RegistryMemory};

use crate::client::{self, Manager};

/// How much there is room for is the client's choice, and so its memory is the client's.
static MEMORY: RegistryMemory<'static, Manager, 8, 64> = RegistryMemory::new();

/// Loads an object as a module, has it found, and unloads it.
#[inline(never)]
pub fn run(file: &'static [u8]) -> Result<(), RegistryError<'static>> {
    let Some(exports) = ExportTable::new(black_box(&[])) else { return Ok(()) };
    let registry = MEMORY.registry(exports)?;
    let objects = [Object::parse("", file)?];
    let module = registry.load(LoadRequest::new(&objects, client::scratch()), Manager)?;
    module.initialisers().for_each(client::take);
    let id = module.publish();
    client::take(registry.reader().lookup(black_box("")).map(|symbol| symbol.address));
    let module = registry.unload(id)?;
    module.finalisers().for_each(client::take);
    module.finish();
    Ok(())
}
