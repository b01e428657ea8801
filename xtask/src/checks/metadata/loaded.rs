//! A module that says something, and the same one silent, loaded.

use std::sync::OnceLock;

use anyhow::{Context as _, Result, anyhow, ensure};
use loader_core::{
    ArenaMemoryManager, Error, Name, Object, Plan, Scratch, SegmentKind, StaticArena,
    TargetAddress, UnprotectedPlatform, scratch_len,
};

/// Bytes of memory for all segments of one kind.
const ARENA: usize = 1 << 20;
/// Where modules see themselves, and what they import.
const TEXT: u64 = 0x10_0000;
const READ_ONLY: u64 = 0x20_0000;
const DATA: u64 = 0x30_0000;
const IMPORTS: u64 = 0x18_0000;

type Manager = ArenaMemoryManager<UnprotectedPlatform>;

/// What became of a module: the bytes of its segments, and its exports with their addresses.
type Loaded = (Vec<Vec<u8>>, Vec<(String, u64)>);

/// Ensures that the two become the same.
pub(super) fn same(with: &[u8], without: &[u8]) -> Result<()> {
    let [with, without] = [load(with)?, load(without)?];
    ensure!(with.1 == without.1, "it exports {:x?}, not {:x?}", with.1, without.1);
    ensure!(with.0 == without.0, "its bytes in memory are others than of a module that is silent");
    ensure!(with.0.iter().any(|segment| !segment.is_empty()), "it is nothing at all");
    Ok(())
}

fn load(bytes: &[u8]) -> Result<Loaded> {
    let manager = manager()?;
    let refused = |error: Error<'_>| anyhow!("{error}");
    let objects = [Object::parse("blink.o", bytes).map_err(refused)?];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let plan = Plan::new(&objects, &mut scratch).map_err(refused)?;
    let mut image = plan.place(manager).map_err(refused)?;
    for (kind, address) in SegmentKind::ALL.into_iter().zip([TEXT, READ_ONLY, DATA]) {
        image.map_segment_address(kind, TargetAddress::new(address)).map_err(refused)?;
    }
    let resolver = |_: Name<'_>| Some(TargetAddress::new(IMPORTS));
    let image = image.resolve(&resolver).map_err(refused)?;
    let segments = SegmentKind::ALL.map(|kind| image.segment_bytes(kind).to_vec()).to_vec();
    let module = image.seal().map_err(refused)?;
    let exports = module.exports();
    let mut exports: Vec<_> =
        exports.map(|found| (found.symbol.name().to_string(), found.address.value())).collect();
    exports.sort();
    Ok((segments, exports))
}

/// The arenas, taken once.
fn manager() -> Result<&'static Manager> {
    static ARENAS: [StaticArena<ARENA>; 3] = [const { StaticArena::new() }; 3];
    static MANAGER: OnceLock<Option<Manager>> = OnceLock::new();
    let manager = MANAGER.get_or_init(|| {
        let [text, read_only, data] = ARENAS.each_ref().map(StaticArena::take);
        Some(ArenaMemoryManager::new(text?, read_only?, data?, 16, UnprotectedPlatform))
    });
    manager.as_ref().context("the arenas are in use")
}
