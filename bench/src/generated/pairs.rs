//! RISC-V: all high parts of addresses first, then all low parts, each of which names its high part
//! by a label.
//!
//! A loader that goes back from a low part to look for its high part needs minutes.

use object::SectionKind;
use object::elf::{R_RISCV_PCREL_HI20, R_RISCV_PCREL_LO12_I};

use super::Maker;
use super::maker::words;

const AUIPC: u32 = 0x517; // auipc a0, 0
const ADDI: u32 = 0x0005_0513; // addi a0, a0, 0

pub(super) fn fill(maker: &mut Maker, count: u64) {
    let pairs = count / 2;
    let high = std::iter::repeat_n(AUIPC, pairs as usize);
    let low = std::iter::repeat_n(ADDI, (count - pairs) as usize);
    let text = maker.text(words(high.chain(low)));
    let data = maker.section(".data", SectionKind::Data, vec![0; 4096]);
    let variable = maker.function("variable".into(), data, [0, 4096]);
    let mut labels = Vec::new();
    for at in 0..pairs {
        labels.push(maker.label(format!(".Lpcrel_hi{at}"), text, at * 4));
        maker.relocate(text, at * 4, R_RISCV_PCREL_HI20, variable, (at % 4096) as i64);
    }
    for (at, label) in labels.into_iter().enumerate() {
        maker.relocate(text, (pairs + at as u64) * 4, R_RISCV_PCREL_LO12_I, label, 0);
    }
}
