//! The loader from outside: everything here uses the public API alone.
//!
//! | folder | what it holds the loader to |
//! | --- | --- |
//! | `support` | objects made by hand, lies included; memory that keeps books; decoders |
//! | `refusals` | every error: its variant, its place, its text, and nothing kept |
//! | `archives` | archives, and which of their members are linked |
//! | `aarch64`, `riscv64`, `x86_64` | relocations, by results worked out from the psABIs |
//! | `thread_local` | thread-local variables: blocks, models, what becomes of code |
//! | `start_stop` | `__start_` and `__stop_` symbols, and the sections that they speak of |
//! | `unused` | plans that leave out what nothing uses |
//! | `bounds` | every type with a range, at its limits and past them |
//! | `debug` | what a debugger is shown: images, their memory, GDB's list |
//! | `names` | which definition counts: weak, strong, COMMON, COMDAT, absolute |
//! | `in_place` | sections that stay in their file |
//! | `lifecycle` | mapping, resolving again, failing managers, initialisers, look-ups |
//! | `tables` | GOT slots, stubs and deletions, as a map of the module shows them |
//! | `range` | stubs: which form, and how far each reaches |
//! | `metadata` | what a module says about itself: read, refused, never loaded |
//! | `order` | which modules are loaded, and which first |
//! | `kept` | what a module keeps of its symbols, and that it outlives the objects |
//! | `registry` | many modules: links, dependencies, unloading, replacing, threads |
//! | `limits` | more sections and relocations than usual |
//! | `memory` | the managers of the crate: what they hand out, and that all of it comes back |
//! | `mutations` | damaged objects of every architecture |
// Loads for all three machines, whichever the host is; with all optional features, or with none
// (`cargo xtask test --only features`), for which the tests are the same, as far as they are of what
// is there.
#![cfg(all(feature = "aarch64", feature = "riscv64", feature = "x86_64"))]
#![cfg_attr(
    not(feature = "full"),
    allow(dead_code, unused_imports, reason = "shared with what is not there")
)]

mod aarch64;
#[cfg(feature = "several-objects")]
mod archives;
mod bounds;
#[cfg(feature = "debug")]
mod debug;
#[cfg(feature = "in-place")]
mod in_place;
#[cfg(feature = "kept-symbols")]
mod kept;
mod lifecycle;
mod limits;
mod memory;
mod metadata;
#[cfg(feature = "full")]
mod mutations;
#[cfg(feature = "several-objects")]
mod names;
#[cfg(feature = "registry")]
mod order;
mod range;
mod refusals;
#[cfg(feature = "registry")]
mod registry;
mod riscv64;
#[cfg(feature = "boundaries")]
mod start_stop;
mod support;
#[cfg(feature = "full")]
mod tables;
#[cfg(feature = "thread-locals")]
mod thread_local;
#[cfg(feature = "unused-sections")]
mod unused;
mod x86_64;
