//! For an image that leaves the second hart alone: what `harts.rs` offers to the rest of the crate.

use x86_64::instructions::hlt;

/// The hart that runs this.
pub const fn hart() -> usize {
    0
}

/// Nobody starts a second hart.
pub(super) extern "sysv64" fn start_second() -> ! {
    loop {
        hlt();
    }
}

pub(super) const fn flush_other() {}

/// Nobody asks for anything.
pub(super) const fn answer() -> bool {
    false
}
