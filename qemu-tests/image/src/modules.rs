//! The modules that are loaded now, and where addresses in them are.

use alloc::format;
use alloc::string::{String, ToString};

use loader_core::{Registry, RegistryMemory, TargetAddress};
use spin::{Mutex, RwLock};
use target_common::Fault;

use crate::exports;
use crate::memory::Manager;

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

/// What happened, with module, symbol and offset.
pub fn describe(fault: &Fault) -> String {
    let mut text = fault.to_string();
    if let Some(place) = locate(fault.pc) {
        text = format!("{text}, in {place}");
    }
    if let Some(place) = locate(fault.return_address) {
        text = format!("{text}, called from {place}");
    }
    text
}

/// An address as module, symbol and offset.
fn locate(address: usize) -> Option<String> {
    // The fault may have come while the registry itself was being made anew.
    let registry = REGISTRY.try_read()?;
    let reader = registry.as_ref()?.reader();
    let place = reader.find(TargetAddress::new(address as u64))?;
    Some(match place.symbol {
        Some((symbol, offset)) => format!("module {} at {}+{offset:#x}", place.module, symbol.name),
        None => format!("module {}", place.module),
    })
}
