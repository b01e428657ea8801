//! with: with_c_side.c
//! orders: both
// Rust calls C, and C calls Rust, through functions, tables and data.
#![no_std]

#[path = "../include/case.rs"]
mod case;

#[repr(C)]
struct Pair {
    first: u8,
    second: u64,
}

unsafe extern "C" {
    safe fn c_twice(value: i32) -> i32;
    safe fn c_sum(pair: &Pair) -> u64;
    safe static c_table: [extern "C" fn(i32) -> i32; 2];
}

#[unsafe(no_mangle)]
static RUST_BYTES: [u8; 4] = *b"rust";

#[unsafe(no_mangle)]
extern "C" fn rust_plus_five(value: i32) -> i32 {
    value.wrapping_add(5)
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    check!(c_twice(4) == 18);
    check!(c_sum(&Pair { first: 200, second: 1 << 40 }) == (1 << 40) + 200 + u64::from(b'r'));
    check!(c_table[0](1) == 6);
    check!(c_table[1](1) == 12);
    check!(case::far(1) == 2);
    0
}
