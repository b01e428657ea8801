//! x86-64: the System V psABI, AMD64 supplement.

pub(crate) mod relax;
mod table;
mod tls;
pub(crate) mod weak;

use crate::arch::Stub;
use crate::arch::relocation::Range;
use crate::arch::rows::Table;

pub(super) use table::NAMES;
pub(super) use tls::local_exec;

/// Every relocation type.
pub(super) static TABLE: Table = Table { rows: &table::ROWS, index: &table::INDEX };

/// `jmp target` or `jmp *slot(%rip)`, and traps behind it.
pub(super) static STUB: Stub = Stub { size: 8, direct, through_slot };

fn direct(bytes: &mut [u8], stub: u64, target: u64) -> Option<()> {
    let distance = target.wrapping_sub(stub.wrapping_add(5));
    if !Range::signed(32).spans(distance.cast_signed()) {
        return None;
    }
    let [a, b, c, d, ..] = distance.to_le_bytes();
    for (place, byte) in bytes.iter_mut().zip([0xe9, a, b, c, d, 0xcc, 0xcc, 0xcc]) {
        *place = byte;
    }
    Some(())
}

fn through_slot(bytes: &mut [u8], stub: u64, slot: u64) -> Option<()> {
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
        through_slot(&mut bytes, 0x1000, 0x2000).unwrap();
        assert_eq!(bytes, [0xff, 0x25, 0xfa, 0x0f, 0, 0, 0xcc, 0xcc]);
        assert_eq!(through_slot(&mut bytes, 0, 0x8000_0006), None);
        assert_eq!(through_slot(&mut bytes, 0, 0x8000_0005), Some(()));
    }

    #[test]
    fn the_stub_goes_to_what_is_near() {
        let mut bytes = [0; 8];
        direct(&mut bytes, 0x1000, 0x2001).unwrap();
        assert_eq!(bytes, [0xe9, 0xfc, 0x0f, 0, 0, 0xcc, 0xcc, 0xcc]);
        assert_eq!(direct(&mut bytes, 0, 0x8000_0005), None);
        assert_eq!(direct(&mut bytes, 0, 0x8000_0004), Some(()));
        assert_eq!(direct(&mut bytes, 0x8000_0000, 5), Some(()));
        assert_eq!(direct(&mut bytes, 0x8000_0000, 4), None);
    }
}
