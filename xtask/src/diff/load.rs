//! Our side: objects loaded by the core, in this process, for addresses that are not here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use anyhow::{Context, Result};
use loader_core::{
    ArenaMemoryManager, Binding, Error, InPlaceSection, ModuleSymbol, Name, Object, Plan,
    PlanOptions, Scratch, SegmentKind, StaticArena, SymbolKind, SymbolPlace, TargetAddress,
    TlsModel, UnprotectedPlatform,
};

use super::corpus::Module;
use super::gathered::Gathered;
use super::layout::{self, Layout};
use super::relocations::{Relocation, Relocations};
use super::write::section_name;
use crate::link::thread_locals::ThreadLocals;

/// Bytes of memory for all segments of one kind.
const ARENA: usize = 64 << 20;

/// The alignment of what the loader makes itself.
const TABLE_ALIGN: u64 = 8;

/// Where objects are loaded to, by all threads.
type Manager = ArenaMemoryManager<UnprotectedPlatform>;

/// A module as our loader makes it.
#[derive(Debug)]
pub struct Loaded {
    /// The sections, object by object.
    pub sections: Vec<Section>,
    /// The local symbols that have a name, and those that are exported: whether they are local,
    /// and their addresses.
    pub symbols: Vec<(Vec<u8>, bool, u64)>,
    /// The COMMON symbols in the order of their addresses.
    pub commons: Vec<(Vec<u8>, u64)>,
    /// The names of global symbols that are no more than a number.
    pub absolutes: BTreeSet<Vec<u8>>,
    /// The GOT.
    pub got: Table,
    /// The call stubs.
    pub stubs: Table,
    /// The sections that lie together because of their names.
    pub gathered: Gathered,
    /// Where the imports are that are defined.
    pub imports: BTreeMap<Vec<u8>, u64>,
    /// Whether thread-local code was made local-exec.
    pub model: TlsModel,
    /// The thread-local variables.
    pub thread_locals: ThreadLocals,
    /// The IFUNCs, by their names.
    pub indirect: BTreeMap<Vec<u8>, Indirect>,
    /// Where the relocations of a relaxed module lie: for an object's section and an offset in it
    /// the offset in memory. That the two are the same code is for the comparison to find.
    pub moved: Option<BTreeMap<(usize, u32, u64), usize>>,
    /// How many bytes stayed in the files.
    pub in_place_bytes: usize,
}

/// An IFUNC as our loader sees it.
#[derive(Clone, Copy, Debug)]
pub struct Indirect {
    /// The address of the stub that calls of it go to.
    pub stub: u64,
    /// The slot that is to hold what the resolver returns.
    pub slot: u64,
}

/// A section in its place.
#[derive(Debug)]
pub struct Section {
    /// The number of its object.
    pub object: usize,
    /// Its number there.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A table that a linker makes.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its address.
    pub address: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Why the loader does not load something.
#[derive(Debug)]
pub enum Refusal {
    /// It says that it does not; what it is that it does not do.
    Unsupported(String),
    /// Something does not reach; the whole message.
    OutOfRange(String),
    /// Anything else: the whole message.
    Other(String),
}

impl Loaded {
    /// The name by which a linker knows a section of an object: one of its own, or that of all that
    /// lie together.
    pub fn linked_name(&self, object: usize, index: u32) -> String {
        let own = || section_name(object, index);
        self.gathered.name(object, index).map_or_else(own, str::to_owned)
    }
}

impl Table {
    /// The addresses of its slots, and what they hold.
    pub fn slots(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let (words, _) = self.bytes.as_chunks::<8>();
        let address = |at: usize| self.address + 8 * at as u64;
        words.iter().enumerate().map(move |(at, word)| (address(at), u64::from_le_bytes(*word)))
    }

    /// What the slot at an address holds.
    pub fn slot(&self, address: u64) -> Option<u64> {
        let offset = usize::try_from(address.checked_sub(self.address)?).ok()?;
        Some(u64::from_le_bytes(*self.bytes.get(offset..)?.first_chunk()?))
    }

    /// The bytes from an address on.
    pub fn at(&self, address: u64) -> Option<&[u8]> {
        let offset = usize::try_from(address.checked_sub(self.address)?).ok()?;
        self.bytes.get(offset..).filter(|rest| !rest.is_empty())
    }
}

/// Loads objects as one module, below 2 GiB or `high` above it.
///
/// # Errors
/// Nothing that the objects could do: the loader's refusal of them is the inner error.
pub fn load(
    module: &Module,
    relocations: &[Relocations],
    high: bool,
) -> Result<Result<Loaded, Refusal>> {
    let parsed: Result<Vec<_>, _> =
        module.files.iter().map(|file| Object::parse(&file.name, &file.bytes)).collect();
    let objects = match parsed {
        Ok(objects) => objects,
        Err(error) => return Ok(Err(refusal(&error))),
    };
    let sizes = module.files.iter().map(|file| file.bytes.len());
    let homes = Layout::files(&module.name, high, sizes);
    let homes: Vec<_> = homes.into_iter().map(|home| Some(TargetAddress::new(home))).collect();
    let options = options(module, &homes);
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    match load_parsed(module, &objects, &mut scratch, options, relocations, high) {
        Ok(loaded) => Ok(Ok(loaded)),
        Err(Failure::Loader(error)) => Ok(Err(refusal(&error))),
        Err(Failure::Test(error)) => Err(error),
    }
}

enum Failure<'o> {
    Loader(Error<'o>),
    Test(anyhow::Error),
}

impl<'o> From<Error<'o>> for Failure<'o> {
    fn from(error: Error<'o>) -> Self {
        Self::Loader(error)
    }
}

impl From<anyhow::Error> for Failure<'_> {
    fn from(error: anyhow::Error) -> Self {
        Self::Test(error)
    }
}

fn load_parsed<'o>(
    module: &Module,
    objects: &'o [Object<'o>],
    scratch: &'o mut [Scratch],
    options: PlanOptions<'_>,
    relocations: &[Relocations],
    high: bool,
) -> Result<Loaded, Failure<'o>> {
    let (arch, name, model) = (module.arch, module.name.as_str(), module.model);
    let files = &module.files;
    let plan = Plan::with_options(objects, scratch, options)?;
    let in_place = staying(&plan, module, options.in_place);
    let segments = SegmentKind::ALL.map(|kind| plan.segment(kind));
    let sizes = segments.map(|segment| segment.size);
    let close = layout::has_short(arch, relocations);
    let layout = Layout::choose(name, high, close, sizes, segments.map(|segment| segment.align));
    let asked = plan.imports().filter(|import| !import.thread_local);
    let asked = asked.map(|import| (import.name.as_bytes(), import.weak));
    let relaxed = Layout::is_relaxed(name);
    let imports = layout.imports(arch, relocations, relaxed, asked);
    let mut thread_locals = ThreadLocals::of(arch, &plan);
    let mut image = plan.place(manager()?)?;
    for (kind, address) in SegmentKind::ALL.into_iter().zip(layout.segments) {
        image.map_segment_address(kind, TargetAddress::new(address))?;
    }
    let resolver = |name: Name<'_>| imports.get(name.as_bytes()).copied().map(TargetAddress::new);
    let image = image.resolve_with(&resolver, &thread_locals)?;
    let [text, read_only, _] = SegmentKind::ALL.map(|kind| image.segment_bytes(kind).to_vec());
    let module = image.seal()?;
    let mut sections = Vec::new();
    for section in module.sections() {
        let planned = section.planned;
        let segment = module.segments().find(|segment| segment.kind() == planned.segment);
        let bytes = segment.map(|segment| segment.bytes()).unwrap_or_default();
        let start = usize::try_from(planned.offset).context("an offset")?;
        let end = start + usize::try_from(planned.size).context("a size")?;
        sections.push(Section {
            object: planned.object,
            index: planned.index,
            name: planned.section.name().to_string(),
            address: section.address.value(),
            bytes: bytes.get(start..end).context("a section outside its segment")?.to_vec(),
        });
    }
    let in_place_bytes = in_place.iter().map(|section| section.bytes.len()).sum();
    sections.extend(in_place);
    if let Some(block) = module.thread_locals() {
        thread_locals.start = block.image.value();
    }
    let ends = SegmentKind::ALL.map(|kind| {
        let mine = module.sections().filter(|section| section.planned.segment == kind);
        mine.map(|section| section.planned.offset + section.planned.size).max().unwrap_or(0)
    });
    let mut symbols = Vec::new();
    let mut commons = BTreeMap::new();
    let resolutions = module.resolutions().map(|r| (r.name.as_bytes().to_vec(), r));
    let resolutions: BTreeMap<_, _> = resolutions.collect();
    let mut indirect = BTreeMap::new();
    for found in module.symbols().filter(|s| s.symbol.kind() == SymbolKind::IndirectFunction) {
        let name = found.symbol.name().as_bytes();
        if let Some(resolution) = resolutions.get(name) {
            let (stub, slot) = (found.address.value(), resolution.slot.value());
            indirect.insert(name.to_vec(), Indirect { stub, slot });
        }
    }
    // A linker's symbol of that name is the resolver.
    let address_of = |found: &ModuleSymbol<'_>| match found.symbol.kind() {
        SymbolKind::IndirectFunction => {
            let resolution = resolutions.get(found.symbol.name().as_bytes());
            resolution.map_or(0, |resolution| resolution.resolver.value())
        }
        _ => found.address.value(),
    };
    for found in module.symbols().filter(|found| found.symbol.kind() != SymbolKind::Section) {
        let (name, address) = (found.symbol.name().as_bytes().to_vec(), address_of(&found));
        // One that gave way to a definition has that one's address.
        if found.symbol.place() == SymbolPlace::Common && address >= layout.segments[2] + ends[2] {
            commons.insert(address, name.clone());
        }
        if found.symbol.binding() == Binding::Local {
            symbols.push((name, true, address));
        }
    }
    let moved = |(object, relocations): (usize, &Relocations)| {
        let to = |relocation: &Relocation| {
            let Relocation { section, offset, .. } = *relocation;
            let start = module.address_of(object, section, 0)?.value();
            let address = module.address_of(object, section, offset)?.value();
            Some(((object, section, offset), address.wrapping_sub(start) as usize))
        };
        relocations.all.iter().filter_map(to).collect::<Vec<_>>()
    };
    let moved = relaxed.then(|| relocations.iter().enumerate().flat_map(moved).collect());
    let mut absolutes = BTreeSet::new();
    for found in module.exports() {
        if found.symbol.place() == SymbolPlace::Absolute {
            absolutes.insert(found.symbol.name().as_bytes().to_vec());
        }
        symbols.push((found.symbol.name().as_bytes().to_vec(), false, address_of(&found)));
    }
    Ok(Loaded {
        gathered: Gathered::of(files, &sections)?,
        sections,
        symbols,
        commons: commons.into_iter().map(|(address, name)| (name, address)).collect(),
        absolutes,
        got: table(layout.segments[1], &read_only, ends[1])?,
        stubs: table(layout.segments[0], &text, ends[0])?,
        imports,
        model,
        thread_locals,
        indirect,
        moved,
        in_place_bytes,
    })
}

/// What the plan of a module is asked for.
fn options<'p>(module: &Module, homes: &'p [Option<TargetAddress>]) -> PlanOptions<'p> {
    let mut options = PlanOptions::default();
    options.relaxation = Layout::is_relaxed(&module.name);
    options.thread_locals = module.model;
    options.in_place = homes;
    options
}

/// The sections that stay in their files, which lie at these addresses.
fn staying(plan: &Plan<'_, '_>, module: &Module, homes: &[Option<TargetAddress>]) -> Vec<Section> {
    let section = |section: InPlaceSection<'_>| {
        let (object, address) = (section.object, section.address.value());
        let home = homes.get(object).copied().flatten()?;
        let start = usize::try_from(address - home.value()).ok()?;
        let size = usize::try_from(section.section.size()).ok()?;
        Some(Section {
            object,
            index: section.index,
            name: section.section.name().to_string(),
            address,
            bytes: module.files.get(object)?.bytes.get(start..start + size)?.to_vec(),
        })
    };
    plan.in_place_sections().filter_map(section).collect()
}

/// The table that lies in a segment behind its sections, which end at `end`.
fn table(address: u64, segment: &[u8], end: u64) -> Result<Table> {
    // An empty table takes no room, not even what its alignment would.
    let start = end.next_multiple_of(TABLE_ALIGN).min(segment.len() as u64);
    let bytes = segment.get(usize::try_from(start)?..).unwrap_or_default().to_vec();
    Ok(Table { address: address + start, bytes })
}

/// The arenas, taken once.
///
/// # Errors
/// Somebody else has taken them.
pub fn manager() -> Result<&'static Manager> {
    static ARENAS: [StaticArena<ARENA>; 3] = [const { StaticArena::new() }; 3];
    static MANAGER: OnceLock<Option<Manager>> = OnceLock::new();
    let manager = MANAGER.get_or_init(|| {
        let [text, read_only, data] = ARENAS.each_ref().map(StaticArena::take);
        Some(ArenaMemoryManager::new(text?, read_only?, data?, 16, UnprotectedPlatform))
    });
    manager.as_ref().context("the arenas are in use")
}

fn refusal(error: &Error<'_>) -> Refusal {
    match error {
        Error::Duplicate { .. } => Refusal::Unsupported("a symbol that is defined twice".into()),
        Error::UnsupportedRelocation { relocation, reason, .. } => {
            Refusal::Unsupported(format!("{} ({reason:?})", relocation.name()))
        }
        Error::WrongSymbol { .. } => Refusal::Unsupported("a symbol of another kind".into()),
        Error::Section { reason, .. } => Refusal::Unsupported(format!("a section: {reason:?}")),
        Error::OutOfRange { .. } => Refusal::OutOfRange(error.to_string()),
        _ => Refusal::Other(error.to_string()),
    }
}
