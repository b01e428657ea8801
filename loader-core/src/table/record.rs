//! One symbol of a table, 40 bytes of memory, little-endian.

use crate::address::TargetAddress;
use crate::elf::{Binding, SymbolKind};
use crate::name::Name;
use crate::table::KeptSymbol;

/// Bytes of a record.
pub(super) const RECORD: usize = 40;

/// A record, read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) address: u64,
    /// The hash of its interface, where `info` says that it has one.
    pub(super) interface: u64,
    pub(super) size: u32,
    pub(super) hash: u32,
    /// Where its name is among the names, or the symbol's index in an object that is lent.
    pub(super) name: u32,
    pub(super) name_len: u32,
    /// The next record of the same bucket, plus one.
    pub(super) next: u32,
    pub(super) info: u32,
}

// Bits of `info`.
const KIND: u32 = 0xf;
const WEAK: u32 = 1 << 4;
const LOCAL: u32 = 1 << 5;
const EXPORTED: u32 = 1 << 6;
pub(super) const INTERFACE: u32 = 1 << 7;
/// The rest: the place of its object among the module's.
const OBJECT_SHIFT: u32 = 8;
/// How many objects there can be.
pub(super) const OBJECT_LIMIT: usize = 1 << (u32::BITS - OBJECT_SHIFT);

impl Record {
    pub(super) const fn info(
        kind: SymbolKind,
        binding: Binding,
        exported: bool,
        object: usize,
    ) -> u32 {
        let kind = match kind {
            SymbolKind::Function => 1,
            SymbolKind::Data => 2,
            SymbolKind::IndirectFunction => 3,
            _ => 0,
        };
        let binding = match binding {
            Binding::Global => 0,
            Binding::Local => LOCAL,
            Binding::Weak => WEAK,
        };
        let object = (object as u32) << OBJECT_SHIFT;
        kind | binding | object | if exported { EXPORTED } else { 0 }
    }

    pub(super) const fn object(&self) -> usize {
        (self.info >> OBJECT_SHIFT) as usize
    }

    pub(super) const fn is_exported(&self) -> bool {
        self.info & EXPORTED != 0
    }

    pub(super) fn read(raw: &[u8; RECORD]) -> Self {
        let (words, _) = raw.as_chunks::<4>();
        let word = |at: usize| words.get(at).map_or(0, |word| u32::from_le_bytes(*word));
        let long = |at: usize| u64::from(word(at)) | u64::from(word(at.wrapping_add(1))) << 32;
        Self {
            address: long(0),
            interface: long(2),
            size: word(4),
            hash: word(5),
            name: word(6),
            name_len: word(7),
            next: word(8),
            info: word(9),
        }
    }

    pub(super) fn write(&self, raw: &mut [u8; RECORD]) {
        let split = |word: u64| [word as u32, (word >> 32) as u32];
        let [address_low, address_high] = split(self.address);
        let [interface_low, interface_high] = split(self.interface);
        let words = [
            address_low,
            address_high,
            interface_low,
            interface_high,
            self.size,
            self.hash,
            self.name,
            self.name_len,
            self.next,
            self.info,
        ];
        for (to, word) in raw.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
    }

    /// The address alone, for the search.
    pub(super) fn address(raw: &[u8; RECORD]) -> u64 {
        raw.first_chunk().map_or(0, |word| u64::from_le_bytes(*word))
    }

    /// What the record says, but for the name.
    pub(super) fn nameless<'t>(&self) -> KeptSymbol<'t> {
        KeptSymbol {
            name: Name::default(),
            address: TargetAddress::new(self.address),
            size: self.size,
            kind: match self.info & KIND {
                1 => SymbolKind::Function,
                2 => SymbolKind::Data,
                3 => SymbolKind::IndirectFunction,
                _ => SymbolKind::None,
            },
            binding: match self.info & (LOCAL | WEAK) {
                0 => Binding::Global,
                WEAK => Binding::Weak,
                _ => Binding::Local,
            },
            exported: self.is_exported(),
            object: self.object(),
            interface: (self.info & INTERFACE != 0).then_some(self.interface),
        }
    }
}
