//! The phases.

use core::ffi::{c_char, c_void};

use loader_core::{Object, Plan, TargetAddress};

use crate::handle::{Inner, Loader, State, change};
use crate::manager::{self, Manager, MemoryManager};
use crate::options::{self, Options};
use crate::pointer;
use crate::resolver::{Resolver, Symbols};
use crate::status::{Failure, Status};
use crate::thread_locals::ThreadLocals;

/// parse: checks an object file, and adds it to those that make the module. Phase: objects.
///
/// `name` is what messages call it, in UTF-8. The name and the `length` bytes stay as they are, where
/// they are, until loader_detach or loader_delete; the bytes may be at any address. Of an object that is
/// refused, only the message needs them: until the next call that is to change this loader. Where
/// `object` is not null, the object's number goes there: they count from 0.
///
/// LOADER_STATUS_MEMORY: the loader's memory has no room for another object.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_parse(
    loader: *mut Loader,
    name: *const c_char,
    bytes: *const c_void,
    length: usize,
    object: *mut usize,
) -> Status {
    let parse = |inner: &mut Inner| {
        if !matches!(inner.state, State::Objects) {
            return Err(inner.out_of_phase("without a plan"));
        }
        if !object.is_null() {
            pointer::usable(object)?;
        }
        let bytes = bytes.cast::<u8>();
        // SAFETY: they are there and stay, says the caller.
        let (name, bytes) = unsafe { (pointer::text(name)?, pointer::array(bytes, length)?) };
        let file = pointer::addresses(bytes.as_ptr(), bytes.len())?;
        if pointer::overlap(inner.lent.loader, file) {
            return Err(Status::Argument.into());
        }
        let parsed = Object::parse(name, bytes)?;
        let number = inner.add(parsed, file)?;
        if !object.is_null() {
            // SAFETY: there is room for it, says the caller.
            unsafe { pointer::write(object, number) }?;
        }
        Ok(())
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, parse) }
}

/// plan: makes one module of the objects, without taking memory for it. Phase: objects, then planned.
///
/// `options` may be null, for those that ask for nothing. The `size` bytes of scratch memory
/// (loader_scratch_size), aligned to LOADER_SCRATCH_ALIGN, are the loader's until loader_unload,
/// loader_detach or loader_delete.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_plan(
    loader: *mut Loader,
    options: *const Options,
    scratch: *mut c_void,
    size: usize,
) -> Status {
    let plan = |inner: &mut Inner| {
        if !matches!(inner.state, State::Objects) {
            return Err(inner.out_of_phase("without a plan"));
        }
        if inner.objects().is_empty() {
            return Err(inner.out_of_phase("given an object first"));
        }
        // SAFETY: options and memory are there, says the caller, and the memory is lent.
        let asked = unsafe { options::ask(inner, options::read(options)?, scratch, size) }?;
        let plan = Plan::with_options(inner.objects(), asked.scratch, asked.options)?;
        inner.lent.scratch = asked.addresses;
        inner.state = State::Planned(plan);
        Ok(())
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, plan) }
}

/// place: takes the memory and copies the sections into it. Phase: planned, then placed; where it
/// fails, objects.
///
/// The manager is copied; its functions and what its context points to stay until all memory is given
/// back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_place(
    loader: *mut Loader,
    manager: *const MemoryManager,
) -> Status {
    let place = |inner: &mut Inner| {
        if !matches!(inner.state, State::Planned(_)) {
            return Err(inner.out_of_phase("planned"));
        }
        // SAFETY: there is a manager, says the caller.
        let manager = Manager::new(unsafe { pointer::read(manager) }?, inner.lent)?;
        let State::Planned(plan) = inner.take() else { return Ok(()) };
        inner.enter(plan.place(manager).map(State::Placed))
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, place) }
}

/// map: says at which address on the target a section will run, as often as the client likes. Without it,
/// sections run where the manager said that their segment does. Phase: placed.
///
/// `object` is the number of its object, `section` its index in the section header table.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_map_section_address(
    loader: *mut Loader,
    object: usize,
    section: u32,
    address: u64,
) -> Status {
    let map = |inner: &mut Inner| {
        let State::Placed(image) = &mut inner.state else {
            return Err(inner.out_of_phase("placed"));
        };
        Ok(image.map_section_address(object, section, TargetAddress::new(address))?)
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, map) }
}

/// map: the same for a whole segment, one of enum loader_segment_kind, with all that is in it. Phase:
/// placed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_map_segment_address(
    loader: *mut Loader,
    kind: u32,
    address: u64,
) -> Status {
    let map = |inner: &mut Inner| {
        let State::Placed(image) = &mut inner.state else {
            return Err(inner.out_of_phase("placed"));
        };
        Ok(image.map_segment_address(manager::kind(kind)?, TargetAddress::new(address))?)
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, map) }
}

/// resolve: asks for what the module does not define, and applies all relocations. Phase: placed, then
/// relocated; where it fails, objects, and all memory is given back.
///
/// `thread_locals` may be null where there are none. Neither is used once the call is done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_resolve(
    loader: *mut Loader,
    resolver: *const Resolver,
    thread_locals: *const ThreadLocals,
) -> Status {
    let resolve = |inner: &mut Inner| {
        if !matches!(inner.state, State::Placed(_)) {
            return Err(inner.out_of_phase("placed"));
        }
        // SAFETY: there is a resolver, says the caller, and what is not null is there as well.
        let (symbols, threads) = unsafe {
            let symbols = Symbols::new(pointer::read(resolver)?)?;
            let given = !thread_locals.is_null();
            let threads = given.then(|| pointer::read(thread_locals)).transpose()?;
            (symbols, threads.unwrap_or(ThreadLocals::NONE))
        };
        let State::Placed(image) = inner.take() else { return Ok(()) };
        inner.enter(image.resolve_with(&symbols, &threads).map(State::Relocated))
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, resolve) }
}

/// Goes back to before the relocations, to map sections elsewhere and resolve again. Phase: relocated,
/// then placed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_unresolve(loader: *mut Loader) -> Status {
    let unresolve = |inner: &mut Inner| match inner.take() {
        State::Relocated(image) => {
            inner.state = State::Placed(image.unresolve());
            Ok(())
        }
        other => Err(put_back(inner, other, "relocated")),
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, unresolve) }
}

/// seal: has the manager set final permissions and synchronise caches. Nothing is written to code and
/// constants from here on. Phase: relocated, then sealed; where it fails, objects, and all memory is
/// given back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_seal(loader: *mut Loader) -> Status {
    let seal = |inner: &mut Inner| match inner.take() {
        State::Relocated(image) => inner.enter(image.seal().map(State::Sealed)),
        other => Err(put_back(inner, other, "relocated")),
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, seal) }
}

/// Lets go of the scratch memory and of the objects' bytes and names, which are the client's again.
/// What the loader still knows is what `kept` of the options asked for. Phase: sealed, then resident.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_detach(loader: *mut Loader) -> Status {
    let detach = |inner: &mut Inner| match inner.take() {
        State::Sealed(module) => {
            inner.state = State::Resident(module.detach());
            inner.forget_objects();
            Ok(())
        }
        other => Err(put_back(inner, other, "sealed")),
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, detach) }
}

/// unload: gives all memory back to the manager, and the scratch memory to the client. The client has
/// called the finalisers, and calls nothing in the module any more. The objects stay, to be planned
/// again, but for a module that was detached. Phase: all but objects, then objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn loader_unload(loader: *mut Loader) -> Status {
    let unload = |inner: &mut Inner| {
        if matches!(inner.state, State::Objects) {
            return Err(inner.out_of_phase("planned, placed, relocated, sealed or resident"));
        }
        drop(inner.take());
        inner.lent.scratch = (0, 0);
        Ok(())
    };
    // SAFETY: the caller has a loader, or nothing that looks so.
    unsafe { change(loader, unload) }
}

/// Puts a state back that a call is not for.
fn put_back(inner: &mut Inner, state: State, wanted: &'static str) -> Failure {
    inner.state = state;
    inner.out_of_phase(wanted)
}
