//! What a module says, once it is sealed.

use core::ffi::{c_char, c_int, c_void};

use loader_core::{KeptSymbol, Name, TargetAddress, TlsVariable as CoreVariable};

use crate::describe::{FunctionVisitor, Symbol, SymbolVisitor, visit};
use crate::handle::{Inner, Loader, State, answer, change, look};
use crate::manager::{self, Segment};
use crate::pointer::{self, Context, Pointed};
use crate::status::{Failure, Status};
use crate::thread_locals::{TlsImage, TlsVariable};

/// Which symbols loader_each_symbol tells of.
#[repr(C)]
pub enum Symbols {
    /// Those that other modules may use.
    Exports = 0,
    /// All that the module defines, or that it has kept; not thread-local ones.
    All = 1,
}

/// A function that a module has the client call before anything else in it (IFUNCs).
#[repr(C)]
pub struct Resolution {
    /// The number of its object.
    pub object: usize,
    /// The IFUNC's name, or that of a function that initialises data; it has `name_length` bytes and
    /// need not end in NUL.
    pub name: *const c_char,
    /// See `name`.
    pub name_length: usize,
    /// The address of the function to be called, on the target.
    pub resolver: u64,
    /// Where what it returns belongs, on the target; the loader puts it there.
    pub slot: u64,
}

/// Calls `resolution->resolver` with what this system's ABI says that resolvers get, and returns what
/// that returns.
pub type ResolutionVisitor =
    Option<unsafe extern "C" fn(context: *mut c_void, resolution: *const Resolution) -> u64>;
/// Is told of one thread-local variable after the other. Something other than 0 stops.
pub type TlsVisitor = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        name: *const c_char,
        length: usize,
        variable: *const TlsVariable,
    ) -> c_int,
>;

/// The address of a function or variable that other modules may use, on the target. `name` is in UTF-8. It
/// looks at each symbol in turn, unless exports are kept: look up once and keep the address. Phases: sealed,
/// and resident where exports are kept.
///
/// LOADER_STATUS_NOT_FOUND: the module has none of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_symbol(
    loader: *const Loader,
    name: *const c_char,
    address: *mut u64,
) -> Status {
    let ask = |inner: &Inner| {
        // SAFETY: the name is there, says the caller.
        let name = unsafe { pointer::text(name) }?;
        let found = match &inner.state {
            State::Sealed(module) => module.symbol(name),
            State::Resident(module) => module.symbol(name),
            _ => return Err(Status::Phase),
        };
        found.map(TargetAddress::value).ok_or(Status::NotFound)
    };
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, address, ask) }
}

/// The function or variable that an address belongs to: the closest at or below it in its section. For
/// backtraces. It looks at each symbol in turn, unless symbols are kept and the module is resident.
/// Phases: sealed, and resident where symbols are kept.
///
/// LOADER_STATUS_NOT_FOUND: the address is not the module's, or no symbol is there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_symbol_at(
    loader: *const Loader,
    address: u64,
    symbol: *mut Symbol,
) -> Status {
    let ask = |inner: &Inner| {
        let address = TargetAddress::new(address);
        if !inner.contains(address)? {
            return Err(Status::NotFound);
        }
        let found = match &inner.state {
            State::Sealed(module) => module.symbol_at(address).map(|(found, _)| found.into()),
            State::Resident(module) => {
                let table = module.table();
                table.and_then(|table| table.at(address)).map(|(found, _)| found.into())
            }
            _ => return Err(Status::Phase),
        };
        found.ok_or(Status::NotFound)
    };
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, symbol, ask) }
}

/// Tells of each symbol: `which` is one of enum loader_symbols. Phases: sealed, and resident, of those that
/// are kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_symbol(
    loader: *const Loader,
    which: u32,
    visitor: SymbolVisitor,
    context: *mut c_void,
) -> Status {
    let Some(visitor) = visitor else { return Status::Pointer };
    let all = match which {
        n if n == Symbols::Exports as u32 => false,
        n if n == Symbols::All as u32 => true,
        _ => return Status::Argument,
    };
    let each = |inner: &Inner| {
        // SAFETY: the visitor is the client's.
        let _ = unsafe {
            match &inner.state {
                State::Sealed(module) if all => {
                    visit(module.symbols().map(Symbol::from), context, visitor)
                }
                State::Sealed(module) => {
                    visit(module.exports().map(Symbol::from), context, visitor)
                }
                State::Resident(module) => {
                    let wanted = |symbol: &KeptSymbol<'_>| all || symbol.exported;
                    let symbols = module.table().into_iter().flat_map(|table| table.symbols());
                    visit(symbols.filter(wanted).map(Symbol::from), context, visitor)
                }
                _ => return Err(Status::Phase),
            }
        };
        Ok(())
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, each) }
}

/// Tells of each function to call before anything else in the module, in this order; what
/// loader_each_resolution tells of comes before them. The visitor may call them. Phase: sealed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_initialiser(
    loader: *const Loader,
    visitor: FunctionVisitor,
    context: *mut c_void,
) -> Status {
    let each = |inner: &Inner| match &inner.state {
        // SAFETY: the visitor is the client's.
        State::Sealed(module) => unsafe { functions(module.initialisers(), visitor, context) },
        _ => Err(Status::Phase),
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, each) }
}

/// Tells of each function to call before the module is unloaded, in this order. The visitor may call them.
/// Phases: sealed, and resident where finalisers are kept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_finaliser(
    loader: *const Loader,
    visitor: FunctionVisitor,
    context: *mut c_void,
) -> Status {
    // SAFETY: the visitor is the client's.
    let each = |inner: &Inner| unsafe {
        match &inner.state {
            State::Sealed(module) => functions(module.finalisers(), visitor, context),
            State::Resident(module) => {
                let kept = module.table().into_iter().flat_map(|table| table.finalisers());
                functions(kept, visitor, context)
            }
            _ => Err(Status::Phase),
        }
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, each) }
}

/// Has the client call the resolver of each IFUNC, and puts what they return where it belongs. To be done
/// once, before anything else in the module is called. Phase: sealed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_resolution(
    loader: *mut Loader,
    visitor: ResolutionVisitor,
    context: *mut c_void,
) -> Status {
    let each = |inner: &mut Inner| {
        let visitor = visitor.ok_or(Status::Pointer)?;
        let State::Sealed(module) = &mut inner.state else {
            return Err(inner.out_of_phase("sealed"));
        };
        module.resolve_each(|resolution| {
            let (name, name_length) = pointer::parts(resolution.name);
            let told = Resolution {
                object: resolution.object,
                name,
                name_length,
                resolver: resolution.resolver.value(),
                slot: resolution.slot.value(),
            };
            // SAFETY: the function is the client's, and gets what the header says.
            TargetAddress::new(unsafe { visitor(context, &told) })
        });
        Ok::<(), Failure>(())
    };
    // SAFETY: the caller has a loader.
    unsafe { change(loader, each) }
}

/// The address of an offset in a section as its object counts it, on the target: before bytes were deleted,
/// on RISC-V. Phase: sealed.
///
/// LOADER_STATUS_NOT_FOUND: the section is not loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_address_of(
    loader: *const Loader,
    object: usize,
    section: u32,
    offset: u64,
    address: *mut u64,
) -> Status {
    let ask = |inner: &Inner| {
        let State::Sealed(module) = &inner.state else { return Err(Status::Phase) };
        let found = module.address_of(object, section, offset);
        found.map(TargetAddress::value).ok_or(Status::NotFound)
    };
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, address, ask) }
}

/// LOADER_STATUS_OK where an address is one of the module's, LOADER_STATUS_NOT_FOUND where not. Phases:
/// sealed, resident.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_contains(loader: *const Loader, address: u64) -> Status {
    let ask = |inner: &Inner| match inner.contains(TargetAddress::new(address))? {
        true => Ok(()),
        false => Err(Status::NotFound),
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, ask) }
}

/// The memory of a segment, one of enum loader_segment_kind. Phases: sealed, resident.
///
/// LOADER_STATUS_NOT_FOUND: the module has no such segment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_segment(
    loader: *const Loader,
    kind: u32,
    segment: *mut Segment,
) -> Status {
    let ask = |inner: &Inner| {
        let kind = manager::kind(kind)?;
        let is_it = |segment: &&loader_core::Segment| segment.kind() == kind;
        let found = match &inner.state {
            State::Sealed(module) => module.segments().find(is_it).map(Segment::from),
            State::Resident(module) => module.segments().find(is_it).map(Segment::from),
            _ => return Err(Status::Phase),
        };
        found.ok_or(Status::NotFound)
    };
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, segment, ask) }
}

/// The bytes of a segment as they are to be on the target, to be sent there: where they are and how many
/// they are. They are there until the loader enters another phase. Phase: relocated.
///
/// LOADER_STATUS_NOT_FOUND: the module has no such segment.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_segment_bytes(
    loader: *const Loader,
    kind: u32,
    bytes: *mut *const c_void,
    size: *mut usize,
) -> Status {
    let ask = |inner: &Inner| {
        let kind = manager::kind(kind)?;
        let State::Relocated(image) = &inner.state else { return Err(Status::Phase) };
        let found = image.segment_bytes(kind);
        if found.is_empty() {
            return Err(Status::NotFound);
        }
        pointer::usable(bytes)?;
        // SAFETY: there is room for the answers, says the caller.
        unsafe {
            pointer::write(size, found.len())?;
            pointer::write(bytes, found.as_ptr().cast())
        }
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, ask) }
}

/// What each thread's block of thread-local variables is copied from. Phases: sealed, resident.
///
/// LOADER_STATUS_NOT_FOUND: the module has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_tls_image(loader: *const Loader, image: *mut TlsImage) -> Status {
    let ask = |inner: &Inner| {
        let found = match &inner.state {
            State::Sealed(module) => module.thread_locals(),
            State::Resident(module) => module.thread_locals(),
            _ => return Err(Status::Phase),
        };
        found.map(TlsImage::from).ok_or(Status::NotFound)
    };
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, image, ask) }
}

/// Tells of each thread-local variable that other modules may use. Phase: sealed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_each_thread_local(
    loader: *const Loader,
    visitor: TlsVisitor,
    context: *mut c_void,
) -> Status {
    let each = |inner: &Inner| {
        let visitor = visitor.ok_or(Status::Pointer)?;
        let State::Sealed(module) = &inner.state else { return Err(Status::Phase) };
        let tell = |(name, variable): (Name<'_>, CoreVariable)| {
            let (name, length) = pointer::parts(name);
            // SAFETY: the function is the client's, and gets what the header says.
            unsafe { visitor(context, name, length, &variable.into()) }
        };
        let _ = module.exported_thread_locals().map(tell).find(|stops| *stops != 0);
        Ok(())
    };
    // SAFETY: the caller has a loader.
    unsafe { look(loader, each) }
}

/// Tells a visitor of functions.
///
/// # Safety
/// It is the client's.
unsafe fn functions(
    mut all: impl Iterator<Item = TargetAddress>,
    visitor: FunctionVisitor,
    context: Context,
) -> Pointed<()> {
    let visitor = visitor.ok_or(Status::Pointer)?;
    // SAFETY: the function is the client's, and gets what the header says.
    let _ = all.find(|function| unsafe { visitor(context, function.value()) } != 0);
    Ok(())
}

impl Inner {
    /// Whether an address is one of the module's.
    fn contains(&self, address: TargetAddress) -> Pointed<bool> {
        match &self.state {
            State::Sealed(module) => Ok(module.contains(address)),
            State::Resident(module) => Ok(module.segments().any(|segment| {
                let offset = address.value().wrapping_sub(segment.target().value());
                offset < segment.size() as u64
            })),
            _ => Err(Status::Phase),
        }
    }
}
