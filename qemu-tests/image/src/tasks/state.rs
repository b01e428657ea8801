//! What must be as it was before: the arenas, and the registry.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use loader_core::{MemoryManager, Registry};

use crate::manager::{Book, Manager};

/// That everything is there again: what is in use of each arena, whether the rest is in one piece,
/// and the registry's free nodes.
#[derive(Debug, PartialEq, Eq)]
pub struct Whole {
    books: Vec<Book>,
    free_nodes: usize,
}

impl Whole {
    pub fn of<M: MemoryManager>(
        manager: &Manager,
        registry: &Registry<'static, 'static, M>,
    ) -> Self {
        Self { books: manager.books(), free_nodes: registry.free_nodes() }
    }
}

/// The same, and every bit of the registry, but for how many loads there were.
#[derive(Debug, PartialEq, Eq)]
pub struct State {
    whole: Whole,
    registry: u64,
}

impl State {
    /// Prints the whole registry: for small ones.
    pub fn of<M: MemoryManager>(
        manager: &Manager,
        registry: &Registry<'static, 'static, M>,
    ) -> Self {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        let _ = write!(hash, "{registry:?}"); // the hash takes everything
        Self { whole: Whole::of(manager, registry), registry: hash.0 }
    }
}

/// FNV-1a of what is printed.
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
