//! Our side: objects linked as `cargo xtask link` does it, for addresses that are not here.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use loader_core::{
    Binding, DebugSections, Error, InPlaceSection, Object, Plan, PlanOptions, SegmentKind,
    TargetAddress, TlsModel,
};

use super::corpus::Module;
use super::debug::Debug;
use super::gathered::Gathered;
use super::layout::{self, Layout};
use super::relocations::Relocations;
use super::write::section_name;
use crate::arch::Arch;
use crate::link::map::{Moved, Resolver, Type};
use crate::link::thread_locals::ThreadLocals;
use crate::link::{self, Decision, Failure, Output, Placement};

/// The alignment of what the loader makes itself.
const TABLE_ALIGN: u64 = 8;

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
    /// The symbol of each stub, and where it leads: nowhere yet, if it is that of an IFUNC.
    pub stub_targets: BTreeMap<u64, (Vec<u8>, Option<u64>)>,
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
    /// Where offsets of sections ended up. That the two are the same code is for the comparison to
    /// find.
    pub moved: Moved,
    /// Whether code was made shorter.
    pub relaxed: bool,
    /// How many bytes stayed in the files.
    pub in_place_bytes: usize,
    /// What a debugger is shown.
    pub debug: Debug,
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
    let mut in_place = Vec::new();
    let linked = link::link_and(
        &objects,
        options,
        |plan| {
            in_place = staying(plan, module, options.in_place);
            Ok(decide(module, plan, relocations, high))
        },
        |loaded| Debug::of(loaded, &module.files),
    );
    match linked {
        Ok((output, debug)) => Ok(Ok(Loaded::of(module, output, in_place, debug)?)),
        Err(Failure::Core(error)) => Ok(Err(refusal(&error))),
        Err(Failure::Other(error)) => Err(error),
    }
}

/// Where everything goes.
fn decide(
    module: &Module,
    plan: &Plan<'_, '_>,
    relocations: &[Relocations],
    high: bool,
) -> Decision {
    let (arch, name) = (module.arch, module.name.as_str());
    let segments = SegmentKind::ALL.map(|kind| plan.segment(kind));
    let sizes = segments.map(|segment| segment.size);
    let close = layout::has_short(arch, relocations);
    let layout = Layout::choose(name, high, close, sizes, segments.map(|segment| segment.align));
    let asked = plan.imports().filter(|import| !import.thread_local);
    let asked = asked.map(|import| (import.name.as_bytes(), import.weak));
    Decision {
        placement: Placement { segments: layout.segments, sections: Vec::new() },
        symbols: layout.imports(arch, relocations, Layout::is_relaxed(name), asked),
        thread_locals: ThreadLocals::with_imports(arch, plan),
    }
}

impl Loaded {
    /// What `cargo xtask link` would write: all of it out of the map and the segments' bytes, but
    /// for what stays in the files.
    fn of(module: &Module, output: Output, in_place: Vec<Section>, debug: Debug) -> Result<Self> {
        let map = &output.map;
        let mut sections = Vec::new();
        for (object, section) in map.sections() {
            let bytes = output.bytes(section).context("a section outside its segment")?;
            sections.push(Section {
                object,
                index: section.index,
                name: section.name.to_string(),
                address: section.address.0,
                bytes: bytes.to_vec(),
            });
        }
        let in_place_bytes = in_place.iter().map(|section| section.bytes.len()).sum();
        sections.extend(in_place);
        let (mut symbols, mut commons) = (Vec::new(), BTreeMap::new());
        let (mut indirect, mut absolutes) = (BTreeMap::new(), BTreeSet::new());
        for (at, object) in map.objects.iter().enumerate() {
            for symbol in &object.symbols {
                let mut address = symbol.address.0;
                let (name, local) = (symbol.name.0.clone(), symbol.binding == Binding::Local);
                match symbol.kind {
                    Type::Common => drop(commons.insert(address, name.clone())),
                    Type::Ifunc => {
                        let is_own = |r: &&Resolver| r.object == at && r.symbol == symbol.name;
                        let own = map.resolvers.iter().find(is_own);
                        let Resolver { resolver, slot, .. } = own.context("an IFUNC alone")?;
                        indirect.insert(name.clone(), Indirect { stub: address, slot: slot.0 });
                        // A linker's symbol of that name is the resolver.
                        address = resolver.0;
                    }
                    _ if symbol.section.is_none() && !local => {
                        absolutes.insert(name.clone());
                    }
                    _ => {}
                }
                symbols.push((name, local, address));
            }
        }
        let mut thread_locals = output.decision.thread_locals.clone();
        if let Some(locals) = map.thread_locals {
            thread_locals.start = locals.address.0;
        }
        let stubs = map.stubs.iter().map(|stub| {
            let target = stub.target.map(|target| target.0);
            (stub.address.0, (stub.symbol.0.clone(), target))
        });
        Ok(Self {
            gathered: Gathered::of(&module.files, &sections)?,
            sections,
            symbols,
            commons: commons.into_iter().map(|(address, name)| (name, address)).collect(),
            absolutes,
            got: got(&output)?,
            stubs: stub_table(&output)?,
            stub_targets: stubs.collect(),
            model: module.model,
            thread_locals,
            indirect,
            moved: map.moved(),
            relaxed: Layout::is_relaxed(&module.name),
            in_place_bytes,
            imports: output.decision.symbols,
            debug,
        })
    }
}

/// What the plan of a module is asked for.
fn options<'p>(module: &Module, homes: &'p [Option<TargetAddress>]) -> PlanOptions<'p> {
    let mut options = PlanOptions::default();
    options.relaxation = Layout::is_relaxed(&module.name);
    options.thread_locals = module.model;
    options.in_place = homes;
    options.debug = DebugSections::All;
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

/// The GOT, which ends the read-only segment: the map must have all of its words, and what they
/// hold. One that code speaks of has room, even without a word.
fn got(output: &Output) -> Result<Table> {
    let mut words: Vec<_> =
        output.map.got.iter().map(|slot| (slot.address.0, slot.value.0)).collect();
    words.sort_unstable();
    let end = output.map.sections().filter_map(|(_, section)| {
        let segment = output.map.segments.get(section.segment?)?;
        let is_one = segment.kind == SegmentKind::ReadOnly;
        is_one.then_some(section.address.0 + section.size)
    });
    let start = output.decision.placement.segments[SegmentKind::ReadOnly as usize];
    // An empty table takes no room, not even what its alignment would.
    let behind = end.max().unwrap_or(start).next_multiple_of(TABLE_ALIGN);
    let first = words.first().map_or(behind, |(address, _)| *address);
    let table = last(output, SegmentKind::ReadOnly, first);
    ensure!(words.is_empty() || table.slots().eq(words), "the map has another GOT: {table:x?}");
    Ok(table)
}

/// The stubs, which end the text segment: the map must have each of them.
fn stub_table(output: &Output) -> Result<Table> {
    let size = match output.map.arch {
        Arch::Aarch64 | Arch::Riscv64 => 12,
        Arch::X86_64 => 8,
    };
    let mut stubs: Vec<_> = output.map.stubs.iter().map(|stub| stub.address.0).collect();
    stubs.sort_unstable();
    let Some(first) = stubs.first() else { return Ok(Table::default()) };
    let table = last(output, SegmentKind::Text, *first);
    let end = table.address + table.bytes.len() as u64;
    ensure!((*first..end).step_by(size).eq(stubs), "the map has other stubs: {table:x?}");
    Ok(table)
}

/// What lies in a segment from an address on.
fn last(output: &Output, kind: SegmentKind, address: u64) -> Table {
    let segments = output.map.segments.iter().zip(&output.segments);
    let found =
        segments.filter(|(segment, _)| segment.kind == kind).find_map(|(segment, bytes)| {
            bytes.get(usize::try_from(address.checked_sub(segment.address.0)?).ok()?..)
        });
    Table { address, bytes: found.unwrap_or_default().to_vec() }
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
