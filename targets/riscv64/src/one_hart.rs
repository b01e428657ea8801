//! For an image that leaves the second hart alone: what `harts.rs` offers to the rest of the crate.

/// The hart that runs this.
pub const fn hart() -> usize {
    0
}

pub(crate) const fn first_is(_firmware_number: usize) {}

/// Nobody has the firmware start a second hart.
pub(crate) extern "C" fn start_second() -> ! {
    loop {
        riscv::asm::wfi();
    }
}

pub(crate) const fn forget_translations_on_other() {}

pub(crate) const fn fetch_anew_on_other() {}
