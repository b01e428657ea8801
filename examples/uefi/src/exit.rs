//! The end, with an exit code for QEMU. On a machine of its own an application returns a status to the
//! firmware, or switches the machine off (`uefi::runtime::reset`).

use qemu_exit::QEMUExit;

/// Ends QEMU with 33 on x86-64, whose device cannot say 0, and with 0 on AArch64.
pub fn success() -> ! {
    qemu().exit_success()
}

/// Ends QEMU with 1.
pub fn failure() -> ! {
    qemu().exit_failure()
}

#[cfg(target_arch = "x86_64")]
fn qemu() -> impl QEMUExit {
    // SAFETY: QEMU is started with its exit device at this port.
    unsafe { qemu_exit::X86::new(0xf4, 33) }
}

#[cfg(target_arch = "aarch64")]
const fn qemu() -> impl QEMUExit {
    qemu_exit::AArch64::new()
}
