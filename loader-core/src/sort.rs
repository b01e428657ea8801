//! Sorting in place, with neither recursion nor allocation.

/// Sorts records by `key`: a heapsort, so that no input, however made, costs more than n log n
/// steps. Not stable.
pub(crate) fn sort_by_key<T: Copy, K: Ord>(records: &mut [T], key: impl Fn(&T) -> K) {
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
pub(crate) fn sift_down<T: Copy, K: Ord>(heap: &mut [T], mut root: usize, key: &impl Fn(&T) -> K) {
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

pub(crate) fn exchange<T: Copy>(records: &mut [T], a: usize, b: usize) {
    let (Some(&one), Some(&other)) = (records.get(a), records.get(b)) else { return };
    if let Some(a) = records.get_mut(a) {
        *a = other;
    }
    if let Some(b) = records.get_mut(b) {
        *b = one;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scratch;

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
