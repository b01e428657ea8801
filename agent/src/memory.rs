//! The target's memory: who has which page, and what may be done with it.

use core::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use core::slice;
use core::sync::atomic::{AtomicU8, Ordering};

use agent_protocol::{Kind, PAYLOAD, Refusal, Response};
use target_common::{Access, Region};

use crate::{exports, target};

/// How many pages modules can have: from the first arena on, what lies there is one arena here. The
/// linker scripts' gaps between the arenas are part of it, and get mapped with the first protection; so
/// the last pages of the last arena are left over.
const PAGES: usize = (96 << 20) / target::PAGE;

const FREE: u8 = 0;
const READABLE: u8 = 1;
const WRITABLE: u8 = 2;

/// What the host may do with each page.
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
            mark(Region { start, size }, WRITABLE);
            // SAFETY: the linker script sets the memory aside, the pages were free, so they are
            // mapped readable and writable, and nobody else has them.
            unsafe { with_exposed_provenance_mut::<u8>(start).write_bytes(0, size) };
            return Response::Reserved { address: start as u64 };
        }
    }
    Response::Refused(Refusal::Exhausted)
}

/// Gives memory back.
pub fn release(address: u64, size: u64) -> Response<'static> {
    if let Some(region) = reserved(address, size, READABLE) {
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
    if let Some(region) = reserved(address, size, READABLE) {
        let (access, state) = match kind {
            Kind::Text => (Access::ReadExecute, READABLE),
            Kind::ReadOnly => (Access::Read, READABLE),
            Kind::Data => (Access::ReadWrite, WRITABLE),
        };
        target::sync_instructions(region);
        if target::protect(region, access).is_ok() {
            mark(region, state);
            return Response::Done;
        }
    }
    Response::Refused(Refusal::NotReserved)
}

/// Writes memory that was reserved, and is writable.
pub fn write(address: u64, bytes: &[u8]) -> Response<'static> {
    if reserved(address, bytes.len() as u64, WRITABLE).is_none() {
        return Response::Refused(Refusal::NotReserved);
    }
    let to = with_exposed_provenance_mut::<u8>(address as usize);
    // SAFETY: these are pages of the arenas, mapped writable, which the agent itself has nothing in.
    unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    Response::Done
}

/// Reads memory that was reserved.
pub fn read(address: u64, size: u16) -> Response<'static> {
    let size = usize::from(size).min(PAYLOAD);
    if reserved(address, size as u64, READABLE).is_none() {
        return Response::Refused(Refusal::NotReserved);
    }
    let from = with_exposed_provenance::<u8>(address as usize);
    // SAFETY: these are pages of the arenas, mapped readable. What lies there changes with the next
    // request at the earliest, when these bytes have been sent.
    Response::Bytes(unsafe { slice::from_raw_parts(from, size) })
}

/// Where the arenas begin.
fn arenas() -> usize {
    target::regions().text.start
}

/// The pages that so much memory is in; the host may do with all of them what `least` says, or more.
fn reserved(address: u64, size: u64, least: u8) -> Option<Region> {
    let start = address as usize & !(target::PAGE - 1);
    let end = whole(address.saturating_add(size));
    let region = Region { start, size: end.saturating_sub(start) };
    let mut pages = pages(region)?.iter();
    pages.all(|page| page.load(Ordering::Relaxed) >= least).then_some(region)
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
