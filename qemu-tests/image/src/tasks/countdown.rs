//! A memory manager that fails when it is told to.

use alloc::boxed::Box;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use loader_core::{MemoryError, MemoryManager, Segment, SegmentRequest};

use crate::manager::Manager;

/// A manager of the image, of which one call fails: the one at which a count comes down to 0.
#[derive(Debug)]
pub struct Countdown {
    manager: &'static Manager,
    /// Calls up to the one that fails, that one included; 0: none does.
    left: AtomicUsize,
}

const FAILED: MemoryError = MemoryError::Refused("the countdown is over");

impl Countdown {
    /// One over a manager of the image, with which no call fails yet.
    pub fn over(manager: &'static Manager) -> &'static Self {
        Box::leak(Box::new(Self { manager, left: AtomicUsize::new(0) })) // two words a task
    }

    /// What is behind it.
    pub const fn manager(&self) -> &'static Manager {
        self.manager
    }

    /// Has the `n`th call from now on fail, and none but that.
    pub fn start(&self, n: usize) {
        self.left.store(n, SeqCst);
    }

    /// Has no call fail; whether one has, since the start.
    pub fn stop(&self) -> bool {
        self.left.swap(0, SeqCst) == 0
    }

    fn count(&self) -> Result<(), MemoryError> {
        match self.left.load(SeqCst) {
            0 => Ok(()),
            left => {
                self.left.store(left - 1, SeqCst);
                if left == 1 { Err(FAILED) } else { Ok(()) }
            }
        }
    }
}

impl MemoryManager for Countdown {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        self.count()?;
        self.manager.allocate(request)
    }

    fn seal(&self, segment: &Segment) -> Result<(), MemoryError> {
        self.count()?;
        self.manager.seal(segment)
    }

    fn free(&self, segment: Segment) {
        self.manager.free(segment);
    }
}
