//! One symbol that all calls go to, through one stub: what looks through a symbol's uses for each
//! use, or keeps a list of them, shows here.

use super::Maker;

pub(super) fn fill(maker: &mut Maker, count: u64) {
    let call = maker.call();
    let text = maker.text(call.code.repeat(count as usize));
    let symbol = maker.undefined("far".into());
    for at in 0..count {
        let offset = at * call.code.len() as u64 + call.offset;
        maker.relocate(text, offset, call.number, symbol, call.addend);
    }
}
