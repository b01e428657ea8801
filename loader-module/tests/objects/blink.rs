// A module that says everything about itself; blink.c says the same.
#![no_std]

use core::ffi::{CStr, c_void};

#[cfg(not(without))]
use loader_module::{interface, interface_hash, layout, layout_hash, module, parameter};

/// The names of constants are the module's own business.
#[cfg(not(without))]
const NOTE: &str = "blink";

#[cfg(not(without))]
module! {
    uses: ["hal", "bus"],
    name: NOTE,
    version: "1.2.3",
    licence: "MIT OR Apache-2.0",
    depends: ["gpio" >= "1.0" < "2", "clock" >= "0.3", "log"],
    namespace: "drivers",
}

#[cfg(not(without))]
mod parameters {
    use super::{CStr, parameter};
    parameter!(pub RATE: u32 = 10, "blinks per second");
    parameter!(pub LOUD: bool = true, "");
    parameter!(pub GREETING: &CStr = c"hello", "what to say first: « hello »");
    parameter!(pub BYTE: i8 = -1, "a");
    parameter!(pub SHORT: u16 = 2, "bc");
    parameter!(pub LONG: i64 = -3, "def");
    parameter!(pub SIZE: u64 = 4, "ghij");
}

// The same variables, and nothing said about them.
#[cfg(without)]
mod parameters {
    use super::CStr;
    use loader_module::Parameter;
    macro_rules! parameters {
        ($($name:ident: $type:ty = $value:expr),+) => {
            $(#[unsafe(no_mangle)]
            #[used]
            pub static $name: Parameter<$type> = Parameter::<$type>::new($value);)+
        };
    }
    parameters!(RATE: u32 = 10, LOUD: bool = true, GREETING: &CStr = c"hello", BYTE: i8 = -1,
        SHORT: u16 = 2, LONG: i64 = -3, SIZE: u64 = 4);
}
use parameters::*;

#[cfg(not(without))]
layout! {
    pub struct Pin as "gpio_pin" {
        pub number: u32,
        pub level: u8,
        pub context: *mut c_void,
    }
}

#[cfg(without)]
#[repr(C)]
pub struct Pin {
    pub number: u32,
    pub level: u8,
    pub context: *mut c_void,
}

#[repr(C)]
pub struct Wide {
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    e: u8,
    f: u8,
    g: u8,
    h: u8,
    i: i64,
    j: i64,
    k: i64,
    l: i64,
    m: i16,
    n: i16,
    o: i16,
    a_field_of_64_bytes_that_is_the_longest_that_a_hash_has_room_for: i16,
}

#[cfg(not(without))]
interface! {
    "gpio_set" => Pin::LAYOUT_HASH,
    "gpio_get" => interface_hash("uint8_t gpio_get(uint32_t number)"),
    "blink" => interface_hash("128 bytes, which is the longest text that a hash in C has room for: \
        one character more, and it does not compile any more at all."),
    "wide" => layout_hash!(Wide as "sixteen_fields_and_a_name_of_64_bytes_with_struct_before_" {
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o,
        a_field_of_64_bytes_that_is_the_longest_that_a_hash_has_room_for,
    }),
}

unsafe extern "C" {
    safe fn gpio_get(number: u32) -> u8;
    safe fn gpio_set(pin: &mut Pin);
}

#[unsafe(no_mangle)]
extern "C" fn blink() -> u64 {
    let (number, level) = (RATE.get(), gpio_get(1));
    gpio_set(&mut Pin { number, level, context: core::ptr::null_mut() });
    match LOUD.get() {
        true => {
            let first = GREETING.get().to_bytes().first().copied().unwrap_or(0);
            u64::from(first) | u64::from(SHORT.get())
        }
        false => SIZE.get() | LONG.get() as u64 | BYTE.get() as u64,
    }
}

#[unsafe(no_mangle)]
extern "C" fn wide(of: &Wide) -> i32 {
    i32::from(of.a) | i32::from(of.o)
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
