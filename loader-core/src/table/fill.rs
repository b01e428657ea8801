//! The table counted in the plan, and written once everything has an address.

use crate::elf::{Binding, InitKind, SymbolKind};
use crate::error::Error;
use crate::hash::hash;
use crate::memory::{MemoryManager, SegmentKind};
use crate::metadata::interfaces_of;
use crate::module::ModuleSymbol;
use crate::name::Name;
use crate::object::Object;
use crate::place::Segments;
use crate::plan::state::SymbolState;
use crate::plan::{Kept, Plan};
use crate::sort::sort_by_key;
use crate::table::record::{INTERFACE, OBJECT_LIMIT, RECORD, Record};
use crate::table::{CHAIN_LIMIT, Shape, SymbolTable};

impl<'o> Plan<'o, '_> {
    /// Counts what the module will keep, and so how long the table is; the offset is for the
    /// layout to say.
    pub(crate) fn plan_table(&self) -> Result<Shape, Error<'o>> {
        let mut shape = Shape::default();
        if self.options.kept_symbols() == Kept::Nothing {
            return Ok(shape);
        }
        let too_large = |object: usize| Error::TooLarge {
            object: self.objects.get(object).map(Object::name).unwrap_or_default(),
        };
        if self.objects.all().len() > OBJECT_LIMIT {
            return Err(too_large(OBJECT_LIMIT));
        }
        let lent = self.lends_names();
        for (symbol, state) in self.defined_symbols() {
            let Some(exported) = self.keeps(&symbol, state) else { continue };
            let error = too_large(symbol.object);
            shape.records = shape.records.checked_add(1).ok_or(error)?;
            shape.exports = shape.exports.saturating_add(exported.into());
            if !lent {
                let len = symbol.symbol.name().as_bytes().len();
                let len = u32::try_from(len).ok();
                let names = len.and_then(|len| shape.names.checked_add(len));
                shape.names = names.ok_or(error)?;
            }
        }
        if shape.exports != 0 {
            shape.buckets = shape.exports.checked_next_power_of_two().ok_or(too_large(0))?;
        }
        let finalisers = self.finaliser_words().count();
        shape.finalisers = u32::try_from(finalisers).map_err(|_| too_large(0))?;
        Ok(shape)
    }

    /// Whether names stay in the object's file.
    pub(crate) const fn lends_names(&self) -> bool {
        self.options.lends_names() && self.objects.all().len() == 1
    }

    /// The object that names are read in.
    pub(crate) fn lent_object(&self) -> Option<Object<'o>> {
        self.lends_names().then(|| *self.objects.first())
    }

    /// Writes the table; all relocations are applied.
    pub(crate) fn write_table<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
    ) -> Result<(), Error<'o>> {
        let shape = self.table;
        if self.options.kept_symbols() == Kept::Nothing {
            return Ok(());
        }
        let start = usize::try_from(shape.offset).unwrap_or(usize::MAX);
        let mut at = start;
        for (kind, offset) in self.finaliser_words() {
            let word = segments.word_at(kind, offset);
            let room = segments.bytes_mut(SegmentKind::ReadOnly).get_mut(at..);
            let room = room.and_then(<[u8]>::first_chunk_mut);
            let function = word.and_then(crate::module::function);
            let (Some(function), Some(room)) = (function, room) else { continue };
            *room = function.value().to_le_bytes();
            at = at.saturating_add(8);
        }
        let at = start.saturating_add((shape.finalisers as usize).saturating_mul(8));
        let bytes = segments.bytes_mut(SegmentKind::ReadOnly).get_mut(at..).unwrap_or_default();
        let records = (shape.records as usize).saturating_mul(RECORD);
        let Some((records, bytes)) = bytes.split_at_mut_checked(records) else { return Ok(()) };
        let buckets = (shape.buckets as usize).saturating_mul(4);
        let Some((buckets, names)) = bytes.split_at_mut_checked(buckets) else { return Ok(()) };
        let (records, _) = records.as_chunks_mut::<RECORD>();
        self.write_records(records, names);
        sort_by_key(records, Record::address);
        chain(records, buckets.as_chunks_mut().0).map_err(|hash| self.collisions(hash))?;
        // What the object says that has the definition counts before what others say.
        for of_definition in [true, false] {
            self.write_interfaces(segments, of_definition);
        }
        Ok(())
    }

    /// The error for exports of which too many share a bucket with the one that has this hash.
    fn collisions(&self, hash_of_one: u32) -> Error<'o> {
        let mut exports = self.defined_symbols().filter(|(symbol, state)| {
            let hash = || hash(symbol.symbol.name().as_bytes()) as u32;
            self.keeps(symbol, *state) == Some(true) && hash() == hash_of_one
        });
        let symbol = exports.next().map_or_else(Name::default, |(symbol, _)| symbol.symbol.name());
        Error::HashCollisions { symbol, limit: CHAIN_LIMIT }
    }

    /// Notes with each export what is said of its interface: by the object that defines it, or by
    /// others, where nobody has said anything.
    fn write_interfaces<M: MemoryManager>(&self, segments: &mut Segments<M>, of_definition: bool) {
        let interfaces = self.objects.iter().enumerate().flat_map(|(number, object)| {
            interfaces_of(object).map(move |interface| (number, interface))
        });
        for (object, interface) in interfaces {
            let table = self.table_in(segments, self.lent_object());
            let Some(at) = table.and_then(|table| table.position(interface.symbol)) else {
                continue;
            };
            let records =
                self.table.offset.saturating_add(u64::from(self.table.finalisers).wrapping_mul(8));
            let start = (records as usize).saturating_add((at as usize).saturating_mul(RECORD));
            let bytes = segments.bytes_mut(SegmentKind::ReadOnly).get_mut(start..);
            let Some(raw) = bytes.and_then(<[u8]>::first_chunk_mut) else { continue };
            let mut record = Record::read(raw);
            if record.info & INTERFACE != 0 || (record.object() == object) != of_definition {
                continue;
            }
            (record.interface, record.info) = (interface.hash, record.info | INTERFACE);
            record.write(raw);
        }
    }

    fn write_records(&self, records: &mut [[u8; RECORD]], names: &mut [u8]) {
        let lent = self.lends_names();
        let mut room = records.iter_mut();
        let mut used = 0usize;
        for (symbol, state) in self.defined_symbols() {
            let Some(exported) = self.keeps(&symbol, state) else { continue };
            let name = symbol.symbol.name();
            let (mut at, mut len) = (symbol.index, 0);
            if !lent {
                let bytes = name.as_bytes();
                let to = names.get_mut(used..).and_then(|rest| rest.get_mut(..bytes.len()));
                let Some(to) = to else { return };
                to.copy_from_slice(bytes);
                (at, len) = (used as u32, bytes.len() as u32);
                used = used.saturating_add(bytes.len());
            }
            let Some(to) = room.next() else { return };
            let is_unique = symbol.symbol.is_unique();
            let binding = if is_unique { Binding::Weak } else { symbol.symbol.binding() };
            let record = Record {
                address: symbol.address.value(),
                interface: 0,
                size: u32::try_from(symbol.size).unwrap_or(u32::MAX),
                hash: hash(name.as_bytes()) as u32,
                name: at,
                name_len: len,
                next: 0,
                info: Record::info(symbol.symbol.kind(), binding, exported, symbol.object),
            };
            record.write(to);
        }
    }

    /// Whether a symbol is kept; then, whether as an export.
    fn keeps(&self, symbol: &ModuleSymbol<'o>, state: SymbolState) -> Option<bool> {
        let exported = state.is_exported(symbol.symbol);
        let named = || match symbol.symbol.kind() {
            SymbolKind::Function | SymbolKind::Data | SymbolKind::IndirectFunction => true,
            SymbolKind::None => symbol.symbol.binding() != Binding::Local,
            _ => false,
        };
        match self.options.kept_symbols() {
            Kept::Nothing | Kept::Finalisers => None,
            Kept::Exports => exported.then_some(true),
            Kept::Symbols => (exported || named()).then_some(exported),
        }
    }

    /// Where the words of the lists of finalisers are, in the order they run in.
    pub(crate) fn finaliser_words(&self) -> impl Iterator<Item = (SegmentKind, usize)> + '_ {
        let lists = self.state.init_lists().iter().rev();
        let finalisers = lists.filter(|record| record.word >> 60 == InitKind::Fini as u64);
        finalisers.flat_map(|record| self.list_words(*record, true))
    }

    /// The table of a module whose relocations are applied.
    pub(crate) fn table_in<'t, M: MemoryManager>(
        &self,
        segments: &'t Segments<M>,
        lent: Option<Object<'t>>,
    ) -> Option<SymbolTable<'t>> {
        if self.options.kept_symbols() == Kept::Nothing {
            return None;
        }
        let bytes = segments.get(SegmentKind::ReadOnly).map_or(&[][..], |s| s.contents());
        SymbolTable::new(bytes, &self.table, lent)
    }
}

/// Enters each export into the chain of its bucket; the hash of one whose chain is full, where there
/// is one.
fn chain(records: &mut [[u8; RECORD]], buckets: &mut [[u8; 4]]) -> Result<(), u32> {
    let Some(mask) = buckets.len().checked_sub(1) else { return Ok(()) };
    for at in 0..records.len() {
        let Some(mut record) = records.get(at).map(Record::read) else { break };
        let bucket = buckets.get_mut(record.hash as usize & mask).filter(|_| record.is_exported());
        let Some(bucket) = bucket else { continue };
        record.next = u32::from_le_bytes(*bucket);
        if length(records, record.next) >= CHAIN_LIMIT {
            return Err(record.hash);
        }
        *bucket = (at as u32).wrapping_add(1).to_le_bytes();
        if let Some(raw) = records.get_mut(at) {
            record.write(raw);
        }
    }
    Ok(())
}

/// How many records a chain has, as far as the bound.
fn length(records: &[[u8; RECORD]], mut next: u32) -> usize {
    let chained = (0..CHAIN_LIMIT).map_while(|_| {
        let record = records.get(next.checked_sub(1)? as usize)?;
        next = Record::read(record).next;
        Some(())
    });
    chained.count()
}
