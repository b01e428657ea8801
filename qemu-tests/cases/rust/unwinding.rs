//! flags: -Copt-level=2 -Cpanic=unwind -Cforce-unwind-tables=yes
//! flags: -Copt-level=0 -Cpanic=unwind -Cforce-unwind-tables=yes
//! holds: .eh_frame
// A panic unwinds: what stands between is dropped, and the kernel, which asks for that, catches it. The
// panic handler is the program's own, as it has no standard library.
#![no_std]

use core::hint::black_box;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicI32, Ordering::Relaxed};

#[repr(C, align(16))]
struct Exception {
    class: u64,
    cleanup: extern "C" fn(i32, *mut Exception),
    private: [usize; 6],
}

unsafe extern "C-unwind" {
    fn _Unwind_RaiseException(exception: *mut Exception) -> i32;
    safe fn kernel_call_back(function: extern "C-unwind" fn(i32) -> i32, value: i32) -> i32;
}

unsafe extern "C" {
    safe fn kernel_abort() -> !;
    safe fn kernel_test_catch(function: extern "C-unwind" fn(i32) -> i32, value: i32) -> u64;
}

const CLASS: u64 = u64::from_be_bytes(*b"EXA\0RUST");

static mut EXCEPTION: Exception = Exception { class: CLASS, cleanup: deleted, private: [0; 6] };
static DELETED: AtomicI32 = AtomicI32::new(0);
static TRACE: AtomicI32 = AtomicI32::new(0);

extern "C" fn deleted(_: i32, _: *mut Exception) {
    DELETED.fetch_add(1, Relaxed);
}

fn raise() -> ! {
    // SAFETY: there is one at a time.
    unsafe { _Unwind_RaiseException(&raw mut EXCEPTION) };
    kernel_abort() // nobody catches it
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    raise()
}

struct Guard(i32);

impl Drop for Guard {
    fn drop(&mut self) {
        TRACE.store(TRACE.load(Relaxed) * 10 + self.0, Relaxed);
    }
}

#[inline(never)]
fn inner(value: i32) -> i32 {
    let _guard = Guard(1);
    let values = black_box([1, 2, 3]);
    // The way of a panic leads through the core library, which for bare x86-64 comes without unwind
    // tables.
    if cfg!(target_arch = "x86_64") && value > 2 {
        raise()
    }
    values[value as usize]
}

#[inline(never)]
fn middle(value: i32) -> i32 {
    let _guard = Guard(2);
    inner(black_box(value)) + 1
}

extern "C-unwind" fn outer(value: i32) -> i32 {
    let _guard = Guard(3);
    middle(value) + 1
}

extern "C-unwind" fn through_the_kernel(value: i32) -> i32 {
    let _guard = Guard(4);
    kernel_call_back(outer, value)
}

#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    let caught = |function, value| {
        TRACE.store(0, Relaxed);
        kernel_test_catch(function, value)
    };
    if caught(outer, 0) != 0 || TRACE.load(Relaxed) != 123 || DELETED.load(Relaxed) != 0 {
        return 1;
    }
    if caught(outer, 3) != CLASS || TRACE.load(Relaxed) != 123 || DELETED.load(Relaxed) != 1 {
        return 2;
    }
    for _ in 0..100 {
        if caught(outer, 1 << 20) != CLASS || TRACE.load(Relaxed) != 123 {
            return 3;
        }
    }
    // Frames of the kernel may lie between.
    if caught(through_the_kernel, 5) != CLASS || TRACE.load(Relaxed) != 1234 {
        return 4;
    }
    if caught(through_the_kernel, 1) != 0 || TRACE.load(Relaxed) != 1234 { 5 } else { 0 }
}
