//! Two harts: what one leaves for the other to do, and a lock that knows who holds it.

use core::fmt;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use spin::{Mutex, MutexGuard};

/// How many harts (processor cores) are in use. The one that booted is number 0; the other starts when
/// there is work for it.
pub const HARTS: usize = if cfg!(feature = "image") { 2 } else { 1 };

/// What the second hart can be given to do.
pub type Work = fn(usize);

/// Why the second hart was given nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HartError {
    /// The machine has no second hart, or it does not start.
    Absent,
    /// It has not finished what it was given before.
    Busy,
}

impl fmt::Display for HartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "there is no second hart, or it does not start (QEMU: `-smp 2`)",
            Self::Busy => "the second hart has not finished what it was given before",
        })
    }
}

impl core::error::Error for HartError {}

/// Where one hart leaves work for the other.
#[derive(Debug)]
pub struct Mailbox {
    work: Mutex<Option<(Work, usize)>>,
    /// From the time that something is put in until it is done.
    busy: AtomicBool,
}

impl Mailbox {
    /// An empty one.
    pub const fn new() -> Self {
        Self { work: Mutex::new(None), busy: AtomicBool::new(false) }
    }

    /// Leaves work for the other hart.
    ///
    /// # Errors
    /// [`HartError::Busy`]: the last is not done.
    pub fn put(&self, work: Work, argument: usize) -> Result<(), HartError> {
        if self.busy.swap(true, Ordering::Acquire) {
            return Err(HartError::Busy);
        }
        *self.work.lock() = Some((work, argument));
        Ok(())
    }

    /// Takes the work out again, because it cannot be done or in order to do it: [`done`](Self::done)
    /// says when it is.
    pub fn take(&self) -> Option<(Work, usize)> {
        self.work.lock().take()
    }

    /// Whether what was put in has been taken.
    pub fn is_empty(&self) -> bool {
        self.work.lock().is_none()
    }

    /// What was taken is done, and all that it wrote can be seen by who finds the mailbox idle.
    pub fn done(&self) {
        self.busy.store(false, Ordering::Release);
    }

    /// Whether nothing is to be done.
    pub fn is_idle(&self) -> bool {
        !self.busy.load(Ordering::Acquire)
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self::new()
    }
}

/// A spin lock that one hart waits for while the other holds it, and that says so where the hart
/// holds it itself: an exception handler that wants what it has interrupted would wait for ever.
#[derive(Debug)]
pub struct HartLock<T> {
    /// The hart that holds it, plus one; 0 for none.
    holder: AtomicUsize,
    value: Mutex<T>,
}

impl<T> HartLock<T> {
    /// A lock that nobody holds.
    pub const fn new(value: T) -> Self {
        Self { holder: AtomicUsize::new(0), value: Mutex::new(value) }
    }

    /// Waits for the lock on behalf of `hart`, which runs this; `None` where it has it already.
    pub fn lock(&self, hart: usize) -> Option<HartGuard<'_, T>> {
        self.lock_within(hart, usize::MAX)
    }

    /// As [`lock`](Self::lock), with `None` also after so many attempts: the hart that has the lock
    /// may have met its end.
    pub fn lock_within(&self, hart: usize, attempts: usize) -> Option<HartGuard<'_, T>> {
        // Nobody but this hart makes the holder this hart, or anything else once it is.
        if self.holder.load(Ordering::Relaxed) == hart + 1 {
            return None;
        }
        for _ in 0..attempts {
            if let Some(value) = self.value.try_lock() {
                self.holder.store(hart + 1, Ordering::Relaxed);
                return Some(HartGuard { holder: &self.holder, value });
            }
            core::hint::spin_loop();
        }
        None
    }

    /// Frees the lock, if `hart`, which runs this, has it: for a hart that has left for good what held it.
    ///
    /// # Safety
    /// The guard is never used or dropped: its frame is abandoned. The value is as others may find it.
    pub unsafe fn abandon(&self, hart: usize) {
        if self.holder.load(Ordering::Relaxed) == hart + 1 {
            self.holder.store(0, Ordering::Relaxed);
            // SAFETY: the lock is held, by this hart, and nobody else will free it.
            unsafe { self.value.force_unlock() };
        }
    }
}

/// Holds a [`HartLock`] until it is dropped.
#[derive(Debug)]
pub struct HartGuard<'l, T> {
    holder: &'l AtomicUsize,
    value: MutexGuard<'l, T>,
}

impl<T> Deref for HartGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for HartGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T> Drop for HartGuard<'_, T> {
    fn drop(&mut self) {
        // Before the lock itself is free, which is when the fields are dropped.
        self.holder.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[test]
    fn work_is_done_once_and_one_after_another() {
        static SUM: AtomicUsize = AtomicUsize::new(0);
        let add: Work = |value| {
            SUM.fetch_add(value, Ordering::Relaxed);
        };
        let mailbox = Mailbox::new();
        assert!(mailbox.is_idle() && mailbox.is_empty() && mailbox.take().is_none());
        mailbox.put(add, 3).unwrap();
        assert!(!mailbox.is_idle() && !mailbox.is_empty());
        assert_eq!(mailbox.put(add, 4), Err(HartError::Busy));
        let (work, argument) = mailbox.take().unwrap();
        assert!(mailbox.is_empty() && mailbox.take().is_none());
        work(argument);
        assert_eq!(mailbox.put(add, 4), Err(HartError::Busy));
        mailbox.done();
        assert!(mailbox.is_idle());
        assert_eq!(mailbox.put(add, 5), Ok(()));
        assert_eq!(SUM.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_lock_is_not_waited_for_by_the_hart_that_holds_it() {
        let lock = HartLock::new(5);
        let guard = lock.lock(1).unwrap();
        assert!(lock.lock(1).is_none());
        assert!(lock.lock_within(0, 10).is_none());
        assert_eq!(*guard, 5);
        drop(guard);
        assert!(lock.lock(0).is_some() && lock.lock(1).is_some());
    }

    #[test]
    fn a_lock_keeps_harts_apart() {
        const TIMES: usize = 2000;
        let lock = HartLock::new(0);
        std::thread::scope(|scope| {
            for hart in 0..HARTS {
                let lock = &lock;
                scope.spawn(move || {
                    for _ in 0..TIMES {
                        let mut value = lock.lock(hart).unwrap();
                        let read = *value;
                        std::thread::yield_now();
                        *value = read + 1;
                    }
                });
            }
        });
        assert_eq!(*lock.lock(0).unwrap(), HARTS * TIMES);
    }

    #[test]
    fn what_is_abandoned_is_free_again() {
        let lock = HartLock::new(5);
        core::mem::forget(lock.lock(1).unwrap());
        // SAFETY: the guard is gone.
        unsafe { lock.abandon(0) };
        assert!(lock.lock_within(0, 1).is_none(), "it is the other hart's");
        // SAFETY: as above.
        unsafe { lock.abandon(1) };
        assert_eq!(*lock.lock_within(0, 1).unwrap(), 5);
    }
}
