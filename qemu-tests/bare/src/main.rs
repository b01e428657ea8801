//! The core alone, in an image that has no allocator and no panic path.
//!
//! The image is linked and never run. Its panic handler calls a function that does not exist, so
//! it links only where the compiler has proved that nothing reachable panics: every phase of the
//! pipeline, the registry on top of it, archives, and the formatting of all errors. It has no
//! `#[global_allocator]` either.
#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::hint::black_box;
use core::panic::PanicInfo;
use core::ptr::NonNull;

use loader_core::{
    Error, Keep, Kept, MemoryError, MemoryManager, Name, Object, Plan, PlanOptions, Scratch,
    Segment, SegmentKind, SegmentRequest, TargetAddress, ThreadLocals, TlsBlock, TlsLocation,
    TlsModel, TlsVariable,
};

mod archives;
mod managers;
mod metadata;
mod order;
mod registry;

unsafe extern "C" {
    /// Defined nowhere: a panic that can be reached is an undefined symbol at link time.
    safe fn loader_core_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loader_core_can_panic()
}

/// Hands out memory that lies where the compiler cannot see.
#[derive(Debug)]
struct Manager;

impl MemoryManager for Manager {
    fn allocate(&self, request: SegmentRequest) -> Result<Segment, MemoryError> {
        let start = black_box(NonNull::<u8>::dangling());
        let target = TargetAddress::new(black_box(0));
        // SAFETY: this image is never run; the compiler must only not know that.
        Ok(unsafe { Segment::new(request.kind, start, request.size, target) })
    }

    fn seal(&self, _: &Segment) -> Result<(), MemoryError> {
        black_box(Ok(()))
    }

    fn free(&self, segment: Segment) {
        black_box(segment);
    }
}

/// Has thread-local variables wherever the compiler cannot see.
struct Threads;

impl ThreadLocals for Threads {
    fn block(&self, block: TlsBlock) -> Option<TlsLocation> {
        black_box(block);
        black_box(Some(TlsLocation::default()))
    }

    fn variable(&self, name: Name<'_>) -> Option<TlsVariable> {
        black_box(name);
        black_box(None)
    }

    fn descriptor(&self, variable: TlsVariable) -> Option<[u64; 2]> {
        black_box(variable);
        black_box(None)
    }
}

/// Options of which the compiler knows none.
fn options() -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    options.erratum_843419 = black_box(true);
    options.in_place = black_box(&[Some(TargetAddress::NULL), None]);
    options.keep = black_box(Keep::Named(&["main"]));
    options.kept = black_box(Kept::Symbols);
    options.lend_names = black_box(true);
    options.relaxation = black_box(true);
    options.terminate_unwind_tables = black_box(true);
    options.thread_locals = black_box(TlsModel::Static);
    black_box(options)
}

/// Swallows what it is given.
struct Sink;

impl Write for Sink {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        black_box(Ok(()))
    }
}

/// The whole pipeline, from bytes to nothing.
fn pipeline<'o>(
    bytes: &'o [u8],
    scratch: &mut [Scratch],
) -> Result<Option<TargetAddress>, Error<'o>> {
    let objects = [Object::parse("first", bytes)?, Object::parse("second", bytes)?];
    black_box(options().scratch_len(&objects));
    black_box(metadata::exports());
    if let Err(error) = metadata::metadata(black_box(&objects)) {
        let _ = black_box(write!(Sink, "{error}"));
    }
    let plan = Plan::with_options(black_box(&objects), scratch, options())?;
    for section in plan.sections() {
        black_box(section.offset);
    }
    for section in plan.in_place_sections() {
        black_box((section.kind, section.address));
    }
    for unused in plan.unused_sections() {
        black_box((unused.object, unused.index, unused.section.name()));
    }
    for reference in plan.references() {
        black_box((reference.object, reference.definition));
    }
    black_box(plan.segment(SegmentKind::Text).region(black_box(32)));
    for import in plan.imports() {
        black_box(import.name);
    }
    for (object, symbol) in plan.got().chain(plan.stub_symbols()) {
        black_box((object, symbol.name()));
    }
    for relocation in plan.relocations(black_box(0)) {
        black_box(relocation.name());
    }
    black_box(plan.thread_locals());
    let mut image = plan.place(Manager)?;
    image.map_section_address(black_box(0), black_box(1), TargetAddress::new(black_box(0)))?;
    image.map_segment_address(SegmentKind::Text, TargetAddress::new(black_box(0)))?;
    let resolver = |name: Name<'_>| black_box((!name.is_empty()).then_some(TargetAddress::NULL));
    let image = image.resolve(&resolver)?.unresolve().resolve_with(&resolver, &Threads)?;
    black_box(image.segment_bytes(SegmentKind::Data));
    let mut module = image.seal()?;
    let resolution = module.resolutions().next();
    if let Some(resolution) = resolution {
        module.set_resolved(&resolution, TargetAddress::new(black_box(0)));
    }
    module.resolve_each(|resolution| black_box(resolution.resolver));
    black_box(module.thread_locals());
    for (name, variable) in module.exported_thread_locals() {
        black_box((name, variable));
    }
    black_box(module.address_of(black_box(0), black_box(1), black_box(2)));
    for function in module.initialisers().chain(module.finalisers()) {
        black_box(function);
    }
    for symbol in module.symbols().chain(module.exports()) {
        black_box((symbol.address, symbol.size));
    }
    for section in module.sections().chain(module.unwind_tables()) {
        black_box(section.address);
    }
    black_box(module.contains(TargetAddress::new(black_box(0))));
    black_box(module.symbol_at(TargetAddress::new(black_box(0))));
    let entry = module.symbol(black_box("main"));
    if let Some(table) = module.table() {
        black_box(table.get(black_box("main").into()));
        black_box(table.at(TargetAddress::new(black_box(0))));
        table.symbols().for_each(|symbol| {
            black_box(symbol.name);
        });
        table.finalisers().for_each(|function| {
            black_box(function);
        });
    }
    if black_box(true) {
        let resident = module.detach_lending();
        black_box((resident.symbol("main"), resident.thread_locals()));
        return Ok(entry);
    }
    module.detach().unload();
    Ok(entry)
}

/// The image's only entry.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut scratch = [Scratch::ZERO; 64];
    // The compiler may know neither the object's bytes nor its length.
    let bytes = black_box(&[0u8; 64][..black_box(64).min(64)]);
    match pipeline(bytes, black_box(&mut scratch)) {
        Ok(entry) => drop(black_box(entry)),
        Err(error) => {
            let _ = black_box(write!(Sink, "{error}"));
        }
    }
    match archives::choose(bytes, black_box(&mut scratch)) {
        Ok(chosen) => drop(black_box(chosen)),
        Err(error) => {
            let _ = black_box(write!(Sink, "{error}"));
        }
    }
    if let Err(error) = managers::pipeline_in_fixed_places(bytes, black_box(&mut scratch)) {
        {
            let _ = black_box(write!(Sink, "{error}"));
        };
    }
    order::modules(bytes, black_box(&mut scratch));
    if let Err(error) = registry::life(bytes, black_box(&mut scratch)) {
        let _ = black_box(write!(Sink, "{error}"));
    }
    loop {
        core::hint::spin_loop();
    }
}
