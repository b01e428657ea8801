//! What it takes to load one object: by the loader, phase by phase, and at the very least.
//!
//! | file | what it does |
//! | --- | --- |
//! | `ours` | loads the object with loader-core, as often as one likes |
//! | `floor` | what no loader can leave out: copies, reads, writes |
//! | `memory` | the memory for modules, taken before anything is timed |
//! | `generated` | objects of any size, of the kinds that others load in quadratic time |
//! | `count` | one load of each between two marks, for callgrind |
//! | `report` | the numbers, as they go from here to `cargo xtask bench` |
//!
//! All memory is taken before the clock starts, and every run finds it as the one before left it:
//! what is measured is the work, not the system's page faults.

pub mod count;
pub mod floor;
pub mod generated;
mod memory;
pub mod ours;
pub mod report;

pub use floor::Floor;
pub use generated::Kind;
pub use ours::Ours;

/// Where all imports are, unless one says otherwise: in reach of all code but AArch64's branches,
/// which go through stubs.
pub const IMPORTS: u64 = 0x4000_0000;
