//! The working memory that the caller lends to a plan.

use object::pod;

/// One record of working memory, 16 bytes.
///
/// The plan keeps one per section, one per two symbols, and a few for what the object holds besides;
/// [`scratch_len`](crate::scratch_len), or
/// [`PlanOptions::scratch_len`](crate::PlanOptions::scratch_len) for a plan with options, says how
/// many, exactly, and [`Selection::scratch_len`](crate::Selection::scratch_len) does so for a choice
/// among members of archives. They are lent, not allocated:
///
/// ```
/// let mut scratch = [loader_core::Scratch::ZERO; 1024];
/// # let _ = &mut scratch;
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Scratch {
    pub(crate) word: u64,
    pub(crate) low: u32,
    pub(crate) high: u32,
}

impl Scratch {
    /// An unused record.
    pub const ZERO: Self = Self { word: 0, low: 0, high: 0 };

    /// Records as words, two each: all zeros, where the records are.
    pub(crate) fn halves(records: &mut [Self]) -> &mut [u64] {
        // Sixteen bytes are two words, and aligned for them.
        pod::slice_from_all_bytes_mut(pod::bytes_of_slice_mut(records)).unwrap_or_default()
    }
}

// SAFETY: it is `repr(C)`, and its fields are integers without a gap between or behind them.
unsafe impl pod::Pod for Scratch {}
