//! output: 42 -7 0x2a 0b101010 +1 00042
//! output: 3.25 -0.001 1e21 NaN 1.500e-3
//! output: [Some("text"), None] Point { x: 1, y: -2 } 'ß' "tab\t"
// `core::fmt`, floats included: thousands of relocations in one object of the core library.
#![no_std]

use core::fmt::Write;

#[path = "../include/case.rs"]
mod case;

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        case::write(text);
        Ok(())
    }
}

#[derive(Debug)]
#[allow(dead_code)] // read by Debug alone
struct Point {
    x: i32,
    y: i32,
}

fn print() -> core::fmt::Result {
    let mut out = Console;
    let answer = core::hint::black_box(42);
    writeln!(out, "{answer} {} {answer:#x} {answer:#b} {:+} {answer:05}", -7, 1)?;
    let float = core::hint::black_box(3.25f64);
    writeln!(out, "{float} {} {:e} {} {:.3e}", -0.001, 1e21, f64::NAN, 0.0015)?;
    let texts = core::hint::black_box([Some("text"), None]);
    writeln!(out, "{texts:?} {:?} {:?} {:?}", Point { x: 1, y: -2 }, 'ß', "tab\t")
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    check!(case::far(1) == 2);
    check!(print().is_ok());
    0
}
