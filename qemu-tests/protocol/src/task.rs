//! What is done with a program's modules, where it is not simply run, and what came of a soak.

use crate::{Deserialize, Serialize, String, Vec};

/// What the image does with a program.
///
/// But for the first, it takes all modules of the program for itself, calls no entry, and uses no
/// C runtime: but for [`Measure`](Self::Measure), which takes the program's own objects, the modules keep
/// to the conventions of `qemu-tests/cases/modules/module.h`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Task {
    /// Loads it, calls its entry, and unloads it.
    #[default]
    Call,
    /// Has the memory manager fail at every call that it gets, one after another.
    Failures,
    /// Loads the program's objects, for a report of what each phase took. What they import is there,
    /// whatever it is, and nothing in them is called.
    Measure,
    /// Works out in which order modules that name each other are loaded.
    Order,
    /// Puts new versions in the place of modules that others use.
    Reload,
    /// Loads and unloads modules in a random order.
    Soak(Soak),
    /// Takes a tree of modules down.
    Teardown,
}

/// How long a soak is, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Soak {
    /// How many modules are loaded, by each hart.
    pub loads: u32,
    /// What all its choices depend on.
    pub seed: u64,
}

impl Soak {
    /// The seed where nobody asks for another one.
    pub const SEED: u64 = 0x10ad;
}

/// What one hart did in a soak.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoakReport {
    /// The hart: 0 or 1.
    pub hart: u32,
    /// Modules that were loaded, and unloaded as well.
    pub loads: u32,
    /// Loads for which an arena had no room in one piece.
    pub no_room: u32,
    /// Modules that were not unloaded at once because others needed them.
    pub needed: u32,
    /// Modules that went with all that needed them.
    pub teardowns: u32,
    /// Functions of modules that were called, and returned what they should.
    pub calls: u32,
    /// Look-ups of what the other hart loads and unloads; of one's own, where it does nothing.
    pub lookups: u32,
    /// How many of these found something.
    pub found: u32,
    /// The most modules at a time.
    pub most_modules: u32,
    /// When each arena was in the most pieces.
    pub fragmentation: Vec<Fragmentation>,
    /// How long it took, in nanoseconds.
    pub took_ns: u64,
}

/// In how many pieces an arena is, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fragmentation {
    /// `text`, `rodata` or `data`.
    pub arena: String,
    /// Free in all.
    pub free: u64,
    /// The largest free piece.
    pub largest: u64,
}

impl Fragmentation {
    /// How much of the free memory is not in the largest piece, in thousandths.
    pub fn permille(&self) -> u64 {
        let scattered = self.free.saturating_sub(self.largest);
        scattered.saturating_mul(1000).checked_div(self.free).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragmentation_is_what_is_not_in_one_piece() {
        let permille =
            |free, largest| Fragmentation { arena: String::new(), free, largest }.permille();
        assert_eq!(permille(1000, 1000), 0);
        assert_eq!(permille(1000, 1), 999);
        assert_eq!(permille(0, 0), 0);
    }
}
