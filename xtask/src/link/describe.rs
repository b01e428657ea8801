//! From a loaded module to its map and the bytes of its segments.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use loader_core::{
    Binding, MemoryManager, Module, SegmentKind, Symbol as Defined, SymbolKind, SymbolPlace,
};
use object::elf::SHT_NOTE;

use super::Placement;
use super::map::{
    Deletion, Hex, Map, Object, Resolver, Section, Segment, Slot, Stub, Symbol, Text, ThreadLocals,
    Type, VERSION,
};
use crate::arch::Arch;

/// How many bytes each section has in its segment: more than its own, where code got shorter once
/// addresses were known.
type Rooms = BTreeMap<(usize, u32), u64>;

/// The map, and the bytes of each of its segments.
///
/// # Errors
/// The module is not what it says that it is.
pub fn describe<M: MemoryManager>(
    module: &mut Module<'_, '_, M>,
    placement: &Placement,
    rooms: &Rooms,
) -> Result<(Map, Vec<Vec<u8>>)> {
    let alone = placement.sections.iter().map(|(object, index, _)| (*object, *index));
    let alone: BTreeSet<_> = alone.collect();
    let (mut segments, mut bytes) = (Vec::new(), Vec::new());
    for segment in module.segments() {
        let kind = segment.kind();
        let address = placement.segments[kind as usize];
        // SAFETY: nothing of it runs here.
        bytes.push(unsafe { segment.bytes() }.to_vec());
        segments.push(one(kind, address, segment.size() as u64, None));
    }
    let mut objects: Vec<Object> = module.plan().objects().iter().map(named).collect();
    for found in module.sections() {
        let planned = found.planned;
        let own = segments.iter().position(|one| one.kind == planned.segment);
        let mut section = Section {
            name: planned.section.name().into(),
            index: planned.index,
            address: Hex(found.address.value()),
            size: planned.size,
            segment: own,
            offset: planned.offset,
            note_align: (planned.section.kind() == SHT_NOTE.0).then(|| planned.section.align()),
        };
        let has_bytes = planned.section.kind() != object::elf::SHT_NOBITS.0;
        let place = (planned.object, planned.index);
        if alone.contains(&place)
            && let Some(own) = own
        {
            let start = usize::try_from(planned.offset)?;
            let size = usize::try_from(planned.size)?;
            let room = usize::try_from(rooms.get(&place).copied().unwrap_or(planned.size))?;
            let hole = bytes[own].get_mut(start..start + room).context("not in its segment")?;
            let moved = hole.get(..size).context("larger than its room")?.to_vec();
            hole.fill(0);
            section.segment = Some(segments.len());
            section.offset = 0;
            let name = Some(section.name.clone());
            let mut segment = one(planned.segment, section.address.0, planned.size, name);
            segment.initialised = if has_bytes { planned.size } else { 0 };
            segments.push(segment);
            bytes.push(moved);
        } else if let Some(own) = own
            && has_bytes
        {
            let end = &mut segments[own].initialised;
            *end = (*end).max(planned.offset + planned.size);
        }
        objects[planned.object].sections.push(section);
    }
    symbols(module, &mut objects);
    let mut stubs = Vec::new();
    module.for_each_stub(|stub| {
        stubs.push(Stub {
            object: stub.object,
            symbol: stub.symbol.into(),
            address: Hex(stub.address.value()),
            target: stub.target.map(|target| Hex(target.value())),
        });
    });
    let arch = Arch::of_machine(module.plan().machine());
    let map = Map {
        version: VERSION,
        arch: arch.context("none of the machines")?,
        entry: None,
        segments,
        objects,
        got: got(module),
        stubs,
        resolvers: resolvers(module),
        deletions: deletions(module),
        thread_locals: thread_locals(module),
        undefined: Vec::new(),
    };
    Ok((map, bytes))
}

/// A segment before it is written anywhere. Of data, only what sections say has bytes of its own;
/// what the loader makes itself lies in the others.
fn one(kind: SegmentKind, address: u64, size: u64, section: Option<Text>) -> Segment {
    let initialised = if kind == SegmentKind::Data { 0 } else { size };
    let address = Hex(address);
    let file = String::new();
    Segment { kind, address, size, file, file_offset: 0, file_size: size, initialised, section }
}

fn named(object: &loader_core::Object<'_>) -> Object {
    Object { path: object.name().to_string(), sections: Vec::new(), symbols: Vec::new() }
}

fn symbols<M: MemoryManager>(module: &Module<'_, '_, M>, objects: &mut [Object]) {
    let section = |place| match place {
        SymbolPlace::Section(section) => Some(section),
        _ => None,
    };
    for found in module.symbols().filter(|found| found.prevails) {
        if !is_listed(found.symbol) {
            continue;
        }
        let (kind, place) = (found.symbol.kind(), found.symbol.place());
        objects[found.object].symbols.push(Symbol {
            name: found.symbol.name().into(),
            address: Hex(found.address.value()),
            size: found.size,
            kind: Type::of(kind, place),
            binding: found.symbol.binding(),
            section: section(place),
        });
    }
    let image = module.thread_locals().map_or(0, |locals| locals.image.value());
    for found in module.thread_local_symbols() {
        if !is_listed(found.symbol) {
            continue;
        }
        let (kind, place) = (found.symbol.kind(), found.symbol.place());
        // A label that marks data there is no variable, and has an address.
        let start = if kind == SymbolKind::ThreadLocal { 0 } else { image };
        objects[found.object].symbols.push(Symbol {
            name: found.symbol.name().into(),
            address: Hex(start.wrapping_add(found.offset)),
            size: found.symbol.size(),
            kind: Type::of(kind, place),
            binding: found.symbol.binding(),
            section: section(found.symbol.place()),
        });
    }
}

/// Whether a symbol says something to a reader: no section, and no label that the assembler made for
/// itself, of which RISC-V's objects have tens of thousands, and which GNU ld leaves out for gcc as well.
fn is_listed(symbol: Defined<'_>) -> bool {
    let is_assemblers =
        symbol.binding() == Binding::Local && symbol.name().as_bytes().starts_with(b".L");
    symbol.kind() != SymbolKind::Section && !is_assemblers
}

fn got<M: MemoryManager>(module: &Module<'_, '_, M>) -> Vec<Slot> {
    let slots = module.got().map(|slot| Slot {
        object: slot.object,
        symbol: slot.symbol.into(),
        word: slot.word,
        address: Hex(slot.address.value()),
        value: Hex(slot.value),
    });
    slots.collect()
}

fn resolvers<M: MemoryManager>(module: &Module<'_, '_, M>) -> Vec<Resolver> {
    let resolvers = module.resolutions().map(|resolution| Resolver {
        object: resolution.object,
        symbol: resolution.name.into(),
        resolver: Hex(resolution.resolver.value()),
        slot: Hex(resolution.slot.value()),
    });
    resolvers.collect()
}

fn deletions<M: MemoryManager>(module: &Module<'_, '_, M>) -> Vec<Deletion> {
    let deletions = module.deletions().map(|deletion| {
        let loader_core::Deletion { object, section, offset, bytes } = deletion;
        Deletion { object, section, offset, bytes }
    });
    deletions.collect()
}

fn thread_locals<M: MemoryManager>(module: &Module<'_, '_, M>) -> Option<ThreadLocals> {
    let found = module.thread_locals()?;
    Some(ThreadLocals {
        address: Hex(found.image.value()),
        image_size: found.block.image_size,
        size: found.block.size,
        align: found.block.align,
        thread_pointer_offset: found.location.thread_pointer_offset.unwrap_or_default(),
    })
}
