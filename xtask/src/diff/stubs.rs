//! Where calls and the stubs that they go through lead, read back from their bytes.

use super::types::auipc_pair;
use crate::arch::Arch;

/// Where a call or jump at `place` goes, by the bytes that are there; for a type that the loader
/// may lead through a stub.
pub fn branch_target(arch: Arch, number: u32, code: &[u8], place: u64) -> Option<u64> {
    let word =
        |at: usize| Some(u64::from(u32::from_le_bytes(*code.get(at..)?.first_chunk::<4>()?)));
    let distance = match (arch, number) {
        (Arch::Aarch64, 282 | 283) => signed(word(0)?, 26) * 4,
        (Arch::Aarch64, 314) | (Arch::Riscv64, 59) => signed(word(0)?, 32),
        // A call may have become a shorter one.
        (Arch::Riscv64, 17..=19) => match code {
            [0x6f | 0xef, ..] => jal(word(0)?),
            [low, high, ..] if low & 3 == 1 && high & 0xe0 == 0xa0 => {
                c_j(u64::from(u16::from_le_bytes([*low, *high])))
            }
            _ if number == 17 => jal(word(0)?),
            _ => return Some(auipc_pair(place, word(0)?, word(4)?, 24)),
        },
        (Arch::X86_64, 4 | 40) => signed(word(0)?, 32) + 4,
        _ => return None,
    };
    Some(place.wrapping_add_signed(distance))
}

/// The bits of `word` from `low` on, moved to `at`.
const fn bits(word: u64, low: u32, count: u32, at: u32) -> u64 {
    (word >> low & ((1 << count) - 1)) << at
}

/// The low bits of `value` with their sign.
const fn signed(value: u64, bits: u32) -> i64 {
    (value << (64 - bits)).cast_signed() >> (64 - bits)
}

/// How far a RISC-V JAL goes.
const fn jal(word: u64) -> i64 {
    let low = bits(word, 21, 10, 1) | bits(word, 20, 1, 11);
    signed(low | bits(word, 12, 8, 12) | bits(word, 31, 1, 20), 21)
}

/// How far a RISC-V C.J goes.
const fn c_j(word: u64) -> i64 {
    let low = bits(word, 3, 3, 1) | bits(word, 11, 1, 4) | bits(word, 2, 1, 5);
    let high = bits(word, 7, 1, 6) | bits(word, 6, 1, 7) | bits(word, 9, 2, 8);
    signed(low | high | bits(word, 8, 1, 10) | bits(word, 12, 1, 11), 12)
}

/// The GOT slot that the stub at `place` jumps through; `None` for what is no stub.
pub fn stub_slot(arch: Arch, code: &[u8], place: u64) -> Option<u64> {
    let word =
        |at: usize| Some(u64::from(u32::from_le_bytes(*code.get(at..)?.first_chunk::<4>()?)));
    match arch {
        // adrp x16, ...; ldr x16, [x16, ...]; br x16
        Arch::Aarch64 => {
            let (adrp, ldr, br) = (word(0)?, word(4)?, word(8)?);
            let pages = (adrp >> 29 & 3 | (adrp >> 5 & 0x7_ffff) << 2) << 43;
            let page = (place & !0xfff).wrapping_add_signed(pages.cast_signed() >> 31);
            let is_stub = adrp & 0x9f00_001f == 0x9000_0010
                && ldr & 0xffc0_03ff == 0xf940_0210
                && br == 0xd61f_0200;
            is_stub.then(|| page + ((ldr >> 10 & 0xfff) << 3))
        }
        // auipc t3, ...; ld t3, ...(t3); jr t3
        Arch::Riscv64 => {
            let (auipc, ld, jr) = (word(0)?, word(4)?, word(8)?);
            let is_stub = auipc & 0xfff == 0xe17 && ld & 0xf_ffff == 0xe_3e03 && jr == 0x000e_0067;
            is_stub.then(|| auipc_pair(place, auipc, ld, 24))
        }
        // jmp *...(%rip)
        Arch::X86_64 => {
            let distance = i32::from_le_bytes(*code.get(2..)?.first_chunk::<4>()?);
            let is_stub = code.starts_with(&[0xff, 0x25]);
            is_stub.then(|| (place + 6).wrapping_add_signed(distance.into()))
        }
    }
}

/// Where the stub at `place` jumps by its distance; `None` for one that goes through a slot.
pub fn stub_target(arch: Arch, code: &[u8], place: u64) -> Option<u64> {
    let word =
        |at: usize| Some(u64::from(u32::from_le_bytes(*code.get(at..)?.first_chunk::<4>()?)));
    match arch {
        // adrp x16, ...; add x16, x16, ...; br x16
        Arch::Aarch64 => {
            let add = word(4)?;
            // The same with `ldr x16, [x16]` tells the page.
            let ldr = [code.get(..4)?, &0xf940_0210_u32.to_le_bytes(), code.get(8..12)?].concat();
            let page = stub_slot(arch, &ldr, place)?;
            (add & 0xffc0_03ff == 0x9100_0210).then_some(page + (add >> 10 & 0xfff))
        }
        // auipc t3, ...; jr ...(t3)
        Arch::Riscv64 => {
            let (auipc, jr) = (word(0)?, word(4)?);
            let is_stub = auipc & 0xfff == 0xe17 && jr & 0xf_ffff == 0xe_0067;
            is_stub.then(|| auipc_pair(place, auipc, jr, 24))
        }
        // jmp ...
        Arch::X86_64 => {
            let distance = i32::from_le_bytes(*code.get(1..)?.first_chunk::<4>()?);
            code.starts_with(&[0xe9]).then(|| (place + 5).wrapping_add_signed(distance.into()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stubs_are_followed() {
        let aarch64 = [0xb0, 0x91, 0x00, 0x90, 0x10, 0xb6, 0x42, 0xf9, 0x00, 0x02, 0x1f, 0xd6];
        assert_eq!(stub_slot(Arch::Aarch64, &aarch64, 0x4000_0ff8), Some(0x4123_4568));
        let riscv = [0x17, 0x3e, 0, 0, 0x03, 0x3e, 0x8e, 0xff, 0x67, 0x00, 0x0e, 0x00];
        assert_eq!(stub_slot(Arch::Riscv64, &riscv, 0x1000), Some(0x3ff8));
        let x86 = [0xff, 0x25, 0xfa, 0x0f, 0, 0, 0xcc, 0xcc];
        assert_eq!(stub_slot(Arch::X86_64, &x86, 0x1000), Some(0x2000));
        for arch in Arch::ALL {
            assert_eq!(stub_slot(arch, &[0; 12], 0), None);
            assert_eq!(stub_target(arch, &[0; 12], 0), None);
        }
        for (arch, code, place) in [
            (Arch::Aarch64, &aarch64[..], 0x4000_0ff8),
            (Arch::Riscv64, &riscv, 0x1000),
            (Arch::X86_64, &x86, 0x1000),
        ] {
            assert_eq!(stub_target(arch, code, place), None);
        }
    }

    #[test]
    fn stubs_without_a_slot_are_followed() {
        let aarch64 = [0xb0, 0x91, 0x00, 0x90, 0x10, 0x9e, 0x15, 0x91, 0x00, 0x02, 0x1f, 0xd6];
        let riscv = [0x17, 0x3e, 0, 0, 0x67, 0x00, 0xae, 0xff, 0, 0, 0, 0];
        let x86 = [0xe9, 0xfc, 0x0f, 0, 0, 0xcc, 0xcc, 0xcc];
        for (arch, code, place, target) in [
            (Arch::Aarch64, &aarch64[..], 0x4000_0ff8, 0x4123_4567),
            (Arch::Riscv64, &riscv, 0x1000, 0x3ffa),
            (Arch::X86_64, &x86, 0x1000, 0x2001),
        ] {
            assert_eq!(stub_target(arch, code, place), Some(target));
            assert_eq!(stub_slot(arch, code, place), None);
        }
    }

    #[test]
    fn branches_are_followed() {
        let jal = 0xff1f_f06f_u32.to_le_bytes(); // j -16
        assert_eq!(branch_target(Arch::Riscv64, 17, &jal, 0x1010), Some(0x1000));
        let bl = 0x97ff_fffc_u32.to_le_bytes(); // bl -16
        assert_eq!(branch_target(Arch::Aarch64, 283, &bl, 0x1010), Some(0x1000));
        assert_eq!(branch_target(Arch::X86_64, 4, &[0xec, 0xff, 0xff, 0xff], 0x1010), Some(0x1000));
    }
}
