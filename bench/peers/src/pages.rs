//! Memory as a kernel has it for modules: pages, all within reach of each other, full of zeros.
//!
//! What is given back is handed out again for the same size: loads that come after one another take the
//! same pages, and none has to wait for the system to find it some. They are cleared when they are given
//! back, which no time is taken of.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How much there is.
const SIZE: usize = 1 << 30;
/// What sizes are rounded up to, and addresses are multiples of.
const PAGE: usize = 4096;

static POOL: Mutex<Option<Pool>> = Mutex::new(None);

struct Pool {
    start: usize,
    /// What was never handed out.
    rest: &'static mut [u8],
    /// What was given back, by size.
    free: BTreeMap<usize, Vec<&'static mut [u8]>>,
}

/// Pages in use; they go back when this is dropped.
pub struct Pages(&'static mut [u8]);

/// Takes as many pages as `size` bytes need; `None` where there are not so many.
pub fn take(size: usize) -> Option<Pages> {
    let size = size.checked_next_multiple_of(PAGE)?;
    with(|pool| {
        if let Some(pages) = pool.free.get_mut(&size).and_then(Vec::pop) {
            return Some(Pages(pages));
        }
        if pool.rest.len() < size {
            return None;
        }
        let (pages, rest) = std::mem::take(&mut pool.rest).split_at_mut(size);
        pool.rest = rest;
        Some(Pages(pages))
    })
}

/// Where the memory begins.
pub fn start() -> usize {
    with(|pool| pool.start)
}

impl Pages {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.0
    }

    /// The bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.0
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let pages = std::mem::take(&mut self.0);
        pages.fill(0);
        with(|pool| pool.free.entry(pages.len()).or_default().push(pages));
    }
}

fn with<T>(work: impl FnOnce(&mut Pool) -> T) -> T {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    work(pool.get_or_insert_with(Pool::new))
}

impl Pool {
    fn new() -> Self {
        // The system has no memory for it before it is written.
        let all = vec![0; SIZE + PAGE].leak();
        let before = all.as_ptr().align_offset(PAGE).min(PAGE);
        let (_, rest) = all.split_at_mut(before);
        Self { start: rest.as_ptr().addr(), rest, free: BTreeMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_come_back_clean() {
        let mut pages = take(5000).unwrap();
        assert_eq!((pages.bytes().len(), pages.bytes().as_ptr().addr() % PAGE), (2 * PAGE, 0));
        let at = pages.bytes().as_ptr();
        pages.bytes_mut().fill(7);
        let other = take(8192).unwrap();
        assert_ne!(other.bytes().as_ptr(), at);
        drop(pages);
        let again = take(2 * PAGE).unwrap();
        assert_eq!(again.bytes().as_ptr(), at);
        assert!(again.bytes().iter().all(|byte| *byte == 0));
        assert!((start()..start() + SIZE).contains(&at.addr()));
    }

    #[test]
    fn memory_ends() {
        assert!(take(SIZE + PAGE).is_none() && take(usize::MAX).is_none());
        assert!(take(PAGE).is_some());
    }
}
