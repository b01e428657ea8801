//! Making new code visible to instruction fetch (Arm ARM, B2.7.4).

use core::arch::asm;
use target_common::Region;

/// Makes what was written to `region` visible to instruction fetch, on both harts.
///
/// AArch64's instruction cache does not watch data writes: each line is cleaned to the point of
/// unification, then dropped from the instruction caches of
/// the inner shareable domain. The other hart may still have old instructions under way: it drops
/// them where it starts its work, and in `call_program`. The region must be mapped.
pub fn sync_instructions(region: Region) {
    let ctr: usize;
    // SAFETY: CTR_EL0 only describes the caches.
    unsafe { asm!("mrs {}, ctr_el0", out(reg) ctr, options(nomem, nostack, preserves_flags)) };
    // Both fields are the binary logarithm of a number of 4-byte words.
    let data_line = 4 << ((ctr >> 16) & 0xf);
    let instruction_line = 4 << (ctr & 0xf);

    for line in lines(region, data_line) {
        // SAFETY: cleaning a line changes no value in memory.
        unsafe { asm!("dc cvau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a barrier changes nothing.
    unsafe { asm!("dsb ish", options(nostack, preserves_flags)) };
    for line in lines(region, instruction_line) {
        // SAFETY: what is dropped is fetched again from memory.
        unsafe { asm!("ic ivau, {}", in(reg) line, options(nostack, preserves_flags)) };
    }
    // SAFETY: a barrier changes nothing.
    unsafe { asm!("dsb ish", "isb", options(nostack, preserves_flags)) };
}

/// The addresses of the lines of `size` bytes, a power of two, that hold a byte of `region`.
fn lines(region: Region, size: usize) -> impl Iterator<Item = usize> {
    let first = region.start & !(size - 1);
    (first..region.start.saturating_add(region.size)).step_by(size)
}
