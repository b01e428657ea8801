//! Thread-local storage: what a module has for each thread, and what the client says of it.

use crate::address::TargetAddress;
use crate::name::Name;

/// What a module wants in each thread: a block that begins as a copy of the module's image and
/// ends in zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsBlock {
    /// Bytes of the whole block.
    pub size: u64,
    /// Bytes at its start that are copied from the image; the rest is zero.
    pub image_size: u64,
    /// What its address must be a multiple of; a power of two.
    pub align: u64,
}

/// Where a block lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TlsLocation {
    /// What `__tls_get_addr` knows it by; anything where the client has no such function.
    pub module: u64,
    /// Its distance from the thread pointer, in bytes, if that is the same in every thread. The
    /// thread pointer is `TPIDR_EL0`, `tp`, or the base of `fs`.
    pub thread_pointer_offset: Option<i64>,
}

/// Where a thread-local variable lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TlsVariable {
    /// The block that it is part of.
    pub location: TlsLocation,
    /// Its offset in the block, in bytes.
    pub offset: u64,
}

impl TlsVariable {
    /// Its distance from the thread pointer, where that is the same in every thread.
    pub(crate) fn thread_pointer_offset(self) -> Option<u64> {
        let block = self.location.thread_pointer_offset?.cast_unsigned();
        Some(block.wrapping_add(self.offset))
    }
}

/// The block of a loaded module: what to copy into each thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsImage {
    /// How large it is.
    pub block: TlsBlock,
    /// Where the client said that it lies.
    pub location: TlsLocation,
    /// Where the bytes to be copied lie on the target.
    pub image: TargetAddress,
}

/// The client's thread-local storage, as the core sees it: asked when symbols are resolved.
///
/// `()` has none.
pub trait ThreadLocals {
    /// Where the block of the module that is being loaded lies. `None`: there is no room.
    ///
    /// A client that sets room aside does so before, by the size in
    /// [`Plan::thread_locals`](crate::Plan::thread_locals), and takes it back if the load fails.
    fn block(&self, block: TlsBlock) -> Option<TlsLocation>;

    /// Where another module's variable lies, or one of the client's own. `None`: nobody has it.
    fn variable(&self, name: Name<'_>) -> Option<TlsVariable> {
        let _ = name;
        None
    }

    /// The two words of a variable's descriptor: the address of the function that code calls, and
    /// what it finds in the second word. Asked only with
    /// [`TlsModel::Dynamic`](crate::TlsModel::Dynamic). `None`: there are no descriptors.
    fn descriptor(&self, variable: TlsVariable) -> Option<[u64; 2]> {
        let _ = variable;
        None
    }
}

impl ThreadLocals for () {
    fn block(&self, _: TlsBlock) -> Option<TlsLocation> {
        None
    }
}
