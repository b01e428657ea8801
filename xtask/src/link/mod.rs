//! `cargo xtask link`: objects, linked for fixed addresses by the same core that loads them.
//!
//! | file | what it does |
//! | --- | --- |
//! | `request` | what a command line asks for: its files read, members chosen, names defined |
//! | `place` | `--place` and `--define`: where things go |
//! | `thread_locals` | the block of thread-local variables, as an executable has it |
//! | `describe` | a loaded module → its map, and the bytes of its segments |
//! | `map` | the map's form |
//! | `write` | files |
//! | `elf` | an executable (`ET_EXEC`) |
//!
//! [`link`] is what the differential test compares with other linkers as well: the map and the
//! bytes that it looks at are those that are written.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use anyhow::{Context, Result};
use loader_core::{
    ArenaMemoryManager, Error, Module, Name, Object, Plan, PlanOptions, Scratch, SegmentKind,
    StaticArena, TargetAddress, UnprotectedPlatform,
};

mod describe;
mod elf;
pub mod map;
pub mod place;
mod request;
#[cfg(test)]
mod tests;
pub mod thread_locals;
mod write;

pub use elf::executable;
use map::{Hex, Map};
pub use place::Placement;
pub use request::Request;
use thread_locals::ThreadLocals;
pub use write::{Format, write};

/// Bytes of memory for all text segments: for one that no AArch64 call crosses, too.
const TEXT_ARENA: usize = 256 << 20;
/// Bytes of memory for all segments of another kind.
const ARENA: usize = 64 << 20;

/// Where objects are loaded to, by all threads.
type Manager = ArenaMemoryManager<UnprotectedPlatform>;

/// What is decided once a plan says how large everything is.
#[derive(Debug)]
pub struct Decision {
    /// Where segments and sections go.
    pub placement: Placement,
    /// The symbols that the objects do not define.
    pub symbols: BTreeMap<Vec<u8>, u64>,
    /// Where thread-local variables are.
    pub thread_locals: ThreadLocals,
}

/// What linking made: in memory, as the files will have it.
#[derive(Debug)]
pub struct Output {
    /// What is where.
    pub map: Map,
    /// The bytes of each of the map's segments.
    pub segments: Vec<Vec<u8>>,
    /// `e_flags` of an executable.
    pub flags: u32,
    /// What was decided.
    pub decision: Decision,
}

/// Why nothing was linked.
#[derive(Debug)]
pub enum Failure<'o> {
    /// The core refuses the objects.
    Core(Error<'o>),
    /// Anything else.
    Other(anyhow::Error),
}

impl<'o> From<Error<'o>> for Failure<'o> {
    fn from(error: Error<'o>) -> Self {
        Self::Core(error)
    }
}

impl From<anyhow::Error> for Failure<'_> {
    fn from(error: anyhow::Error) -> Self {
        Self::Other(error)
    }
}

/// Links objects as one module.
///
/// # Errors
/// The core refuses them, or `decide` has no answer.
pub fn link<'o>(
    objects: &[Object<'o>],
    options: PlanOptions<'_>,
    decide: impl FnOnce(&Plan<'o, '_>) -> Result<Decision>,
) -> Result<Output, Failure<'o>> {
    link_and(objects, options, decide, |_| Ok(())).map(|(output, ())| output)
}

/// The same, with one more look at the module.
///
/// # Errors
/// As for [`link`], and those of `look`.
pub fn link_and<'o, T>(
    objects: &[Object<'o>],
    options: PlanOptions<'_>,
    decide: impl FnOnce(&Plan<'o, '_>) -> Result<Decision>,
    look: impl FnOnce(&Module<'o, '_, &'static Manager>) -> Result<T>,
) -> Result<(Output, T), Failure<'o>> {
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(objects)];
    let plan = Plan::with_options(objects, &mut scratch, options)?;
    let decision = decide(&plan)?;
    let rooms = plan.sections().map(|section| ((section.object, section.index), section.size));
    let rooms: BTreeMap<_, _> = rooms.collect();
    let mut image = plan.place(manager()?)?;
    let Placement { segments, sections } = &decision.placement;
    for (kind, address) in SegmentKind::ALL.into_iter().zip(segments) {
        image.map_segment_address(kind, TargetAddress::new(*address))?;
    }
    for (object, index, address) in sections {
        image.map_section_address(*object, *index, TargetAddress::new(*address))?;
    }
    let resolver =
        |name: Name<'_>| decision.symbols.get(name.as_bytes()).copied().map(TargetAddress::new);
    let mut module = image.resolve_with(&resolver, &decision.thread_locals)?.seal()?;
    let (map, segments) = describe::describe(&mut module, &decision.placement, &rooms)?;
    // RISC-V: code may be compressed in some objects. Nothing else may differ between them.
    let flags = objects.iter().fold(0, |flags, object| flags | object.flags());
    let seen = look(&module)?;
    Ok((Output { map, segments, flags, decision }, seen))
}

impl Output {
    /// The bytes of a section.
    pub fn bytes(&self, section: &map::Section) -> Option<&[u8]> {
        if section.size == 0 {
            return Some(&[]);
        }
        let start = usize::try_from(section.offset).ok()?;
        let end = start.checked_add(usize::try_from(section.size).ok()?)?;
        self.segments.get(section.segment?)?.get(start..end)
    }

    /// The address of a global symbol that is no thread-local variable.
    pub fn symbol(&self, name: &str) -> Option<Hex> {
        let mut symbols = self.map.symbols().filter(|symbol| {
            symbol.binding != loader_core::Binding::Local && symbol.kind != map::Type::Tls
        });
        symbols.find(|symbol| symbol.name.0 == name.as_bytes()).map(|symbol| symbol.address)
    }
}

/// The arenas, taken once.
fn manager() -> Result<&'static Manager> {
    static TEXT: StaticArena<TEXT_ARENA> = StaticArena::new();
    static ARENAS: [StaticArena<ARENA>; 2] = [const { StaticArena::new() }; 2];
    static MANAGER: OnceLock<Option<Manager>> = OnceLock::new();
    let manager = MANAGER.get_or_init(|| {
        let [read_only, data] = ARENAS.each_ref().map(StaticArena::take);
        Some(ArenaMemoryManager::new(TEXT.take()?, read_only?, data?, 16, UnprotectedPlatform))
    });
    manager.as_ref().context("the arenas are in use")
}
