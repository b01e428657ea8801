//! x86-64: the System V psABI, AMD64 supplement.

pub(crate) mod relax;
mod table;
mod tls;

use crate::arch::Stub;
use crate::arch::relocation::{Range, Table};

pub(super) use tls::local_exec;

/// Every relocation type.
pub(super) static TABLE: Table = Table { rows: table::ROWS, index: &table::INDEX };

/// `jmp *slot(%rip)`, and a trap behind it.
pub(super) static STUB: Stub = Stub { size: 8, write: write_stub };

fn write_stub(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()> {
    let distance = slot.wrapping_sub(stub.wrapping_add(6));
    if !Range::signed(32).spans(distance.cast_signed()) {
        return None;
    }
    let [a, b, c, d, ..] = distance.to_le_bytes();
    for (place, byte) in bytes.iter_mut().zip([0xff, 0x25, a, b, c, d, 0xcc, 0xcc]) {
        *place = byte;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stub_goes_through_its_slot() {
        let mut bytes = [0; 8];
        write_stub(&mut bytes, 0x1000, 0x2000).unwrap();
        assert_eq!(bytes, [0xff, 0x25, 0xfa, 0x0f, 0, 0, 0xcc, 0xcc]);
        assert_eq!(write_stub(&mut bytes, 0, 0x8000_0006), None);
        assert_eq!(write_stub(&mut bytes, 0, 0x8000_0005), Some(()));
    }
}
