//! Ctrl-C, which a terminal sends to all that runs there, and which is GDB's while that has the terminal.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

/// Has Ctrl-C do nothing to this program for as long as it lives. What is started meanwhile does with it
/// what it likes.
pub struct Ignored {
    /// Whether Ctrl-C ends this program.
    ends: Arc<AtomicBool>,
}

impl Ignored {
    /// Ignores it from now on.
    ///
    /// # Errors
    /// The system does not let one.
    pub fn new() -> Result<Self> {
        let ends = Arc::new(AtomicBool::new(false));
        // A handler rather than `SIG_IGN`, which GDB would inherit.
        let registered = flag::register_conditional_default(SIGINT, Arc::clone(&ends));
        registered.context("cannot leave Ctrl-C to GDB")?;
        Ok(Self { ends })
    }
}

impl Drop for Ignored {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
    }
}
