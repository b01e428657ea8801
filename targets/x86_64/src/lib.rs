//! The QEMU machine for x86-64: `q35`, booted by PVH, in long mode.
//!
//! The crate boots the machine, calls the image's `image_main`, and offers what the image needs
//! of it: a console, an exit code, a clock, page permissions and a way to call programs. Every
//! exception ends in the image's `image_fault`, on a stack of its own.
//!
//! ```text
//! qemu-system-x86_64 -machine q35 -cpu max -smp 2 -m 512M -nodefaults -display none -no-reboot \
//!     -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=0x04 \
//!     -kernel IMAGE [-device loader,file=JOB,addr=0x10000000,force-raw=on]
//! ```
//!
//! The image is linked with `linker/x86_64.ld`, as `-Ccode-model=small -Crelocation-model=static`.
//! `exit` says how its code becomes the exit status of QEMU.
//!
//! # Memory
//! Virtual addresses are physical ones. What the linker script does not name is not mapped, so
//! the first megabyte faults. The page tables are built before paging is switched on and no page
//! of them is ever writable and executable; `CR0.WP` and `EFER.NXE` hold the kernel to them.
//!
//! # Two harts
//! The second hart starts with the first work that it is given (`run_on_second_hart`), and halts
//! where there is none. It has its own stack, task state and stacks for exceptions; the page tables
//! and the descriptor tables are shared. `protect` and `map_away` have it forget its translations by
//! an NMI, and wait until it has: that is why a hart that waits for a lock, with interrupts off,
//! still answers.
//!
//! # Floating point
//! The image itself is compiled without it. Programs may use x87, SSE and, where the processor
//! has them, AVX and AVX-512. A function of the image that takes or returns `f32` or `f64` does
//! not follow the C calling convention of programs, which pass them in `XMM` registers.
#![no_std]

#[cfg(all(target_arch = "x86_64", target_os = "none"))]
mod machine;

#[cfg(all(target_arch = "x86_64", target_os = "none"))]
pub use machine::{
    Console, ProtectError, call_program, descriptor_dynamic, descriptor_static, escape,
    escape_fault, exit, hart, now_ns, protect, read_console, regions, set_thread_pointer,
    sync_instructions, write_console,
};
#[cfg(all(feature = "image", target_arch = "x86_64", target_os = "none"))]
pub use machine::{
    READ_REFUSED, call_user, map_away, reset_thread_pointer, return_from_user, run_on_second_hart,
    second_hart_is_idle, share, start_time_limit, stop_time_limit, user_can_read,
};

/// The name of the architecture.
pub const ARCH: &str = "x86_64";

/// What a fault's cause means.
pub const CAUSES: target_common::Causes = target_common::causes::X86_64;

/// The size of a page: what `protect` works in.
pub const PAGE: usize = 4096;

/// The image is mapped a second time, with the same permissions, at its addresses plus this.
///
/// It is further than any direct branch reaches. Arenas, heaps and the job window are not in it.
pub const FAR_ALIAS: usize = 0x10_0000_0000;

/// The spans of a long text away from the image: what a call reaches, halved.
#[cfg(feature = "image")]
pub const LONG_TEXT_SPAN: usize = 1 << 30;
