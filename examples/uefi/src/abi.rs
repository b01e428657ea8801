//! How modules are called, and what they may call.
//!
//! They are compiled for bare metal, and call functions as the psABI of their machine says. On AArch64
//! UEFI does so too; on x86-64 it has Microsoft's convention, and Rust is told of the other one.

use core::mem;
use core::ptr::NonNull;
use core::slice;

/// What is exported as `print`.
#[cfg(target_arch = "x86_64")]
pub type Print = unsafe extern "sysv64" fn(*const u8, usize);
/// What is exported as `print`.
#[cfg(not(target_arch = "x86_64"))]
pub type Print = unsafe extern "C" fn(*const u8, usize);

#[cfg(target_arch = "x86_64")]
type Function = unsafe extern "sysv64" fn() -> i32;
#[cfg(not(target_arch = "x86_64"))]
type Function = unsafe extern "C" fn() -> i32;

/// Calls a function of a module.
///
/// # Safety
/// It is one, takes nothing, and returns an `int` or nothing; its module is sealed and loaded.
pub unsafe fn call(function: NonNull<()>) -> i32 {
    // SAFETY: it is such a function, says the caller. Where it returns nothing, the register that is read
    // has some value, and nobody looks at it.
    unsafe { mem::transmute::<NonNull<()>, Function>(function)() }
}

/// Prints a text of `length` bytes.
///
/// # Safety
/// There are as many at `text`.
#[cfg(target_arch = "x86_64")]
pub unsafe extern "sysv64" fn print(text: *const u8, length: usize) {
    // SAFETY: as the caller says.
    unsafe { show(text, length) }
}

/// Prints a text of `length` bytes.
///
/// # Safety
/// There are as many at `text`.
#[cfg(not(target_arch = "x86_64"))]
pub unsafe extern "C" fn print(text: *const u8, length: usize) {
    // SAFETY: as the caller says.
    unsafe { show(text, length) }
}

unsafe fn show(text: *const u8, length: usize) {
    // SAFETY: there are as many bytes, says the module that calls.
    let text = unsafe { slice::from_raw_parts(text, length) };
    uefi::print!("{}", core::str::from_utf8(text).unwrap_or("?"));
}
