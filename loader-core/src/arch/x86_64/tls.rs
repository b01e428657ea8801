//! Thread-local code made local-exec: psABI, "TLS linker optimization".

use crate::arch::local_exec::{LocalExec, Rewrite, Subject, Write, put};
use crate::arch::relocation::Range;
use object::elf;

/// A sequence that calls `__tls_get_addr`.
struct Sequence {
    /// What stands before the relocated field ...
    before: &'static [u8],
    /// ... and what behind it.
    after: &'static [u8],
    /// How far behind the field that of the call lies.
    call: u8,
    write: Write,
}

/// `lea x@tlsgd(%rip), %rdi` and a call: direct, through the GOT, of the large code model.
static GENERAL_DYNAMIC: [Sequence; 3] = [
    Sequence {
        before: &[0x66, 0x48, 0x8d, 0x3d],
        after: &[0x66, 0x66, 0x48, 0xe8],
        call: 8,
        write: variable_of_16,
    },
    Sequence {
        before: &[0x66, 0x48, 0x8d, 0x3d],
        after: &[0x66, 0x48, 0xff, 0x15],
        call: 8,
        write: variable_of_16,
    },
    Sequence { before: &[0x48, 0x8d, 0x3d], after: &[0x48, 0xb8], call: 6, write: variable_of_22 },
];

/// `lea x@tlsld(%rip), %rdi` and a call, in the same forms.
static LOCAL_DYNAMIC: [Sequence; 3] = [
    Sequence {
        before: &[0x48, 0x8d, 0x3d],
        after: &[0xe8],
        call: 5,
        write: |code, at, _| {
            put(code, at.checked_sub(3)?, [0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0])
        },
    },
    Sequence {
        before: &[0x48, 0x8d, 0x3d],
        after: &[0xff, 0x15],
        call: 6,
        write: |code, at, _| {
            let new = [0x66, 0x66, 0x66, 0x66, 0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0];
            put(code, at.checked_sub(3)?, new)
        },
    },
    Sequence {
        before: &[0x48, 0x8d, 0x3d],
        after: &[0x48, 0xb8],
        call: 6,
        write: |code, at, _| {
            // A long nop, and mov %fs:0, %rax.
            let nop = [0x66, 0x66, 0x66, 0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0];
            put(code, at.checked_sub(3)?, nop)?;
            put(code, at.checked_add(10)?, [0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0])
        },
    },
];

/// What becomes of a relocation at `at` in `code` where the offset is known.
pub(crate) fn local_exec(number: u32, code: &[u8], at: usize) -> LocalExec {
    let rewrite = |write| {
        let range = Range::signed(32);
        LocalExec::Rewrite(Rewrite { subject: Subject::Variable, call: None, range, write })
    };
    match elf::RelocationType(number) {
        elf::R_X86_64_TLSGD => sequence(&GENERAL_DYNAMIC, Subject::Variable, code, at)
            .map_or(LocalExec::Keep, LocalExec::Rewrite),
        // What comes of it is the thread pointer, and DTPOFF32 counts from there: all or none.
        elf::R_X86_64_TLSLD => sequence(&LOCAL_DYNAMIC, Subject::None, code, at)
            .map_or(LocalExec::Refuse, LocalExec::Rewrite),
        elf::R_X86_64_GOTTPOFF if initial_exec(code, at).is_some() => {
            rewrite(|code, at, x| write_field(code, at, x, initial_exec(code, at)?))
        }
        CODE_4_GOTTPOFF if initial_exec_rex2(code, at).is_some() => {
            rewrite(|code, at, x| write_field(code, at, x, initial_exec_rex2(code, at)?))
        }
        CODE_6_GOTTPOFF if add_evex(code, at).is_some() => {
            rewrite(|code, at, x| write_field(code, at, x, add_evex(code, at)?))
        }
        elf::R_X86_64_GOTPC32_TLSDESC if descriptor(code, at).is_some() => {
            rewrite(|code, at, x| write_field(code, at, x, descriptor(code, at)?))
        }
        CODE_4_GOTPC32_TLSDESC if descriptor_rex2(code, at).is_some() => {
            rewrite(|code, at, x| write_field(code, at, x, descriptor_rex2(code, at)?))
        }
        // call *(%rax), which becomes a nop of two bytes
        elf::R_X86_64_TLSDESC_CALL if bytes(code, at) == Some([0xff, 0x10]) => {
            let write = |code: &mut [u8], at, _| put(code, at, [0x66, 0x90]);
            let (subject, range) = (Subject::None, Range::ANY);
            LocalExec::Rewrite(Rewrite { subject, call: None, range, write })
        }
        elf::R_X86_64_GOTPC32_TLSDESC | elf::R_X86_64_TLSDESC_CALL => LocalExec::Refuse,
        CODE_4_GOTPC32_TLSDESC | CODE_5_GOTPC32_TLSDESC | CODE_6_GOTPC32_TLSDESC => {
            LocalExec::Refuse
        }
        _ => LocalExec::Keep,
    }
}

const CODE_4_GOTTPOFF: elf::RelocationType = elf::RelocationType(44);
const CODE_4_GOTPC32_TLSDESC: elf::RelocationType = elf::RelocationType(45);
const CODE_5_GOTPC32_TLSDESC: elf::RelocationType = elf::RelocationType(48);
const CODE_6_GOTTPOFF: elf::RelocationType = elf::RelocationType(50);
const CODE_6_GOTPC32_TLSDESC: elf::RelocationType = elf::RelocationType(51);

fn sequence(all: &[Sequence], subject: Subject, code: &[u8], at: usize) -> Option<Rewrite> {
    let (before, field) = code.split_at_checked(at)?;
    let after = field.get(4..)?;
    let found = all.iter().find(|s| before.ends_with(s.before) && after.starts_with(s.after))?;
    if found.after == [0x48, 0xb8] {
        // movabs $__tls_get_addr@pltoff, %rax; add %rbx or %r15, %rax; call *%rax
        let end: [u8; 5] = bytes(code, at.checked_add(14)?)?;
        if !matches!(end, [0x48, 0x01, 0xd8, 0xff, 0xd0] | [0x4c, 0x01, 0xf8, 0xff, 0xd0]) {
            return None;
        }
    }
    // The field of the call must be there, too.
    let _: [u8; 4] = bytes(code, at.checked_add(found.call.into())?)?;
    let (call, range) = (Some(found.call), Range::signed(32));
    Some(Rewrite { subject, call, range, write: found.write })
}

/// `mov %fs:0, %rax; lea x@tpoff(%rax), %rax`. The field ends 4 bytes behind where A counts from.
fn variable_of_16(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    let [a, b, c, d, ..] = x.wrapping_add(4).to_le_bytes();
    let new = [0x64, 0x48, 0x8b, 4, 0x25, 0, 0, 0, 0, 0x48, 0x8d, 0x80, a, b, c, d];
    put(code, at.checked_sub(4)?, new)
}

/// The same, and a nop.
fn variable_of_22(code: &mut [u8], at: usize, x: u64) -> Option<()> {
    let at = at.checked_add(1)?;
    variable_of_16(code, at, x)?;
    put(code, at.checked_add(12)?, [0x66, 0x0f, 0x1f, 0x44, 0, 0])
}

/// Writes the bytes before the field that may change, and the field.
fn write_field<const N: usize>(code: &mut [u8], at: usize, x: u64, new: [u8; N]) -> Option<()> {
    put(code, at.checked_sub(N)?, new)?;
    put(code, at, (x.wrapping_add(4) as u32).to_le_bytes())
}

fn bytes<const N: usize>(code: &[u8], at: usize) -> Option<[u8; N]> {
    code.get(at..)?.first_chunk().copied()
}

fn before<const N: usize>(code: &[u8], at: usize) -> Option<[u8; N]> {
    let _: [u8; 4] = bytes(code, at)?;
    bytes(code, at.checked_sub(N)?)
}

/// The register in a ModRM byte that says RIP-relative.
const fn register(modrm: u8) -> Option<u8> {
    if modrm & 0xc7 == 0x05 { Some(modrm >> 3) } else { None }
}

/// REX.W, with the register's top bit moved from REX.R to REX.B.
const fn rex_to_rm(rex: u8) -> u8 {
    0x48 | (rex >> 2) & 1
}

/// `mov x@gottpoff(%rip), %reg` to `mov $x, %reg`; `add` to `lea x(%reg), %reg`, or to `add`
/// where the register is one that needs a SIB byte.
fn initial_exec(code: &[u8], at: usize) -> Option<[u8; 3]> {
    let [rex @ (0x48 | 0x4c), opcode, modrm] = before(code, at)? else { return None };
    let reg = register(modrm)?;
    match opcode {
        0x8b => Some([rex_to_rm(rex), 0xc7, 0xc0 | reg]),
        0x03 if reg == 4 => Some([rex_to_rm(rex), 0x81, 0xc0 | reg]),
        0x03 => Some([rex_to_rm(rex) | rex & 4, 0x8d, 0x80 | reg << 3 | reg]),
        _ => None,
    }
}

/// REX2's payload, with the register's top bits moved from R to B.
const fn rex2_to_rm(payload: u8) -> Option<u8> {
    const W: u8 = 0x08;
    if payload & (0x80 | W) != W {
        return None;
    }
    Some((payload & !0x55) | ((payload & 0x44) >> 2))
}

/// The same with a REX2 prefix, for the registers from r16 on.
fn initial_exec_rex2(code: &[u8], at: usize) -> Option<[u8; 4]> {
    let [0xd5, payload, opcode, modrm] = before(code, at)? else { return None };
    let opcode = match opcode {
        0x8b => 0xc7,
        0x03 => 0x81,
        _ => return None,
    };
    Some([0xd5, rex2_to_rm(payload)?, opcode, 0xc0 | register(modrm)?])
}

/// `add x@gottpoff(%rip), %reg1, %reg2` and its like with an EVEX prefix to `add $x, ...`.
fn add_evex(code: &[u8], at: usize) -> Option<[u8; 6]> {
    let [0x62, p0, p1, p2, 0x01 | 0x03, modrm] = before(code, at)? else { return None };
    // Map 4, X3 unused; W, X4 unused, no prefix; a new destination or no flags.
    if p0 & 0x47 != 0x44 || p1 & 0x87 != 0x84 || p2 & 0x14 == 0 {
        return None;
    }
    let reg = register(modrm)?;
    // R3 and R4 are stored inverted, B3 too, B4 as it is; those not in use are 0.
    let (r3, r4) = (p0 >> 7, (p0 >> 4) & 1);
    let p0 = (p0 & 0x47) | 0x90 | (r3 << 5) | ((r4 ^ 1) << 3);
    Some([0x62, p0, p1, p2, 0x81, 0xc0 | reg])
}

/// `lea x@tlsdesc(%rip), %reg` to `mov $x, %reg`.
fn descriptor(code: &[u8], at: usize) -> Option<[u8; 3]> {
    let [rex @ (0x48 | 0x4c), 0x8d, modrm] = before(code, at)? else { return None };
    Some([rex_to_rm(rex), 0xc7, 0xc0 | register(modrm)?])
}

/// The same with a REX2 prefix.
fn descriptor_rex2(code: &[u8], at: usize) -> Option<[u8; 4]> {
    let [0xd5, payload, 0x8d, modrm] = before(code, at)? else { return None };
    Some([0xd5, rex2_to_rm(payload)?, 0xc7, 0xc0 | register(modrm)?])
}
