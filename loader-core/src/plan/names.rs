//! One definition per name: what a linker decides when objects share names.

use object::elf;

use crate::elf::{Binding, Symbol, SymbolKind, SymbolPlace, ordinary_section};
use crate::error::{Error, RefusedSymbol};
use crate::features::{COMMON_SYMBOLS, INDIRECT_FUNCTIONS};
use crate::hash;
use crate::name::Name;
use crate::object::Object;
use crate::plan::Plan;
use crate::plan::state::{Residence, SectionState, SymbolState};
use crate::plan::thread_local::BLOCK_SYMBOL;
use crate::scratch::Scratch;

/// What a bucket of the table of names is for; the top bit of its hash says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Space {
    Symbols = 0,
    Groups = 1,
}

/// A place in the table of names.
#[derive(Clone, Copy)]
struct Bucket {
    at: usize,
    /// The hash of the name that was looked for.
    hash: u64,
    /// What it holds: the hash, a symbol's index plus one (0: nothing), and its object.
    record: Scratch,
}

/// How strong a definition is, strongest last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Undefined,
    Weak,
    Common,
    Strong,
}

impl Rank {
    fn of(symbol: Symbol<'_>) -> Self {
        match (symbol.place(), symbol.binding()) {
            (SymbolPlace::Undefined, _) => Self::Undefined,
            (SymbolPlace::Common, _) => Self::Common,
            (_, Binding::Weak) => Self::Weak,
            _ => Self::Strong,
        }
    }
}

impl SymbolState {
    /// Says of a symbol in no section what it is. The loader has the start of the block itself.
    fn mark_place(&mut self, index: u32, symbol: Symbol<'_>, is_block: bool) {
        match symbol.place() {
            SymbolPlace::Absolute => self.set_absolute(),
            SymbolPlace::Common => self.set_common_align(symbol.value().max(1)),
            SymbolPlace::Undefined if is_block => {}
            SymbolPlace::Undefined if index == 0 => self.set_absolute(),
            _ => self.set_import(),
        }
    }
}

impl<'o> Plan<'o, '_> {
    /// Of the COMDAT groups with one signature, keeps the first object's.
    pub(super) fn discard_duplicate_groups(&mut self) -> Result<(), Error<'o>> {
        if !self.state.shares_names() {
            return Ok(());
        }
        for (number, object) in self.objects.iter().enumerate() {
            for (_, section) in object.sections() {
                let Some((signature, members)) = object.comdat_group(section) else { continue };
                let Some(symbol) = object.symbol(signature) else { continue };
                let name = object.display_name(symbol);
                let bucket = self.bucket(Space::Groups, name, number)?;
                if bucket.record.low == 0 {
                    self.enter(bucket, number, signature);
                } else if bucket.record.high != number as u32 {
                    self.discard(number, members);
                }
            }
        }
        Ok(())
    }

    fn discard(&mut self, object: usize, members: impl Iterator<Item = u32>) {
        for index in members {
            if let Some(mut state) = self.state.section(object, index) {
                state.residence = Residence::Duplicate;
                self.state.set_section(object, index, state);
            }
        }
    }

    /// Says of each symbol what it is, and makes aliases of those that another object's symbol
    /// of the same name stands for.
    pub(super) fn bind_names(&mut self) -> Result<(), Error<'o>> {
        self.mark_symbols()?;
        if !self.state.shares_names() {
            return Ok(());
        }
        for (number, object) in self.objects.iter().enumerate() {
            for (index, symbol) in object.symbols() {
                if symbol.binding() != Binding::Local && self.is_definition(number, index, symbol) {
                    self.define(number, index, symbol)?;
                }
            }
        }
        for (number, object) in self.objects.iter().enumerate() {
            for (index, symbol) in object.symbols() {
                if symbol.binding() != Binding::Local {
                    self.refer(number, index, symbol)?;
                }
            }
        }
        Ok(())
    }

    fn mark_symbols(&mut self) -> Result<(), Error<'o>> {
        let (mut indirect, mut commons) = (0u32, false);
        for (number, object) in self.objects.iter().enumerate() {
            let Some(base) = self.state.symbol_base(number) else { continue };
            let (sections, records) = self.state.sections_and_symbols(number, object);
            for (index, sym) in (0u32..).zip(object.symbols) {
                let home = ordinary_section(sym).and_then(|index| sections.get(index));
                if sym.st_other.0 == 0
                    && sym.st_info.st_type() != elf::STT_GNU_IFUNC
                    && home.is_some_and(SectionState::is_ordinary)
                {
                    continue; // its record says so as it is
                }
                let Some(symbol) = object.symbol(index) else { continue };
                let at = base.wrapping_add(index);
                if object.is_loose(index, sym) {
                    records.loosen(at);
                }
                let Some(mut state) = records.get(at) else { continue };
                if symbol.is_hidden() {
                    state.set_hidden();
                }
                let refuse = |reason| {
                    let (object, symbol) = (object.name(), symbol.name());
                    Err(Error::Symbol { object, symbol, reason })
                };
                if symbol.place() == SymbolPlace::Common {
                    if !COMMON_SYMBOLS {
                        return refuse(RefusedSymbol::Common);
                    }
                    commons = true;
                }
                let is_variable = || symbol.kind() == SymbolKind::ThreadLocal;
                match symbol.place() {
                    SymbolPlace::Section(section) => {
                        let section = sections.get(section as usize);
                        match section.map_or(Residence::None, SectionState::residence_in) {
                            residence if residence.is_nowhere() => state.set_dead(),
                            residence => {
                                if residence == Residence::ThreadLocal {
                                    state.set_thread_local();
                                }
                                if symbol.kind() == SymbolKind::IndirectFunction {
                                    if !INDIRECT_FUNCTIONS {
                                        return refuse(RefusedSymbol::IndirectFunction);
                                    }
                                    state.set_indirect();
                                    indirect = indirect.saturating_add(1);
                                } else if residence == Residence::InPlace {
                                    state.set_absolute();
                                }
                            }
                        }
                    }
                    _ if is_variable() => {
                        state.set_thread_local();
                        state.mark_place(index, symbol, symbol.name() == BLOCK_SYMBOL);
                    }
                    _ => state.mark_place(index, symbol, false),
                }
                records.set(at, state);
            }
        }
        (self.indirect_count, self.has_commons) = (indirect, commons);
        Ok(())
    }

    /// Gives each IFUNC that counts a call stub, before any other symbol has one: the n-th stub
    /// is that of the n-th slot for what the resolvers return.
    pub(super) fn give_stubs_to_indirect_functions(&mut self) {
        if !self.has_indirect_functions() {
            return;
        }
        let (mut number, mut count) = (0, 0u32);
        while let Some(mut state) = self.state.symbol(number) {
            if state.is_indirect() && state.alias().is_none() {
                state.set_used();
                state.set_stub(count);
                count = count.saturating_add(1);
                self.state.set_symbol(number, state);
            }
            number = number.saturating_add(1);
        }
        (self.indirect_count, self.stub_count) = (count, count);
    }

    fn is_definition(&self, object: usize, index: u32, symbol: Symbol<'o>) -> bool {
        let at = self.state.symbol_base(object).and_then(|base| base.checked_add(index));
        let state = at.and_then(|at| self.state.symbol(at));
        symbol.place() != SymbolPlace::Undefined && state.is_some_and(|state| !state.is_dead())
    }

    /// Enters a definition, which takes the name or yields to the one that has it.
    fn define(&mut self, object: usize, index: u32, symbol: Symbol<'o>) -> Result<(), Error<'o>> {
        let name = symbol.name();
        let bucket = self.bucket(Space::Symbols, name, object)?;
        let Some((other_number, other)) = self.named(bucket.record) else {
            self.enter(bucket, object, index);
            return Ok(());
        };
        let (rank, other_rank) = (Rank::of(symbol), Rank::of(other));
        if rank == Rank::Strong && other_rank == Rank::Strong {
            let first =
                self.objects.get(bucket.record.high as usize).map(Object::name).unwrap_or_default();
            let second = self.objects.get(object).map(Object::name).unwrap_or_default();
            return Err(Error::Duplicate { symbol: name, first, second });
        }
        if rank == Rank::Common && other_rank == Rank::Common {
            let number = self.state.symbol_base(object).unwrap_or(0).wrapping_add(index);
            self.share_alignment(number, other_number);
            if symbol.size() > other.size() {
                self.enter(bucket, object, index);
            }
        } else if rank > other_rank {
            self.enter(bucket, object, index);
        }
        Ok(())
    }

    /// Makes a symbol what a bucket holds.
    fn enter(&mut self, bucket: Bucket, object: usize, index: u32) {
        if let Some(record) = self.state.names.get_mut(bucket.at) {
            *record =
                Scratch { word: bucket.hash, low: index.wrapping_add(1), high: object as u32 };
        }
    }

    /// Gives two COMMON symbols of one name the greater of their alignments.
    fn share_alignment(&mut self, a: u32, b: u32) {
        let (Some(mut one), Some(mut other)) = (self.state.symbol(a), self.state.symbol(b)) else {
            return;
        };
        let align = one.common_align().max(other.common_align());
        one.set_common_align(align);
        other.set_common_align(align);
        self.state.set_symbol(a, one);
        self.state.set_symbol(b, other);
    }

    /// Points a symbol at the definition of its name, if that is another symbol, and hides that
    /// where this one is hidden; the first of several undefined ones is what the others point at.
    fn refer(&mut self, object: usize, index: u32, symbol: Symbol<'o>) -> Result<(), Error<'o>> {
        let Some(base) = self.state.symbol_base(object) else { return Ok(()) };
        let bucket = self.bucket(Space::Symbols, symbol.name(), object)?;
        let number = base.wrapping_add(index);
        match self.named(bucket.record) {
            Some((other, _)) if other != number => {
                let states = self.state.symbol(number).zip(self.state.symbol(other));
                let Some((mut state, mut canonical)) = states else { return Ok(()) };
                if state.is_thread_local() && canonical.is_import() {
                    canonical.set_thread_local();
                }
                if state.is_hidden() {
                    canonical.set_hidden();
                }
                self.state.set_symbol(other, canonical);
                state.set_alias(other);
                self.state.set_symbol(number, state);
            }
            Some(_) => {}
            None if symbol.place() != SymbolPlace::Undefined => {} // in a discarded section
            None => self.enter(bucket, object, index),
        }
        Ok(())
    }

    /// The symbol that a bucket holds, with its number among all; `None` for an empty bucket.
    fn named(&self, record: Scratch) -> Option<(u32, Symbol<'o>)> {
        let index = record.low.checked_sub(1)?;
        let object = record.high as usize;
        let number = self.state.symbol_base(object)?.checked_add(index)?;
        Some((number, self.objects.get(object)?.symbol(index)?))
    }

    /// The signature of a group that a bucket holds: the name of a symbol, or of the section
    /// whose symbol it is.
    fn signature(&self, record: Scratch) -> Option<Name<'o>> {
        let object = self.objects.get(record.high as usize)?;
        let symbol = object.symbol(record.low.checked_sub(1)?)?;
        Some(object.display_name(symbol))
    }

    /// The bucket that holds `name`, which is the `object`-th object's, or the empty one where it
    /// belongs.
    fn bucket(&self, space: Space, name: Name<'o>, object: usize) -> Result<Bucket, Error<'o>> {
        let hash = (hash::hash(name.as_bytes()) & !(1 << 63)) | ((space as u64) << 63);
        let found = hash::find(self.state.names, hash, |record| {
            let same = || match space {
                Space::Symbols => self.named(record).is_some_and(|(_, s)| s.name() == name),
                Space::Groups => self.signature(record) == Some(name),
            };
            record.word == hash && same()
        });
        let Some((at, record)) = found else {
            let object = self.objects.get(object).map(Object::name).unwrap_or_default();
            return Err(Error::Crowded { object, symbol: name });
        };
        Ok(Bucket { at, hash, record })
    }
}
