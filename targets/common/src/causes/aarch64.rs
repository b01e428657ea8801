//! What the exception syndrome register says, in words (Arm ARM, D17.2.37, ESR_EL1).

/// Where the number of the vector stands, in bits that the register leaves 0: 0 is a synchronous
/// exception, as the others are not told of by the register alone.
pub const VECTOR_SHIFT: u32 = 60;

/// What an exception with syndrome `esr` was.
pub(crate) fn kind(esr: u64) -> &'static str {
    match esr >> VECTOR_SHIFT {
        0 => synchronous(esr),
        1 => super::TIME_LIMIT,
        2 => "unexpected FIQ",
        _ => "SError interrupt",
    }
}

fn synchronous(esr: u64) -> &'static str {
    match class(esr) {
        0x00 => "undefined instruction",
        0x07 => "trapped SIMD or floating-point access",
        0x0d => "branch target exception",
        0x0e => "illegal execution state",
        0x15 => "SVC instruction",
        0x16 => "HVC instruction",
        0x17 => "SMC instruction",
        0x18 => "trapped system register access",
        0x20 | 0x21 => abort(esr, &INSTRUCTION),
        0x22 => "PC alignment fault",
        0x24 | 0x25 if esr & WRITE_NOT_READ != 0 => abort(esr, &WRITE),
        0x24 | 0x25 => abort(esr, &READ),
        0x26 => "SP alignment fault",
        0x2c => "trapped floating-point exception",
        0x2f => "SError interrupt",
        0x30 | 0x31 => "breakpoint exception",
        0x32 | 0x33 => "software step exception",
        0x34 | 0x35 => "watchpoint exception",
        0x3c => "BRK instruction",
        _ => "unknown exception",
    }
}

/// Whether an exception with syndrome `esr` left an address in FAR_EL1.
pub(crate) fn has_address(esr: u64) -> bool {
    match class(esr) {
        _ if esr >> VECTOR_SHIFT != 0 => false,
        0x20 | 0x21 | 0x24 | 0x25 => esr & FAR_NOT_VALID == 0,
        0x22 | 0x34 | 0x35 => true,
        _ => false,
    }
}

const WRITE_NOT_READ: u64 = 1 << 6;
const FAR_NOT_VALID: u64 = 1 << 10;

/// One kind of access, and the name of each abort that it can end in.
struct Abort {
    translation: &'static str,
    permission: &'static str,
    alignment: &'static str,
    other: &'static str,
}

const INSTRUCTION: Abort = Abort {
    translation: "instruction abort, translation fault",
    permission: "instruction abort, permission fault",
    alignment: "instruction abort, alignment fault",
    other: "instruction abort",
};

const READ: Abort = Abort {
    translation: "data abort, translation fault on a read",
    permission: "data abort, permission fault on a read",
    alignment: "data abort, alignment fault on a read",
    other: "data abort on a read",
};

const WRITE: Abort = Abort {
    translation: "data abort, translation fault on a write",
    permission: "data abort, permission fault on a write",
    alignment: "data abort, alignment fault on a write",
    other: "data abort on a write",
};

fn abort(esr: u64, names: &Abort) -> &'static str {
    // The fault status code; the low two bits of the first two are the level of the table.
    match esr & 0x3f {
        0x04..=0x07 => names.translation,
        0x0c..=0x0f => names.permission,
        0x21 => names.alignment,
        _ => names.other,
    }
}

fn class(esr: u64) -> u64 {
    (esr >> 26) & 0x3f
}
