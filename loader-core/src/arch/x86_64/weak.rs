//! Addresses of undefined weak symbols, 0, from code that lies too far up for them.

/// Makes `lea k(%rip), %reg`, whose 4-byte field lies at `offset` in `code`, into `mov $k, %reg`
/// of the same length, field included: k, counted from the end of the instruction, is `addend`
/// and 4. `None`, with nothing written, where it is another instruction or k too large.
///
/// Only the 64-bit form counts, with its REX prefix. Others have no use for addresses of this
/// size, and a byte before an instruction without prefix belongs to the one before it. Behind a
/// byte 0xd5, what looks like a REX prefix may be the second byte of a REX2 prefix.
pub(crate) fn absolute(code: &mut [u8], offset: usize, addend: i64) -> Option<()> {
    let start = offset.checked_sub(3)?;
    let end = offset.checked_add(4)?;
    let address = i32::try_from(addend.checked_add(4)?).ok()?;
    let may_be_rex2 = start.checked_sub(1).and_then(|before| code.get(before)) == Some(&0xd5);
    let [rex, opcode, modrm, field @ ..] = code.get_mut(start..end)? else { return None };
    let is_wide = *rex & 0b1111_1000 == 0b0100_1000;
    let is_lea = *opcode == 0x8d && *modrm & 0b11_000_111 == 0b00_000_101;
    if may_be_rex2 || !(is_wide && is_lea) {
        return None;
    }
    // The register moves from ModRM.reg to ModRM.rm, so its top bit moves from REX.R to REX.B.
    let (reg, high) = ((*modrm >> 3) & 7, (*rex >> 2) & 1);
    (*rex, *opcode, *modrm) = (0x48 | high, 0xc7, 0xc0 | reg);
    field.copy_from_slice(&address.to_le_bytes());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both columns are what llvm-mc writes for the instructions in the comments.
    #[test]
    fn lea_becomes_mov() {
        let cases: &[([u8; 7], i64, [u8; 7])] = &[
            // lea (%rip), %rax -> mov $0, %rax
            ([0x48, 0x8d, 0x05, 9, 9, 9, 9], -4, [0x48, 0xc7, 0xc0, 0, 0, 0, 0]),
            // lea (%rip), %rdi -> mov $8, %rdi
            ([0x48, 0x8d, 0x3d, 0, 0, 0, 0], 4, [0x48, 0xc7, 0xc7, 8, 0, 0, 0]),
            // lea (%rip), %r12 -> mov $-1, %r12
            ([0x4c, 0x8d, 0x25, 0, 0, 0, 0], -5, [0x49, 0xc7, 0xc4, 0xff, 0xff, 0xff, 0xff]),
        ];
        for (lea, addend, mov) in cases {
            let mut code = *lea;
            assert_eq!(absolute(&mut code, 3, *addend), Some(()));
            assert_eq!(code, *mov);
        }
    }

    #[test]
    fn other_code_is_left_alone() {
        let cases: &[([u8; 7], i64)] = &[
            ([0x48, 0x8b, 0x05, 0, 0, 0, 0], -4), // mov (%rip), %rax
            ([0x48, 0x8d, 0x80, 0, 0, 0, 0], -4), // lea 0(%rax), %rax
            ([0x90, 0x8d, 0x05, 0, 0, 0, 0], -4), // nop; lea (%rip), %eax
            ([0x66, 0x8d, 0x05, 0, 0, 0, 0], -4), // lea (%rip), %ax
            ([0x44, 0x8d, 0x05, 0, 0, 0, 0], -4), // lea (%rip), %r8d
            ([0x48, 0x8d, 0x05, 0, 0, 0, 0], 0x7fff_fffc), // one past the greatest immediate
            ([0x48, 0x8d, 0x05, 0, 0, 0, 0], i64::MAX),
        ];
        for (code, addend) in cases {
            let mut now = *code;
            assert_eq!(absolute(&mut now, 3, *addend), None, "{code:x?}");
            assert_eq!(now, *code);
        }
        // lea (%rip), %r16
        assert_eq!(absolute(&mut [0xd5, 0x48, 0x8d, 0x05, 0, 0, 0, 0], 4, -4), None, "REX2");
        assert_eq!(absolute(&mut [0x8d, 0x05, 0, 0, 0, 0], 2, -4), None, "no byte before");
        assert_eq!(absolute(&mut [0x48, 0x8d, 0x05, 0, 0, 0], 3, -4), None, "cut off");
    }
}
