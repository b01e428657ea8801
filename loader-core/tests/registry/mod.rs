//! Many modules: what links to what, what may go, and that nothing is lost when a load fails.
//!
//! | file | what it holds the registry to |
//! | --- | --- |
//! | `manager`, `source` | memory that keeps books; objects that export, import, and have notes |
//! | `links` | which definition an import is linked to |
//! | `agreements` | namespaces, interfaces, versions |
//! | `collisions` | names that were made to slow it down |
//! | `names` | what a module may be called |
//! | `groups` | modules that need each other |
//! | `in_place` | modules that stay in their files, in part |
//! | `life` | from a load to an unload |
//! | `teardown` | a module and all that needs it |
//! | `replace` | new versions |
//! | `failures` | every step that can fail, and that nothing is left of it |
//! | `readers` | threads that look while others load |
//! | `soak` | thousands of loads and unloads |

mod agreements;
mod collisions;
mod failures;
mod groups;
mod in_place;
mod life;
mod links;
mod manager;
mod names;
mod readers;
mod replace;
mod soak;
mod source;
mod teardown;

use loader_core::{
    Export, ExportTable, LoadRequest, Module, ModuleId, Name, Object, PreparedModule, Registry,
    RegistryError, RegistryMemory, Scratch, TargetAddress,
};

use crate::support::lies::Elf;
use crate::support::number;
use manager::Books;
use source::source;

pub type Manager = &'static Books;
pub type Memory = RegistryMemory<'static, Manager, 8, 64>;
pub type TestRegistry<'r> = Registry<'r, 'static, Manager>;
type Prepared<'g, 'r> = PreparedModule<'g, 'r, 'static, 'static, 'static, Manager>;
type Refused = RegistryError<'static>;

/// What the kernel exports: one function.
static KERNEL: [Export; 1] = [Export::new("kernel_function", kernel_function as *const ())];

fn kernel_function() {}

/// A registry in memory of its own, all of which must be back at the end.
pub fn with_registry(test: impl FnOnce(&TestRegistry<'_>, Manager)) {
    let memory = Memory::new();
    let manager = Books::leaked();
    let registry = memory.registry(ExportTable::new(&KERNEL).unwrap()).unwrap();
    test(&registry, manager);
    drop(registry);
    manager.check_whole();
}

/// A request for objects that stay to the end of the program.
fn request(files: &[&Elf]) -> LoadRequest<'static, 'static, 'static> {
    let objects: Vec<Object<'static>> = files
        .iter()
        .map(|file| Object::parse("test.o", Vec::leak(file.to_vec())).unwrap())
        .collect();
    let scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects)];
    LoadRequest::new(objects.leak(), scratch.leak())
}

/// Loads an object, and does not publish it.
fn prepare<'g, 'r>(
    registry: &'g TestRegistry<'r>,
    manager: Manager,
    name: &'static str,
    file: &Elf,
) -> Result<Prepared<'g, 'r>, Refused> {
    registry.load(request(&[file]).named(name), manager)
}

/// Loads and publishes an object.
fn load(
    registry: &TestRegistry<'_>,
    manager: Manager,
    name: &'static str,
    file: &Elf,
) -> Result<ModuleId, Refused> {
    Ok(prepare(registry, manager, name, file)?.publish())
}

/// Loads and publishes a new version.
fn replace(
    registry: &TestRegistry<'_>,
    manager: Manager,
    old: ModuleId,
    name: &'static str,
    file: &Elf,
) -> Result<ModuleId, Refused> {
    Ok(registry.replace(old, request(&[file]).named(name), manager)?.publish())
}

/// An object that exports functions and imports others.
fn object(exports: &[&str], imports: &[&str]) -> Elf {
    source().exports(exports).imports(imports).build()
}

/// The n-th pointer of a module to what it imports.
fn pointer(module: &Module<'_, '_, Manager>, at: usize) -> u64 {
    let name = Name::from(".data.rel.ro");
    let section = module.sections().find(|s| s.planned.section.name() == name).unwrap();
    let segment = module.segments().find(|s| s.kind() == section.planned.segment).unwrap();
    let start = section.planned.offset as usize + 8 * at;
    // SAFETY: nothing of the module runs.
    number(&unsafe { segment.bytes() }[start..start + 8])
}

/// The address of a symbol that the registry finds.
fn address(registry: &TestRegistry<'_>, name: &str) -> Option<u64> {
    registry.reader().lookup(name).map(|found| found.address.value())
}

/// The module that exports a symbol.
fn exporter(registry: &TestRegistry<'_>, name: &str) -> Option<ModuleId> {
    registry.reader().lookup(name)?.module
}

/// All that a registry knows, as text.
fn state(registry: &TestRegistry<'_>) -> String {
    format!("{registry:?}")
}

/// Loads what must be refused, and checks that nothing has changed.
fn refused(
    registry: &TestRegistry<'_>,
    manager: Manager,
    name: &'static str,
    file: &Elf,
) -> Refused {
    let (before, used) = (state(registry), manager.used());
    let error = prepare(registry, manager, name, file).expect_err("loaded what must be refused");
    assert_eq!(state(registry), before, "{error}");
    assert_eq!(manager.used(), used, "{error}");
    error
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

#[test]
fn an_identity_is_one_of_its_own_registry() {
    with_registry(|registry, manager| {
        let id = load(registry, manager, "a", &object(&["f"], &[])).unwrap();
        with_registry(|other, manager| {
            let its_own = load(other, manager, "a", &object(&["f"], &[])).unwrap();
            assert_ne!(its_own, id);
            assert_eq!(other.unload(id).unwrap_err(), RegistryError::Gone);
            assert_eq!(other.hold(id).unwrap_err(), RegistryError::Gone);
            let reader = other.reader();
            assert!(reader.get(id).is_none() && reader.needs(id).next().is_none());
        });
        registry.unload(id).unwrap().finish();
    });
}

#[test]
fn the_kernel_must_fit() {
    let memory = RegistryMemory::<'static, Manager, 1, 0>::new();
    let error = memory.registry(ExportTable::new(&KERNEL).unwrap()).unwrap_err();
    assert_eq!(error, RegistryError::TooManySymbols { needed: 1, free: 0 });
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    assert!(registry.reader().lookup("anything").is_none());
    let nothing = RegistryMemory::<'static, Manager, 0, 0>::new();
    let registry = nothing.registry(ExportTable::new(&[]).unwrap()).unwrap();
    let error = registry.load(request(&[&object(&[], &[])]).named("a"), Books::leaked());
    assert_eq!(error.unwrap_err(), RegistryError::TooManyModules { limit: 0 });
    assert!(registry.reader().find(TargetAddress::new(1)).is_none());
}

#[test]
fn what_was_forgotten_does_not_hinder_the_next_registry() {
    let memory = Memory::new();
    let manager = Books::leaked();
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    let id = load(&registry, manager, "a", &object(&["f"], &[])).unwrap();
    std::mem::forget(registry.hold(id).unwrap());
    std::mem::forget(registry.reader());
    drop(registry);
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    assert_eq!(registry.unload(id).unwrap_err(), RegistryError::Gone);
    let id = load(&registry, manager, "a", &object(&["f"], &[])).unwrap();
    registry.unload(id).unwrap().finish();
    drop(registry);
    manager.check_whole();
}
