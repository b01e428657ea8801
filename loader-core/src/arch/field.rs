//! Fields of instructions and data: which bytes, which instructions have them, how values go in.

use crate::arch::scatter::Scatter;
use crate::word::{load_32, load_64, store_32, store_64};

/// A field: which bytes are read and written back, and how the value goes into them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// 1, 2, 4 or 8 bytes, little-endian.
    pub(crate) width: u8,
    /// What the offset of the field must be a multiple of; a power of two.
    pub(crate) align: u8,
    /// The bits of the instruction that the psABI fixes ...
    pub(crate) mask: u64,
    /// ... and what they are.
    pub(crate) opcode: u64,
    /// The same of other instructions that have this field, too.
    pub(crate) other: (u64, u64),
    /// From what is there and the value to what will be there.
    pub(crate) encoding: Encoding,
}

/// How a value goes into a field.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encoding {
    /// It is the field, whatever is there.
    Whole,
    /// Its bits have places in the field.
    Scattered(&'static Scatter),
    /// What is there enters into it.
    Computed(fn(old: u64, value: u64) -> u64),
}

impl Field {
    /// Data of this width, at any offset: for the tables.
    pub(crate) const fn data(width: u8, encoding: Encoding) -> Self {
        assert!(!matches!(encoding, Encoding::Scattered(_)), "only instructions scatter bits");
        Self { width, align: 1, mask: 0, opcode: 0, other: (0, 0), encoding }
    }

    /// An instruction, at a multiple of `align`, whose bits under `mask` are `opcode`: for the tables.
    pub(crate) const fn instruction(
        width: u8,
        align: u8,
        mask: u64,
        opcode: u64,
        encoding: Encoding,
    ) -> Self {
        if let Encoding::Scattered(scatter) = &encoding {
            assert!(
                scatter.fits(width as usize),
                "more moves than an instruction of its width has"
            );
        }
        Self { width, align, mask, opcode, other: (mask, opcode), encoding }
    }

    /// Whether what is there is an instruction that has this field.
    #[inline]
    pub(crate) const fn accepts(&self, old: u64) -> bool {
        old & self.mask == self.opcode || self.accepts_other(old)
    }

    /// Whether it is one of the others that have this field.
    #[cold]
    const fn accepts_other(&self, old: u64) -> bool {
        old & self.other.0 == self.other.1
    }

    /// What will be there, of what is there and the value.
    pub(crate) fn encode(&self, old: u64, value: u64) -> u64 {
        self.encode_in::<0>(old, value)
    }

    /// The same, of a field of `N` bytes; 0 stands for any number.
    #[inline(always)]
    fn encode_in<const N: usize>(&self, old: u64, value: u64) -> u64 {
        match self.encoding {
            Encoding::Scattered(scatter) => scatter.encode::<N>(old, value),
            Encoding::Whole => value,
            Encoding::Computed(encode) => encode(old, value),
        }
    }

    /// Writes the value into the field at an offset. Where that is not among the bytes, or what is
    /// there is no instruction that has the field, nothing is written, and what is there comes back:
    /// 0 in the first case.
    #[inline(always)]
    pub(crate) fn write(&self, bytes: &mut [u8], offset: usize, value: u64) -> Result<(), u64> {
        match self.width {
            _ if !cfg!(feature = "fast-loops") => self.write_bytes(bytes, offset, value),
            4 => self.write_at::<4>(bytes, offset, value),
            2 => self.write_at::<2>(bytes, offset, value),
            1 => self.write_at::<1>(bytes, offset, value),
            _ => self.write_at::<8>(bytes, offset, value),
        }
    }

    /// The same, byte by byte.
    fn write_bytes(&self, bytes: &mut [u8], offset: usize, value: u64) -> Result<(), u64> {
        let rest = bytes.get_mut(offset..).ok_or(0u64)?;
        let field = rest.get_mut(..self.width.into()).ok_or(0u64)?;
        let mut old = [0; 8];
        old.iter_mut().zip(&*field).for_each(|(to, from)| *to = *from);
        let old = u64::from_le_bytes(old);
        if !self.accepts(old) {
            return Err(old);
        }
        let new = self.encode(old, value).to_le_bytes();
        field.iter_mut().zip(new).for_each(|(to, from)| *to = from);
        Ok(())
    }

    /// The same, of a field of `N` bytes.
    #[inline(always)]
    fn write_at<const N: usize>(
        &self,
        bytes: &mut [u8],
        offset: usize,
        value: u64,
    ) -> Result<(), u64> {
        let rest = bytes.get_mut(offset..).ok_or(0u64)?;
        let field = rest.first_chunk_mut::<N>().ok_or(0u64)?;
        let old = load(field);
        if !self.accepts(old) {
            return Err(old);
        }
        store(field, self.encode_in::<N>(old, value));
        Ok(())
    }

    /// Whether this is the immediate of an AUIPC, whose low part another instruction has.
    #[cfg(feature = "riscv64")]
    pub(crate) const fn is_riscv_high(&self) -> bool {
        self.mask == 0x7f && self.opcode == 0x17
    }

    /// A byte of data.
    pub(crate) const WORD8: &'static Self = &Self::data(1, Encoding::Whole);
    /// Two bytes of data.
    pub(crate) const WORD16: &'static Self = &Self::data(2, Encoding::Whole);
    /// Four bytes of data.
    pub(crate) const WORD32: &'static Self = &Self::data(4, Encoding::Whole);
    /// Eight bytes of data.
    pub(crate) const WORD64: &'static Self = &Self::data(8, Encoding::Whole);
}

/// The little-endian number in some bytes, of which there are no more than 8.
#[inline(always)]
fn load<const N: usize>(bytes: &[u8; N]) -> u64 {
    match (N, bytes.first_chunk(), bytes.first_chunk()) {
        (4, Some(bytes), _) => load_32(bytes).into(),
        (8, _, Some(bytes)) => load_64(bytes),
        _ => {
            let mut word = [0; 8];
            if let Some(low) = word.first_chunk_mut() {
                *low = *bytes;
            }
            u64::from_le_bytes(word)
        }
    }
}

/// Writes the low bytes of a number, little-endian.
#[inline(always)]
fn store<const N: usize>(bytes: &mut [u8; N], number: u64) {
    if N == 4
        && let Some(bytes) = bytes.first_chunk_mut()
    {
        store_32(bytes, number as u32);
    } else if N == 8
        && let Some(bytes) = bytes.first_chunk_mut()
    {
        store_64(bytes, number);
    } else if let Some(low) = number.to_le_bytes().first_chunk() {
        *bytes = *low;
    }
}
