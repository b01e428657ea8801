//! The target's memory: who has which page, and what may be done with it.

use core::cell::UnsafeCell;
use core::sync::atomic::{AtomicU8, Ordering};

use agent_protocol::{Kind, PAYLOAD, Refusal, Response};
use target_common::{Access, Region};

use crate::call::Call;
use crate::{exports, target};

/// How many pages the linker scripts reserve for modules: in arenas that lie behind each other, and
/// are one here.
const PAGES: usize = (96 << 20) / target::PAGE;

const FREE: u8 = 0;
const TAKEN: u8 = 1;

/// What becomes of each page.
static STATES: [AtomicU8; PAGES] = [const { AtomicU8::new(FREE) }; PAGES];

/// Takes memory, all zeros: the first that is free.
pub fn reserve(size: u64, align: u64) -> Response<'static> {
    let (size, align) = (whole(size), align as usize);
    let mut start = arenas();
    let mut end = start;
    for page in &STATES {
        end += target::PAGE;
        if page.load(Ordering::Relaxed) != FREE {
            start = end;
        } else if start & align.wrapping_sub(1) != 0 {
            start += target::PAGE;
        }
        if start + size == end {
            mark(Region { start, size }, TAKEN);
            // SAFETY: the linker script sets the memory aside, the pages were free, so they are
            // mapped readable and writable, and nobody else has them.
            unsafe { core::ptr::with_exposed_provenance_mut::<u8>(start).write_bytes(0, size) };
            return Response::Reserved { address: start as u64 };
        }
    }
    Response::Refused(Refusal::Exhausted)
}

/// Gives memory back.
pub fn release(address: u64, size: u64) -> Response<'static> {
    if let Some(region) = reserved(address, size) {
        free(region);
        if STATES.iter().all(|page| page.load(Ordering::Relaxed) == FREE) {
            exports::empty_heap(); // whoever had something there is gone
        }
        return Response::Done;
    }
    Response::Refused(Refusal::NotReserved)
}

/// Gives all memory back.
pub fn release_all() {
    free(Region { start: arenas(), size: PAGES * target::PAGE });
    exports::empty_heap();
}

fn free(region: Region) {
    let _ = target::protect(region, Access::ReadWrite); // these are whole pages of the arenas
    mark(region, FREE);
}

/// Gives memory its kind's permissions, once what is in it can be fetched.
pub fn protect(kind: Kind, address: u64, size: u64) -> Response<'static> {
    if let Some(region) = reserved(address, size) {
        let access = match kind {
            Kind::Text => Access::ReadExecute,
            Kind::ReadOnly => Access::Read,
            Kind::Data => Access::ReadWrite,
        };
        target::sync_instructions(region);
        if target::protect(region, access).is_ok() {
            return Response::Done;
        }
    }
    Response::Refused(Refusal::NotReserved)
}

/// Writes memory, wherever that can be written.
pub fn write(address: u64, bytes: &[u8]) -> Response<'static> {
    copy(address, bytes.as_ptr().expose_provenance() as u64, bytes.len(), Response::Done)
}

/// Reads memory, wherever that can be read.
pub fn read(address: u64, size: u16) -> Response<'static> {
    let buffer = BYTES.0.get();
    // SAFETY: there is one hart, and the buffer is written here only, when the last answer has been
    // sent, and before this one is.
    let bytes: &'static [u8] = unsafe { &*buffer };
    let bytes = bytes.get(..size.into()).unwrap_or_default();
    let buffer = buffer.expose_provenance() as u64;
    copy(buffer, address, bytes.len(), Response::Bytes(bytes))
}

/// Copies bytes, in a call of its own: addresses are the host's, and may fault.
fn copy(to: u64, from: u64, size: usize, done: Response<'static>) -> Response<'static> {
    let entry = (memcpy as *const ()).expose_provenance();
    let response = Call { entry, arguments: [to, from, size as u64, 0, 0, 0] }.run();
    if matches!(response, Response::Returned(_)) { done } else { response }
}

// SAFETY: every Rust program has it, with this signature.
unsafe extern "C" {
    fn memcpy(to: *mut u8, from: *const u8, size: usize) -> *mut u8;
}

/// The buffer that memory is read into.
struct Bytes(UnsafeCell<[u8; PAYLOAD]>);

// SAFETY: there is one hart.
unsafe impl Sync for Bytes {}

static BYTES: Bytes = Bytes(UnsafeCell::new([0; PAYLOAD]));

/// Where the arenas begin.
fn arenas() -> usize {
    target::regions().text.start
}

/// The pages of a reservation; all of them are taken.
fn reserved(address: u64, size: u64) -> Option<Region> {
    let region = Region { start: address as usize, size: whole(size) };
    if !region.start.is_multiple_of(target::PAGE) {
        return None;
    }
    let mut pages = pages(region)?.iter();
    pages.all(|page| page.load(Ordering::Relaxed) == TAKEN).then_some(region)
}

fn mark(region: Region, state: u8) {
    pages(region).unwrap_or_default().iter().for_each(|page| page.store(state, Ordering::Relaxed));
}

fn pages(region: Region) -> Option<&'static [AtomicU8]> {
    let first = region.start.checked_sub(arenas())?;
    STATES.get(first / target::PAGE..)?.get(..region.size / target::PAGE)
}

/// A size in whole pages.
fn whole(size: u64) -> usize {
    (size as usize).saturating_add(target::PAGE - 1) & !(target::PAGE - 1)
}
