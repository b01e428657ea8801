//! RISC-V, RV64: the RISC-V ELF psABI.

mod encode;
pub(crate) mod relax;
mod table;
mod tls;
pub(crate) mod uleb128;

use crate::arch::rows::Table;
use crate::arch::{Field, Fixup, Formula, Range, Stub, write_instructions};

pub(crate) use encode::{AUIPC_TO_LUI, HI20, is_short};

pub(super) use table::NAMES;
pub(super) use tls::local_exec;

/// Every relocation type.
pub(super) static TABLE: Table = Table { rows: &table::ROWS, index: &table::INDEX };

/// Whether a type adds to a field, subtracts from it or sets a part of it, so that several make a
/// difference: `R_RISCV_ADD8` to `R_RISCV_SUB64`, `R_RISCV_SUB6` to `R_RISCV_SET32`.
pub(super) const fn is_difference(number: u32) -> bool {
    matches!(number, 33..=40 | 52..=56)
}

/// How `R_RISCV_TLS_DTPREL32` and `R_RISCV_TLS_DTPREL64` are applied: in loaded sections they are a
/// dynamic linker's, but compilers write them into debug information.
pub(super) const fn debug_fixup(number: u32) -> Option<&'static Fixup> {
    const DTPREL32: Fixup = Fixup::new(Formula::ModuleBlock, Field::WORD32, Range::signed(32));
    const DTPREL64: Fixup = Fixup::new(Formula::ModuleBlock, Field::WORD64, Range::ANY);
    match number {
        8 => Some(&DTPREL32),
        9 => Some(&DTPREL64),
        _ => None,
    }
}

/// `auipc t3, target; jalr zero, target(t3)` and a trap, or
/// `auipc t3, slot; ld t3, slot(t3); jr t3`: what the psABI's PLT entries use ("Procedure
/// linkage table").
pub(super) static STUB: Stub = Stub { size: 12, direct, through_slot };

/// `addi zero, zero, 0`
pub(crate) const NOP: [u8; 4] = [0x13, 0, 0, 0];
/// `c.nop`
pub(crate) const C_NOP: [u8; 2] = [0x01, 0];

fn direct(bytes: &mut [u8], stub: u64, target: u64) -> Option<()> {
    write_stub(bytes, target.wrapping_sub(stub), [0x000e_0067, 0])
}

fn through_slot(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()> {
    write_stub(bytes, slot.wrapping_sub(stub), [0x000e_3e03, 0x000e_0067])
}

/// Writes a stub whose AUIPC and second instruction go as far as `distance`.
fn write_stub(bytes: &mut [u8], distance: u64, [second, third]: [u64; 2]) -> Option<()> {
    if !HI20.spans(distance.cast_signed()) {
        return None;
    }
    let auipc = encode::AUIPC.encode(0x0000_0e17, distance);
    let second = encode::I_TYPE.encode(second, distance);
    write_instructions(bytes, [auipc, second, third]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_goes_through_its_slot() {
        let mut bytes = [0; 12];
        through_slot(&mut bytes, 0x1000, 0x3ff8).unwrap();
        // auipc t3, 3; ld t3, -8(t3); jr t3
        assert_eq!(bytes, [0x17, 0x3e, 0, 0, 0x03, 0x3e, 0x8e, 0xff, 0x67, 0x00, 0x0e, 0x00]);
        assert_eq!(through_slot(&mut bytes, 0, 0x7fff_f800), None);
        assert_eq!(through_slot(&mut bytes, 0, 0x7fff_f7f8), Some(()));
    }

    #[test]
    fn the_stub_goes_to_what_is_near() {
        let mut bytes = [0xff; 12];
        direct(&mut bytes, 0x1000, 0x3ffa).unwrap();
        // auipc t3, 3; jr -6(t3); unimp
        assert_eq!(bytes, [0x17, 0x3e, 0, 0, 0x67, 0x00, 0xae, 0xff, 0, 0, 0, 0]);
        let stub = 0x1_0000_0000u64;
        for (distance, reaches) in [
            (-0x8000_0802i64, false),
            (-0x8000_0800, true),
            (0x7fff_f7fe, true),
            (0x7fff_f800, false),
        ] {
            let found = direct(&mut bytes, stub, stub.wrapping_add_signed(distance));
            assert_eq!(found.is_some(), reaches, "{distance:#x}");
        }
    }
}
