//! From a placed image to an unloaded module: mapping, resolving again, initialisers, look-ups.

mod addresses;
mod detach;
#[cfg(feature = "initialisers")]
mod initialisers;
pub mod mapping;
mod unwind_tables;
