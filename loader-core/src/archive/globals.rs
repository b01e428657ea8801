//! What a member defines and needs, by its own symbol table.
//!
//! Most members of an archive are never taken. Of those, no more is read than this: neither a
//! member for another machine nor a damaged one is an error before it is needed.

use object::elf;
use object::pod;

use crate::elf::{Header, Number, Sym, name_at, overlong};
use crate::name::Name;
use crate::parse::{file_header, section_headers};

/// What a global symbol says of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Defines it as COMMON: a definition for want of a better one.
    Common,
    /// Defines it as data, not weakly: takes the place of a COMMON symbol.
    Data,
    /// Defines it as a function, not weakly.
    Function,
    /// Needs it.
    Need,
    /// Defines it, weakly.
    Weak,
    /// Takes it where it is to be had, and needs no definition.
    WeakNeed,
}

/// The global symbols of an object file.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Globals<'o> {
    symbols: &'o [Sym],
    strings: &'o [u8],
    /// Where the strings are in the file.
    strings_at: usize,
}

/// A global symbol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Global<'o> {
    pub(super) name: Name<'o>,
    /// Where the name is in the file.
    pub(super) name_at: usize,
    pub(super) role: Role,
}

impl<'o> Globals<'o> {
    /// Finds an object's symbol table; none where this cannot be one that is loaded.
    pub(super) fn of(bytes: &'o [u8]) -> Self {
        Self::find(bytes).unwrap_or_default()
    }

    fn find(bytes: &'o [u8]) -> Option<Self> {
        let headers = section_headers(file_header(bytes).ok()?, bytes)?;
        let table = headers.iter().find(|header| header.sh_type.read() == elf::SHT_SYMTAB)?;
        let strings = headers.get(table.sh_link.read() as usize)?;
        let globals = Self {
            symbols: pod::slice_from_all_bytes(range(bytes, table)?).ok()?,
            strings: range(bytes, strings)?,
            strings_at: usize::try_from(strings.sh_offset.read()).ok()?,
        };
        let is_fine = overlong(globals.strings, globals.symbols, bytes.len()).is_none();
        is_fine.then_some(globals)
    }

    /// The symbols that other objects see or must provide.
    pub(super) fn iter(self) -> impl Iterator<Item = Global<'o>> {
        self.symbols.iter().filter_map(move |symbol| {
            let role = Role::of(symbol)?;
            let name = name_at(self.strings, symbol.st_name.read())?;
            let name_at = self.strings_at.checked_add(symbol.st_name.read() as usize)?;
            (!name.is_empty()).then_some(Global { name, name_at, role })
        })
    }

    /// Those that it defines.
    pub(super) fn definitions(self) -> impl Iterator<Item = Global<'o>> {
        self.iter().filter(|global| global.role.is_definition())
    }
}

impl Role {
    /// `None` for a local symbol.
    fn of(symbol: &Sym) -> Option<Self> {
        let (binding, undefined) = (symbol.st_bind(), symbol.st_shndx.read() == elf::SHN_UNDEF);
        match binding {
            elf::STB_LOCAL => None,
            elf::STB_WEAK if undefined => Some(Self::WeakNeed),
            _ if undefined => Some(Self::Need),
            _ if symbol.st_shndx.read() == elf::SHN_COMMON => Some(Self::Common),
            elf::STB_WEAK => Some(Self::Weak),
            _ if matches!(symbol.st_type(), elf::STT_FUNC | elf::STT_GNU_IFUNC) => {
                Some(Self::Function)
            }
            _ => Some(Self::Data),
        }
    }

    pub(super) const fn is_definition(self) -> bool {
        matches!(self, Self::Common | Self::Data | Self::Function | Self::Weak)
    }
}

/// The bytes that a header speaks of.
fn range<'o>(bytes: &'o [u8], header: &Header) -> Option<&'o [u8]> {
    let start = usize::try_from(header.sh_offset.read()).ok()?;
    let len = usize::try_from(header.sh_size.read()).ok()?;
    bytes.get(start..start.checked_add(len)?)
}
