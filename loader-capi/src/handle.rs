//! The loader's own memory: what it keeps in it, in which phase, and how it is made.

use core::ffi::c_void;
use core::ptr;
use core::slice;
use core::sync::atomic::{AtomicU32, Ordering};

use loader_core::{Error, Module, Object, ObjectImage, Plan, RelocatedImage, ResidentModule};

use crate::access::Access;
use crate::manager::Manager;
use crate::pointer::{self, Addresses, Pointed, overlap};
use crate::status::{Failure, Status};

/// What the address of a loader's memory must be a multiple of.
pub const LOADER_ALIGN: usize = 16;
/// Bytes of a loader without room for objects.
pub const LOADER_SIZE: usize = 3072;
/// Bytes more for each object.
pub const LOADER_OBJECT_SIZE: usize = 256;

const _: () = assert!(size_of::<Loader>() <= LOADER_SIZE && align_of::<Loader>() <= LOADER_ALIGN);
const _: () = assert!(size_of::<Object<'_>>() + size_of::<Addresses>() <= LOADER_OBJECT_SIZE);
const _: () = assert!(
    align_of::<Object<'_>>() <= LOADER_ALIGN && size_of::<Loader>().is_multiple_of(LOADER_ALIGN)
);

/// Says that there is a loader; another version of the library has another one.
const MAGIC: u32 = u32::from_le_bytes(*b"ldc1");

/// What a loader holds, and so what can be done with it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Objects, or none yet: loader_parse, loader_plan.
    Objects = 0,
    /// A plan, and no memory for it: loader_place.
    Planned = 1,
    /// Memory, with the sections copied: loader_map_section_address, loader_resolve.
    Placed = 2,
    /// A module whose relocations are applied: loader_seal, loader_unresolve.
    Relocated = 3,
    /// A module that is ready to run.
    Sealed = 4,
    /// The same without objects and scratch memory: it knows what it was asked to keep.
    Resident = 5,
}

impl Phase {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Objects => "without a plan",
            Self::Planned => "planned",
            Self::Placed => "placed",
            Self::Relocated => "relocated",
            Self::Sealed => "sealed",
            Self::Resident => "resident",
        }
    }
}

/// A loader, in memory that the client lends (loader_new): one module, in all its phases.
#[repr(C, align(16))]
pub struct Loader {
    magic: AtomicU32,
    access: Access<Inner>,
}

/// The same, while nobody else uses it.
pub(crate) struct Inner {
    pub(crate) state: State,
    pub(crate) failure: Failure,
    pub(crate) lent: Lent,
    /// Where the objects are, behind the loader itself, and where their bytes are.
    objects: *mut Object<'static>,
    files: *mut Addresses,
    room: usize,
    count: usize,
}

/// Memory that is the client's, and that the loader uses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lent {
    pub(crate) loader: Addresses,
    pub(crate) scratch: Addresses,
    pub(crate) files: &'static [Addresses],
}

/// The phases. A phase that fails leaves the objects.
///
/// Lifetimes are the client's word: what is borrowed here are its bytes, names and scratch memory, and
/// the objects behind the loader, which change in the first phase only.
pub(crate) enum State {
    Objects,
    Planned(Plan<'static, 'static>),
    Placed(ObjectImage<'static, 'static, Manager>),
    Relocated(RelocatedImage<'static, 'static, Manager>),
    Sealed(Module<'static, 'static, Manager>),
    Resident(ResidentModule<'static, Manager>),
}

/// Makes a loader in memory that is lent to it: LOADER_MEMORY(n) bytes for n objects, aligned to
/// LOADER_ALIGN. It is the client's again after loader_delete.
///
/// LOADER_STATUS_MEMORY: it is too small, or not aligned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_new(
    memory: *mut c_void,
    size: usize,
    loader: *mut *mut Loader,
) -> Status {
    let memory = memory.cast::<u8>();
    if memory.is_null() || pointer::usable(loader).is_err() {
        return Status::Pointer;
    }
    let room = size.checked_sub(LOADER_SIZE).map(|left| left / LOADER_OBJECT_SIZE);
    let (Some(room), Ok(own)) = (room, pointer::addresses(memory, size)) else {
        return Status::Memory;
    };
    if !memory.addr().is_multiple_of(LOADER_ALIGN) {
        return Status::Memory;
    }
    let objects = memory.wrapping_add(size_of::<Loader>()).cast::<Object<'static>>();
    let inner = Inner {
        state: State::Objects,
        failure: Failure::None,
        lent: Lent { loader: own, scratch: (0, 0), files: &[] },
        objects,
        files: objects.wrapping_add(room).cast(),
        room,
        count: 0,
    };
    let made = Loader { magic: AtomicU32::new(MAGIC), access: Access::new(inner) };
    // SAFETY: the caller says that there are `size` bytes, which are at least as many as a loader has;
    // they are aligned for it, and `loader` was checked.
    unsafe {
        memory.cast::<Loader>().write(made);
        pointer::write(loader, memory.cast()).map_or_else(|status| status, |()| Status::Ok)
    }
}

/// Unloads what is loaded, and ends the loader: its memory, the scratch memory and the objects'
/// bytes are the client's again. Calls for it are refused from now on (LOADER_STATUS_HANDLE, or
/// LOADER_STATUS_BUSY where they began before it ended), for as long as nothing else is written to its
/// memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_delete(loader: *mut Loader) -> Status {
    // SAFETY: the caller has a loader, or nothing that looks so.
    let loader = match unsafe { Loader::at(loader) } {
        Ok(loader) => loader,
        Err(status) => return status,
    };
    let Some(mut inner) = loader.access.change() else { return Status::Busy };
    inner.state = State::Objects;
    loader.magic.store(0, Ordering::Release);
    // Who has found the magic before finds it busy for good: once this returns the memory is the
    // client's, and nothing of it may change.
    inner.close();
    Status::Ok
}

/// The phase that a loader is in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_phase(loader: *const Loader, phase: *mut Phase) -> Status {
    // SAFETY: the caller has a loader and room for the answer.
    unsafe { answer(loader, phase, |inner| Ok(inner.state.phase())) }
}

impl Loader {
    /// The loader at an address.
    ///
    /// # Safety
    /// Where it is aligned and not null, it points to memory that can be read; where that begins with
    /// `MAGIC`, `loader_new` has made a loader there.
    pub(crate) unsafe fn at<'a>(loader: *const Self) -> Pointed<&'a Self> {
        pointer::usable(loader)?;
        // SAFETY: it is not null and aligned; a word can be read there, says the caller.
        let magic = unsafe { (*ptr::addr_of!((*loader).magic)).load(Ordering::Acquire) };
        if magic != MAGIC {
            return Err(Status::Handle);
        }
        // SAFETY: `loader_new` has made it, as the caller says; all that changes in it are atomics and
        // what `Access` guards.
        Ok(unsafe { &*loader })
    }

    /// Changes it, and remembers why not.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Inner) -> Result<(), Failure>) -> Status {
        let Some(mut inner) = self.access.change() else { return Status::Busy };
        inner.failure = change(&mut inner).err().unwrap_or(Failure::None);
        inner.failure.status()
    }

    /// Looks at it.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Inner) -> Pointed<R>) -> Pointed<R> {
        look(&*self.access.look().ok_or(Status::Busy)?)
    }
}

/// Changes the loader at an address.
///
/// # Safety
/// As for [`Loader::at`].
pub(crate) unsafe fn change(
    loader: *mut Loader,
    change: impl FnOnce(&mut Inner) -> Result<(), Failure>,
) -> Status {
    // SAFETY: as the caller says.
    match unsafe { Loader::at(loader) } {
        Ok(loader) => loader.change(change),
        Err(status) => status,
    }
}

/// Looks at the loader at an address.
///
/// # Safety
/// As for [`Loader::at`].
pub(crate) unsafe fn look(
    loader: *const Loader,
    look: impl FnOnce(&Inner) -> Pointed<()>,
) -> Status {
    // SAFETY: as the caller says.
    let looked = unsafe { Loader::at(loader) }.and_then(|loader| loader.look(look));
    looked.err().unwrap_or(Status::Ok)
}

/// Writes what is asked of a loader where C wants it.
///
/// # Safety
/// As for [`Loader::at`] and [`pointer::write`].
pub(crate) unsafe fn answer<T>(
    loader: *const Loader,
    to: *mut T,
    ask: impl FnOnce(&Inner) -> Pointed<T>,
) -> Status {
    if let Err(status) = pointer::usable(to) {
        return status;
    }
    // SAFETY: as the caller says, of both.
    unsafe { look(loader, |inner| pointer::write(to, ask(inner)?)) }
}

impl Inner {
    /// The objects that are parsed.
    pub(crate) fn objects(&self) -> &'static [Object<'static>] {
        // SAFETY: `add` has written as many behind the loader; they are written to again only once
        // nothing is left that borrows them, in the first phase.
        unsafe { slice::from_raw_parts(self.objects, self.count) }
    }

    /// Puts one more behind the others.
    pub(crate) fn add(&mut self, object: Object<'static>, file: Addresses) -> Pointed<usize> {
        let number = self.count;
        if number >= self.room {
            return Err(Status::Memory);
        }
        // SAFETY: `loader_new` has counted room for as many objects and files, aligned; nothing borrows
        // those that are not counted yet.
        unsafe {
            self.objects.wrapping_add(number).write(object);
            self.files.wrapping_add(number).write(file);
        }
        self.count = number.saturating_add(1);
        // SAFETY: they are written, as many as are counted.
        self.lent.files = unsafe { slice::from_raw_parts(self.files, self.count) };
        Ok(number)
    }

    /// Forgets the objects.
    pub(crate) fn forget_objects(&mut self) {
        (self.count, self.lent.files, self.lent.scratch) = (0, &[], (0, 0));
    }

    /// Takes the state out, for the next phase to be made of it.
    pub(crate) fn take(&mut self) -> State {
        core::mem::replace(&mut self.state, State::Objects)
    }

    /// The refusal of a call that is for another phase.
    pub(crate) const fn out_of_phase(&self, wanted: &'static str) -> Failure {
        Failure::Phase { is: self.state.phase(), wanted }
    }

    /// The next state, or, where the core has refused and given all memory back, the first.
    pub(crate) fn enter(&mut self, next: Result<State, Error<'static>>) -> Result<(), Failure> {
        self.state = next.inspect_err(|_| self.lent.scratch = (0, 0))?;
        Ok(())
    }
}

impl State {
    pub(crate) const fn phase(&self) -> Phase {
        match self {
            Self::Objects => Phase::Objects,
            Self::Planned(_) => Phase::Planned,
            Self::Placed(_) => Phase::Placed,
            Self::Relocated(_) => Phase::Relocated,
            Self::Sealed(_) => Phase::Sealed,
            Self::Resident(_) => Phase::Resident,
        }
    }
}

impl Lent {
    /// Whether these addresses are in use already.
    pub(crate) fn has(&self, addresses: Addresses) -> bool {
        let own = overlap(self.loader, addresses) || overlap(self.scratch, addresses);
        own || self.files.iter().any(|file| overlap(*file, addresses))
    }
}

#[cfg(test)]
mod tests {
    use core::mem::MaybeUninit;

    use super::*;

    #[test]
    fn who_comes_too_late_to_a_deleted_loader_finds_it_busy() {
        #[repr(align(16))]
        struct Memory([MaybeUninit<u8>; LOADER_SIZE]);
        let mut memory = Memory([MaybeUninit::zeroed(); LOADER_SIZE]);
        let mut made = ptr::null_mut();
        // SAFETY: there is as much memory as is said, aligned, and room for the address.
        let status = unsafe { loader_new(memory.0.as_mut_ptr().cast(), LOADER_SIZE, &mut made) };
        assert_eq!(status, Status::Ok);
        // SAFETY: it was just made. Another thread comes as far, and then the loader is deleted.
        let late = unsafe { Loader::at(made) }.unwrap();
        // SAFETY: it was just made.
        assert_eq!(unsafe { loader_delete(made) }, Status::Ok);
        assert_eq!(late.look(|_| Ok(())), Err(Status::Busy));
        assert_eq!(late.change(|_| Ok(())), Status::Busy);
        // SAFETY: nothing was written to its memory since.
        assert_eq!(unsafe { loader_delete(made) }, Status::Handle);
    }
}
