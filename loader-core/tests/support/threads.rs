//! A client with thread-local storage of any kind.

use std::cell::Cell;

use loader_core::{Name, ThreadLocals, TlsBlock, TlsLocation, TlsVariable};

/// The number of the module that is loaded.
pub const MODULE: u64 = 5;
/// What the client's own variable `outside` is: of this module, at this offset.
pub const OUTSIDE: (u64, u64) = (9, 0x700);
/// The function of its descriptors.
pub const DESCRIPTOR: u64 = 0xde5c;

/// What it has.
pub struct Client {
    /// The block's distance from the thread pointer.
    pub distance: Option<i64>,
    /// The distance of `outside`'s block.
    pub outside: Option<i64>,
    /// Whether it has descriptors.
    pub descriptors: bool,
    /// What it was asked for.
    pub asked: Cell<Option<TlsBlock>>,
}

impl Client {
    /// One that has everything, the block at this distance from the thread pointer.
    pub fn at(distance: i64) -> Self {
        let outside = Some(0x1_0000);
        Self { distance: Some(distance), outside, descriptors: true, asked: Cell::new(None) }
    }

    /// One without static blocks.
    pub fn dynamic() -> Self {
        Self { distance: None, outside: None, ..Self::at(0) }
    }
}

impl ThreadLocals for Client {
    fn block(&self, block: TlsBlock) -> Option<TlsLocation> {
        self.asked.set(Some(block));
        Some(TlsLocation { module: MODULE, thread_pointer_offset: self.distance })
    }

    fn variable(&self, name: Name<'_>) -> Option<TlsVariable> {
        let location = TlsLocation { module: OUTSIDE.0, thread_pointer_offset: self.outside };
        let variable = TlsVariable { location, offset: OUTSIDE.1 };
        (name == Name::from("outside")).then_some(variable)
    }

    fn descriptor(&self, variable: TlsVariable) -> Option<[u64; 2]> {
        let argument = variable.location.module << 32 | variable.offset;
        self.descriptors.then_some([DESCRIPTOR, argument])
    }
}
