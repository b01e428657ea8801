//! Having the second hart do something, and waiting for it.

use core::hint;
use core::ptr;

use crate::target;

/// Does `work` on the second hart, and waits for what comes of it.
///
/// # Panics
/// If there is no second hart, or it has something to do.
pub fn on_second<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    join(|| (), work).1
}

/// Does `first` here and `second` on the second hart at the same time, and waits for both.
///
/// # Panics
/// As [`on_second`].
pub fn join<A, B: Send>(first: impl FnOnce() -> A, second: impl FnOnce() -> B + Send) -> (A, B) {
    let mut task = Task { work: Some(second), result: None };
    let argument = (&raw mut task).expose_provenance();
    let run = run_task(&task);
    if let Err(error) = target::run_on_second_hart(run, argument) {
        panic!("{error}");
    }
    let first = first();
    while !target::second_hart_is_idle() {
        hint::spin_loop();
    }
    match task.result {
        Some(second) => (first, second),
        None => panic!("the second hart has done nothing"),
    }
}

/// What one hart leaves on its stack for the other.
struct Task<F, R> {
    work: Option<F>,
    result: Option<R>,
}

/// What does tasks of this type, by their address.
fn run_task<F: FnOnce() -> R, R>(_: &Task<F, R>) -> target_common::Work {
    |argument| {
        let task = ptr::with_exposed_provenance_mut::<Task<F, R>>(argument);
        // SAFETY: `join` hands over the address of such a task, and leaves it alone until this is
        // done: it does not go on before.
        let task = unsafe { &mut *task };
        task.result = task.work.take().map(|work| work());
    }
}
