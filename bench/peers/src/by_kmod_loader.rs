//! The crate `kmod-loader`, which loads Linux's kernel modules: for the machine that it is compiled for.

use kmod_loader::{KernelModuleHelper, ModuleLoader, SectionMemOps, SectionPerm};

use crate::pages::{self, Pages};
use crate::{Seconds, timed};

/// Loads a module, from its bytes until its permissions would be set. Its `init` is not called.
pub fn run(bytes: &[u8], times: usize) -> Seconds {
    timed(times, || {
        let words = |error| format!("{error:?}");
        let loader = ModuleLoader::<Kernel>::new(bytes).map_err(words)?;
        loader.load_module(c"".into()).map_err(words)
    })
}

/// The kernel that it asks for memory and for symbols.
struct Kernel;

impl KernelModuleHelper for Kernel {
    fn vmalloc(size: usize) -> Box<dyn SectionMemOps> {
        Box::new(Memory(pages::take(size)))
    }

    fn resolve_symbol(_: &str) -> Option<usize> {
        Some(pages::start()) // in reach of all that is loaded
    }
}

/// No pages where there were no more: then it has no address either, as the loader expects.
struct Memory(Option<Pages>);

impl SectionMemOps for Memory {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ref().map_or(std::ptr::null(), |pages| pages.bytes().as_ptr())
    }

    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.as_mut().map_or(std::ptr::null_mut(), |pages| pages.bytes_mut().as_mut_ptr())
    }

    fn change_perms(&mut self, _: SectionPerm) -> bool {
        true // which spares the peer what the kernel does there
    }
}
