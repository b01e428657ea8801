//! What vectors and error codes say: the number of the vector is in the upper half, the error code in
//! the lower.

/// Set where the address lies in the guard page of a stack: no processor says so.
pub const STACK_OVERFLOW: u64 = 1 << 62;

/// The vector that the timer interrupts with, where a program's time is limited.
pub const TIMER: u64 = 64;

const PAGE_FAULT: u64 = 14;

pub(crate) const fn kind(cause: u64) -> &'static str {
    if cause & STACK_OVERFLOW != 0 {
        return "stack overflow (#PF in a guard page)";
    }
    match cause >> 32 {
        0 => "divide error (#DE)",
        1 => "debug exception (#DB)",
        2 => "non-maskable interrupt (NMI)",
        3 => "breakpoint (#BP)",
        4 => "overflow (#OF)",
        5 => "BOUND range exceeded (#BR)",
        6 => "invalid opcode (#UD)",
        7 => "device not available (#NM)",
        8 => "double fault (#DF)",
        10 => "invalid TSS (#TS)",
        11 => "segment not present (#NP)",
        12 => "stack-segment fault (#SS)",
        13 => "general protection (#GP)",
        PAGE_FAULT => page_fault(cause as u32),
        16 => "x87 floating-point error (#MF)",
        17 => "alignment check (#AC)",
        18 => "machine check (#MC)",
        19 => "SIMD floating-point exception (#XM)",
        20 => "virtualization exception (#VE)",
        21 => "control protection exception (#CP)",
        28 => "hypervisor injection exception (#HV)",
        29 => "VMM communication exception (#VC)",
        30 => "security exception (#SX)",
        TIMER => super::TIME_LIMIT,
        32.. => "unexpected interrupt",
        _ => "reserved exception",
    }
}

/// Whether CR2 holds the address.
pub(crate) const fn has_address(cause: u64) -> bool {
    (cause & !STACK_OVERFLOW) >> 32 == PAGE_FAULT
}

const fn page_fault(error: u32) -> &'static str {
    let (present, write, fetch) = (error & 1 << 0 != 0, error & 1 << 1 != 0, error & 1 << 4 != 0);
    // In user mode the page may be one that is not for that mode at all.
    let user = error & 1 << 2 != 0;
    match (fetch, write, present) {
        (true, _, true) if user => "execution of a protected page (#PF)",
        (false, true, true) if user => "write to a protected page (#PF)",
        (false, false, true) if user => "read of a protected page (#PF)",
        (true, _, true) => "execution of a no-execute page (#PF)",
        (true, _, false) => "execution of an unmapped page (#PF)",
        (false, true, true) => "write to a read-only page (#PF)",
        (false, true, false) => "write to an unmapped page (#PF)",
        (false, false, true) => "page fault (#PF)",
        (false, false, false) => "read of an unmapped page (#PF)",
    }
}
