//! The memory manager: the client's functions, as the core's trait.

use core::cell::Cell;
use core::ffi::{CStr, c_char, c_void};
use core::ptr::{self, NonNull};

use loader_core::{
    MemoryError, MemoryManager as CoreManager, Segment as CoreSegment, SegmentKind as CoreKind,
    SegmentRequest as CoreRequest, TargetAddress,
};

use crate::handle::Lent;
use crate::pointer::{self, Addresses, Context, Pointed, overlap};
use crate::status::Status;

/// What a segment holds, and so what may be done with its memory once it is sealed. None is both
/// writable and executable.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentKind {
    /// Code and call stubs: read and execute.
    Text = 0,
    /// Constants, the GOT, and data that is constant once relocated: read.
    ReadOnly = 1,
    /// Variables: read and write.
    Data = 2,
}

/// A request for the memory of one segment.
#[repr(C)]
pub struct SegmentRequest {
    /// What it will hold.
    pub kind: SegmentKind,
    /// Its exact size in bytes; never 0.
    pub size: usize,
    /// What its address on the target must be a multiple of; a power of two.
    pub align: usize,
}

/// The memory of one segment.
#[repr(C)]
pub struct Segment {
    /// What it holds.
    pub kind: SegmentKind,
    /// Its size in bytes.
    pub size: usize,
    /// Where the loader writes it.
    pub memory: *mut c_void,
    /// Where it will run: in the same address space, the address of `memory`.
    pub address: u64,
}

/// Where memory comes from: functions of the client's, each of which gets `context`.
///
/// They are called by loader_place (allocate), loader_seal (seal), and free by whatever gives memory
/// back: loader_unload, loader_delete, and a phase that fails. They may not call the loader that calls
/// them, which is busy then. One manager serves any number of loaders, also at the same time where its
/// functions allow that.
///
/// Where allocate and seal cannot do what they are asked, they say why, in UTF-8: a text that stays
/// where it is for as long as the loader is there, and that messages quote. Null: it is done.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct MemoryManager {
    /// For the functions; the loader does not look at it.
    pub context: *mut c_void,
    /// Hands out memory that may be read and written, and not yet be executed: puts `memory` and
    /// `address` into `segment`, which has the rest already.
    pub allocate: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            request: *const SegmentRequest,
            segment: *mut Segment,
        ) -> *const c_char,
    >,
    /// Gives a segment its final permissions, and makes code visible to instruction fetch on every
    /// core that may run it.
    pub seal: Option<
        unsafe extern "C" fn(context: *mut c_void, segment: *const Segment) -> *const c_char,
    >,
    /// Takes a segment back, sealed or not.
    pub free: Option<unsafe extern "C" fn(context: *mut c_void, segment: *const Segment)>,
}

/// The kind with this number.
pub(crate) const fn kind(number: u32) -> Pointed<CoreKind> {
    match number {
        n if n == SegmentKind::Text as u32 => Ok(CoreKind::Text),
        n if n == SegmentKind::ReadOnly as u32 => Ok(CoreKind::ReadOnly),
        n if n == SegmentKind::Data as u32 => Ok(CoreKind::Data),
        _ => Err(Status::Argument),
    }
}

impl From<CoreKind> for SegmentKind {
    fn from(kind: CoreKind) -> Self {
        match kind {
            CoreKind::Text => Self::Text,
            CoreKind::ReadOnly => Self::ReadOnly,
            CoreKind::Data => Self::Data,
        }
    }
}

impl From<&CoreSegment> for Segment {
    fn from(segment: &CoreSegment) -> Self {
        Self {
            kind: segment.kind().into(),
            size: segment.size(),
            memory: segment.local().as_ptr().cast(),
            address: segment.target().value(),
        }
    }
}

/// The client's manager, for one loader.
pub(crate) struct Manager {
    context: Context,
    allocate: unsafe extern "C" fn(Context, *const SegmentRequest, *mut Segment) -> *const c_char,
    seal: unsafe extern "C" fn(Context, *const Segment) -> *const c_char,
    free: unsafe extern "C" fn(Context, *const Segment),
    lent: Lent,
    /// What it has handed out, for no address to be handed out twice.
    taken: [Cell<Addresses>; 3],
}

impl Manager {
    /// # Errors
    /// A function is missing.
    pub(crate) fn new(client: MemoryManager, lent: Lent) -> Pointed<Self> {
        let (Some(allocate), Some(seal), Some(free)) = (client.allocate, client.seal, client.free)
        else {
            return Err(Status::Pointer);
        };
        let taken = [const { Cell::new((0, 0)) }; 3];
        Ok(Self { context: client.context, allocate, seal, free, lent, taken })
    }

    /// The addresses of what the client says is a segment's memory, if they can be that.
    fn addresses(&self, memory: *mut u8, size: usize) -> Result<Addresses, MemoryError> {
        let found = pointer::addresses(memory, size);
        let found =
            found.map_err(|_| MemoryError::Refused("the memory runs over the end of all"))?;
        let twice = self.taken.iter().any(|taken| overlap(taken.get(), found));
        if twice || self.lent.has(found) {
            return Err(MemoryError::Refused("the memory is in use by the loader already"));
        }
        Ok(found)
    }

    fn give_back(&self, segment: &Segment) {
        // SAFETY: the function is the client's, and the segment is one that it has handed out.
        unsafe { (self.free)(self.context, segment) }
    }
}

impl CoreManager for Manager {
    fn allocate(&self, request: CoreRequest) -> Result<CoreSegment, MemoryError> {
        let CoreRequest { kind, size, align } = request;
        let request = SegmentRequest { kind: kind.into(), size, align };
        let mut segment = Segment { kind: kind.into(), size, memory: ptr::null_mut(), address: 0 };
        // SAFETY: the function is the client's, and gets what the header says.
        let refused = unsafe { (self.allocate)(self.context, &request, &mut segment) };
        // SAFETY: the client says that the text stays.
        unsafe { done(refused) }?;
        let Some(memory) = NonNull::new(segment.memory.cast::<u8>()) else {
            return Err(MemoryError::Refused("the manager gave no memory"));
        };
        let handed_out = Segment { kind: kind.into(), size, ..segment };
        let addresses = match self.addresses(memory.as_ptr(), size) {
            Ok(addresses) => addresses,
            Err(error) => {
                self.give_back(&handed_out);
                return Err(error);
            }
        };
        if let Some(free) = self.taken.iter().find(|taken| taken.get() == (0, 0)) {
            free.set(addresses);
        }
        let target = TargetAddress::new(segment.address);
        // SAFETY: the client says that it is memory of this size, which is no more than `isize::MAX`,
        // as `addresses` has checked; that neither this loader has it nor another module, it says too,
        // and of this loader it was checked.
        Ok(unsafe { CoreSegment::new(kind, memory, size, target) })
    }

    fn seal(&self, segment: &CoreSegment) -> Result<(), MemoryError> {
        // SAFETY: the function is the client's, and gets what it has handed out; its text stays.
        unsafe { done((self.seal)(self.context, &Segment::from(segment))) }
    }

    fn free(&self, segment: CoreSegment) {
        let start = segment.local().as_ptr().addr();
        if let Some(taken) = self.taken.iter().find(|taken| taken.get().0 == start) {
            taken.set((0, 0));
        }
        self.give_back(&Segment::from(&segment));
    }
}

/// What a client's function says: null, or why not.
///
/// # Safety
/// It is null, or a text that ends in NUL and stays.
unsafe fn done(refused: *const c_char) -> Result<(), MemoryError> {
    if refused.is_null() {
        return Ok(());
    }
    // SAFETY: it is not null; the rest is this function's contract.
    let why = unsafe { CStr::from_ptr(refused) };
    Err(MemoryError::Refused(why.to_str().unwrap_or("the manager does not say why in UTF-8")))
}
