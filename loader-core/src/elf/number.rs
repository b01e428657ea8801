//! The numbers in a file.

use object::Wrap;
use object::endian::{I64, LittleEndian as LE, U16, U32, U64};
use object::pod;

use crate::word::{AT_ANY_ADDRESS, load_32, load_64};

/// A number as it lies in a file.
///
/// Whether any address will do is asked here as well as in `word`: the compiler inlines less of what
/// reads numbers where it has to find out, and copying sections takes longer.
pub(crate) trait Number {
    type Value;

    fn read(&self) -> Self::Value;
}

impl<T: Wrap<Inner = u16> + Copy> Number for U16<LE, T> {
    type Value = T;

    #[inline(always)]
    fn read(&self) -> T {
        self.get(LE) // two bytes are read as soon as their address is looked at
    }
}

impl<T: Wrap<Inner = u32> + Copy + 'static> Number for U32<LE, T> {
    type Value = T;

    #[inline(always)]
    fn read(&self) -> T {
        match pod::bytes_of(self).first_chunk() {
            Some(bytes) if !AT_ANY_ADDRESS => T::from_inner(load_32(bytes)),
            _ => self.get(LE),
        }
    }
}

impl<T: Wrap<Inner = u64> + Copy + 'static> Number for U64<LE, T> {
    type Value = T;

    #[inline(always)]
    fn read(&self) -> T {
        match pod::bytes_of(self).first_chunk() {
            Some(bytes) if !AT_ANY_ADDRESS => T::from_inner(load_64(bytes)),
            _ => self.get(LE),
        }
    }
}

impl Number for I64<LE> {
    type Value = i64;

    #[inline(always)]
    fn read(&self) -> i64 {
        match pod::bytes_of(self).first_chunk() {
            Some(bytes) if !AT_ANY_ADDRESS => load_64(bytes).cast_signed(),
            _ => self.get(LE),
        }
    }
}
