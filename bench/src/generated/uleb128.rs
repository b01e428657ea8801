//! RISC-V: distances between labels in ULEB128 fields, of which each takes a pair of relocations,
//! as exception tables have them.

use object::SectionKind;
use object::elf::{R_RISCV_SET_ULEB128, R_RISCV_SUB_ULEB128};

use super::Maker;
use super::maker::words;

const NOP: u32 = 0x13;
/// A field of two bytes that is 0.
const FIELD: [u8; 2] = [0x80, 0];

pub(super) fn fill(maker: &mut Maker, count: u64) {
    let pairs = count / 2;
    let text = maker.text(words(std::iter::repeat_n(NOP, pairs as usize + 1)));
    let table =
        maker.section(".gcc_except_table", SectionKind::ReadOnlyData, FIELD.repeat(pairs as usize));
    let mut begin = maker.label(".L0".into(), text, 0);
    for at in 0..pairs {
        let end = maker.label(format!(".L{}", at + 1), text, (at + 1) * 4);
        maker.relocate(table, at * 2, R_RISCV_SET_ULEB128, end, 0);
        maker.relocate(table, at * 2, R_RISCV_SUB_ULEB128, begin, 0);
        begin = end;
    }
}
