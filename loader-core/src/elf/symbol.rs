//! Symbols.

use object::elf;
use object::endian::LittleEndian as LE;

use crate::elf::{Number, identifier, name_at};
use crate::name::Name;

/// The symbol by which code speaks of the GOT itself; the loader defines it.
const GOT_SYMBOL: &[u8] = b"_GLOBAL_OFFSET_TABLE_\0";

/// By what C++ code says which module it belongs to. Compilers have it hidden, so each module has its
/// own, which ld.lld defines where no object does.
pub(crate) const MODULE_HANDLE: &[u8] = b"__dso_handle\0";

/// A symbol table entry as it lies in the file.
pub(crate) type Sym = elf::Sym64<LE>;

/// A symbol of an [`Object`](crate::Object).
#[derive(Debug, Clone, Copy)]
pub struct Symbol<'o> {
    pub(crate) sym: &'o Sym,
    pub(crate) strings: &'o [u8],
    pub(crate) place: SymbolPlace,
}

/// Where a symbol is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolPlace {
    /// `SHN_ABS`: its value is its address.
    Absolute,
    /// `SHN_COMMON`: the loader gives it memory; its value is its alignment.
    Common,
    /// At an index that is reserved for processors and systems, which have given it no meaning
    /// on these machines. No parsed object has such a symbol.
    Reserved(u16),
    /// In the section with this index; its value is an offset.
    Section(u32),
    /// `SHN_UNDEF`: somewhere else.
    Undefined,
}

/// Who sees a symbol (`STB_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Other objects, and there may be one definition only. `STB_GNU_UNIQUE` counts as this, but
    /// as weak between the modules of a [`Registry`](crate::Registry).
    Global,
    /// Its own object alone.
    Local,
    /// Other objects; gives way to a global definition, and may stay undefined.
    Weak,
}

/// What a symbol names (`STT_*`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SymbolKind {
    /// `STT_OBJECT` and `STT_COMMON`
    Data,
    /// `STT_FILE`
    File,
    /// `STT_FUNC`
    Function,
    /// `STT_GNU_IFUNC`
    IndirectFunction,
    /// `STT_NOTYPE`, and types that the core does not know
    None,
    /// `STT_SECTION`
    Section,
    /// `STT_TLS`
    ThreadLocal,
}

/// Which end of the sections of one name a symbol stands for: what linkers define for an undefined
/// `__start_SECTION` or `__stop_SECTION`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Boundary<'o> {
    pub(crate) section: &'o [u8],
    pub(crate) is_stop: bool,
}

/// What follows a mapping symbol (AAELF64, "Mapping symbols").
#[cfg(feature = "aarch64")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mapping {
    /// `$x`: instructions.
    Code,
    /// `$d`: data.
    Data,
}

/// The sections whose indices stand in symbols' entries are before this.
pub(crate) const ORDINARY_SECTIONS: usize = elf::SHN_LORESERVE as usize;

/// The index of the section that a symbol is in, where that stands in its entry.
pub(crate) fn ordinary_section(sym: &Sym) -> Option<usize> {
    let index = sym.st_shndx.read();
    let is_ordinary = index != elf::SHN_UNDEF && index.0 < elf::SHN_LORESERVE;
    is_ordinary.then_some(index.0.into())
}

impl<'o> Symbol<'o> {
    /// Its name; empty for most section symbols.
    pub fn name(self) -> Name<'o> {
        name_at(self.strings, self.sym.st_name.read()).unwrap_or_default()
    }

    /// Whether its name, with the NUL at its end, is this; or begins so, for one without. Without a look at all
    /// of it.
    pub(crate) fn is_called(self, name: &[u8]) -> bool {
        self.name_bytes().starts_with(name)
    }

    /// Whether it is called as a symbol that may stand for the module itself.
    pub(crate) fn may_stand_for_module(self) -> bool {
        self.is_called(GOT_SYMBOL) || self.is_called(MODULE_HANDLE)
    }

    /// Its name and what follows in the string table: a file may have names of megabytes.
    fn name_bytes(self) -> &'o [u8] {
        self.strings.get(self.sym.st_name.read() as usize..).unwrap_or_default()
    }

    /// Where it is defined.
    pub const fn place(self) -> SymbolPlace {
        self.place
    }

    /// Its value in the file: an offset, an alignment or an address (see [`SymbolPlace`]).
    pub fn value(self) -> u64 {
        self.sym.st_value.read()
    }

    /// Its size in bytes; 0 where it has none or nobody said.
    pub fn size(self) -> u64 {
        self.sym.st_size.read()
    }

    /// Who sees it.
    pub fn binding(self) -> Binding {
        match self.sym.st_bind() {
            elf::STB_LOCAL => Binding::Local,
            elf::STB_WEAK => Binding::Weak,
            _ => Binding::Global,
        }
    }

    /// What it names.
    pub fn kind(self) -> SymbolKind {
        match self.sym.st_type() {
            elf::STT_OBJECT | elf::STT_COMMON => SymbolKind::Data,
            elf::STT_FILE => SymbolKind::File,
            elf::STT_FUNC => SymbolKind::Function,
            elf::STT_GNU_IFUNC => SymbolKind::IndirectFunction,
            elf::STT_SECTION => SymbolKind::Section,
            elf::STT_TLS => SymbolKind::ThreadLocal,
            _ => SymbolKind::None,
        }
    }

    /// Whether it is a local label `$x` or `$d`, or one that begins so and with a dot.
    #[cfg(feature = "aarch64")]
    pub(crate) fn mapping(self) -> Option<Mapping> {
        let mapping = match self.name_bytes() {
            [b'$', b'x', 0 | b'.', ..] => Mapping::Code,
            [b'$', b'd', 0 | b'.', ..] => Mapping::Data,
            _ => return None,
        };
        let is_label = self.sym.st_type() == elf::STT_NOTYPE;
        (is_label && self.binding() == Binding::Local).then_some(mapping)
    }

    /// Whether it is an undefined `__start_SECTION` or `__stop_SECTION`.
    pub(crate) fn boundary(self) -> Option<Boundary<'o>> {
        let undefined = self.place == SymbolPlace::Undefined;
        if !undefined || self.sym.st_bind() == elf::STB_LOCAL {
            return None;
        }
        let name = self.name_bytes();
        let start = name.strip_prefix(b"__start_").map(|section| (section, false));
        let found = start.or_else(|| Some((name.strip_prefix(b"__stop_")?, true)));
        let (section, is_stop) = found?;
        Some(Boundary { section: identifier(section)?, is_stop })
    }

    /// Whether code outside the module may use it, as far as its object says: global or weak, and
    /// neither hidden nor internal. Another object of the module may hide it still.
    pub fn is_exported(self) -> bool {
        self.binding() != Binding::Local && !self.is_hidden()
    }

    /// Whether its object keeps it from other modules, to define or to use.
    pub(crate) fn is_hidden(self) -> bool {
        matches!(self.sym.st_visibility(), elf::STV_HIDDEN | elf::STV_INTERNAL)
    }

    /// Whether there may be one in each of many modules (`STB_GNU_UNIQUE`).
    pub(crate) fn is_unique(self) -> bool {
        self.sym.st_bind() == elf::STB_GNU_UNIQUE
    }
}
