//! options: gc_sections
//! output: 3 + 4 = 7
// rustc makes a section for each function and variable.
#![no_std]

#[path = "../include/case.rs"]
mod case;

unsafe extern "C" {
    fn nobody_defines_this() -> i32;
}

#[unsafe(no_mangle)]
extern "C" fn never_called() -> i32 {
    // SAFETY: nobody calls this.
    unsafe { nobody_defines_this() }
}

#[unsafe(no_mangle)]
static NEVER_READ: unsafe extern "C" fn() -> i32 = nobody_defines_this;

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let sum = core::hint::black_box(3u32) + core::hint::black_box(4);
    case::write("3 + 4 = ");
    case::write(core::str::from_utf8(&[b'0' + sum as u8, b'\n']).unwrap_or("?\n"));
    check!(sum == 7);
    0
}
