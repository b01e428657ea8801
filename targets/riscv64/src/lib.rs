//! The QEMU machine for riscv64: `virt`, OpenSBI below, two harts in S-mode, Sv39.
//!
//! ```text
//! qemu-system-riscv64 -machine virt -cpu rv64 -smp 2 -bios default -m 512M -display none -monitor none \
//!     -serial stdio -no-reboot -kernel IMAGE [-device loader,file=JOB,addr=0x90000000,force-raw=on]
//! ```
//! QEMU's exit status is the code given to `exit`. The firmware writes its banner to the same
//! console before the image's first byte.
//!
//! | idea | file |
//! | --- | --- |
//! | from the firmware to `image_main`, with paging on | `boot.rs` |
//! | page tables and `protect`; at a distance; who may write them | `paging.rs`; `away.rs`; `table_writing.rs` |
//! | exceptions | `trap.rs` |
//! | programs whose time is over | `time_limit.rs` |
//! | entering and leaving a program; in U-mode | `call.rs`; `user.rs` |
//! | the second hart, and remote fences; no such hart | `harts.rs`; `one_hart.rs` |
//! | console, exit, clock, instruction fetch | `machine.rs` |
//! | what the linker script set aside | `layout.rs` |
//!
//! # Addresses
//! RAM is at physical `0x8000_0000`, which modules built for the medlow code model could not
//! reach. The image is therefore linked 2 GiB lower than it is loaded, at the same distance
//! everywhere, so that all it shows to modules lies below `0x2000_0000`. Nothing is mapped at
//! addresses below `0x20_0000`: null pointers fault. The image (not the arenas) can be seen a
//! second time at `FAR_ALIAS`. The two devices in use have a page each, far above.
//!
//! No page is writable and executable at any time: the final tables are built before paging is
//! turned on, and the switch needs no identity mapping.
//!
//! # What the image provides
//! ```text
//! #[unsafe(no_mangle)] fn image_main() -> !;                              // after boot
//! #[unsafe(no_mangle)] fn image_fault(fault: &target_common::Fault) -> !; // on its own stack
//! #[unsafe(no_mangle)] extern "C" fn image_thread_local(argument: usize) -> usize; // descriptors
//! #[unsafe(no_mangle)] extern "C" fn image_gate(call: &target_common::GateCall) -> u64; // from U-mode
//! ```
//! Interrupts stay off, but for the timer where a program's time is limited. The second hart starts with the first work that it is given
//! (`run_on_second_hart`) and waits where there is none; it has its own stacks, and shares the page
//! tables. `image_fault` may run on both harts at once; it ends the run, or calls `escape_fault`.
#![no_std]
// For any other machine this crate is empty, so that the workspace resolves and documents there.
#![cfg(all(target_arch = "riscv64", target_os = "none"))]

#[cfg(feature = "image")]
mod away;
mod boot;
mod call;
#[cfg(feature = "image")]
mod harts;
#[cfg(not(feature = "image"))]
#[path = "one_hart.rs"]
mod harts;
mod layout;
mod machine;
mod paging;
#[cfg(feature = "image")]
mod table_writing;
mod thread;
#[cfg(feature = "image")]
mod time_limit;
mod trap;
#[cfg(feature = "image")]
mod user;

#[cfg(feature = "image")]
pub use away::map_away;
#[cfg(feature = "image")]
pub use call::return_from_user;
pub use call::{call_program, escape};
pub use harts::hart;
#[cfg(feature = "image")]
pub use harts::{run_on_second_hart, second_hart_is_idle};
pub use layout::regions;
pub use machine::{Console, exit, now_ns, read_console, sync_instructions, write_console};
pub use paging::{ProtectError, protect};
#[cfg(feature = "image")]
pub use paging::{share, user_can_read};
#[cfg(feature = "image")]
pub use thread::reset_thread_pointer;
pub use thread::{descriptor_dynamic, descriptor_static, set_thread_pointer};
#[cfg(feature = "image")]
pub use time_limit::{start_time_limit, stop_time_limit};
pub use trap::{EXIT_FAULT_IN_FAULT, escape_fault};
#[cfg(feature = "image")]
pub use user::{READ_REFUSED, call_user};

/// The architecture's name.
pub const ARCH: &str = "riscv64";

/// What a fault's cause means.
pub const CAUSES: target_common::Causes = target_common::causes::RISCV64;

/// The granule of [`protect`], in bytes.
pub const PAGE: usize = 4096;

/// The image is mapped a second time at its address plus this, with the same permissions.
pub const FAR_ALIAS: usize = 0x10_0000_0000;

/// The spans of a long text away from the image: what a call reaches, halved.
#[cfg(feature = "image")]
pub const LONG_TEXT_SPAN: usize = 1 << 30;

// SAFETY: the image defines both with these signatures; this is the targets' common interface.
unsafe extern "Rust" {
    /// Provided by the image: what to do once the machine is up.
    safe fn image_main() -> !;
    /// Provided by the image: reports an exception that nothing could mend and ends the run, or
    /// calls [`escape_fault`].
    safe fn image_fault(fault: &target_common::Fault) -> !;
}

// SAFETY: as above.
unsafe extern "C" {
    /// Provided by the image: for the second word of a thread-local variable's descriptor, how far
    /// the variable is from the thread pointer.
    safe fn image_thread_local(argument: usize) -> usize;
}
