//! output: first
//! output: main
//! output: last
//! holds: .init_array .fini_array
// Initialisers that Rust puts into the lists by the sections' names.
#![no_std]

#[path = "../include/case.rs"]
mod case;

#[used]
#[unsafe(link_section = ".init_array")]
static FIRST: extern "C" fn() = {
    extern "C" fn first() {
        case::write("first\n");
    }
    first
};

#[used]
#[unsafe(link_section = ".fini_array")]
static LAST: extern "C" fn() = {
    extern "C" fn last() {
        case::write("last\n");
    }
    last
};

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    case::write("main\n");
    check!(case::far(1) == 2);
    0
}
