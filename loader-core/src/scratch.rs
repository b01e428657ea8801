//! The working memory that the caller lends to a plan.

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
    pub(crate) const fn halves(records: &mut [Self]) -> &mut [u64] {
        let words = records.len().saturating_mul(2);
        // SAFETY: a record is `repr(C)`, of 16 bytes that are integers without a gap, and aligned as
        // a word is; so these are as many words, each of any value, and borrowed as the records are.
        unsafe { core::slice::from_raw_parts_mut(records.as_mut_ptr().cast(), words) }
    }
}

const _: () = assert!(
    size_of::<Scratch>() == 2 * size_of::<u64>() && align_of::<Scratch>() == align_of::<u64>()
);
