//! The QEMU machine for aarch64: `virt`, two harts, EL1, MMU on.
//!
//! Boots the image and gives it a console, an exit code, a clock, page permissions, cache
//! maintenance, and a stack of its own for each program that it calls.
//!
//! ```text
//! qemu-system-aarch64 -machine virt -cpu cortex-a72 -smp 2 -m 512M -display none -monitor none \
//!     -serial stdio -no-reboot -semihosting-config enable=on,target=native -kernel IMAGE
//! ```
//!
//! # What the image provides
//!
//! `image_main`, called once on the main stack, and `image_fault`, called on the exception stack
//! for every exception. Neither returns; `image_fault` ends the run or calls `escape_fault`, and may
//! run on both harts at once. `image_thread_local`, called for the second word of a
//! thread-local variable's descriptor, says how far the variable is from the thread pointer.
//! `image_gate` is called for what programs at EL0 ask of the kernel.
//!
//! # Two harts
//!
//! The second hart is on while it has work (`run_on_second_hart`). It has its own stacks, and shares
//! the page tables and the vectors.
//!
//! # Memory
//!
//! Virtual addresses are physical ones. The image's text is read-execute, its read-only data is
//! read-only, its data and stacks are read-write; `SCTLR_EL1.WXN` makes the hardware refuse to
//! execute anything that is writable. Everything below the UART's page is unmapped, null included.
//! `linker/aarch64.ld` has the addresses.
#![no_std]
// On the host this crate is empty, so that the whole workspace can be fetched and checked there.
#![cfg(all(target_arch = "aarch64", target_os = "none"))]

mod attributes;
mod boot;
mod cache;
mod console;
mod exceptions;
#[cfg(feature = "image")]
mod harts;
#[cfg(not(feature = "image"))]
#[path = "one_hart.rs"]
mod harts;
mod layout;
mod machine;
#[cfg(feature = "image")]
mod paging;
#[cfg(not(feature = "image"))]
#[path = "flat_paging.rs"]
mod paging;
#[cfg(feature = "image")]
mod pool;
mod program;
mod thread;
#[cfg(feature = "image")]
mod time_limit;
#[cfg(feature = "image")]
mod user;

pub use cache::sync_instructions;
pub use console::{Console, read_console, write_console};
pub use exceptions::escape_fault;
pub use harts::hart;
#[cfg(feature = "image")]
pub use harts::{run_on_second_hart, second_hart_is_idle};
pub use layout::regions;
pub use machine::{exit, now_ns};
pub use paging::{ProtectError, protect};
#[cfg(feature = "image")]
pub use paging::{map_away, share, user_can_read};
#[cfg(feature = "image")]
pub use program::return_from_user;
pub use program::{call_program, escape};
#[cfg(feature = "image")]
pub use thread::reset_thread_pointer;
pub use thread::{descriptor_dynamic, descriptor_static, set_thread_pointer};
#[cfg(feature = "image")]
pub use time_limit::{start_time_limit, stop_time_limit};
#[cfg(feature = "image")]
pub use user::{READ_REFUSED, call_user};

/// The architecture's name.
pub const ARCH: &str = "aarch64";

/// What a fault's cause means.
pub const CAUSES: target_common::Causes = target_common::causes::AARCH64;

/// The granule of [`protect`], in bytes.
pub const PAGE: usize = 4096;

/// The whole image is mapped a second time at its own address plus this, with the same
/// permissions: 64 GiB, which no branch reaches.
pub const FAR_ALIAS: usize = 0x10_0000_0000;

/// The spans of a long text away from the image: what a call reaches, halved.
#[cfg(feature = "image")]
pub const LONG_TEXT_SPAN: usize = 64 << 20;

// SAFETY: the image defines both, with these signatures; this is the targets' common interface.
unsafe extern "Rust" {
    safe fn image_main() -> !;
    safe fn image_fault(fault: &target_common::Fault) -> !;
}

// SAFETY: as above.
unsafe extern "C" {
    safe fn image_thread_local(argument: usize) -> usize;
}
