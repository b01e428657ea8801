//! The commands, one a file.

pub mod bench;
pub mod boot;
pub mod diff;
pub mod header;
pub mod inspect;
pub mod link;
pub mod new_module;
pub mod qemu;
pub mod relocations;
pub mod remote;
pub mod size;
pub mod soak;
pub mod test;
