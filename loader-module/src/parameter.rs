//! Variables that may be set before the module runs.

use core::ffi::{CStr, c_char};
use core::fmt;
use core::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8, AtomicU16,
    AtomicU32, AtomicU64, AtomicUsize, Ordering,
};

/// Defines a static [`Parameter`] under its own name, and says what it is for.
///
/// Its type is an integer, `bool` or `&CStr`. Whoever loads the module may set it before anything
/// of the module runs; until then it has the value given here.
///
/// ```
/// use core::ffi::CStr;
/// use loader_module::parameter;
///
/// parameter!(RATE: u32 = 10, "blinks per second");
/// parameter!(pub GREETING: &CStr = c"hello", "what to say first");
///
/// assert_eq!(RATE.get(), 10);
/// assert_eq!(GREETING.get(), c"hello");
/// ```
#[macro_export]
macro_rules! parameter {
    ($visible:vis $name:ident: $type:ty = $value:expr, $description:expr $(,)?) => {
        #[doc = $description]
        // SAFETY: a symbol is what a parameter is set by. Two of one name are refused by linkers
        // and the loader.
        #[unsafe(no_mangle)]
        #[used]
        $visible static $name: $crate::Parameter<$type> =
            $crate::Parameter::<$type>::new($value);
        $crate::__note!(
            5,
            &$crate::macros::kind::<$type>().to_le_bytes(),
            $crate::macros::text($crate::macros::plain(::core::stringify!($name))),
            b"\0",
            $crate::macros::without_nul($description),
            b"\0"
        );
    };
}

/// A variable that may be set before the module runs; made by [`parameter!`](crate::parameter).
#[repr(transparent)]
pub struct Parameter<T: Value>(T::Cell);

/// A type that a [`Parameter`] may have: an integer, `bool` or `&'static CStr`.
pub trait Value: sealed::Sealed {
    /// What holds the value where others may write it.
    #[doc(hidden)]
    type Cell;
    /// The type's number in a note.
    #[doc(hidden)]
    const KIND: u32;
}

mod sealed {
    /// What a loader knows to be set is what is here.
    pub trait Sealed {}
}

/// The number of a type in a note.
pub const fn kind<T: Value>() -> u32 {
    T::KIND
}

macro_rules! integers {
    ($($type:ident in $cell:ident),+ $(,)?) => {
        $(
            impl sealed::Sealed for $type {}
            impl Value for $type {
                type Cell = $cell;
                const KIND: u32 =
                    if $type::MIN == 0 { 5 } else { 1 } + size_of::<$type>().trailing_zeros();
            }
            impl Parameter<$type> {
                /// The parameter with this value.
                pub const fn new(value: $type) -> Self {
                    Self($cell::new(value))
                }

                /// Its value.
                #[inline] // into the module's own object
                pub fn get(&self) -> $type {
                    self.0.load(Ordering::Relaxed)
                }
            }
        )+
    };
}

integers! {
    i8 in AtomicI8,
    i16 in AtomicI16,
    i32 in AtomicI32,
    i64 in AtomicI64,
    isize in AtomicIsize,
    u8 in AtomicU8,
    u16 in AtomicU16,
    u32 in AtomicU32,
    u64 in AtomicU64,
    usize in AtomicUsize,
}

impl sealed::Sealed for bool {}
impl Value for bool {
    /// Whatever is written into it, reading it is sound.
    type Cell = AtomicU8;
    const KIND: u32 = 9;
}
impl Parameter<bool> {
    /// The parameter with this value.
    pub const fn new(value: bool) -> Self {
        Self(AtomicU8::new(value as u8))
    }

    /// Its value.
    #[inline]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }
}

impl sealed::Sealed for &'static CStr {}
impl Value for &'static CStr {
    type Cell = AtomicPtr<c_char>;
    const KIND: u32 = 10;
}
impl Parameter<&'static CStr> {
    /// The parameter with this value.
    pub const fn new(value: &'static CStr) -> Self {
        Self(AtomicPtr::new(value.as_ptr().cast_mut()))
    }

    /// Its value. The module needs `strlen` for it.
    #[inline]
    pub fn get(&self) -> &'static CStr {
        // SAFETY: it was made from such a text, and whoever sets a parameter of kind `string`
        // gives the address of one that ends in NUL and stays as long as the module.
        unsafe { CStr::from_ptr(self.0.load(Ordering::Relaxed)) }
    }
}

impl<T: Value> fmt::Debug for Parameter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameter").field("kind", &T::KIND).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_sign_and_size() {
        let kinds = [kind::<i8>(), kind::<i16>(), kind::<i32>(), kind::<i64>()];
        assert_eq!(kinds, [1, 2, 3, 4]);
        let kinds = [kind::<u8>(), kind::<u16>(), kind::<u32>(), kind::<u64>()];
        assert_eq!(kinds, [5, 6, 7, 8]);
        assert_eq!((kind::<bool>(), kind::<&'static CStr>()), (9, 10));
        assert_eq!(kind::<usize>(), if size_of::<usize>() == 8 { 8 } else { 7 });
    }

    #[test]
    fn a_parameter_lies_as_its_value_does() {
        fn same<T: Value>() {
            assert_eq!(size_of::<Parameter<T>>(), size_of::<T>());
            assert_eq!(align_of::<Parameter<T>>(), align_of::<T>());
        }
        same::<i8>();
        same::<u16>();
        same::<u64>();
        same::<bool>();
        assert_eq!(size_of::<Parameter<&'static CStr>>(), size_of::<*const c_char>());
    }

    #[test]
    fn a_bool_of_any_byte_can_be_read() {
        let parameter = Parameter::<bool>::new(false);
        assert!(!parameter.get());
        parameter.0.store(2, Ordering::Relaxed);
        assert!(parameter.get());
    }
}
