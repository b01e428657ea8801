//! away: 1 GiB | 3 GiB | 5 GiB
//! flags: -Copt-level=2 | -Copt-level=0 | -Copt-level=s -Crelocation-model=pic
// Rust away from the image, which calls back into it: functions, closures by a trait object, and
// core's own code, which is part of the module.
#![no_std]

#[path = "../include/case.rs"]
mod case;

use core::sync::atomic::{AtomicI32, Ordering};

unsafe extern "C" {
    safe fn kernel_call_back(function: extern "C" fn(i32) -> i32, value: i32) -> i32;
}

static CALLS: AtomicI32 = AtomicI32::new(0);
static OPERATIONS: [&(dyn Fn(i32) -> i32 + Sync); 2] = [&|x| x + 5, &|x| case::far(x) * 7];

extern "C" fn apply_all(value: i32) -> i32 {
    CALLS.fetch_add(1, Ordering::Relaxed);
    OPERATIONS.iter().fold(value, |value, operation| operation(value))
}

extern "C" fn nested(value: i32) -> i32 {
    kernel_call_back(apply_all, value) + 1
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    check!(kernel_call_back(apply_all, 1) == 98);
    check!(kernel_call_back(nested, 1) == 198);
    check!(CALLS.load(Ordering::Relaxed) == 2);
    let mut words = ["far", "away", "from", "home"];
    words.sort_unstable_by_key(|word| core::cmp::Reverse(*word));
    check!(words == ["home", "from", "far", "away"]);
    check!(apply_all as *const () as usize >> 30 != 0);
    0
}
