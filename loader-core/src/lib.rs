//! A loader for ELF relocatable objects (`.o` files), for firmware, kernels and hobby operating
//! systems that load modules at run time.
//!
//! It takes what `rustc`, `clang` and `gcc -c` write, unchanged, for AArch64, RISC-V (RV64) and
//! x86-64; places it in memory that the client hands out; applies the relocations; and gives
//! out addresses to call. It runs on any machine and can load for any other.
//!
//! # Principles
//! - **Exact sizes first.** A [`Plan`] says how much memory a module takes, to the byte, before
//!   any is taken.
//! - **All or nothing.** A load succeeds whole, or everything is as it was.
//! - **No heap, no panic.** Working memory is lent in [`Scratch`] records, whose number is known
//!   once an object is parsed. No object's bytes, however damaged, reach a panic.
//! - **Errors name the place**: object, section, offset, relocation, symbol, value and range,
//!   and what to do about it ([`Error`]).
//! - **The core never runs what it loads**, and touches neither page tables nor caches: it asks a
//!   [`MemoryManager`], and describes initialisers for the client to call.
//! - **Never writable and executable**: there is no such [`SegmentKind`].
//!
//! # The phases
//! | phase | from → to |
//! | --- | --- |
//! | parse | `&[u8]` → [`Object`] |
//! | plan | [`Object`]s → [`Plan`] |
//! | place | [`Plan`] + [`MemoryManager`] → [`ObjectImage`] |
//! | map | [`ObjectImage::map_section_address`] |
//! | resolve | [`ObjectImage`] + [`Resolver`] → [`RelocatedImage`] |
//! | seal | [`RelocatedImage`] → [`Module`] |
//! | unload | [`Module`] → nothing |
//!
//! Each takes the proof that the one before it made: an image that is not relocated cannot be
//! sealed, and only a sealed [`Module`] gives out addresses.
//!
//! # Example
//! ```
//! use loader_core::{
//!     ArenaMemoryManager, Name, Object, Plan, Scratch, SegmentKind, StaticArena, TargetAddress,
//!     UnprotectedPlatform,
//! };
//!
//! static TEXT: StaticArena<4096> = StaticArena::new();
//! static READ_ONLY: StaticArena<4096> = StaticArena::new();
//! static DATA: StaticArena<4096> = StaticArena::new();
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let [text, read_only, data] = [TEXT.take(), READ_ONLY.take(), DATA.take()].map(Option::unwrap);
//! let manager = ArenaMemoryManager::new(text, read_only, data, 4096, UnprotectedPlatform);
//!
//! // An x86-64 object that exports `answer` and imports `question`.
//! let objects = [Object::parse("answer.o", include_bytes!("../doc/answer.o"))?];
//! let mut scratch = [Scratch::ZERO; 32];
//!
//! let plan = Plan::new(&objects, &mut scratch)?;
//! let text = plan.segment(SegmentKind::Text);
//! assert_eq!((text.size, plan.stubs(), plan.got_entries()), (0x18, 1, 2));
//! assert!(plan.imports().map(|import| import.name).eq([Name::from("question")]));
//!
//! // What the kernel has to offer; usually an `ExportTable`.
//! let resolver = |name: Name<'_>| match name.as_bytes() {
//!     b"question" => Some(TargetAddress::new(0x40_0000)),
//!     _ => None,
//! };
//! let module = plan.place(&manager)?.resolve(&resolver)?.seal()?;
//! let answer = module.symbol("answer").expect("the object exports it");
//! assert!(module.contains(answer));
//! assert!(module.initialisers().eq([answer]));
//! assert_eq!(manager.used(SegmentKind::Text), 4096);
//!
//! module.unload();
//! assert_eq!(manager.used(SegmentKind::Text), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Archives
//! An [`Archive`]'s members are objects as any others. [`Selection`] chooses those that are needed,
//! as a linker does, out of [`LinkInput`]s: archives, groups of them, objects, whole archives. It
//! says of each what it was taken for.
//!
//! # Many modules
//! A [`Registry`] keeps modules by name and links each against what the kernel and the others
//! export. None goes while another one needs it or the client holds it, and names and addresses are
//! looked up without a lock, in an exception handler too. Its memory is a static, its size the
//! client's choice.
//!
//! ```
//! use loader_core::{
//!     ArenaMemoryManager, Export, ExportTable, LoadRequest, Object, RegistryMemory, Scratch,
//!     StaticArena, UnprotectedPlatform,
//! };
//!
//! type Manager = &'static ArenaMemoryManager<UnprotectedPlatform>;
//! static MEMORY: RegistryMemory<'static, Manager, 16, 1024> = RegistryMemory::new();
//! static ARENAS: [StaticArena<4096>; 3] = [const { StaticArena::new() }; 3];
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let [text, read_only, data] = [0, 1, 2].map(|at| ARENAS[at].take().unwrap());
//! let manager = ArenaMemoryManager::new(text, read_only, data, 16, UnprotectedPlatform);
//! # let manager: Manager = Box::leak(Box::new(manager));
//!
//! // What the kernel exports; usually gathered by the linker.
//! extern "C" fn question() {}
//! let exports = [Export::new("question", question as *const ())];
//! let registry = MEMORY.registry(ExportTable::new(&exports).unwrap())?;
//!
//! let mut scratch = [Scratch::ZERO; 32];
//! let objects = [Object::parse("answer.o", include_bytes!("../doc/answer.o"))?];
//! let request = LoadRequest::new(&objects, &mut scratch).named("answer");
//! let prepared = registry.load(request, manager)?;
//! // The client calls the initialisers here; where one fails, it drops the module.
//! assert_eq!(prepared.initialisers().count(), 1);
//! let answer = prepared.publish();
//!
//! // A module that calls `answer`: from now on it needs that one.
//! let objects = [Object::parse("asker.o", include_bytes!("../doc/asker.o"))?];
//! let request = LoadRequest::new(&objects, &mut scratch).named("asker");
//! let asker = registry.load(request, manager)?.publish();
//! let refused = registry.unload(answer).err().unwrap();
//! assert_eq!(refused.to_string(), "asker needs answer");
//!
//! // From a fault handler, say: which module, and which symbol, has an address.
//! let reader = registry.reader();
//! let ask = reader.lookup("ask").expect("it is published");
//! let place = reader.find(ask.address.wrapping_add(4)).unwrap();
//! let (symbol, behind) = place.symbol.unwrap();
//! assert_eq!((place.module, symbol.name, behind), ("asker", "ask".into(), 4));
//! drop(reader); // who reads is waited for by who unloads
//!
//! for id in [asker, answer] {
//!     let leaving = registry.unload(id)?;
//!     // Nobody finds it any more. The client calls the finalisers here.
//!     assert_eq!(leaving.finalisers().count(), 0);
//!     leaving.finish();
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Thread-local variables
//! A client that has them says so in the plan ([`PlanOptions::thread_locals`]):
//! - [`TlsModel::Static`]: room in every thread, at one distance from the thread pointer. Code of
//!   all models becomes local-exec where the psABI says how.
//! - [`TlsModel::Dynamic`]: `__tls_get_addr`, which the [`Resolver`] provides as any function, and
//!   TLS descriptors.
//!
//! [`Plan::thread_locals`] gives the block's size; [`ObjectImage::resolve_with`] asks the client's
//! [`ThreadLocals`] where it lies; [`Module::thread_locals`] says what to copy into each thread.
//!
//! # IFUNCs
//! Once a module is sealed, and before anything else in it, the client calls the resolver of each
//! of its [`resolutions`](Module::resolutions) and hands over the result
//! ([`Module::set_resolved`]). The function's address is that of a stub that goes there.
//!
//! # Tables gathered from many objects
//! `__start_SECTION` and `__stop_SECTION`, where nothing defines them, are the boundaries of all
//! sections of this name in the module, if it is a C identifier of at most 255 bytes: these then lie
//! one behind the other.
//!
//! # Sections that nothing uses
//! are loaded as well, unless the plan is asked to leave them out ([`PlanOptions::keep`]).
//! [`Plan::unused_sections`] lists them.
//!
//! # RISC-V linker relaxation
//! Code that its objects mark (`R_RISCV_RELAX`) is left as it is, unless the plan is asked to make
//! it shorter ([`PlanOptions::relaxation`]).
//!
//! # An erratum of the Cortex-A53
//! On this processor a load or store may take a wrong address where an ADRP for it lies at the end
//! of a page (843419). A client that may run on one asks for such code to be mended, wherever it
//! will lie: [`PlanOptions::erratum_843419`].
//!
//! # What a module says about itself
//! An object may carry a name, a version, a licence, the modules it needs and more, in notes that
//! are never loaded: [`Metadata`] reads them, and [`metadata`] has the format. One without loads as
//! well.
//!
//! # Execution in place
//! Where objects lie in memory that code can run from, sections that need no change stay there
//! ([`PlanOptions::in_place`]).
//!
//! # Debuggers
//! [`Module::debug_images`] makes what a debugger is shown of a module, where the plan is asked for it
//! ([`PlanOptions::debug`]), and [`GdbJit`] tells GDB.
//!
//! # Modules that need others
//! [`LoadOrder`] works out, from what modules say, which ones to load for those that are wanted, and
//! in which order.
//!
//! # What it does not do
//! Pointer authentication is refused by name where it is used. Linked files (executables, shared
//! libraries), 32-bit and big-endian objects are not its business.
#![no_std]
// No panic can be reached from an object's bytes. These lints keep the common causes out; that
// none is left is proved by linking `qemu-tests/bare`.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(
    not(all(feature = "aarch64", feature = "riscv64", feature = "x86_64", feature = "full")),
    allow(
        dead_code,
        unused_imports,
        reason = "one machine alone leaves some of the words that all three share unused, and what \
                  is not compiled in some of what it would take"
    )
)]
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used,
        reason = "a panic is how a test fails"
    )
)]

#[cfg(not(any(feature = "aarch64", feature = "riscv64", feature = "x86_64")))]
compile_error!("enable at least one of the features aarch64, riscv64 and x86_64");

#[cfg(test)]
extern crate alloc;

mod address;
mod arch;
mod archive;
mod debug;
mod elf;
mod error;
mod exports;
mod features;
mod fixup;
mod hash;
mod map;
mod memory;
pub mod metadata;
mod module;
mod name;
mod object;
mod parse;
mod place;
mod plan;
#[cfg(feature = "registry")]
mod registry;
mod resolve;
mod resolve_indirect;
#[cfg(feature = "riscv64")]
mod resolve_relaxation;
mod resolve_thread_locals;
mod resolver;
mod scratch;
mod sort;
mod table;
mod tables;
mod thread_locals;
mod word;

/// The README's example is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub use address::TargetAddress;
pub use arch::{Machine, Range, Relocation, Treatment, Unsupported};
pub use archive::{
    Archive, ArchiveDefect, ArchiveError, ArchiveMember, LinkInput, Need, Selected, Selection,
};
pub use debug::{Compression, DebugImages, Decompress, DecompressError, GdbJit, RegisteredImages};
pub use elf::{Binding, InitKind, Section, Symbol, SymbolKind, SymbolPlace};
pub use error::{Defect, Error, Format, Phase, Place, RefusedSection, RefusedSymbol, Unmended};
pub use exports::{Export, ExportTable};
pub use memory::{
    Arena, ArenaMemoryManager, FixedMemoryManager, FixedPlace, InProcess, MemoryError,
    MemoryManager, MpuMemoryManager, Platform, RegionPlan, RemoteMemoryManager, Segment,
    SegmentKind, SegmentRequest, StaticArena, TargetMemory, UnprotectedPlatform,
};
pub use metadata::{
    Dependency, Interface, Metadata, MetadataError, NoteDefect, NoteKind, Parameter, ParameterKind,
    Version, VersionRange, interface_hash,
};
pub use module::{Module, ModuleSection, ModuleSymbol, ResidentModule, ThreadLocalSymbol};
pub use name::{Name, ObjectName};
pub use object::Object;
pub use place::ObjectImage;
pub use plan::{
    DebugSections, Import, InPlaceSection, Keep, Kept, Plan, PlanOptions, PlannedSection,
    Reference, SegmentPlan, ThreadLocalSection, TlsModel, UnusedSection, scratch_len,
};
#[cfg(feature = "registry")]
pub use registry::{
    Candidate, Cycles, DependencyCycle, FoundSymbol, Hold, LeavingModule, LoadOrder, LoadRequest,
    LoadStep, Location, ModuleId, ModuleInfo, ModuleName, NAME_MAX, OrderError, PreparedModule,
    Registry, RegistryError, RegistryMemory, RegistryReader, Teardown,
};
pub use resolve::RelocatedImage;
pub use resolve_indirect::Resolution;
pub use resolver::Resolver;
pub use scratch::Scratch;
pub use table::{KeptSymbol, SymbolTable};
pub use tables::{CallStub, Deletion, GotSlot, GotWord};
pub use thread_locals::{ThreadLocals, TlsBlock, TlsImage, TlsLocation, TlsVariable};
