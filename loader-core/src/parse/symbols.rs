//! Symbols: checked, each once.

use object::elf;

use super::Flaw;
use crate::elf::{Number, Sym, Symbol, SymbolPlace, ordinary_section, overlong};
use crate::error::Defect;
use crate::object::Object;

/// What a walk over the symbols finds. Names lie anywhere in the file: what is asked of all of them
/// later is asked here, where each is looked at once.
#[derive(Default)]
pub(super) struct FoundSymbols {
    /// How many are loose.
    pub(super) loose: usize,
    /// Whether any speaks of a boundary of sections.
    pub(super) have_boundaries: bool,
    /// Whether any may stand for the module itself.
    pub(super) name_module: bool,
}

impl FoundSymbols {
    /// Notes what a symbol is called. Most do not begin as all that is looked for does, and are done
    /// with their first letter: so the processor waits for several of them at once.
    #[inline]
    fn note_name(&mut self, symbol: Symbol<'_>) {
        if symbol.is_called(b"_") {
            self.have_boundaries |= cfg!(feature = "boundaries") && symbol.boundary().is_some();
            self.name_module |= symbol.may_stand_for_module();
        }
    }
}

impl Object<'_> {
    /// Checks the symbols of an object that may have thread-local sections, and finds what the plan
    /// will ask of them all.
    #[inline(never)] // a loop with registers of its own
    pub(super) fn check_symbols(&self, has_thread_locals: bool) -> Result<FoundSymbols, Flaw> {
        let mut found = FoundSymbols::default();
        for (index, sym) in (0u32..).zip(self.symbols) {
            if cfg!(feature = "fast-loops") && !has_thread_locals && self.is_sound(sym) {
                continue;
            }
            found.loose = found.loose.saturating_add(self.is_loose(index, sym).into());
            // In the symbol table, at the symbol's entry.
            let malformed = |defect, value| {
                let offset = u64::from(index).wrapping_mul(size_of::<Sym>() as u64);
                Err(Flaw::new(self.symbol_table, offset, defect, value))
            };
            let name = sym.st_name.read();
            if name as usize >= self.symbol_names.len() {
                return malformed(Defect::StringOffset, name.into());
            }
            match self.symbol_place(index, sym) {
                SymbolPlace::Reserved(index) => {
                    return malformed(Defect::SectionIndex, index.into());
                }
                SymbolPlace::Section(section) => {
                    let Some(header) = self.headers.get(section as usize) else {
                        return malformed(Defect::SectionIndex, section.into());
                    };
                    // Only loaded sections give addresses; a compressed one is larger than its
                    // `sh_size`. A thread-local symbol's value is an offset as well.
                    let loaded = header.sh_flags.read().0 & elf::SHF_ALLOC.0 != 0;
                    // gcc's section anchors are local labels that code counts from, backwards as
                    // well; they may lie past the end.
                    let anchor = sym.st_info.st_bind() == elf::STB_LOCAL
                        && sym.st_info.st_type() == elf::STT_NOTYPE;
                    if loaded && !anchor && sym.st_value.read() > header.sh_size.read() {
                        let value = sym.st_value.read();
                        return Err(Flaw::new(section, value, Defect::SymbolValue, value));
                    }
                }
                SymbolPlace::Common if !sym.st_value.read().max(1).is_power_of_two() => {
                    return malformed(Defect::CommonAlignment, sym.st_value.read());
                }
                place => {
                    let symbol = Symbol { sym, strings: self.symbol_names, place };
                    found.note_name(symbol);
                }
            }
        }
        match overlong(self.symbol_names, self.symbols, self.bytes.len()) {
            None => Ok(found),
            Some(at) => {
                let (offset, defect) =
                    (at.saturating_mul(size_of::<Sym>()), Defect::OverlappingNames);
                Err(Flaw::new(self.symbol_table, offset as u64, defect, at as u64))
            }
        }
    }

    /// Whether a symbol has a name and is a place in a section, as most are, and not loose; in an
    /// object without thread-local sections.
    fn is_sound(&self, sym: &Sym) -> bool {
        let home = ordinary_section(sym).and_then(|index| self.headers.get(index));
        home.is_some_and(|header| sym.st_value.read() <= header.sh_size.read())
            && sym.st_info.st_type() != elf::STT_GNU_IFUNC
            && (sym.st_name.read() as usize) < self.symbol_names.len()
    }
}
