//! The modules that are loaded now, and where addresses in them are.

use core::fmt;

use loader_core::{Registry, RegistryMemory, TargetAddress};
use spin::{Mutex, RwLock};
use target_common::Fault;

use crate::manager::Manager;
use crate::{exports, target};

/// The registry of this image.
pub type Modules = Registry<'static, 'static, &'static Manager>;

/// How many modules there can be, and how many nodes for their exports (`RegistryMemory`).
static MEMORY: RegistryMemory<'static, &'static Manager, 64, 32768> = RegistryMemory::new();

/// The registry, and how far above itself the kernel is seen by its modules.
static REGISTRY: RwLock<Option<Modules>> = RwLock::new(None);
/// How far above itself modules see `kernel_test_far` now.
static FAR: Mutex<Option<u64>> = Mutex::new(None);

/// Calls `then` with the registry. Modules see `kernel_test_far` `far` bytes above itself, or for
/// 0 where no branch reaches.
///
/// # Panics
/// If modules are loaded that see it elsewhere.
pub fn with<R>(far: u64, then: impl FnOnce(&Modules) -> R) -> R {
    let mut seen = FAR.lock();
    if *seen != Some(far) {
        let mut registry = REGISTRY.write();
        *registry = None; // and the memory is free again
        *registry = MEMORY.registry(exports::table(far)).ok();
        *seen = Some(far);
    }
    drop(seen);
    let registry = REGISTRY.read();
    let Some(registry) = &*registry else { panic!("the registry has no room for the kernel") };
    then(registry)
}

/// A fault with module, symbol and offset of where it was. It takes no memory and waits for nothing.
pub struct Described<'f>(pub &'f Fault);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.described(&target::CAUSES))?;
        if target::hart() != 0 {
            f.write_str(", on the second hart")?;
        }
        locate(f, ", in", self.0.pc)?;
        locate(f, ", called from", self.0.return_address)
    }
}

/// Writes an address as module, symbol and offset, if it lies in a module.
fn locate(f: &mut fmt::Formatter<'_>, before: &str, address: usize) -> fmt::Result {
    // The fault may have come while the registry itself was being made anew.
    let Some(registry) = REGISTRY.try_read() else { return Ok(()) };
    let Some(registry) = &*registry else { return Ok(()) };
    let reader = registry.reader();
    let Some(place) = reader.find(TargetAddress::new(address as u64)) else { return Ok(()) };
    write!(f, "{before} module {}", place.module)?;
    match place.symbol {
        Some((symbol, offset)) => write!(f, " at {}+{offset:#x}", symbol.name),
        None => Ok(()),
    }
}
