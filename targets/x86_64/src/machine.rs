//! The machine itself, in the order in which it comes up.

#[cfg_attr(not(feature = "image"), expect(dead_code, reason = "nobody reaches for the other hart"))]
mod apic;
#[cfg(feature = "image")]
mod away;
mod boot;
mod call;
mod clock;
mod console;
mod cpu;
mod exceptions;
mod exit;
#[cfg(feature = "image")]
mod harts;
#[cfg(not(feature = "image"))]
#[path = "machine/one_hart.rs"]
mod harts;
mod layout;
mod paging;
mod segments;
mod thread;
#[cfg(feature = "image")]
mod time_limit;
#[cfg(feature = "image")]
mod user;

#[cfg(feature = "image")]
pub use away::map_away;
#[cfg(feature = "image")]
pub use call::return_from_user;
pub use call::{call_program, escape};
pub use clock::now_ns;
pub use console::{Console, read_console, write_console};
pub use exceptions::escape_fault;
pub use exit::exit;
pub use harts::hart;
#[cfg(feature = "image")]
pub use harts::{run_on_second_hart, second_hart_is_idle};
pub use layout::regions;
pub use paging::{ProtectError, protect, sync_instructions};
#[cfg(feature = "image")]
pub use paging::{share, user_can_read};
#[cfg(feature = "image")]
pub use thread::reset_thread_pointer;
pub use thread::{descriptor_dynamic, descriptor_static, set_thread_pointer};
#[cfg(feature = "image")]
pub use time_limit::{start_time_limit, stop_time_limit};
#[cfg(feature = "image")]
pub use user::{READ_REFUSED, call_user};

// SAFETY: the image defines both with these types; the interface of the target crates says so.
unsafe extern "Rust" {
    /// The image, entered once after boot.
    safe fn image_main() -> !;
    /// Reports an exception that nothing could mend and ends the run, or calls [`escape_fault`].
    /// Both harts may be in it at once.
    safe fn image_fault(fault: &target_common::Fault) -> !;
}

// SAFETY: as above.
unsafe extern "C" {
    /// For the second word of a thread-local variable's descriptor: how far the variable is from
    /// the thread pointer.
    safe fn image_thread_local(argument: usize) -> usize;
}

/// Entered by `boot.s` in long mode, on the boot stack, with the final page tables.
extern "sysv64" fn start() -> ! {
    console::init();
    segments::init();
    segments::load(0);
    exceptions::init();
    exceptions::load();
    cpu::init();
    clock::init();
    image_main()
}
