//! GOT loads that become direct: psABI, "Optimize GOTPCRELX relocations".

/// Rewrites the instruction whose 4-byte field lies at `offset` in `code` to use the symbol
/// itself rather than its GOT slot, field included. `symbol` is S, `relative` is S + A - P with
/// A = -4. `None`, with nothing written, where the instruction has no such form or the symbol is
/// out of its reach.
pub(crate) fn relax(
    code: &mut [u8],
    offset: usize,
    prefix: Prefix,
    symbol: u64,
    relative: i64,
) -> Option<()> {
    let start = offset.checked_sub(2)?;
    let end = offset.checked_add(4)?;
    let near = i32::try_from(relative).ok();
    let rm = match prefix {
        Prefix::None => None,
        Prefix::Rex => Some(rex_into_rm(*code.get(offset.checked_sub(3)?)?)),
        Prefix::Rex2 => match *code.get(offset.checked_sub(4)?..)?.first_chunk()? {
            [0xd5, payload] if payload & REX2_MAP == 0 => Some(rex2_into_rm(payload)),
            _ => return None,
        },
    };
    let before = start.checked_sub(2).and_then(|before| code.get(before..start));
    let is_data16_wide = before == Some(&[0x66, 0x48]);
    let [opcode, modrm, field @ ..] = code.get_mut(start..end)? else { return None };
    if *modrm & 0b11_000_111 != 0b00_000_101 {
        return None; // not RIP-relative
    }
    match (*opcode, *modrm) {
        // mov foo@GOTPCREL(%rip), %reg -> lea foo(%rip), %reg
        (0x8b, _) => {
            let near = near?;
            *opcode = 0x8d;
            field.copy_from_slice(&near.to_le_bytes());
        }
        // call *foo@GOTPCREL(%rip) -> addr32 call foo. Not with the prefixes that it has in
        // general-dynamic code: a prefix between REX.W and the opcode takes REX.W away, and what
        // data16 leaves of a direct call then is 16 bits of it on AMD's processors.
        (0xff, 0x15) if !is_data16_wide => {
            let near = near?;
            (*opcode, *modrm) = (0x67, 0xe8);
            field.copy_from_slice(&near.to_le_bytes());
        }
        // jmp *foo@GOTPCREL(%rip) -> jmp foo; nop
        (0xff, 0x25) => {
            // The field moves one byte forward, so the distance grows by one.
            let [a, b, c, d] = i32::try_from(relative.checked_add(1)?).ok()?.to_le_bytes();
            (*opcode, *modrm) = (0xe9, a);
            field.copy_from_slice(&[b, c, d, 0x90]);
        }
        // test %reg, foo@GOTPCREL(%rip) -> test $foo, %reg
        (0x85, _) => {
            let immediate = i32::try_from(symbol.cast_signed()).ok()?;
            let reg = (*modrm >> 3) & 7;
            (*opcode, *modrm) = (0xf7, 0xc0 | reg);
            field.copy_from_slice(&immediate.to_le_bytes());
            set_prefix(code, start, rm);
        }
        // adc, add, and, cmp, or, sbb, sub, xor foo@GOTPCREL(%rip), %reg -> ... $foo, %reg
        (binop, _) if binop & 0b1100_0111 == 0b0000_0011 => {
            let immediate = i32::try_from(symbol.cast_signed()).ok()?;
            let reg = (*modrm >> 3) & 7;
            (*opcode, *modrm) = (0x81, 0xc0 | (binop & 0x38) | reg);
            field.copy_from_slice(&immediate.to_le_bytes());
            set_prefix(code, start, rm);
        }
        _ => return None,
    }
    Some(())
}

/// What stands before the opcode, as the relocation's type says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    None,
    Rex,
    /// REX2, of two bytes: for the registers from r16 on.
    Rex2,
}

/// REX2's bit for opcodes of the second map, none of which has another form.
const REX2_MAP: u8 = 0x80;

/// The register moved from ModRM.reg to ModRM.rm, so its top bit moves from REX.R to REX.B.
const fn rex_into_rm(rex: u8) -> u8 {
    (rex & !0b0101) | ((rex & 0b0100) >> 2)
}

/// The same for its two top bits, in REX2's second byte.
const fn rex2_into_rm(payload: u8) -> u8 {
    (payload & !0x55) | ((payload & 0x44) >> 2)
}

/// Writes the byte before the opcode, where there is a prefix.
fn set_prefix(code: &mut [u8], start: usize, byte: Option<u8>) {
    let Some(byte) = byte else { return };
    if let Some(place) = start.checked_sub(1).and_then(|at| code.get_mut(at)) {
        *place = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relaxed<const N: usize>(mut code: [u8; N], symbol: u64, relative: i64) -> Option<[u8; N]> {
        let prefix = match code[0] {
            0x40..=0x4f => Prefix::Rex,
            0xd5 => Prefix::Rex2,
            _ => Prefix::None,
        };
        relax(&mut code, N - 4, prefix, symbol, relative).map(|()| code)
    }

    #[test]
    fn every_form_of_the_psabi() {
        // mov foo@GOTPCREL(%rip), %r12 -> lea foo(%rip), %r12
        let mov = [0x4c, 0x8b, 0x25, 0, 0, 0, 0];
        assert_eq!(relaxed(mov, 0, 0x1234), Some([0x4c, 0x8d, 0x25, 0x34, 0x12, 0, 0]));
        // call *foo@GOTPCREL(%rip) -> addr32 call foo
        assert_eq!(
            relaxed([0xff, 0x15, 0, 0, 0, 0], 0, -4),
            Some([0x67, 0xe8, 0xfc, 0xff, 0xff, 0xff])
        );
        // jmp *foo@GOTPCREL(%rip) -> jmp foo; nop
        assert_eq!(relaxed([0xff, 0x25, 0, 0, 0, 0], 0, 0x10), Some([0xe9, 0x11, 0, 0, 0, 0x90]));
        // test %r9, foo@GOTPCREL(%rip) -> test $foo, %r9
        let test = [0x4c, 0x85, 0x0d, 0, 0, 0, 0];
        assert_eq!(relaxed(test, 0x1234, 0), Some([0x49, 0xf7, 0xc1, 0x34, 0x12, 0, 0]));
        // cmp foo@GOTPCREL(%rip), %rax -> cmp $foo, %rax
        // mov foo@GOTPCREL(%rip), %r30 -> lea foo(%rip), %r30
        let mov = [0xd5, 0x4c, 0x8b, 0x35, 0, 0, 0, 0];
        assert_eq!(relaxed(mov, 0, 0x1234), Some([0xd5, 0x4c, 0x8d, 0x35, 0x34, 0x12, 0, 0]));
        // cmp foo@GOTPCREL(%rip), %r30 -> cmp $foo, %r30
        let cmp = [0xd5, 0x4c, 0x3b, 0x35, 0, 0, 0, 0];
        assert_eq!(relaxed(cmp, 0x1234, 0), Some([0xd5, 0x19, 0x81, 0xfe, 0x34, 0x12, 0, 0]));
        let cmp = [0x48, 0x3b, 0x05, 0, 0, 0, 0];
        assert_eq!(relaxed(cmp, 0x7fff_ffff, 0), Some([0x48, 0x81, 0xf8, 0xff, 0xff, 0xff, 0x7f]));
    }

    #[test]
    fn only_a_rex_prefix_is_changed() {
        // The byte before belongs to another instruction, though it looks like one.
        let mut code = [0x44, 0x3b, 0x05, 0, 0, 0, 0];
        relax(&mut code, 3, Prefix::None, 0x10, 0).unwrap();
        assert_eq!(code, [0x44, 0x81, 0xf8, 0x10, 0, 0, 0]);
    }

    /// `data16 rex64 call *__tls_get_addr@GOTPCREL(%rip)`, the end of general-dynamic code.
    #[test]
    fn a_call_whose_prefixes_need_each_other_is_left_alone() {
        assert_eq!(relaxed([0x66, 0x48, 0xff, 0x15, 0, 0, 0, 0], 0, 0), None);
        // Where nothing depends on them, they belong to other instructions.
        assert!(relaxed([0x66, 0x90, 0xff, 0x15, 0, 0, 0, 0], 0, 0).is_some());
        assert!(relaxed([0x90, 0x48, 0xff, 0x15, 0, 0, 0, 0], 0, 0).is_some());
    }

    #[test]
    fn what_does_not_reach_is_left_alone() {
        let mov = [0x48, 0x8b, 0x05, 0, 0, 0, 0];
        assert_eq!(relaxed(mov, 0, 0x8000_0000), None);
        assert_eq!(relaxed([0xff, 0x25, 0, 0, 0, 0], 0, 0x7fff_ffff), None);
        assert_eq!(relaxed([0x48, 0x3b, 0x05, 0, 0, 0, 0], 0x8000_0000, 0), None);
        assert_eq!(relaxed([0x48, 0x8b, 0x04, 0, 0, 0, 0], 0, 0), None, "not RIP-relative");
        assert_eq!(relaxed([0, 0, 0, 0], 0, 0), None, "nothing before the field");
    }
}
