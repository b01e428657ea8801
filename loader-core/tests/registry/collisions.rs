//! Names that were made to share a bucket: refused, so that none makes anything slow.

use loader_core::{Error, Phase, RegistryError, RegistryMemory};

use super::*;

/// The most names of a bucket in a module's table.
const LIMIT: usize = 64;

/// The hash of names, as far as buckets go: FNV-1a, its halves mixed.
fn hash(name: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, step);
    hash ^ (hash >> 32)
}

/// Names that share a bucket of all tables of up to 2^13 buckets.
fn colliding(count: usize) -> Vec<String> {
    let names = (0u32..).map(|n| format!("{n:07x}"));
    names.filter(|name| hash(name) & 0x1fff == 0).take(count).collect()
}

fn exporter_of(names: &[String]) -> Elf {
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    object(&names, &[])
}

#[test]
fn a_module_may_not_export_too_many_names_of_one_bucket() {
    let memory = RegistryMemory::<'static, Manager, 4, 8192>::new();
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    let manager = Books::leaked();
    let names = colliding(LIMIT + 1);
    let file = exporter_of(&names);
    let before = format!("{registry:?}");
    let error = registry.load(request(&[&file]).named("hostile"), manager).unwrap_err();
    let RegistryError::Load(Error::HashCollisions { symbol, limit: LIMIT }) = error else {
        panic!("{error}");
    };
    assert_eq!(format!("{registry:?}"), before);
    assert!(names.contains(&symbol.to_string()));
    let RegistryError::Load(error) = error else { panic!("{error}") };
    assert_eq!(error.phase(), Phase::Resolve);
    assert!(error.to_string().contains(&*symbol.to_string()), "{error}");
    // As many as that are found each.
    let file = exporter_of(&names[..LIMIT]);
    registry.load(request(&[&file]).named("full"), manager).unwrap().publish();
    for name in &names[..LIMIT] {
        let reader = registry.reader();
        let module = reader.module("full").unwrap();
        let found = reader.lookup(name).unwrap();
        assert_eq!(module.symbols.unwrap().get((&**name).into()).unwrap().address, found.address);
    }
    drop(registry);
    manager.check_whole();
}

#[test]
fn modules_may_not_fill_a_bucket_of_the_index_together() {
    const MODULES: usize = 4;
    let memory = RegistryMemory::<'static, Manager, MODULES, 8192>::new();
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    let manager = Books::leaked();
    let names = colliding(LIMIT + MODULES + 1);
    let (half, rest) = names.split_at(LIMIT / 2);
    registry.load(request(&[&exporter_of(half)]).named("half"), manager).unwrap().publish();
    let (before, used) = (format!("{registry:?}"), manager.used());
    let error = registry.load(request(&[&exporter_of(rest)]).named("rest"), manager).unwrap_err();
    let RegistryError::HashCollisions { symbol } = error else { panic!("{error}") };
    assert!(rest.iter().any(|name| **name == *symbol), "{error}");
    assert!(error.to_string().contains(&*symbol), "{error}");
    assert_eq!((format!("{registry:?}"), manager.used()), (before, used));
    let fits = &rest[..rest.len() - 1];
    registry.load(request(&[&exporter_of(fits)]).named("rest"), manager).unwrap().publish();
    assert!(names[..names.len() - 1].iter().all(|name| registry.reader().lookup(name).is_some()));
    drop(registry);
    manager.check_whole();
}

#[test]
fn every_module_may_have_one_weak_symbol() {
    const MODULES: usize = 200;
    let memory: &RegistryMemory<'static, Manager, MODULES, 1024> =
        Box::leak(Box::new(RegistryMemory::new()));
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    let manager = Books::leaked();
    let file = source().weak(&["_ZN6vectorIiED1Ev"]).build();
    for n in 0..MODULES {
        let name = String::leak(format!("module{n}"));
        registry.load(request(&[&file]).named(name), manager).unwrap().publish();
    }
    let first = registry.module("module0");
    assert_eq!(registry.reader().lookup("_ZN6vectorIiED1Ev").unwrap().module, first);
}
