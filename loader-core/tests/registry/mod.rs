//! Many modules: what links to what, what may go, and that nothing is lost when a load fails.

mod life;

use loader_core::{
    ExportTable, LoadRequest, Machine, ModuleId, Object, Registry, RegistryError, RegistryMemory,
    Scratch, scratch_len,
};
use object::elf::*;

use crate::support::lies::Elf;
use crate::support::{ElfBuilder, TestManager};

pub type Memory = RegistryMemory<'static, &'static TestManager, 8, 64>;
pub type TestRegistry<'r> = Registry<'r, 'static, &'static TestManager>;

/// A registry in memory of its own, for a kernel without exports.
pub fn with_registry(test: impl FnOnce(&TestRegistry<'_>, &'static TestManager)) {
    let memory = Memory::new();
    let manager: &'static TestManager = Box::leak(Box::new(TestManager::new()));
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    test(&registry, manager);
    drop(registry);
    assert_eq!(manager.live(), 0, "memory was kept");
}

/// An object that exports functions and calls others.
pub fn object(exports: &[&str], imports: &[&str]) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let size = 8 * (exports.len() + imports.len()).max(1);
    let text =
        elf.text(&[0xe8u8; 1].into_iter().chain([0; 7]).collect::<Vec<_>>().repeat(size / 8));
    for (at, name) in exports.iter().enumerate() {
        elf.global(name, text, 8 * at as u64);
    }
    for (at, name) in imports.iter().enumerate() {
        let symbol = elf.undefined(name);
        let offset = 8 * (exports.len() + at) as u64 + 1;
        elf.rela(text, offset, R_X86_64_PLT32.0, symbol, -4);
    }
    elf.build()
}

/// Loads and publishes an object.
pub fn load(
    registry: &TestRegistry<'_>,
    manager: &'static TestManager,
    name: &str,
    file: &[u8],
) -> Result<ModuleId, String> {
    let objects = [Object::parse(name, file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let request = LoadRequest::new(&objects, &mut scratch).named(name);
    let prepared = registry.load(request, manager).map_err(|error| error.to_string())?;
    Ok(prepared.publish())
}

#[test]
fn memory_serves_one_registry_at_a_time() {
    let memory = Memory::new();
    let exports = ExportTable::new(&[]).unwrap();
    let registry = memory.registry(exports).unwrap();
    assert_eq!(memory.registry(exports).unwrap_err(), RegistryError::MemoryInUse);
    drop(registry);
    memory.registry(exports).unwrap();
}
