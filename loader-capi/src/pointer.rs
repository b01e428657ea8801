//! What C hands over: pointers, checked for what can be known of them.
//!
//! That there is what they should point to is the caller's word (the top of the header).

use core::ffi::{CStr, c_char, c_void};
use core::slice;

use loader_core::Name;

use crate::status::Status;

/// What is had from C, or why not.
pub(crate) type Pointed<T> = Result<T, Status>;

/// What callbacks are given of the client's own.
pub(crate) type Context = *mut c_void;

/// Some addresses, from a start up to an end.
pub(crate) type Addresses = (usize, usize);

/// A copy of what a pointer points to.
///
/// # Safety
/// Where it is aligned and not null, it points to a `T` that may be read.
pub(crate) unsafe fn read<T: Copy>(pointer: *const T) -> Pointed<T> {
    usable(pointer)?;
    // SAFETY: it is not null and aligned; the rest is this function's contract.
    Ok(unsafe { pointer.read() })
}

/// Puts a value where a pointer points to.
///
/// # Safety
/// Where it is aligned and not null, it points to memory for a `T` that may be written.
pub(crate) unsafe fn write<T>(pointer: *mut T, value: T) -> Pointed<()> {
    usable(pointer)?;
    // SAFETY: it is not null and aligned; the rest is this function's contract.
    unsafe { pointer.write(value) };
    Ok(())
}

/// That a pointer is not null, and is aligned.
pub(crate) fn usable<T>(pointer: *const T) -> Pointed<()> {
    if pointer.is_null() || !pointer.is_aligned() { Err(Status::Pointer) } else { Ok(()) }
}

/// A text that ends in NUL.
///
/// # Safety
/// Where it is not null, it points to such a text, which stays as it is for as long as it is used.
pub(crate) unsafe fn text(pointer: *const c_char) -> Pointed<&'static str> {
    usable(pointer)?;
    // SAFETY: it is not null; the rest is this function's contract.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Status::Argument)
}

/// An array; an empty one may be at null.
///
/// # Safety
/// Where it is aligned and not null, it points to `length` of them, which stay as they are for as
/// long as they are used.
pub(crate) unsafe fn array<T>(pointer: *const T, length: usize) -> Pointed<&'static [T]> {
    if length == 0 {
        return Ok(&[]);
    }
    usable(pointer)?;
    addresses(pointer, length)?;
    // SAFETY: it is not null and aligned, and no longer than memory; the rest is the contract.
    Ok(unsafe { slice::from_raw_parts(pointer, length) })
}

/// Bytes to be written; `None` where there are none.
///
/// # Safety
/// Where it is not null, it points to `size` bytes that may be written.
pub(crate) unsafe fn buffer(pointer: *mut c_char, size: usize) -> Option<&'static mut [u8]> {
    if size == 0 || pointer.is_null() || addresses(pointer, size).is_err() {
        return None;
    }
    let pointer = pointer.cast::<u8>();
    // SAFETY: the bytes are the caller's, who reads nothing meanwhile; they are made to be something
    // first, which a reference to them needs.
    unsafe {
        pointer.write_bytes(0, size);
        Some(slice::from_raw_parts_mut(pointer, size))
    }
}

/// The addresses of an array; none that wraps, and none that is longer than Rust has it.
pub(crate) fn addresses<T>(pointer: *const T, length: usize) -> Pointed<Addresses> {
    let size = length.checked_mul(size_of::<T>()).filter(|size| isize::try_from(*size).is_ok());
    let end = size.and_then(|size| pointer.addr().checked_add(size));
    end.map(|end| (pointer.addr(), end)).ok_or(Status::Argument)
}

/// Whether two have an address in common.
pub(crate) const fn overlap(one: Addresses, other: Addresses) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// A name of the core's, in C's terms.
pub(crate) const fn parts(name: Name<'_>) -> (*const c_char, usize) {
    let bytes = name.as_bytes();
    (bytes.as_ptr().cast(), bytes.len())
}

#[cfg(test)]
mod tests {
    use core::ptr;

    use super::*;

    #[test]
    fn nothing_is_read_through_what_cannot_be_a_pointer() {
        let word = [7u64, 8];
        let odd = ptr::from_ref(&word).wrapping_byte_add(1).cast::<u64>();
        // SAFETY: neither is followed: that is what is tested.
        unsafe {
            assert_eq!(read(odd), Err(Status::Pointer));
            assert_eq!(read(ptr::null::<u64>()), Err(Status::Pointer));
            assert_eq!(write(ptr::null_mut(), 1u64), Err(Status::Pointer));
            assert_eq!(array(ptr::null::<u64>(), 1), Err(Status::Pointer));
            assert_eq!(array(ptr::null::<u64>(), 0), Ok(&[][..]));
            assert_eq!(array(word.as_ptr(), usize::MAX / 8), Err(Status::Argument));
            assert_eq!(read(word.as_ptr()), Ok(7));
        }
    }

    #[test]
    fn texts_are_utf_8() {
        // SAFETY: they are texts, or null.
        unsafe {
            assert_eq!(text(c"blink.o".as_ptr()), Ok("blink.o"));
            assert_eq!(text(c"\xff".as_ptr()), Err(Status::Argument));
            assert_eq!(text(ptr::null()), Err(Status::Pointer));
        }
    }

    #[test]
    fn neighbours_do_not_overlap() {
        assert!(overlap((8, 16), (15, 20)) && overlap((8, 16), (0, 9)) && overlap((0, 9), (2, 3)));
        assert!(!overlap((8, 16), (16, 20)) && !overlap((8, 16), (0, 8)));
    }
}
