//! Who uses a loader: one that changes it, or any number that look. Nobody ever waits.

use core::cell::UnsafeCell;
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicUsize, Ordering};

/// How many look; all bits while one changes it.
const CHANGING: usize = usize::MAX;

/// What is used by one or by many.
///
/// A thread that finds it in use is told so, as is a callback of the one who uses it: with waiting,
/// both would wait for ever where a fault handler asks.
#[derive(Debug)]
pub(crate) struct Access<T> {
    users: AtomicUsize,
    value: UnsafeCell<T>,
}

impl<T> Access<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { users: AtomicUsize::new(0), value: UnsafeCell::new(value) }
    }

    /// To look; `None` while somebody changes it.
    pub(crate) fn look(&self) -> Option<Look<'_, T>> {
        let one_more = |users: usize| users.checked_add(1).filter(|users| *users != CHANGING);
        let more = self.users.fetch_update(Ordering::Acquire, Ordering::Relaxed, one_more);
        more.ok().map(|_| Look(self))
    }

    /// To change; `None` while somebody uses it.
    pub(crate) fn change(&self) -> Option<Change<'_, T>> {
        let alone = self.users.compare_exchange(0, CHANGING, Ordering::Acquire, Ordering::Relaxed);
        alone.ok().map(|_| Change(self))
    }
}

impl<T> Change<'_, T> {
    /// Lets nobody in any more, and has written its last when it returns.
    pub(crate) fn close(self) {
        core::mem::forget(self);
    }
}

/// One that looks.
pub(crate) struct Look<'a, T>(&'a Access<T>);

/// The one that changes.
pub(crate) struct Change<'a, T>(&'a Access<T>);

impl<T> Deref for Look<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `look` counted this one, so that `change` gives nobody a way to write.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> Drop for Look<'_, T> {
    fn drop(&mut self) {
        self.0.users.fetch_sub(1, Ordering::Release);
    }
}

impl<T> Deref for Change<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `change` found no other, and lets none in while this one is there.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Change<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; `&mut self` makes it the only reference.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Change<'_, T> {
    fn drop(&mut self) {
        self.0.users.store(0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_changes_or_many_look() {
        let access = Access::new(1);
        let (one, two) = (access.look().unwrap(), access.look().unwrap());
        assert!(access.change().is_none());
        drop((*one, one));
        assert!(access.change().is_none());
        drop(two);
        let mut change = access.change().unwrap();
        *change = 2;
        assert!(access.look().is_none() && access.change().is_none());
        drop(change);
        assert_eq!(*access.look().unwrap(), 2);
    }

    #[test]
    fn nobody_gets_in_where_it_was_closed() {
        let access = Access::new(());
        access.change().unwrap().close();
        assert!(access.look().is_none() && access.change().is_none());
    }

    #[test]
    fn lookers_are_never_taken_for_a_changer() {
        let access = Access::new(());
        access.users.store(CHANGING - 1, Ordering::Relaxed);
        assert!(access.look().is_none() && access.change().is_none());
    }
}
