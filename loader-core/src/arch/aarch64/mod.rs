//! AArch64: AAELF64 (ELF for the Arm 64-bit Architecture).

mod encode;
pub(crate) mod erratum;
mod table;
mod tls;

use crate::arch::bits::put;
use crate::arch::field::Field;
use crate::arch::relocation::Range;
use crate::arch::rows::Table;
use crate::arch::{Stub, write_instructions};

pub(crate) use encode::{ADR_TO_MOV, ADRP_TO_MOV};
pub(super) use table::NAMES;
pub(super) use tls::local_exec;

/// Every relocation type.
pub(super) static TABLE: Table = Table { rows: &table::ROWS, index: &table::INDEX };

/// How far ADRP reaches, in bytes.
pub(crate) const ADRP_REACH: Range = Range::signed(33);
/// What MOVZ and MOVN make without a shift.
pub(crate) const MOV_REACH: Range = Range::signed(17);

/// Whether this is the immediate of ADR.
pub(crate) const fn is_adr(field: &Field) -> bool {
    field.mask == encode::ADR.mask && field.opcode == encode::ADR.opcode
}

/// `adrp x16, target; add x16, x16, :lo12:target; br x16` or
/// `adrp x16, slot; ldr x16, [x16, :lo12:slot]; br x16`: a veneer may use x16 (AAPCS64,
/// "Use of IP0 and IP1 by the linker"), and `br x16` may land on a `bti c`.
pub(super) static STUB: Stub = Stub { size: 12, direct, through_slot };

fn direct(bytes: &mut [u8], stub: u64, target: u64) -> Option<()> {
    let add = put(0x9100_0210, target & 0xfff, 12, 10);
    write_stub(bytes, stub, target, add)
}

fn through_slot(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()> {
    let ldr = put(0xf940_0210, (slot & 0xfff) >> 3, 12, 10);
    write_stub(bytes, stub, slot, ldr)
}

/// Writes a stub that takes the page of `address`, and `second` for what is left of it.
fn write_stub(bytes: &mut [u8], stub: u64, address: u64, second: u64) -> Option<()> {
    let pages = (address & !0xfff).wrapping_sub(stub & !0xfff);
    if !Range::signed(33).spans(pages.cast_signed()) {
        return None;
    }
    let adrp = encode::ADRP.encode(0x9000_0010, pages);
    let code = [adrp, second, 0xd61f_0200];
    write_instructions(bytes, code);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_goes_through_its_slot() {
        let mut bytes = [0; 12];
        through_slot(&mut bytes, 0x4000_0ff8, 0x4123_4568).unwrap();
        // adrp x16, 0x41234000; ldr x16, [x16, #0x568]; br x16
        assert_eq!(bytes, [0xb0, 0x91, 0x00, 0x90, 0x10, 0xb6, 0x42, 0xf9, 0x00, 0x02, 0x1f, 0xd6]);
        assert_eq!(through_slot(&mut bytes, 0, 0x1_0000_0000), None);
        assert_eq!(through_slot(&mut bytes, 0, 0xffff_f000), Some(()));
    }

    #[test]
    fn stubs_are_no_sequence_of_the_erratum() {
        // One behind the other, in either form.
        for forms in [[false, false], [false, true], [true, false], [true, true]] {
            let mut bytes = [0; 24];
            let (first, second) = bytes.split_at_mut(12);
            for (bytes, is_direct) in [first, second].into_iter().zip(forms) {
                let write = if is_direct { STUB.direct } else { STUB.through_slot };
                write(bytes, 0x4000_0ff8, 0x4123_4568).unwrap();
            }
            assert!(!erratum::may_become_sequence(bytes.as_chunks().0));
        }
    }

    #[test]
    fn the_stub_goes_to_what_is_near() {
        let mut bytes = [0; 12];
        direct(&mut bytes, 0x4000_0ff8, 0x4123_4567).unwrap();
        // adrp x16, 0x41234000; add x16, x16, #0x567; br x16
        assert_eq!(bytes, [0xb0, 0x91, 0x00, 0x90, 0x10, 0x9e, 0x15, 0x91, 0x00, 0x02, 0x1f, 0xd6]);
        // The pages between them decide: 4 GiB less one page up, 4 GiB down.
        for stub in [0x1_0000_0000, 0x1_0000_0ffc] {
            assert_eq!(direct(&mut bytes, stub, 0), Some(()));
            assert_eq!(direct(&mut bytes, stub, 0x1_ffff_ffff), Some(()));
            assert_eq!(direct(&mut bytes, stub, 0x2_0000_0000), None);
            assert_eq!(direct(&mut bytes, stub, u64::MAX), None);
        }
    }
}
