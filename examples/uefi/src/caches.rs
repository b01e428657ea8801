//! New code made visible to instruction fetch. Before `ExitBootServices` one processor runs.

/// Nothing to do: x86-64 watches what is written.
#[cfg(not(target_arch = "aarch64"))]
pub const fn synchronise(_: *const u8, _: usize) {}

/// Cleans the data cache and drops what the instruction cache has of these bytes (Arm ARM, B2.7.4).
#[cfg(target_arch = "aarch64")]
pub fn synchronise(start: *const u8, size: usize) {
    use core::arch::asm;

    let ctr: usize;
    // SAFETY: CTR_EL0 only describes the caches.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) };
    // Both fields are the binary logarithm of a number of 4-byte words.
    let (data_line, instruction_line) = (4 << ((ctr >> 16) & 0xf), 4 << (ctr & 0xf));
    let lines = |size_of_line: usize| {
        let first = start.addr() & !(size_of_line - 1);
        (first..start.addr() + size).step_by(size_of_line)
    };
    for line in lines(data_line) {
        // SAFETY: cleaning a line changes no value in memory.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a barrier changes nothing.
    unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
    for line in lines(instruction_line) {
        // SAFETY: what is dropped is fetched again from memory.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a barrier changes nothing.
    unsafe { asm!("dsb ish", "isb", options(nostack, preserves_flags)) };
}
