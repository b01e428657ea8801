//! The target's memory, as the loader's memory manager asks for it.

use std::cell::RefCell;
use std::rc::Rc;

use agent_protocol::Kind;
use anyhow::{Error, Result};
use loader_core::{MemoryError, SegmentKind, SegmentRequest, TargetAddress, TargetMemory};

use super::link::Link;

/// Memory that an agent hands out.
pub struct Target {
    link: Rc<RefCell<Link>>,
    /// Why the last request failed: the loader's own error has no room for that.
    failure: RefCell<Option<Error>>,
}

impl Target {
    /// The memory at the other end of a link.
    pub const fn new(link: Rc<RefCell<Link>>) -> Self {
        Self { link, failure: RefCell::new(None) }
    }

    /// Why the last request failed, if one did.
    pub fn take_failure(&self) -> Option<Error> {
        self.failure.take()
    }

    fn ask<T>(&self, request: impl FnOnce(&mut Link) -> Result<T>) -> Result<T, MemoryError> {
        request(&mut self.link.borrow_mut()).map_err(|error| {
            *self.failure.borrow_mut() = Some(error);
            MemoryError::Refused("the target does not do it")
        })
    }
}

impl TargetMemory for Target {
    fn reserve(&self, request: SegmentRequest) -> Result<TargetAddress, MemoryError> {
        let (size, align) = (request.size as u64, request.align as u64);
        self.ask(|link| link.reserve(size, align)).map(TargetAddress::new)
    }

    fn seal(
        &self,
        kind: SegmentKind,
        target: TargetAddress,
        bytes: &[u8],
    ) -> Result<(), MemoryError> {
        self.ask(|link| {
            link.fill(target.value(), bytes)?;
            let kind = match kind {
                SegmentKind::Text => Kind::Text,
                SegmentKind::ReadOnly => Kind::ReadOnly,
                SegmentKind::Data => Kind::Data,
            };
            link.protect(kind, target.value(), bytes.len() as u64)
        })
    }

    fn release(&self, _: SegmentKind, target: TargetAddress, size: usize) {
        // Where the target does not answer, the failure stays to be told of.
        let _ = self.ask(|link| link.release(target.value(), size as u64));
    }
}
