//! Calls, each to an undefined symbol of its own: a stub and a GOT entry for each.
//!
//! Linux counted stubs by a search among those before (99% of the time of a large module's load).

use super::Maker;

pub(super) fn fill(maker: &mut Maker, count: u64) {
    let call = maker.call();
    let text = maker.text(call.code.repeat(count as usize));
    for at in 0..count {
        let symbol = maker.undefined(format!("far{at}"));
        let offset = at * call.code.len() as u64 + call.offset;
        maker.relocate(text, offset, call.number, symbol, call.addend);
    }
}
