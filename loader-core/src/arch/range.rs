//! Which values a relocated field can hold.

/// The values that a relocated field can hold: `min..=max`, in multiples of `align`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
    /// What the value must be a multiple of; a power of two.
    pub align: u64,
}

#[expect(clippy::arithmetic_side_effects, reason = "evaluated by the compiler for the tables")]
impl Range {
    /// Every value: the field is as wide as the value, or takes a part of it unchecked.
    pub(crate) const ANY: Self = Self { min: i64::MIN, max: i64::MAX, align: 1 };

    /// -2^(bits-1) <= X < 2^(bits-1).
    pub(crate) const fn signed(bits: u32) -> Self {
        let half = 1i64 << (bits - 1);
        Self { min: -half, max: half - 1, align: 1 }
    }

    /// 0 <= X < 2^bits.
    pub(crate) const fn unsigned(bits: u32) -> Self {
        Self { min: 0, max: (1i64 << bits) - 1, align: 1 }
    }

    /// -2^(bits-1) <= X < 2^bits: read as signed or as unsigned.
    pub(crate) const fn either(bits: u32) -> Self {
        Self { min: Self::signed(bits).min, max: Self::unsigned(bits).max, align: 1 }
    }

    /// The same, in multiples of `align` only.
    pub(crate) const fn aligned(self, align: u64) -> Self {
        Self { align, ..self }
    }

    /// Whether the value lies between the bounds, aligned or not.
    pub(crate) const fn spans(self, value: i64) -> bool {
        self.min <= value && value <= self.max
    }

    /// Whether the value is a multiple of the alignment.
    pub(crate) const fn is_aligned(self, value: i64) -> bool {
        value.cast_unsigned() & self.align.wrapping_sub(1) == 0
    }
}

/// Half of what the low part of a RISC-V address can hold.
const LOW_PART: i64 = 0x800;

/// A [`Range`] as the tables hold it, in four bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The least value is -2^`low`; 0, where it is `NONE`.
    low: u8,
    /// The greatest is 2^`high` - 1.
    high: u8,
    /// The values are multiples of 2^`align`.
    align: u8,
    /// Both bounds are less by half of what a low part can hold (RISC-V's `HI20`).
    has_low_part: bool,
}

impl Limits {
    const NONE: u8 = u8::MAX;

    /// For the tables: a range of another form is an error of the compiler's.
    pub(super) const fn new(range: Range) -> Self {
        let has_low_part = range.min & LOW_PART != 0 && range.min < -LOW_PART;
        let part = if has_low_part { LOW_PART } else { 0 };
        let limits = Self {
            low: match range.min.wrapping_add(part) {
                0 => Self::NONE,
                min => min.trailing_zeros() as u8,
            },
            high: range.max.wrapping_add(part).trailing_ones() as u8,
            align: range.align.trailing_zeros() as u8,
            has_low_part,
        };
        let Range { min, max, align } = limits.range();
        assert!(min == range.min && max == range.max && align == range.align);
        limits
    }

    #[inline]
    pub(super) const fn range(self) -> Range {
        let part = if self.has_low_part { LOW_PART } else { 0 };
        let min =
            if self.low == Self::NONE { 0 } else { i64::MIN.wrapping_shr(63 ^ self.low as u32) };
        let max = i64::MAX.wrapping_shr(63 ^ self.high as u32);
        Range {
            min: min.wrapping_sub(part),
            max: max.wrapping_sub(part),
            align: 1u64.wrapping_shl(self.align as u32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_bytes_hold_a_range() {
        for bits in 2..=63 {
            for range in [Range::signed(bits), Range::unsigned(bits - 1), Range::either(bits - 1)] {
                for align in [1, 2, 16] {
                    let range = range.aligned(align);
                    assert_eq!(Limits::new(range).range(), range);
                }
            }
        }
        let addresses = Range { min: -0x8000_0800, max: 0x7fff_f7ff, align: 1 };
        for range in [Range::ANY, addresses] {
            assert_eq!(Limits::new(range).range(), range);
        }
        assert_eq!(size_of::<Limits>(), 4);
    }
}
