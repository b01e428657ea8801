//! What a module keeps of its symbols once its objects are gone: a table behind its GOT, sealed
//! with it, so that it is gone when the module is.
//!
//! | part | of what |
//! | --- | --- |
//! | finalisers | 8 bytes each: the functions to call before the module goes, in their order |
//! | records | 40 bytes each: the symbols, by address (`record`) |
//! | buckets | 4 bytes each: the first record of each chain of equal hashes, plus one |
//! | names | bytes, unless they are read in the object's file |

mod fill;
mod record;

use crate::address::TargetAddress;
use crate::elf::{Binding, SymbolKind};
use crate::hash::hash;
use crate::name::Name;
use crate::object::Object;
use record::{RECORD, Record};

/// The most names that share a bucket of a table with as many buckets as names. The hash has no key, and
/// names are made by others: without a bound, a file whose names all share one would take time that
/// grows with the square of its size. Of names that were not made for it, no more than 12 do.
pub(crate) const CHAIN_LIMIT: usize = 64;

/// Where the table is, and how much there is of each part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Its offset in the read-only segment.
    pub(crate) offset: u64,
    /// How many finalisers there is room for.
    pub(crate) finalisers: u32,
    pub(crate) records: u32,
    /// How many of the records are exports.
    pub(crate) exports: u32,
    /// A power of two; 0 where there are no exports.
    pub(crate) buckets: u32,
    /// Bytes of names.
    pub(crate) names: u32,
}

impl Shape {
    /// Bytes that the table takes; `None` where they cannot be counted.
    pub(crate) fn size(&self) -> Option<u64> {
        let part = |count: u32, size: usize| u64::from(count).checked_mul(size as u64);
        part(self.finalisers, 8)?
            .checked_add(part(self.records, RECORD)?)?
            .checked_add(part(self.buckets, 4)?)?
            .checked_add(self.names.into())
    }
}

/// The symbols that a module keeps, found by name in constant and by address in logarithmic time.
///
/// [`PlanOptions::kept`](crate::PlanOptions::kept) says which they are.
#[derive(Debug, Clone, Copy)]
pub struct SymbolTable<'t> {
    finalisers: &'t [[u8; 8]],
    records: &'t [[u8; RECORD]],
    buckets: &'t [[u8; 4]],
    names: Names<'t>,
}

/// Where names are read.
#[derive(Debug, Clone, Copy)]
enum Names<'t> {
    Copied(&'t [u8]),
    Lent(Object<'t>),
}

/// A symbol in a [`SymbolTable`].
#[derive(Debug, Clone, Copy)]
pub struct KeptSymbol<'t> {
    /// Its name.
    pub name: Name<'t>,
    /// Its address on the target.
    pub address: TargetAddress,
    /// Its size in memory, in bytes: 4 GiB - 1 at the most.
    pub size: u32,
    /// What it names.
    pub kind: SymbolKind,
    /// Who sees it. `STB_GNU_UNIQUE` is weak here, as other modules may have the symbol as well.
    pub binding: Binding,
    /// Whether other modules may use it.
    pub exported: bool,
    /// The place of the object that defines it among the module's objects.
    pub object: usize,
    /// Its interface hash: what the notes of that object say ([`metadata`](crate::metadata)), or,
    /// where they say nothing of it, those of the first object that does.
    pub interface: Option<u64>,
}

impl<'t> SymbolTable<'t> {
    /// The table in the bytes of a read-only segment.
    pub(crate) fn new(segment: &'t [u8], shape: &Shape, lent: Option<Object<'t>>) -> Option<Self> {
        let bytes = segment.get(usize::try_from(shape.offset).ok()?..)?;
        let part = |count: u32, size: usize| (count as usize).checked_mul(size);
        let (finalisers, bytes) = bytes.split_at_checked(part(shape.finalisers, 8)?)?;
        let (records, bytes) = bytes.split_at_checked(part(shape.records, RECORD)?)?;
        let (buckets, bytes) = bytes.split_at_checked(part(shape.buckets, 4)?)?;
        let names = match lent {
            Some(object) => Names::Lent(object),
            None => Names::Copied(bytes.get(..shape.names as usize)?),
        };
        Some(Self {
            finalisers: finalisers.as_chunks().0,
            records: records.as_chunks().0,
            buckets: buckets.as_chunks().0,
            names,
        })
    }

    /// The address of an exported symbol; `None` where the table has none of this name.
    pub fn get(&self, name: Name<'_>) -> Option<KeptSymbol<'t>> {
        self.symbol_number(self.position(name)?)
    }

    /// The number of the record of an exported symbol.
    fn position(&self, name: Name<'_>) -> Option<u32> {
        let hash = hash(name.as_bytes()) as u32;
        let mask = self.buckets.len().checked_sub(1)?;
        let mut next = u32::from_le_bytes(*self.buckets.get(hash as usize & mask)?);
        // No chain is longer; the bound is for a table that was overwritten.
        for _ in 0..CHAIN_LIMIT {
            let at = next.checked_sub(1)?;
            let record = self.record(at)?;
            if record.hash == hash && self.name(&record) == Some(name) {
                return Some(at);
            }
            next = record.next;
        }
        None
    }

    /// The function or variable at or closest below an address, and how far behind its start the
    /// address is. Whether the address is one of the module's at all is not asked.
    pub fn at(&self, address: TargetAddress) -> Option<(KeptSymbol<'t>, u64)> {
        let after = self.records.partition_point(|raw| Record::address(raw) <= address.value());
        let record = self.record(u32::try_from(after.checked_sub(1)?).ok()?)?;
        Some((self.symbol(&record)?, address.value().wrapping_sub(record.address)))
    }

    /// All symbols, by address.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = KeptSymbol<'t>> + use<'t> {
        let table = *self;
        self.records.iter().map(move |raw| {
            let record = Record::read(raw);
            table.symbol(&record).unwrap_or(record.nameless())
        })
    }

    /// The functions to call before the module goes, in this order.
    pub fn finalisers(&self) -> impl Iterator<Item = TargetAddress> + use<'t> {
        let words = self.finalisers.iter().map(|word| u64::from_le_bytes(*word));
        words.filter(|&word| word != 0).map(TargetAddress::new)
    }

    /// The symbol with this number, by address.
    pub(crate) fn symbol_number(&self, at: u32) -> Option<KeptSymbol<'t>> {
        self.symbol(&self.record(at)?)
    }

    /// The exports, with their numbers and the hashes of their names.
    pub(crate) fn exports(&self) -> impl Iterator<Item = (u32, u32, KeptSymbol<'t>)> + use<'t> {
        let table = *self;
        (0u32..).zip(self.records).filter_map(move |(at, raw)| {
            let record = Record::read(raw);
            record.is_exported().then_some((at, record.hash, table.symbol(&record)?))
        })
    }

    fn record(&self, at: u32) -> Option<Record> {
        self.records.get(at as usize).map(Record::read)
    }

    fn name(&self, record: &Record) -> Option<Name<'t>> {
        match self.names {
            Names::Copied(bytes) => {
                let start = record.name as usize;
                bytes.get(start..start.checked_add(record.name_len as usize)?).map(Name::new)
            }
            Names::Lent(object) => Some(object.symbol(record.name)?.name()),
        }
    }

    fn symbol(&self, record: &Record) -> Option<KeptSymbol<'t>> {
        Some(KeptSymbol { name: self.name(record)?, ..record.nameless() })
    }
}
