//! AArch64: AAELF64 (ELF for the Arm 64-bit Architecture).

mod encode;
mod table;
mod tls;

use crate::arch::bits::put;
use crate::arch::relocation::{Range, Table};
use crate::arch::{Stub, write_instructions};

pub(super) use tls::local_exec;

/// Every relocation type.
pub(super) static TABLE: Table = Table { rows: table::ROWS, index: &table::INDEX };

/// `adrp x16, slot; ldr x16, [x16, :lo12:slot]; br x16`: a veneer may use x16 (AAPCS64,
/// "Use of IP0 and IP1 by the linker"), and `br x16` may land on a `bti c`.
pub(super) static STUB: Stub = Stub { size: 12, write: write_stub };

fn write_stub(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()> {
    let pages = (slot & !0xfff).wrapping_sub(stub & !0xfff);
    if !Range::signed(33).spans(pages.cast_signed()) {
        return None;
    }
    let adrp = (encode::ADRP.encode)(0x9000_0010, pages);
    let ldr = put(0xf940_0210, (slot & 0xfff) >> 3, 12, 10);
    let code = [adrp, ldr, 0xd61f_0200];
    write_instructions(bytes, code);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_goes_through_its_slot() {
        let mut bytes = [0; 12];
        write_stub(&mut bytes, 0x4000_0ff8, 0x4123_4568).unwrap();
        // adrp x16, 0x41234000; ldr x16, [x16, #0x568]; br x16
        assert_eq!(bytes, [0xb0, 0x91, 0x00, 0x90, 0x10, 0xb6, 0x42, 0xf9, 0x00, 0x02, 0x1f, 0xd6]);
        assert_eq!(write_stub(&mut bytes, 0, 0x1_0000_0000), None);
        assert_eq!(write_stub(&mut bytes, 0, 0xffff_f000), Some(()));
    }
}
