//! The loader for programs in C: a static library, and a header that [cbindgen] makes of this
//! crate, `include/loader.h`. The header is the documentation; what is here stands in it.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `status` | error codes, and messages |
//! | `handle`, `access` | the loader's memory, and who uses it at a time |
//! | `pointer` | what C hands over, checked as far as it can be |
//! | `manager`, `resolver`, `thread_locals` | the client's callbacks, as the core's traits |
//! | `options` | what a plan is asked for |
//! | `load` | the phases |
//! | `plan` | what a plan says |
//! | `module` | what a module says, once it is sealed |
//! | `describe` | sections and symbols in C's terms |
//!
//! As in the core there is no heap and no panic.
//!
//! [cbindgen]: https://github.com/mozilla/cbindgen
#![cfg_attr(not(test), no_std)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![allow(
    clippy::missing_safety_doc,
    reason = "what callers in C promise is said once, at the top of the header"
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::unwrap_used,
        reason = "a panic is how a test fails"
    )
)]

#[cfg(not(any(feature = "aarch64", feature = "riscv64", feature = "x86_64")))]
compile_error!("enable at least one of the features aarch64, riscv64 and x86_64");

mod access;
mod describe;
mod handle;
mod load;
mod manager;
mod module;
mod options;
mod plan;
mod pointer;
mod resolver;
mod status;
mod thread_locals;

/// Reached by nothing: a test links all that the header has and finds no panic.
#[cfg(not(test))]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
