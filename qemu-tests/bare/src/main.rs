//! The core alone, in an image that has no allocator and no panic path.
//!
//! The image is linked and never run. Its panic handler calls a function that does not exist, so
//! it links only where the compiler has proved that nothing reachable panics: every phase of the
//! pipeline, and the formatting of its errors. It has no `#[global_allocator]` either.
#![no_std]
#![no_main]

use core::fmt::{self, Write};
use core::hint::black_box;
use core::panic::PanicInfo;
use core::ptr::NonNull;

use loader_core::{
    Archive, ArchiveError, Error, Export, ExportTable, Keep, LinkInput, MemoryError, MemoryManager, Metadata, MetadataError, Name, Object, Plan, PlanOptions, Resolver, Scratch, Segment, SegmentKind, SegmentRequest, Selection, TargetAddress, ThreadLocals, TlsBlock, TlsLocation, TlsModel, TlsVariable, Version, interface_hash,
};

unsafe extern "C" {
    /// Defined nowhere: a panic that can be reached is an undefined symbol at link time.
    safe fn loader_core_can_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loader_core_can_panic()
}

/// Hands out memory that lies where the compiler cannot see.
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
    options.keep = black_box(Keep::Named(&["main"]));
    options.relaxation = black_box(true);
    options.thread_locals = black_box(TlsModel::Static);
    options.in_place = black_box(&[Some(TargetAddress::NULL), None]);
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
    black_box(exports());
    if let Err(error) = metadata(black_box(&objects)) {
        drop(black_box(write!(Sink, "{error}")));
    }
    black_box(options().scratch_len(&objects));
    let plan = Plan::with_options(black_box(&objects), scratch, options())?;
    for section in plan.sections() {
        black_box(section.offset);
    }
    for section in plan.in_place_sections() {
        black_box((section.kind, section.address));
    }
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
    for unused in plan.unused_sections() {
        black_box((unused.object, unused.index, unused.section.name()));
    }
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
    for section in module.sections() {
        black_box(section.address);
    }
    black_box(module.contains(TargetAddress::new(black_box(0))));
    black_box(module.symbol_at(TargetAddress::new(black_box(0))));
    let entry = module.symbol(black_box("main"));
    module.detach().unload();
    Ok(entry)
}

/// A kernel's exports, of which the compiler knows none.
fn exports() -> Option<TargetAddress> {
    let export = black_box(Export::new("a", core::ptr::null()));
    let entries = [export.in_namespace(black_box("b")).with_interface(black_box(1)), export];
    black_box((entries[0].namespace(), entries[0].interface()));
    ExportTable::new(black_box(&entries))?.resolve(Name::from(black_box("a")))
}

/// All that objects say about themselves.
fn metadata<'o>(objects: &[Object<'o>]) -> Result<(), MetadataError<'o>> {
    let metadata = Metadata::of(objects)?;
    black_box((metadata.name(), metadata.licence(), metadata.namespace()));
    drop(black_box(write!(Sink, "{}", metadata.version())));
    for namespace in metadata.uses() {
        black_box(interface_hash(namespace));
    }
    for dependency in metadata.dependencies() {
        black_box(dependency.versions.contains(Version::new(1, black_box(2), 3)));
        drop(black_box(write!(Sink, "{} {}", dependency.name, dependency.versions)));
    }
    for parameter in metadata.parameters() {
        black_box((parameter.symbol, parameter.kind.size(), parameter.description));
        drop(black_box(write!(Sink, "{}", parameter.kind)));
    }
    for interface in metadata.interfaces() {
        black_box((interface.symbol, interface.hash));
    }
    Ok(())
}

/// Archives and their members.
fn archives<'o>(bytes: &'o [u8]) -> Result<usize, ArchiveError<'o>> {}

/// Archives, and what is chosen from them.
fn choose<'o>(bytes: &'o [u8], scratch: &mut [Scratch]) -> Result<usize, ArchiveError<'o>> {
    black_box(Archive::is_archive(bytes));
    let archives = [Archive::parse("first", bytes)?, Archive::parse("second", bytes)?];
    for member in archives.iter().flat_map(Archive::members) {
        black_box((
            member.name,
            member.bytes,
            member.offset,
            member.object_name(),
            member.is_elf(),
        ));
        black_box(member.parse()?.machine());
    }
    let inputs = [
        LinkInput::Object(Object::parse("third", bytes)?),
        LinkInput::Archive(&archives[0]),
        LinkInput::Group(&archives),
        LinkInput::Whole(&archives[1]),
    ];
    black_box(Selection::scratch_len(black_box(&inputs))?);
    let roots = [Name::from(black_box("main"))];
    let provided = |name: Name<'_>| black_box(name.is_empty());
    let selection = Selection::new(black_box(&inputs), &roots, &provided, scratch)?;
    for chosen in selection.objects() {
        black_box((chosen.object.name(), chosen.need));
    }
    Ok(selection.len())
}

/// The image's only entry.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let mut scratch = [Scratch::ZERO; 64];
    // The compiler may know neither the object's bytes nor its length.
    let bytes = black_box(&[0u8; 64][..black_box(64).min(64)]);
    match pipeline(bytes, black_box(&mut scratch)) {
        Ok(entry) => drop(black_box(entry)),
        Err(error) => drop(black_box(write!(Sink, "{error}"))),
    }
    match choose(bytes, black_box(&mut scratch)) {
        Ok(chosen) => drop(black_box(chosen)),
        Err(error) => drop(black_box(write!(Sink, "{error}"))),
    }
    loop {
        core::hint::spin_loop();
    }
}
