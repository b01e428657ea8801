//! A checked object file: thin views over its bytes.

use object::elf;
use object::endian::{LittleEndian as LE, U32};
use object::pod;

use crate::arch::Machine;
#[cfg(feature = "riscv64")]
use crate::arch::riscv64::relax::relaxable;
#[cfg(feature = "riscv64")]
use crate::elf::Rela;
use crate::elf::{Header, Number, RelaTable, Section, Sym, Symbol, SymbolPlace};
use crate::error::Place;
use crate::name::{Name, ObjectName};

/// An ELF64 little-endian relocatable object file, checked.
///
/// It borrows the file's bytes and copies none of them; the bytes may lie at any address.
#[derive(Debug, Clone, Copy)]
pub struct Object<'o> {
    pub(crate) name: ObjectName<'o>,
    pub(crate) bytes: &'o [u8],
    pub(crate) machine: Machine,
    pub(crate) flags: u32,
    pub(crate) headers: &'o [Header],
    pub(crate) section_names: &'o [u8],
    /// The index of the symbol table; 0 where there is none.
    pub(crate) symbol_table: u32,
    pub(crate) symbols: &'o [Sym],
    pub(crate) symbol_names: &'o [u8],
    pub(crate) extended_indices: &'o [U32<LE>],
    pub(crate) extra_records: usize,
    /// Of the extra records, those for parts of lists of initialisers and finalisers.
    pub(crate) list_records: usize,
    /// Of the extra records, those for RISC-V's paddings and tables that are out of order.
    pub(crate) padding_records: usize,
    pub(crate) has_boundaries: bool,
    /// Whether a symbol is called as one that may stand for the module itself.
    pub(crate) names_module: bool,
    /// Symbols whose address does not follow from their section's.
    pub(crate) loose_symbols: usize,
}

impl<'o> Object<'o> {
    /// The name given to [`parse`](Self::parse).
    pub const fn name(&self) -> ObjectName<'o> {
        self.name
    }

    /// The machine that it is for.
    pub const fn machine(&self) -> Machine {
        self.machine
    }

    /// `e_flags`: on RISC-V, the extensions and the floating-point ABI it was compiled for.
    pub const fn flags(&self) -> u32 {
        self.flags
    }

    /// How many sections it has, the null section at index 0 included.
    pub const fn section_count(&self) -> u32 {
        self.headers.len() as u32
    }

    /// How many symbols it has, the null symbol at index 0 included.
    pub const fn symbol_count(&self) -> u32 {
        self.symbols.len() as u32
    }

    /// The section with this index; `None` past the last.
    pub fn section(&self, index: u32) -> Option<Section<'o>> {
        self.headers.get(index as usize).map(|header| self.with_header(header))
    }

    /// The section with this header.
    #[inline]
    pub(crate) const fn with_header(&self, header: &'o Header) -> Section<'o> {
        Section { header, strings: self.section_names }
    }

    /// All sections with their indices, from index 0 on.
    pub fn sections(&self) -> impl Iterator<Item = (u32, Section<'o>)> + '_ {
        (0u32..).zip(self.headers).map(|(index, header)| (index, self.with_header(header)))
    }

    /// The symbol with this index; `None` past the last.
    pub fn symbol(&self, index: u32) -> Option<Symbol<'o>> {
        let sym = self.symbols.get(index as usize)?;
        Some(Symbol { sym, strings: self.symbol_names, place: self.symbol_place(index, sym) })
    }

    /// All symbols with their indices, from index 0 on.
    pub fn symbols(&self) -> impl Iterator<Item = (u32, Symbol<'o>)> + '_ {
        (0u32..).zip(self.symbols).map(|(index, sym)| {
            let place = self.symbol_place(index, sym);
            (index, Symbol { sym, strings: self.symbol_names, place })
        })
    }

    /// The bytes of a section; empty for one that has none in the file.
    pub(crate) fn section_bytes(&self, section: Section<'o>) -> &'o [u8] {
        self.file_range(section.header).unwrap_or_default()
    }

    /// The relocations in a section of type `SHT_RELA`.
    pub(crate) fn rela_table(&self, section: Section<'o>) -> RelaTable<'o> {
        let raw = pod::slice_from_all_bytes(self.section_bytes(section)).unwrap_or_default();
        RelaTable::new(raw)
    }

    /// The signature symbol and the member indices of a COMDAT group; `None` for any other
    /// section.
    pub(crate) fn comdat_group(
        &self,
        section: Section<'o>,
    ) -> Option<(u32, impl Iterator<Item = u32> + use<'o>)> {
        if section.kind() != elf::SHT_GROUP.0 {
            return None;
        }
        let words: &[U32<LE>] = pod::slice_from_all_bytes(self.section_bytes(section)).ok()?;
        let (flags, members) = words.split_first()?;
        if flags.read() & elf::GRP_COMDAT.0 == 0 {
            return None;
        }
        Some((section.header.sh_info.read(), members.iter().map(|word| word.read())))
    }

    /// The member indices of a group, COMDAT or not; `None` for any other section.
    pub(crate) fn group(
        &self,
        section: Section<'o>,
    ) -> Option<impl ExactSizeIterator<Item = u32> + use<'o>> {
        if section.kind() != elf::SHT_GROUP.0 {
            return None;
        }
        let words: &[U32<LE>] = pod::slice_from_all_bytes(self.section_bytes(section)).ok()?;
        Some(words.iter().skip(1).map(|word| word.read()))
    }

    /// Scratch records needed beyond those of sections and symbols.
    pub(crate) const fn extra_records(&self) -> usize {
        self.extra_records
    }

    /// Scratch records needed for linker relaxation: one for each relocation of a type that may be
    /// relaxed.
    pub(crate) fn relaxable(&self) -> usize {
        #[cfg(feature = "riscv64")]
        if self.machine == Machine::Riscv64 {
            let tables = self.sections().filter(|(_, section)| {
                let target = || self.section(section.header.sh_info.read());
                section.kind() == elf::SHT_RELA.0 && target().is_some_and(Section::is_loaded)
            });
            let of_table = |(_, table)| {
                let relaxable = |rela: &Rela| relaxable(rela.number).is_some();
                self.rela_table(table).iter().filter(relaxable).count()
            };
            return tables.map(of_table).fold(0, usize::saturating_add);
        }
        0
    }

    /// A symbol's name for an error: a section symbol goes by its section's.
    pub(crate) fn display_name(&self, symbol: Symbol<'o>) -> Name<'o> {
        match symbol.place() {
            SymbolPlace::Section(section) if symbol.name().is_empty() => {
                self.section(section).map(Section::name).unwrap_or_default()
            }
            _ => symbol.name(),
        }
    }

    /// Names that other objects of a module may share: global symbols and COMDAT signatures.
    pub(crate) fn shared_names(&self) -> usize {
        let globals = self.symbols.iter().filter(|sym| sym.st_bind() != elf::STB_LOCAL).count();
        let groups = self.sections().filter(|(_, s)| s.kind() == elf::SHT_GROUP.0).count();
        globals.saturating_add(groups)
    }

    /// Whether it has undefined `__start_SECTION` or `__stop_SECTION` symbols.
    pub(crate) const fn has_boundaries(&self) -> bool {
        cfg!(feature = "boundaries") && self.has_boundaries
    }

    /// Sections that such symbols, of any object, may speak of.
    pub(crate) fn named_sections(&self) -> usize {
        self.sections().filter(|(_, section)| section.identifier().is_some()).count()
    }

    /// Where something is, for an error.
    pub(crate) fn place(&self, index: u32, offset: u64) -> Place<'o> {
        let section = self.section(index).map(Section::name).unwrap_or_default();
        Place { object: self.name, section, index, offset }
    }

    /// The bytes that a header speaks of; `None` where they lie past the end of the file.
    pub(crate) fn file_range(&self, header: &Header) -> Option<&'o [u8]> {
        if header.sh_type.read() == elf::SHT_NOBITS || header.sh_type.read() == elf::SHT_NULL {
            return Some(&[]);
        }
        let start = usize::try_from(header.sh_offset.read()).ok()?;
        let end = start.checked_add(usize::try_from(header.sh_size.read()).ok()?)?;
        self.bytes.get(start..end)
    }

    /// Whether a symbol's address does not follow from its section's: it is undefined, COMMON,
    /// thread-local or an IFUNC.
    pub(crate) fn is_loose(&self, index: u32, sym: &Sym) -> bool {
        match self.symbol_place(index, sym) {
            // Nothing names the null symbol, unless it is none.
            SymbolPlace::Undefined => index != 0 || sym.st_info.st_type() == elf::STT_TLS,
            SymbolPlace::Common => true,
            SymbolPlace::Section(section) => {
                let is_tls = |home: Section<'_>| home.has(elf::SHF_TLS);
                sym.st_info.st_type() == elf::STT_GNU_IFUNC
                    || self.section(section).is_some_and(is_tls)
            }
            SymbolPlace::Absolute | SymbolPlace::Reserved(_) => false,
        }
    }

    pub(crate) fn symbol_place(&self, index: u32, sym: &Sym) -> SymbolPlace {
        match sym.st_shndx.read() {
            elf::SHN_UNDEF => SymbolPlace::Undefined,
            elf::SHN_ABS => SymbolPlace::Absolute,
            elf::SHN_COMMON => SymbolPlace::Common,
            elf::SHN_XINDEX => {
                let section = self.extended_indices.get(index as usize);
                SymbolPlace::Section(section.map_or(u32::MAX, |section| section.read()))
            }
            section if section.0 >= elf::SHN_LORESERVE => SymbolPlace::Reserved(section.0),
            section => SymbolPlace::Section(section.0.into()),
        }
    }
}
