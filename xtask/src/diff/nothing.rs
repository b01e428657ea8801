//! Addresses of undefined weak symbols in code that lies too far up for them: what an instruction
//! makes that has taken the place of one which makes an address from its own, decoded apart from
//! the loader's encoders. The linkers give up there. (A RISC-V linker gets LUI pairs; see `told`.)

use super::compare::Mask;
use super::prepare::{Site, Sites};
use super::types::{Field, WORD};
use crate::arch::Arch;

/// A register, and the number that an instruction puts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    register: u8,
    value: i64,
}

impl Sites<'_> {
    /// Checks the instruction of a relocation of a type against an undefined weak symbol: its
    /// bits, and what is wrong with it. `None` where it reaches address 0, or is none of these.
    pub fn made_from_nothing(
        &self,
        site: Site<'_>,
        number: u32,
    ) -> Option<(Mask, Result<(), String>)> {
        let (before, field) = instruction(self.arch, number)?;
        let addend = site.relocation.addend;
        if reaches(self.arch, number, self.address(site), addend) {
            return None;
        }
        let old = self.original(site, before);
        let register = register(self.arch, old)?;
        let value = address(self.arch, number, addend);
        let offset = site.offset.checked_sub(before)?;
        let new = self.section(site).bytes.get(offset..).unwrap_or_default();
        let (found, expected) = (made(self.arch, new), Made { register, value });
        let mask = Mask { section: site.section, offset, field };
        let is_right = found == Some(expected);
        let differ = || format!("makes {found:x?}, not {expected:x?}");
        Some((mask, is_right.then_some(()).ok_or_else(differ)))
    }
}

/// Where the instruction of a type begins, in bytes before the field, and all of it: ADR and ADRP,
/// or LEA with a REX prefix.
const fn instruction(arch: Arch, number: u32) -> Option<(usize, Field)> {
    match (arch, number) {
        (Arch::Aarch64, 274..=276) => Some((0, WORD)),
        (Arch::X86_64, 2) => Some((3, Field { width: 7, mask: u64::MAX })),
        _ => None,
    }
}

/// The address that it is to make.
const fn address(arch: Arch, number: u32, addend: i64) -> i64 {
    match (arch, number) {
        (Arch::Aarch64, 275 | 276) => addend & !0xfff,
        // A counts from the field, 4 bytes before the end of the instruction.
        (Arch::X86_64, _) => addend + 4,
        _ => addend,
    }
}

/// Whether it can from its own place: within 1 MiB for ADR, 4 GiB for ADRP, 2 GiB for LEA.
const fn reaches(arch: Arch, number: u32, place: u64, addend: i64) -> bool {
    let place = place.cast_signed();
    let (distance, bits) = match (arch, number) {
        (Arch::Aarch64, 275 | 276) => ((addend & !0xfff) - (place & !0xfff), 33),
        (Arch::Aarch64, _) => (addend - place, 21),
        _ => (addend - place, 32),
    };
    distance >= -(1 << (bits - 1)) && distance < 1 << (bits - 1)
}

/// The register of an instruction that makes an address from its own; `None` for another one.
fn register(arch: Arch, code: &[u8]) -> Option<u8> {
    match (arch, code) {
        (Arch::Aarch64, &[low, _, _, high, ..]) => (high & 0x1f == 0x10).then_some(low & 0x1f),
        (Arch::X86_64, &[rex @ (0x48 | 0x4c), 0x8d, modrm, ..]) if modrm & 0xc7 == 5 => {
            Some((rex & 4) << 1 | modrm >> 3)
        }
        _ => None,
    }
}

/// What MOVZ and MOVN of 64 bits make, or MOV of a number with its sign extended.
fn made(arch: Arch, code: &[u8]) -> Option<Made> {
    match arch {
        Arch::Aarch64 => {
            let word = u32::from_le_bytes(*code.first_chunk()?);
            let number = i64::from(word >> 5 & 0xffff);
            let value = match word >> 21 {
                0b110_1001_0100 => number,
                0b100_1001_0100 => !number,
                _ => return None,
            };
            Some(Made { register: (word & 0x1f) as u8, value })
        }
        Arch::X86_64 => match *code.first_chunk::<7>()? {
            [rex @ (0x48 | 0x49), 0xc7, modrm @ 0xc0..=0xc7, a, b, c, d] => {
                let value = i32::from_le_bytes([a, b, c, d]).into();
                Some(Made { register: (rex & 1) << 3 | modrm & 7, value })
            }
            _ => None,
        },
        Arch::Riscv64 => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bytes are llvm-mc's.
    #[test]
    fn instructions_are_decoded() {
        let word = |word: u32| word.to_le_bytes();
        let cases: &[(u32, Option<(u8, i64)>)] = &[
            (0xd286_0003, Some((3, 0x3000))),  // mov x3, #0x3000
            (0x9281_ffe3, Some((3, -0x1000))), // mov x3, #-0x1000
            (0x9280_001e, Some((30, -1))),     // mov x30, #-1
            (0x5280_0003, None),               // mov w3, #0
            (0xd2a0_0003, None),               // movz x3, #0, lsl #16
            (0xf280_0003, None),               // movk x3, #0
        ];
        for (code, expected) in cases {
            let expected = expected.map(|(register, value)| Made { register, value });
            assert_eq!(made(Arch::Aarch64, &word(*code)), expected, "{code:#x}");
        }
        assert_eq!(register(Arch::Aarch64, &word(0xb07f_ffe3)), Some(3)); // adrp
        assert_eq!(register(Arch::Aarch64, &word(0x7000_001e)), Some(30)); // adr
        assert_eq!(register(Arch::Aarch64, &word(0x5800_001e)), None); // ldr (literal)
        let lea = [0x4c, 0x8d, 0x25, 9, 9, 9, 9]; // lea 0x9090909(%rip), %r12
        let mov = [0x49, 0xc7, 0xc4, 0xff, 0xff, 0xff, 0xff]; // mov $-1, %r12
        assert_eq!(register(Arch::X86_64, &lea), Some(12));
        assert_eq!(made(Arch::X86_64, &mov), Some(Made { register: 12, value: -1 }));
        assert_eq!(made(Arch::X86_64, &lea), None);
    }

    #[test]
    fn the_ends_of_their_reach() {
        assert!(reaches(Arch::Aarch64, 274, 1 << 20, 0));
        assert!(!reaches(Arch::Aarch64, 274, (1 << 20) + 1, 0));
        assert!(reaches(Arch::Aarch64, 275, (1 << 32) + 0xfff, 0));
        assert!(!reaches(Arch::Aarch64, 275, (1 << 32) + 0x1000, 0));
        assert!(reaches(Arch::X86_64, 2, 0x7fff_fffc, -4));
        assert!(!reaches(Arch::X86_64, 2, 0x7fff_fffd, -4));
    }
}
