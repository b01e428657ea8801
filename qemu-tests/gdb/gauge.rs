//! What GDB is driven through by `cargo xtask test --only gdb`; the words in brackets name lines.
#![no_std]

use core::panic::PanicInfo;

pub struct Reading {
    pub channel: i32,
    pub value: i64,
}

unsafe extern "C" {
    fn kernel_call_back(function: extern "C" fn(i32) -> i32, value: i32) -> i32;
}

#[inline(never)]
fn meter_add(to: &mut Reading, amount: i32) -> i32 {
    let twice = amount.wrapping_mul(2); // [add]
    to.value = to.value.wrapping_add(i64::from(twice)); // [add: next]
    to.channel = 3;
    twice
}

extern "C" fn meter_call(value: i32) -> i32 {
    let mut reading = Reading { channel: 7, value: i64::from(value) };
    let result = meter_add(&mut reading, value); // [call]
    reading.channel = result; // [call: next]
    reading.channel
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    // SAFETY: the kernel calls the function with the value.
    unsafe { kernel_call_back(meter_call, 21).wrapping_sub(84) } // [main]
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
