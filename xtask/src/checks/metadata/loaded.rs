//! A module that says something, and the same one silent, loaded.

use anyhow::{Result, anyhow, ensure};
use loader_core::{Binding, Error, Object, PlanOptions};

use crate::link::thread_locals::ThreadLocals;
use crate::link::{self, Decision, Failure, Output, Placement};

/// Where modules see themselves, and what they import.
const TEXT: u64 = 0x10_0000;
const READ_ONLY: u64 = 0x20_0000;
const DATA: u64 = 0x30_0000;
const IMPORTS: u64 = 0x18_0000;

/// What became of a module: the bytes of its segments, and its exports with their addresses.
type Loaded = (Vec<Vec<u8>>, Vec<(String, u64)>);

/// Ensures that the two become the same.
pub(super) fn same(with: &[u8], without: &[u8]) -> Result<()> {
    let [with, without] = [load(with)?, load(without)?];
    ensure!(with.1 == without.1, "it exports {:x?}, not {:x?}", with.1, without.1);
    ensure!(with.0 == without.0, "its bytes in memory are others than of a module that is silent");
    ensure!(with.0.iter().any(|segment| !segment.is_empty()), "it is nothing at all");
    Ok(())
}

fn load(bytes: &[u8]) -> Result<Loaded> {
    let refused = |error: Error<'_>| anyhow!("{error}");
    let objects = [Object::parse("blink.o", bytes).map_err(refused)?];
    let linked = link::link(&objects, PlanOptions::default(), |plan| {
        let imports = plan.imports().map(|import| (import.name.as_bytes().to_vec(), IMPORTS));
        Ok(Decision {
            placement: Placement { segments: [TEXT, READ_ONLY, DATA], sections: Vec::new() },
            symbols: imports.collect(),
            thread_locals: ThreadLocals::default(),
        })
    });
    let Output { map, segments, .. } = linked.map_err(|failure| match failure {
        Failure::Core(error) => refused(error),
        Failure::Other(error) => error,
    })?;
    let global = map.symbols().filter(|symbol| symbol.binding != Binding::Local);
    let mut exports: Vec<_> =
        global.map(|symbol| (symbol.name.to_string(), symbol.address.0)).collect();
    exports.sort();
    Ok((segments, exports))
}
