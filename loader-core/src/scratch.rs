//! The working memory that the caller lends to a plan.

/// One record of working memory, 16 bytes.
///
/// The plan keeps one per section, one per symbol, and a few for what the object holds besides;
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
pub struct Scratch {
    pub(crate) word: u64,
    pub(crate) low: u32,
    pub(crate) high: u32,
}

impl Scratch {
    /// An unused record.
    pub const ZERO: Self = Self { word: 0, low: 0, high: 0 };
}

/// Sorts records by `key`, in place, with neither recursion nor allocation: a heapsort, so that
/// no input, however made, costs more than n log n steps.
pub(crate) fn sort_by_key<K: Ord>(records: &mut [Scratch], key: impl Fn(&Scratch) -> K) {
    if records.is_sorted_by_key(&key) {
        return; // the usual case: compilers write tables in order
    }
    let len = records.len();
    for root in (0..len / 2).rev() {
        sift_down(records, root, &key);
    }
    for end in (1..len).rev() {
        exchange(records, 0, end);
        if let Some(heap) = records.get_mut(..end) {
            sift_down(heap, 0, &key);
        }
    }
}

/// Moves the record at `root` down until none of its children has a greater key.
pub(crate) fn sift_down<K: Ord>(
    heap: &mut [Scratch],
    mut root: usize,
    key: &impl Fn(&Scratch) -> K,
) {
    loop {
        let left = root.saturating_mul(2).saturating_add(1);
        let right = left.saturating_add(1);
        let Some(left_key) = heap.get(left).map(key) else { return };
        let (child, child_key) = match heap.get(right).map(key) {
            Some(right_key) if right_key > left_key => (right, right_key),
            _ => (left, left_key),
        };
        match heap.get(root).map(key) {
            Some(root_key) if root_key < child_key => exchange(heap, root, child),
            _ => return,
        }
        root = child;
    }
}

/// Exchanges two records.
pub(crate) fn exchange(records: &mut [Scratch], a: usize, b: usize) {
    if let Ok([a, b]) = records.get_disjoint_mut([a, b]) {
        core::mem::swap(a, b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorts_like_the_standard_library() {
        let mut seed = 1u64;
        for len in 0..200usize {
            let mut records: alloc::vec::Vec<Scratch> = (0..len)
                .map(|_| {
                    seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    Scratch { word: seed >> 60, low: (seed >> 32) as u32, high: 0 }
                })
                .collect();
            let mut expected = records.clone();
            expected.sort_by_key(|r| (r.word, r.low));
            sort_by_key(&mut records, |r| (r.word, r.low));
            let flat =
                |v: &[Scratch]| v.iter().map(|r| (r.word, r.low)).collect::<alloc::vec::Vec<_>>();
            assert_eq!(flat(&records), flat(&expected));
        }
    }
}
