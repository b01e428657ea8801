//! Bits of a value moved into the bits of an instruction.

/// `x[high:low]`, in the low bits of the result.
pub(super) const fn take(x: u64, high: u32, low: u32) -> u64 {
    (x >> low) & mask(high.wrapping_sub(low).wrapping_add(1))
}

/// `insn` with the `width` bits from `low` on replaced by the low bits of `value`.
pub(super) const fn put(insn: u64, value: u64, width: u32, low: u32) -> u64 {
    (insn & !(mask(width) << low)) | ((value & mask(width)) << low)
}

/// The low `width` bits set; `width` is at most 63.
const fn mask(width: u32) -> u64 {
    1u64.wrapping_shl(width).wrapping_sub(1)
}
