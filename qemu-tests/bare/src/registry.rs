//! The registry, and the tables of symbols that modules keep: everything public of both.

use core::fmt::Write;
use core::hint::black_box;

use loader_core::{
    Export, ExportTable, FoundSymbol, Kept, KeptSymbol, LeavingModule, LoadRequest, Location,
    ModuleId, ModuleInfo, ModuleName, Name, Object, PreparedModule, Registry, RegistryError,
    RegistryMemory, Scratch, SymbolTable, TargetAddress,
};

use crate::{Manager, Sink, Threads, options};

static MEMORY: RegistryMemory<'static, Manager, 8, 64> = RegistryMemory::new();

/// A registry's whole life.
pub fn life(bytes: &'static [u8], scratch: &mut [Scratch]) -> Result<(), RegistryError<'static>> {
    let exports = [Export::new(black_box("kernel"), black_box(core::ptr::null()))];
    let Some(exports) = ExportTable::new(black_box(&exports)) else { return Ok(()) };
    let registry = MEMORY.registry(exports)?;
    let objects = [Object::parse("first", bytes)?, Object::parse("second", bytes)?];
    let first = registry.load(request(&objects, scratch), Manager)?;
    look(&registry, None);
    let first = published(first);
    let lent = registry.load_lending(request(&objects, scratch), Manager)?;
    let lent = lent.publish();
    let new = registry.replace(first, request(&objects, scratch), Manager)?;
    black_box(new.replaces());
    let new = new.publish_with(|old, new| {
        black_box(new.symbol(black_box("main")));
        old.map_or(black_box(Err(())), |old| {
            read(&old);
            Ok(())
        })
    });
    look(&registry, new.ok());
    black_box(registry.module(black_box("first")));
    for old in registry.retired() {
        black_box(old);
    }
    let hold = registry.hold(first)?;
    let _ = black_box(write!(Sink, "{registry:?}"));
    black_box(registry.free_nodes());
    drop(hold);
    leave(registry.unload(lent)?);
    let mut teardown = registry.tear_down(first)?;
    while let Some(leaving) = teardown.next() {
        leave(leaving);
    }
    Ok(())
}

fn request<'x, 's>(
    objects: &'s [Object<'x>],
    scratch: &'s mut [Scratch],
) -> LoadRequest<'static, 'x, 's> {
    let mut options = options();
    options.kept = black_box(Kept::Symbols);
    let request = LoadRequest::new(black_box(objects), scratch).with_options(options);
    let request = request.with_thread_locals(&Threads).granted(black_box(&["drivers"]));
    let request = if black_box(true) { request.named(black_box("first")) } else { request };
    request.grouped(black_box(&[1, 1]))
}

fn published(mut prepared: PreparedModule<'_, '_, '_, '_, '_, Manager>) -> ModuleId {
    let resolution = prepared.resolutions().next();
    if let Some(resolution) = resolution {
        prepared.set_resolved(&resolution, TargetAddress::new(black_box(0)));
    }
    if let Some(table) = prepared.table() {
        read(&table);
    }
    prepared.publish()
}

fn look(registry: &Registry<'_, '_, Manager>, id: Option<ModuleId>) {
    let reader = registry.reader();
    if let Some(found) = reader.lookup(black_box("main")) {
        let FoundSymbol { address, interface, namespace, module, module_name } = found;
        black_box((address, interface, namespace, module, module_name));
    }
    for module in reader.modules().chain(reader.module(black_box("first"))) {
        about(&module);
    }
    if let Some(id) = id {
        reader.get(id).iter().for_each(about);
        reader.needs(id).for_each(|module| about(&module));
    }
    if let Some(Location { module, symbol }) = reader.find(TargetAddress::new(black_box(0))) {
        black_box((module, symbol));
    }
}

fn about(module: &ModuleInfo<'_>) {
    let ModuleInfo { id, name, version, namespace, symbols, dependents, seen } = *module;
    black_box((id, name, version, namespace, dependents, seen));
    if let Some(table) = symbols {
        read(&table);
    }
}

fn read(table: &SymbolTable<'_>) {
    if let Some(symbol) = table.get(Name::from(black_box("main"))) {
        let KeptSymbol { name, address, size, kind, binding, exported, object, interface } = symbol;
        black_box((name, address, size, kind, binding, exported, object, interface));
    }
    black_box(table.at(TargetAddress::new(black_box(0))));
    for symbol in table.symbols() {
        black_box(symbol.name);
    }
    for function in table.finalisers() {
        black_box(function);
    }
}

fn leave(leaving: LeavingModule<'_, '_, '_, Manager>) {
    for function in leaving.finalisers() {
        black_box(function);
    }
    if let Some(module) = leaving.module() {
        black_box(module.table().is_some());
        black_box((module.symbol(black_box("main")), module.thread_locals()));
        black_box(module.segments().count());
    }
    let _ = black_box(write!(Sink, "{}", leaving.name()));
    black_box(ModuleName::new(black_box("a")).is_some_and(|name| name.as_str().is_empty()));
    leaving.finish();
}
