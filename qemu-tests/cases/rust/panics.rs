//! expect: aborted
//! output: panicked
// An index past the end ends in the panic handler.
#![no_std]

#[path = "../include/case.rs"]
mod case;

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    check!(case::far(1) == 2);
    let values = core::hint::black_box([1, 2, 3]);
    values[core::hint::black_box(3)]
}
