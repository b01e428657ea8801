//! The memory managers of the crate, over the whole pipeline: what they hand out and in what
//! order they ask for permissions, that everything comes back, and what the report says.

mod permissions;
mod pipeline;
mod remote;
mod soak;

use std::ptr::NonNull;

use loader_core::{Arena, StaticArena};

/// Memory for a manager that lives as long as the test program.
fn arena<const N: usize>() -> Arena {
    let memory: &'static StaticArena<N> = Box::leak(Box::new(StaticArena::new()));
    memory.take().unwrap()
}

/// The address at which memory begins.
fn address(start: NonNull<u8>) -> usize {
    start.as_ptr().addr()
}
