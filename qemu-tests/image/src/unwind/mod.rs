//! Unwind tables: those of the modules that are loaded, and the image's own.
//!
//! Two read them: `backtrace`, where a fault is told, and the crate `unwinding`, where a module raises
//! an exception (`raise`).

mod backtrace;
mod lines;
mod raise;

use alloc::vec::Vec;
use core::slice;

use gimli::{
    BaseAddresses, EhFrame, EhFrameHdr, EndianSlice, FrameDescriptionEntry, LittleEndian,
    UnwindSection, Vendor,
};
use loader_core::{DebugImages, MemoryManager, Module, ModuleId};
use object::elf::SHF_EXECINSTR;
use spin::RwLock;
use target_common::Region;

pub use backtrace::callers;
pub use lines::line_of;
pub use raise::{Caught, catch, delete, no_relative_base, start};

/// What a table is read as.
type Table = EndianSlice<'static, LittleEndian>;
type Function = FrameDescriptionEntry<Table>;

/// The unwind tables of a module.
pub struct Tables {
    /// From its first section of code to its last one.
    code: Region,
    tables: Vec<Region>,
}

/// Those of all modules that are loaded.
static TABLES: RwLock<Vec<(ModuleId, Tables)>> = RwLock::new(Vec::new());

/// What there is to register of a module. Each of its tables ends in a terminator.
pub fn tables<M: MemoryManager>(module: &Module<'_, '_, M>) -> Tables {
    let region = |start: u64, size: u64| Region { start: start as usize, size: size as usize };
    let tables =
        module.unwind_tables().map(|table| region(table.address.value(), table.planned.size));
    let placed = module.sections().map(|section| (section.address, section.planned.section));
    let stayed =
        module.plan().in_place_sections().map(|section| (section.address, section.section));
    let code = placed.chain(stayed).filter(|(_, section)| section.flags() & SHF_EXECINSTR.0 != 0);
    let code = code.map(|(address, section)| region(address.value(), section.size()));
    let hull = code.reduce(|hull, code| {
        Region::between(hull.start.min(code.start), hull.end().max(code.end()))
    });
    Tables { code: hull.unwrap_or(Region { start: 0, size: 0 }), tables: tables.collect() }
}

/// What is known of a module; dropping it has that forgotten.
#[derive(Debug)]
pub struct Registered(ModuleId);

/// Makes a module's tables known, and the lines of what a debugger is shown of it.
///
/// # Safety
/// Both stay as long as what is returned.
pub unsafe fn register<M: MemoryManager>(
    of: ModuleId,
    tables: Tables,
    images: Option<&DebugImages<M>>,
) -> Registered {
    if !tables.tables.is_empty() {
        TABLES.write().push((of, tables));
    }
    if let Some(images) = images {
        // SAFETY: the caller's contract.
        unsafe { lines::register(of, images) };
    }
    Registered(of)
}

impl Drop for Registered {
    fn drop(&mut self) {
        TABLES.write().retain(|(of, _)| *of != self.0);
        lines::unregister(self.0);
    }
}

/// The address of one of the tables of all modules, by number; 0 behind the last one.
pub fn table(number: usize) -> usize {
    let tables = TABLES.read();
    let mut all = tables.iter().flat_map(|(_, module)| &module.tables);
    all.nth(number).map_or(0, |table| table.start)
}

/// What is known of the function at `place`, and the table that it is in. It takes no memory, and
/// finds nothing while tables come or go.
fn function_at(place: usize) -> Option<(Region, Function)> {
    let image = image();
    if image.has(place) {
        return Some((image.table, image.function(place)?));
    }
    function_of_module(&TABLES.try_read()?, place)
}

fn function_of_module(tables: &[(ModuleId, Tables)], place: usize) -> Option<(Region, Function)> {
    let at = Region { start: place, size: 1 };
    let mut of_module = tables.iter().filter(|(_, tables)| tables.code.contains(at));
    of_module.find_map(|(_, module)| {
        let mut tables = module.tables.iter();
        tables.find_map(|&table| Some((table, function_in(table, place)?)))
    })
}

fn function_in(table: Region, place: usize) -> Option<Function> {
    let (frames, bases) = frames(table);
    frames.fde_for_address(&bases, place as u64, EhFrame::cie_from_offset).ok()
}

/// A table, as gimli reads it.
fn frames(table: Region) -> (EhFrame<Table>, BaseAddresses) {
    let mut frames = EhFrame::new(bytes(table), LittleEndian);
    if cfg!(target_arch = "aarch64") {
        frames.set_vendor(Vendor::AArch64);
    }
    (frames, BaseAddresses::default().set_eh_frame(table.start as u64))
}

/// The bytes of a table.
fn bytes(table: Region) -> &'static [u8] {
    let start = core::ptr::with_exposed_provenance(table.start);
    // SAFETY: whoever has registered the table vouches for so many bytes, which nobody writes and
    // which stay until it is taken back. The image's own are the linker's.
    unsafe { slice::from_raw_parts(start, table.size) }
}

/// The image's own code, its table, and the linker's index of that (`.eh_frame_hdr`).
struct Image {
    code: Region,
    table: Region,
    index: Region,
}

impl Image {
    /// Whether a place is in its code.
    fn has(&self, place: usize) -> bool {
        self.code.contains(Region { start: place, size: 1 })
    }

    fn function(&self, place: usize) -> Option<Function> {
        let (frames, bases) = frames(self.table);
        let bases = bases.set_eh_frame_hdr(self.index.start as u64);
        let index = EhFrameHdr::new(bytes(self.index), LittleEndian);
        let index = index.parse(&bases, size_of::<usize>() as u8).ok()?;
        let found =
            index.table()?.fde_for_address(&frames, &bases, place as u64, EhFrame::cie_from_offset);
        found.ok()
    }
}

fn image() -> Image {
    unsafe extern "C" {
        static __text_start: u8;
        static __text_end: u8;
        static __eh_frame_start: u8;
        static __eh_frame_end: u8;
        static __eh_frame_hdr_start: u8;
        static __eh_frame_hdr_end: u8;
    }
    let between = |start: *const u8, end: *const u8| {
        Region::between(start.expose_provenance(), end.expose_provenance())
    };
    Image {
        code: between(&raw const __text_start, &raw const __text_end),
        table: between(&raw const __eh_frame_start, &raw const __eh_frame_end),
        index: between(&raw const __eh_frame_hdr_start, &raw const __eh_frame_hdr_end),
    }
}
