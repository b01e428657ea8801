//! output: 10 + 20 = 30
// Slices, enums, trait objects, statics and panics that do not happen.
#![no_std]

use core::sync::atomic::{AtomicU32, Ordering};

#[path = "../include/case.rs"]
mod case;

static CALLS: AtomicU32 = AtomicU32::new(40);
static WORDS: [&str; 3] = ["10 + 20", " = ", "30\n"];
static SHAPES: [&(dyn Shape + Sync); 2] = [&Square(3), &Circle { radius: 2 }];

trait Shape {
    fn area(&self) -> u32;
    fn name(&self) -> &'static str {
        "shape"
    }
}

struct Square(u32);
struct Circle {
    radius: u32,
}

impl Shape for Square {
    fn area(&self) -> u32 {
        CALLS.fetch_add(1, Ordering::SeqCst);
        self.0 * self.0
    }
}

impl Shape for Circle {
    fn area(&self) -> u32 {
        CALLS.fetch_add(1, Ordering::SeqCst);
        3 * self.radius * self.radius
    }
    fn name(&self) -> &'static str {
        "circle"
    }
}

#[inline(never)]
fn sorted(mut values: [i64; 6]) -> [i64; 6] {
    for end in (1..values.len()).rev() {
        for at in 0..end {
            if values[at] > values[at + 1] {
                values.swap(at, at + 1);
            }
        }
    }
    values
}

#[inline(never)]
fn parsed(text: &[u8]) -> Option<f64> {
    let number = core::str::from_utf8(text).ok()?.parse::<i32>().ok()?;
    Some(f64::from(number) * 0.5)
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    for word in WORDS {
        case::write(word);
    }
    check!(SHAPES.iter().map(|shape| shape.area()).sum::<u32>() == 21);
    check!(SHAPES[0].name() == "shape" && SHAPES[1].name() == "circle");
    check!(CALLS.load(Ordering::SeqCst) == 42);
    check!(sorted(core::hint::black_box([5, -3, 9, 0, 2, 1])) == [-3, 0, 1, 2, 5, 9]);
    check!(parsed(core::hint::black_box(b"-25")) == Some(-12.5));
    check!(parsed(core::hint::black_box(b"x")).is_none());
    check!(case::far(1) == 2);
    0
}
