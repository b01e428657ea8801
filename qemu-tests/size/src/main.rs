//! The loader alone, in an image that is linked and never run: `cargo xtask size` says what it takes.
//!
//! The features choose what is used of it: as a client would that needs it, and nothing else. What is the
//! client's (`client.rs`, and all in this file) does not count. None of it is inlined into what does.
#![no_std]
#![no_main]

use core::panic::PanicInfo;

#[cfg(feature = "archives")]
mod archives;
mod client;
#[cfg(feature = "debug")]
mod debug;
#[cfg(feature = "sealed")]
mod pipeline;
#[cfg(feature = "registry")]
mod registry;

#[cfg(feature = "archives")]
use archives::run;
#[cfg(all(feature = "sealed", not(feature = "archives")))]
use pipeline::run;
#[cfg(feature = "registry")]
use registry::run;

#[cfg(not(any(feature = "sealed", feature = "registry")))]
compile_error!("enable one of the features sealed, options, registry, debug and archives");

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    client::stop()
}

/// The image's only entry.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    client::take(run(client::file()).is_ok());
    client::stop()
}
