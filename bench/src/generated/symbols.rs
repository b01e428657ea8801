//! Symbols that others may use, and hardly a relocation: what is done for each symbol shows here.

use object::SectionKind;

use super::Maker;

/// Pointers to functions.
const POINTERS: u64 = 16;

pub(super) fn fill(maker: &mut Maker, count: u64) {
    let call = maker.call();
    let size = call.code.len() as u64;
    let text = maker.text(call.code.repeat(count as usize));
    let data = maker.section(".data", SectionKind::Data, vec![0; POINTERS as usize * 8]);
    for at in 0..count {
        let symbol = maker.function(format!("function{at}"), text, [at * size, size]);
        if at < POINTERS {
            maker.relocate(data, at * 8, maker.pointer(), symbol, 0);
        }
    }
}
