//! A module that greets its arguments.
#![no_std]

extern crate alloc;

mod kernel;

use alloc::format;
use core::ffi::{CStr, c_char, c_int};

use loader_module::{module, parameter};

module! {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
}

// The loader can set it before the module runs.
parameter!(GREETINGS: u32 = 1, "how often each argument is greeted");

/// What the kernel calls.
#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let mut count = 0_u32;
    for at in 1..usize::try_from(argc).unwrap_or(0) {
        // SAFETY: the kernel hands over `argc` pointers to texts that end in NUL.
        let argument = unsafe { CStr::from_ptr(*argv.add(at)) };
        for _ in 0..GREETINGS.get() {
            kernel::write(&format!("hello, {}\n", argument.to_string_lossy()));
            count += 1;
        }
    }
    kernel::write(itoa::Buffer::new().format(count));
    kernel::write(" greetings\n");
    0
}
