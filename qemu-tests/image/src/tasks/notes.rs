//! What finalisers leave behind, so that it can be seen that they ran, when, and how often.

use alloc::vec::Vec;

use spin::Mutex;
use target_common::HARTS;

use crate::target;

/// The addresses that modules have noted on each hart.
static NOTES: [Mutex<Vec<usize>>; HARTS] = [const { Mutex::new(Vec::new()) }; HARTS];

/// Called by finalisers, with an address in their module.
pub extern "C" fn kernel_test_note(address: *const u8) {
    NOTES[target::hart()].lock().push(address.addr());
}

/// What was noted on this hart since the last time.
pub fn take() -> Vec<usize> {
    core::mem::take(&mut NOTES[target::hart()].lock())
}
