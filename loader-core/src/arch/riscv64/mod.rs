//! RISC-V, RV64: the RISC-V ELF psABI.

mod encode;
mod table;
mod tls;
pub(crate) mod uleb128;

use crate::arch::relocation::{Range, Table};
use crate::arch::{Stub, write_instructions};

pub(crate) use encode::AUIPC_TO_LUI;

pub(super) use tls::local_exec;

/// Every relocation type.
pub(super) static TABLE: Table = Table { rows: table::ROWS, index: &table::INDEX };

/// `auipc t3, slot; ld t3, slot(t3); jr t3`: what the psABI's PLT entries use ("Procedure
/// linkage table").
pub(super) static STUB: Stub = Stub { size: 12, write: write_stub };

/// `addi zero, zero, 0`
pub(crate) const NOP: [u8; 4] = [0x13, 0, 0, 0];
/// `c.nop`
pub(crate) const C_NOP: [u8; 2] = [0x01, 0];

fn write_stub(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()> {
    let distance = slot.wrapping_sub(stub);
    if !Range::signed(32).spans(distance.wrapping_add(0x800).cast_signed()) {
        return None;
    }
    let auipc = (encode::AUIPC.encode)(0x0000_0e17, distance);
    let ld = (encode::I_TYPE.encode)(0x000e_3e03, distance);
    let code = [auipc, ld, 0x000e_0067];
    write_instructions(bytes, code);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_goes_through_its_slot() {
        let mut bytes = [0; 12];
        write_stub(&mut bytes, 0x1000, 0x3ff8).unwrap();
        // auipc t3, 3; ld t3, -8(t3); jr t3
        assert_eq!(bytes, [0x17, 0x3e, 0, 0, 0x03, 0x3e, 0x8e, 0xff, 0x67, 0x00, 0x0e, 0x00]);
        assert_eq!(write_stub(&mut bytes, 0, 0x7fff_f800), None);
        assert_eq!(write_stub(&mut bytes, 0, 0x7fff_f7f8), Some(()));
    }
}
