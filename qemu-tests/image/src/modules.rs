//! The modules that are loaded now, and where addresses in them are.

use alloc::format;
use alloc::string::String;
use core::fmt;

use loader_core::{Location, Registry, RegistryMemory, TargetAddress};
use spin::{Mutex, RwLock};
use target_common::Fault;

use crate::exports::{self, Seen};
use crate::manager::Manager;
use crate::{target, unwind};

/// The registry of this image.
pub type Modules = Registry<'static, 'static, &'static Manager>;

/// How many modules there can be, and how many nodes for their exports (`RegistryMemory`).
static MEMORY: RegistryMemory<'static, &'static Manager, 64, 32768> = RegistryMemory::new();

/// The registry.
static REGISTRY: RwLock<Option<Modules>> = RwLock::new(None);
/// How its modules see the kernel.
static SEEN: Mutex<Option<Seen>> = Mutex::new(None);

/// Calls `then` with the registry, whose modules see the kernel so.
///
/// # Panics
/// If modules are loaded that see it otherwise.
pub fn with<R>(wanted: Seen, then: impl FnOnce(&Modules) -> R) -> R {
    let mut seen = SEEN.lock();
    if *seen != Some(wanted) {
        let mut registry = REGISTRY.write();
        *registry = None; // and the memory is free again
        *registry = MEMORY.registry(exports::table(wanted)).ok();
        *seen = Some(wanted);
    }
    drop(seen);
    let registry = REGISTRY.read();
    let Some(registry) = &*registry else { panic!("the registry has no room for the kernel") };
    then(registry)
}

/// A fault with module, symbol and offset of where it was, and of its callers. It takes no memory and
/// waits for nothing.
pub struct Described<'f>(pub &'f Fault);

impl fmt::Display for Described<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.described(&target::CAUSES))?;
        if target::hart() != 0 {
            f.write_str(", on the second hart")?;
        }
        locate(f, ", in", self.0.pc, 0)?;
        let mut in_kernel = false;
        let (mut last, mut again) = (0, 0);
        for caller in unwind::callers(self.0) {
            // A function that calls itself, and itself again.
            if caller == last {
                again += 1;
                continue;
            }
            times(f, &mut again)?;
            last = caller;
            let in_module = locate(f, ", called from", caller, 1)?;
            if !in_module && !in_kernel {
                f.write_str(", called from the kernel")?;
            }
            in_kernel = !in_module;
        }
        times(f, &mut again)
    }
}

/// Writes how often the last caller came again.
fn times(f: &mut fmt::Formatter<'_>, again: &mut usize) -> fmt::Result {
    match core::mem::take(again) {
        0 => Ok(()),
        again => write!(f, " and {again} times more"),
    }
}

/// Where in a module an address is: `MODULE+SYMBOL+OFFSET`, or without a symbol.
pub fn place_of(address: usize) -> Option<String> {
    with_place(TargetAddress::new(address as u64), |place| match place.symbol {
        Some((symbol, offset)) => format!("{}+{}+{offset:#x}", place.module, symbol.name),
        None => place.module.into(),
    })
}

/// What `then` makes of the place of an address, if it lies in a module. It waits for nothing: where the
/// registry itself is being made anew, there is no module.
fn with_place<R>(address: TargetAddress, then: impl FnOnce(Location<'_>) -> R) -> Option<R> {
    let registry = REGISTRY.try_read()?;
    let reader = registry.as_ref()?.reader();
    reader.find(address).map(then)
}

/// Writes an address as module, symbol and offset; whether it lies in a module. Of a return address the
/// call before it counts, `back` bytes: it may be a function's last instruction.
fn locate(
    f: &mut fmt::Formatter<'_>,
    before: &str,
    address: usize,
    back: u64,
) -> Result<bool, fmt::Error> {
    let address = TargetAddress::new((address as u64).wrapping_sub(back));
    let written = with_place(address, |place| {
        write!(f, "{before} module {}", place.module)?;
        if let Some((symbol, offset)) = place.symbol {
            let offset = offset.wrapping_add(back);
            match str::from_utf8(symbol.name.as_bytes()).map(rustc_demangle::try_demangle) {
                Ok(Ok(name)) => write!(f, " at {name:#}+{offset:#x}")?,
                _ => write!(f, " at {}+{offset:#x}", symbol.name)?,
            }
        }
        let line = |file: &str, line| write!(f, " ({file}:{line})");
        unwind::line_of(address.value() as usize, line).unwrap_or(Ok(()))
    });
    written.transpose().map(|written| written.is_some())
}
