//! Section headers.

use object::elf;
use object::endian::LittleEndian as LE;

use crate::elf::name_at;
use crate::name::Name;

/// A section header as it lies in the file.
pub(crate) type Header = elf::SectionHeader64<LE>;

/// A section of an [`Object`](crate::Object).
#[derive(Debug, Clone, Copy)]
pub struct Section<'o> {
    pub(crate) header: &'o Header,
    pub(crate) strings: &'o [u8],
}

/// A list of functions that the client calls before the first use of a module, or after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InitKind {
    /// `.preinit_array`: called before all other initialisers.
    PreInit,
    /// `.init_array` and `.ctors`: called in ascending priority.
    Init,
    /// `.fini_array` and `.dtors`: called in descending priority.
    Fini,
}

impl<'o> Section<'o> {
    /// Its name.
    pub fn name(self) -> Name<'o> {
        name_at(self.strings, self.header.sh_name.get(LE)).unwrap_or_default()
    }

    /// Its size in the object file's terms, in bytes (`sh_size`).
    pub fn size(self) -> u64 {
        self.header.sh_size.get(LE)
    }

    /// Its alignment in bytes: a power of two.
    pub fn align(self) -> u64 {
        self.header.sh_addralign.get(LE).max(1)
    }

    /// Its type (`sh_type`).
    pub fn kind(self) -> u32 {
        self.header.sh_type.get(LE).0
    }

    /// Its flags (`sh_flags`).
    pub fn flags(self) -> u64 {
        self.header.sh_flags.get(LE).0
    }

    /// The index of the section that a relocation section applies to (`sh_info`).
    pub(crate) fn relocates(self) -> u32 {
        self.header.sh_info.get(LE)
    }

    pub(crate) fn is_nobits(self) -> bool {
        self.kind() == elf::SHT_NOBITS.0
    }

    pub(crate) fn has(self, flag: elf::SectionFlags) -> bool {
        self.flags() & flag.0 != 0
    }

    /// Whether it takes memory at run time. A `.note.gnu.property` section speaks to the linker
    /// alone, and an empty one in a loaded module would say nothing true.
    pub(crate) fn is_loaded(self) -> bool {
        self.has(elf::SHF_ALLOC)
            && self.kind() != elf::SHT_NULL.0
            && !self.has(elf::SHF_EXCLUDE)
            && self.name().as_bytes() != b".note.gnu.property"
    }

    /// Whether it is written by relocations only, and so read-only once they are applied: what
    /// linkers put under `PT_GNU_RELRO`.
    pub(crate) fn is_constant_once_relocated(self) -> bool {
        self.init_kind().is_some()
            || self
                .name()
                .strip_prefix(b".data.rel.ro")
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
    }

    /// Which list of initialisers or finalisers it is a part of, if any.
    pub(crate) fn init_kind(self) -> Option<InitKind> {
        match elf::SectionType(self.kind()) {
            elf::SHT_PREINIT_ARRAY => Some(InitKind::PreInit),
            elf::SHT_INIT_ARRAY => Some(InitKind::Init),
            elf::SHT_FINI_ARRAY => Some(InitKind::Fini),
            elf::SHT_PROGBITS if self.legacy_list(b".ctors") => Some(InitKind::Init),
            elf::SHT_PROGBITS if self.legacy_list(b".dtors") => Some(InitKind::Fini),
            _ => None,
        }
    }

    /// Its place in its list: the priority that its name ends in, 65536 (after all others) where
    /// it has none. `.ctors` and `.dtors` count down from 65535, and run from the last entry to
    /// the first: the flag says so.
    pub(crate) fn init_order(self) -> (u32, bool) {
        let legacy = self.legacy_list(b".ctors") || self.legacy_list(b".dtors");
        let last_dot = self.name().as_bytes().iter().rposition(|&byte| byte == b'.');
        let suffix = last_dot.and_then(|dot| self.name().as_bytes().get(dot.checked_add(1)?..));
        let priority =
            suffix.and_then(|digits| core::str::from_utf8(digits).ok()?.parse::<u16>().ok());
        match priority {
            Some(priority) if legacy => (u32::from(u16::MAX.wrapping_sub(priority)), true),
            Some(priority) => (u32::from(priority), false),
            None => (1 << 16, legacy),
        }
    }

    fn legacy_list(self, list: &[u8]) -> bool {
        self.name().strip_prefix(list).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
    }
}
