//! What `scause` says, in the privileged specification's words.

/// The supervisor timer's interrupt.
const TIMER: u64 = 1 << 63 | 5;

pub(crate) const fn kind(cause: u64) -> &'static str {
    match cause {
        0 => "instruction address misaligned",
        1 => "instruction access fault",
        2 => "illegal instruction",
        3 => "breakpoint",
        4 => "load address misaligned",
        5 => "load access fault",
        6 => "store/AMO address misaligned",
        7 => "store/AMO access fault",
        8 => "environment call from U-mode",
        9 => "environment call from S-mode",
        12 => "instruction page fault",
        13 => "load page fault",
        15 => "store/AMO page fault",
        18 => "software check",
        19 => "hardware error",
        TIMER => super::TIME_LIMIT,
        cause if cause >> 63 == 1 => "unexpected interrupt",
        _ => "unknown exception",
    }
}

/// Whether `stval` holds an address.
pub(crate) const fn has_address(cause: u64) -> bool {
    matches!(cause, 0 | 1 | 4..=7 | 12 | 13 | 15)
}
