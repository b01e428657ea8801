//! Which module a fault hit.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use loader_core::{ModuleSymbol, SymbolKind, TargetAddress};
use spin::Mutex;
use target_common::Fault;

use crate::load::Loaded;

/// A module that is loaded now.
struct Live {
    name: String,
    /// Start and size of each segment.
    segments: Vec<(u64, u64)>,
    /// Address and name of each symbol, by address.
    symbols: Vec<(u64, String)>,
}

/// The modules that are loaded now.
static LIVE: Mutex<Vec<Live>> = Mutex::new(Vec::new());

/// Enters a module; it is listed until the guard is dropped.
pub fn enter(name: &str, module: &Loaded<'_, '_>) -> Listed {
    let segments = module.segments().map(|s| (s.target().value(), s.size() as u64)).collect();
    let named =
        |s: &ModuleSymbol<'_>| matches!(s.symbol.kind(), SymbolKind::Function | SymbolKind::Data);
    let symbols = module.symbols().filter(named);
    let mut symbols: Vec<_> =
        symbols.map(|s| (s.address.value(), s.symbol.name().to_string())).collect();
    symbols.sort_unstable();
    LIVE.lock().push(Live { name: name.into(), segments, symbols });
    Listed
}

/// Takes the last module entered off the list again.
pub struct Listed;

impl Drop for Listed {
    fn drop(&mut self) {
        LIVE.lock().pop();
    }
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
    let address = TargetAddress::new(address as u64).value();
    // The fault may have come while the list was being changed; then it cannot be read.
    let live = LIVE.try_lock()?;
    let module = live.iter().find(|module| {
        module.segments.iter().any(|&(start, size)| address.wrapping_sub(start) < size)
    })?;
    let after = module.symbols.partition_point(|(start, _)| *start <= address);
    let place = match after.checked_sub(1).map(|at| &module.symbols[at]) {
        Some((start, name)) => format!("module {} at {name}+{:#x}", module.name, address - start),
        None => format!("module {}", module.name),
    };
    Some(place)
}
