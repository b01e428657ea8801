//! Where undefined symbols come from: the client's function, as the core's trait.

use core::ffi::{c_char, c_int, c_void};

use loader_core::{Name, Resolver as CoreResolver, TargetAddress};

use crate::pointer::{self, Context, Pointed};
use crate::status::Status;

/// Answers for the symbols that a module needs and does not define.
///
/// Its function gets `context` and may not call the loader that calls it, which is busy then; it may
/// call others, to find what other modules define (loader_symbol).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Resolver {
    /// For the function; the loader does not look at it.
    pub context: *mut c_void,
    /// Puts the symbol's address on the target into `address` and returns something other than 0;
    /// returns 0 where nothing defines it. `name` has `length` bytes, and no NUL at its end. Asked
    /// once for each symbol.
    pub resolve: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            name: *const c_char,
            length: usize,
            address: *mut u64,
        ) -> c_int,
    >,
}

/// The client's resolver.
pub(crate) struct Symbols {
    context: Context,
    resolve: unsafe extern "C" fn(Context, *const c_char, usize, *mut u64) -> c_int,
}

impl Symbols {
    /// # Errors
    /// Its function is missing.
    pub(crate) fn new(client: Resolver) -> Pointed<Self> {
        let resolve = client.resolve.ok_or(Status::Pointer)?;
        Ok(Self { context: client.context, resolve })
    }
}

impl CoreResolver for Symbols {
    fn resolve(&self, name: Name<'_>) -> Option<TargetAddress> {
        let (name, length) = pointer::parts(name);
        let mut address = 0;
        // SAFETY: the function is the client's, and gets what the header says.
        let found = unsafe { (self.resolve)(self.context, name, length, &mut address) };
        (found != 0).then_some(TargetAddress::new(address))
    }
}
