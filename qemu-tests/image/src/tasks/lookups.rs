//! Finding a module that may come or go on the other hart meanwhile: whole, or not at all.

use alloc::format;
use core::ptr;

use loader_core::{MemoryManager, RegistryReader, TargetAddress};

use crate::tasks::bench::Bench;
use crate::tasks::pool::Kind;
use crate::tasks::{Done, check, same};

/// The first word of `NAME_mark`.
const MARK: u32 = 0x4d41_524b;

/// Looks for a module by name, by a symbol, and by addresses; whether there was one.
pub fn look<M: MemoryManager + Copy + 'static>(
    bench: &Bench<'_, M>,
    kind: &Kind,
    name: &str,
) -> Done<bool> {
    let reader = bench.registry.reader();
    symbol(&reader, kind)?;
    let Some(module) = reader.module(name) else { return Ok(false) };
    same("the name of what was found", module.name, name)?;
    let address = |suffix| {
        let name = kind.export(suffix);
        let symbol = module.symbols.and_then(|symbols| symbols.get(name.as_str().into()));
        symbol.map(|symbol| symbol.address).ok_or_else(|| format!("{name} is not there"))
    };
    let (value, mark, own) = (address("_value")?, address("_mark")?, address("_self")?);
    for address in [value, mark, own] {
        let place = reader.find(address);
        same("the module at an address", place.map(|place| place.module), Some(name))?;
    }
    // SAFETY: the module that has both is sealed, and stays while the reader lives.
    let (marked, pointed) = unsafe { (read::<u32>(mark), read::<u64>(own)) };
    same("the mark", marked, MARK)?;
    same("the pointer to the mark", pointed, mark.value())?;
    same("modules that it needs", reader.needs(module.id).count(), kind.needs.len())?;
    check(reader.needs(module.id).all(|needed| !needed.name.is_empty()), || {
        format!("{name} needs what is not there")
    })?;
    Ok(true)
}

/// Whoever exports a symbol of this kind, it lies in that module.
fn symbol<M: MemoryManager>(reader: &RegistryReader<'_, '_, '_, M>, kind: &Kind) -> Done<()> {
    let Some(found) = reader.lookup(&kind.export("_value")) else { return Ok(()) };
    let place = reader.find(found.address).map(|place| place.module);
    same("the module of a symbol", place, Some(found.module_name))
}

/// # Safety
/// A `T` lies there, and nobody writes it.
unsafe fn read<T: Copy>(address: TargetAddress) -> T {
    // SAFETY: the caller's contract.
    unsafe { *ptr::with_exposed_provenance::<T>(address.value() as usize) }
}
