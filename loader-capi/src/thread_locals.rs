//! Thread-local storage: the client's functions, as the core's trait.

use core::ffi::{c_char, c_int, c_void};

use loader_core::{
    Name, ThreadLocals as CoreThreadLocals, TlsBlock as CoreBlock, TlsImage as CoreImage,
    TlsLocation as CoreLocation, TlsVariable as CoreVariable,
};

use crate::pointer;

/// What a module wants in each thread: a block that begins as a copy of the module's image and
/// ends in zeros.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TlsBlock {
    /// Bytes of the whole block; 0 where the module has no thread-local variables.
    pub size: u64,
    /// Bytes at its start that are copied from the image.
    pub image_size: u64,
    /// What its address must be a multiple of.
    pub align: u64,
}

/// Where a block lies.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TlsLocation {
    /// What __tls_get_addr knows it by; anything where the client has no such function.
    pub module: u64,
    /// Its distance from the thread pointer in bytes, where `has_offset` is not 0.
    pub offset: i64,
    /// Whether that distance is the same in every thread.
    pub has_offset: u32,
}

/// Where a thread-local variable lies.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TlsVariable {
    /// The block that it is part of.
    pub location: TlsLocation,
    /// Its offset in the block in bytes.
    pub offset: u64,
}

/// The block of a loaded module: what to copy into each thread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct TlsImage {
    /// How large it is.
    pub block: TlsBlock,
    /// Where the client said that it lies.
    pub location: TlsLocation,
    /// Where the bytes to be copied lie on the target.
    pub image: u64,
}

/// The client's thread-local storage. Each function gets `context`, and returns 0 where it has no
/// answer and something else where it has; any may be null, which is as good as 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct ThreadLocals {
    /// For the functions; the loader does not look at it.
    pub context: *mut c_void,
    /// Where the block of the module that is being loaded lies. 0: there is no room.
    pub block: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            block: *const TlsBlock,
            location: *mut TlsLocation,
        ) -> c_int,
    >,
    /// Where another module's variable lies, or one of the client's own.
    pub variable: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            name: *const c_char,
            length: usize,
            variable: *mut TlsVariable,
        ) -> c_int,
    >,
    /// The two words of a variable's descriptor. Asked with LOADER_TLS_MODEL_DYNAMIC only.
    pub descriptor: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            variable: *const TlsVariable,
            words: *mut u64,
        ) -> c_int,
    >,
}

impl ThreadLocals {
    /// There are none.
    pub(crate) const NONE: Self =
        Self { context: core::ptr::null_mut(), block: None, variable: None, descriptor: None };
}

impl CoreThreadLocals for ThreadLocals {
    fn block(&self, block: CoreBlock) -> Option<CoreLocation> {
        let mut location = TlsLocation::NONE;
        // SAFETY: the function is the client's, and gets what the header says.
        let found = unsafe { (self.block?)(self.context, &block.into(), &mut location) };
        (found != 0).then(|| location.into())
    }

    fn variable(&self, name: Name<'_>) -> Option<CoreVariable> {
        let (name, length) = pointer::parts(name);
        let mut variable = TlsVariable { location: TlsLocation::NONE, offset: 0 };
        // SAFETY: as above.
        let found = unsafe { (self.variable?)(self.context, name, length, &mut variable) };
        let TlsVariable { location, offset } = variable;
        (found != 0).then(|| CoreVariable { location: location.into(), offset })
    }

    fn descriptor(&self, variable: CoreVariable) -> Option<[u64; 2]> {
        let mut words = [0; 2];
        let variable = TlsVariable::from(variable);
        // SAFETY: as above; there are two words.
        let found = unsafe { (self.descriptor?)(self.context, &variable, words.as_mut_ptr()) };
        (found != 0).then_some(words)
    }
}

impl TlsBlock {
    /// That of a module without thread-local variables.
    pub(crate) const NONE: Self = Self { size: 0, image_size: 0, align: 1 };
}

impl TlsLocation {
    const NONE: Self = Self { module: 0, offset: 0, has_offset: 0 };
}

impl From<CoreBlock> for TlsBlock {
    fn from(block: CoreBlock) -> Self {
        Self { size: block.size, image_size: block.image_size, align: block.align }
    }
}

impl From<TlsLocation> for CoreLocation {
    fn from(location: TlsLocation) -> Self {
        let offset = (location.has_offset != 0).then_some(location.offset);
        Self { module: location.module, thread_pointer_offset: offset }
    }
}

impl From<CoreLocation> for TlsLocation {
    fn from(location: CoreLocation) -> Self {
        Self {
            module: location.module,
            offset: location.thread_pointer_offset.unwrap_or_default(),
            has_offset: location.thread_pointer_offset.is_some().into(),
        }
    }
}

impl From<CoreVariable> for TlsVariable {
    fn from(variable: CoreVariable) -> Self {
        Self { location: variable.location.into(), offset: variable.offset }
    }
}

impl From<CoreImage> for TlsImage {
    fn from(image: CoreImage) -> Self {
        Self {
            block: image.block.into(),
            location: image.location.into(),
            image: image.image.value(),
        }
    }
}
