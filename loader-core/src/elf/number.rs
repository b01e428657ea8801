//! The numbers in a file.

use object::Wrap;
use object::endian::{I64, LittleEndian as LE, U16, U32, U64};

/// A number as it lies in a file.
pub(crate) trait Number {
    type Value;

    fn read(&self) -> Self::Value;
}

impl<T: Wrap<Inner = u16> + Copy> Number for U16<LE, T> {
    type Value = T;

    #[inline(always)]
    fn read(&self) -> T {
        self.get(LE)
    }
}

impl<T: Wrap<Inner = u32> + Copy + 'static> Number for U32<LE, T> {
    type Value = T;

    #[inline(always)]
    fn read(&self) -> T {
        self.get(LE)
    }
}

impl<T: Wrap<Inner = u64> + Copy + 'static> Number for U64<LE, T> {
    type Value = T;

    #[inline(always)]
    fn read(&self) -> T {
        self.get(LE)
    }
}

impl Number for I64<LE> {
    type Value = i64;

    #[inline(always)]
    fn read(&self) -> i64 {
        self.get(LE)
    }
}
