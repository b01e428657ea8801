//! The table counted in the plan, and written once everything has an address.

use crate::elf::{Binding, InitKind, SymbolKind};
use crate::error::Error;
use crate::hash::hash;
use crate::memory::{MemoryManager, SegmentKind};
use crate::metadata::Metadata;
use crate::module::ModuleSymbol;
use crate::object::Object;
use crate::place::Segments;
use crate::plan::state::SymbolState;
use crate::plan::{Kept, Plan};
use crate::sort::sort_by_key;
use crate::table::record::{INTERFACE, RECORD, Record};
use crate::table::{Shape, SymbolTable};

impl<'o> Plan<'o, '_> {
    /// Counts what the module will keep, and so how long the table is; the offset is for the
    /// layout to say.
    pub(crate) fn plan_table(&self) -> Result<Shape, Error<'o>> {
        let mut shape = Shape::default();
        if self.options.kept == Kept::Nothing {
            return Ok(shape);
        }
        let too_large = |object: usize| Error::TooLarge {
            object: self.objects.get(object).map(Object::name).unwrap_or_default(),
        };
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
        self.options.lend_names && self.objects.len() == 1
    }

    /// The object that names are read in.
    pub(crate) fn lent_object(&self) -> Option<Object<'o>> {
        if self.lends_names() { self.objects.first().copied() } else { None }
    }

    /// Writes the table; all relocations are applied.
    pub(crate) fn write_table<M: MemoryManager>(&self, segments: &mut Segments<M>) {
        let shape = self.table;
        if self.options.kept == Kept::Nothing {
            return;
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
        let Some((records, bytes)) = bytes.split_at_mut_checked(records) else { return };
        let buckets = (shape.buckets as usize).saturating_mul(4);
        let Some((buckets, names)) = bytes.split_at_mut_checked(buckets) else { return };
        let (records, _) = records.as_chunks_mut::<RECORD>();
        self.write_records(records, names);
        sort_by_key(records, Record::address);
        chain(records, buckets.as_chunks_mut().0);
        self.write_interfaces(segments);
    }

    /// Notes with each export what the metadata says of its interface.
    fn write_interfaces<M: MemoryManager>(&self, segments: &mut Segments<M>) {
        let Ok(metadata) = Metadata::of(self.objects) else { return }; // not for the plan to refuse
        for interface in metadata.interfaces() {
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
            let record = Record {
                address: symbol.address.value(),
                interface: 0,
                size: u32::try_from(symbol.size).unwrap_or(u32::MAX),
                hash: hash(name.as_bytes()) as u32,
                name: at,
                name_len: len,
                next: 0,
                info: Record::info(symbol.symbol.kind(), symbol.symbol.binding(), exported),
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
        match self.options.kept {
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
        if self.options.kept == Kept::Nothing {
            return None;
        }
        let bytes = segments.get(SegmentKind::ReadOnly).map_or(&[][..], |s| s.bytes());
        SymbolTable::new(bytes, &self.table, lent)
    }
}

/// Enters each export into the chain of its bucket.
fn chain(records: &mut [[u8; RECORD]], buckets: &mut [[u8; 4]]) {
    let Some(mask) = buckets.len().checked_sub(1) else { return };
    for (at, raw) in (1u32..).zip(records) {
        let mut record = Record::read(raw);
        let bucket = buckets.get_mut(record.hash as usize & mask).filter(|_| record.is_exported());
        let Some(bucket) = bucket else { continue };
        record.next = u32::from_le_bytes(*bucket);
        record.write(raw);
        *bucket = at.to_le_bytes();
    }
}
