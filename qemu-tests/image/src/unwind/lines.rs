//! Where in a source an address is, as debug information has it: that of modules which are shown to a
//! debugger.

use alloc::vec::Vec;

use addr2line::Context;
use gimli::{Dwarf, EndianSlice, LittleEndian};
use loader_core::{DebugImages, MemoryManager, ModuleId};
use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSection};
use spin::Mutex;

type Bytes = EndianSlice<'static, LittleEndian>;

/// What there is of each object of a module.
static LINES: Mutex<Vec<(ModuleId, Context<Bytes>)>> = Mutex::new(Vec::new());

/// Makes known what a module's debug images say; what cannot be read says nothing.
///
/// # Safety
/// The images stay until it is [forgotten](unregister).
pub unsafe fn register<M: MemoryManager>(of: ModuleId, images: &DebugImages<M>) {
    let contexts = images.images().filter_map(|image| {
        // SAFETY: they stay, says the caller, until the context that is made of this goes.
        let image = unsafe { core::slice::from_raw_parts(image.as_ptr(), image.len()) };
        Some((of, context(image)?))
    });
    let contexts: Vec<_> = contexts.collect(); // not while others wait
    LINES.lock().extend(contexts);
}

/// Forgets it.
pub fn unregister(id: ModuleId) {
    LINES.lock().retain(|(of, _)| *of != id);
}

/// Calls `then` with the file and the line of an address, if they are known. It takes no memory, and
/// knows nothing while modules come or go.
pub fn line_of<R>(address: usize, then: impl FnOnce(&str, u32) -> R) -> Option<R> {
    let lines = LINES.try_lock()?;
    lines
        .iter()
        .find_map(|(_, context)| {
            let location = context.find_location(address as u64).ok()??;
            Some((location.file?, location.line?))
        })
        .map(|(file, line)| then(file, line))
}

/// What an image says of lines, read to its end: in the fault handler there is no memory for that.
fn context(image: &'static [u8]) -> Option<Context<Bytes>> {
    let file = ElfFile64::<Endianness>::parse(image).ok()?;
    let section = |id: gimli::SectionId| {
        let data = file.section_by_name(id.name()).and_then(|section| section.data().ok());
        Ok::<_, gimli::Error>(EndianSlice::new(data.unwrap_or_default(), LittleEndian))
    };
    let context = Context::from_dwarf(Dwarf::load(section).ok()?).ok()?;
    context.find_location_range(0, u64::MAX).ok()?.for_each(drop);
    Some(context)
}
