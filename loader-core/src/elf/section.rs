//! Section headers.

use object::elf;
use object::endian::LittleEndian as LE;

use crate::elf::{Number, decimal, identifier, name_at};
use crate::name::Name;

/// A section header as it lies in the file.
pub(crate) type Header = elf::SectionHeader64<LE>;

/// A section of an [`Object`](crate::Object).
#[derive(Debug, Clone, Copy)]
pub struct Section<'o> {
    pub(crate) header: &'o Header,
    pub(crate) strings: &'o [u8],
}

/// Relocations in LLVM's compact form (`--crel`), a section type that is still experimental.
pub(crate) const SHT_CREL: elf::SectionType = elf::SectionType(0x4000_0014);

/// The longest name, with its NUL, that is looked at for a priority.
const LIST_NAME_MAX: usize = 64;

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
        name_at(self.strings, self.header.sh_name.read()).unwrap_or_default()
    }

    /// Its size in the object file's terms, in bytes (`sh_size`).
    #[inline]
    pub fn size(self) -> u64 {
        self.header.sh_size.read()
    }

    /// Its alignment in bytes: a power of two.
    #[inline]
    pub fn align(self) -> u64 {
        self.header.sh_addralign.read().max(1)
    }

    /// Its type (`sh_type`).
    #[inline]
    pub fn kind(self) -> u32 {
        self.header.sh_type.read().0
    }

    /// Its flags (`sh_flags`).
    pub fn flags(self) -> u64 {
        self.header.sh_flags.read().0
    }

    /// Where its bytes begin in the file (`sh_offset`).
    pub(crate) fn file_offset(self) -> u64 {
        self.header.sh_offset.read()
    }

    /// The index of the section that a relocation section applies to (`sh_info`).
    pub(crate) fn relocates(self) -> u32 {
        self.header.sh_info.read()
    }

    /// The index of the section that one with `SHF_LINK_ORDER` belongs to (`sh_link`).
    pub(crate) fn links_to(self) -> u32 {
        self.header.sh_link.read()
    }

    #[inline]
    pub(crate) fn is_nobits(self) -> bool {
        self.kind() == elf::SHT_NOBITS.0
    }

    #[inline]
    pub(crate) fn has(self, flag: elf::SectionFlags) -> bool {
        self.flags() & flag.0 != 0
    }

    /// Whether it holds what the module says about itself (see [`metadata`](crate::metadata)).
    pub(crate) fn is_metadata(self) -> bool {
        self.name_bytes().starts_with(b".note.loader-core\0")
    }

    /// Whether it is debug information, which debuggers read and nothing at run time does.
    pub(crate) fn is_debug(self) -> bool {
        self.kind() == elf::SHT_PROGBITS.0
            && !self.has(elf::SHF_ALLOC)
            && !self.has(elf::SHF_EXCLUDE)
            && self.name_bytes().starts_with(b".debug_")
    }

    /// Whether it is an unwind table.
    pub(crate) fn is_unwind(self) -> bool {
        !self.is_nobits() && self.is_or_begins(b".eh_frame")
    }

    /// Whether it takes memory at run time. A `.note.gnu.property` section speaks to the linker
    /// alone, and an empty one in a loaded module would say nothing true; what a module says
    /// about itself is read from the file.
    #[inline]
    pub(crate) fn is_loaded(self) -> bool {
        self.has(elf::SHF_ALLOC)
            && self.kind() != elf::SHT_NULL.0
            && !self.has(elf::SHF_EXCLUDE)
            && !self.speaks_to_no_program()
    }

    /// Whether it speaks to the linker or the loader alone.
    fn speaks_to_no_program(self) -> bool {
        // Most names differ in the second letter.
        matches!(self.name_bytes(), [b'.', b'n', ..])
            && (self.is_called(b".note.gnu.property\0") || self.is_metadata())
    }

    /// Whether it is written by relocations only, and so read-only once they are applied: what
    /// linkers put under `PT_GNU_RELRO`.
    pub(crate) fn is_constant_once_relocated(self) -> bool {
        self.init_kind().is_some() || self.is_or_begins(b".data.rel.ro")
    }

    /// Whether it is kept although nothing refers to it: what says so of itself, what is called or
    /// read without being named, and the unwind table.
    pub(crate) fn is_kept(self) -> bool {
        let named = || {
            self.is_or_begins(b".init_array")
                || [&b".init\0"[..], b".fini\0", b".jcr\0"]
                    .iter()
                    .any(|n| self.name_bytes().starts_with(n))
        };
        let is_note = self.kind() == elf::SHT_NOTE.0 && !self.has(elf::SHF_GROUP);
        let by_itself = is_note || self.init_kind().is_some() || named();
        self.has(elf::SHF_GNU_RETAIN)
            || self.is_unwind_table()
            || (by_itself && !self.has(elf::SHF_LINK_ORDER))
    }

    /// Whether it is `.eh_frame`.
    pub(crate) fn is_unwind_table(self) -> bool {
        self.name_bytes().starts_with(b".eh_frame\0")
    }

    /// Whether a function's unwind record need not keep it: it is code, or it is kept together
    /// with the function.
    pub(crate) fn comes_with_function(self) -> bool {
        self.has(elf::SHF_EXECINSTR) || self.has(elf::SHF_LINK_ORDER) || self.has(elf::SHF_GROUP)
    }

    /// Whether it may be read as one with the sections of its name in other objects: a list of
    /// functions, unwind tables, or what linkers make `__start_NAME` for, which only a name that C
    /// can spell has.
    pub(crate) fn may_be_gathered(self) -> bool {
        let spelt = |first: &u8| first.is_ascii_alphabetic() || *first == b'_';
        self.init_kind().is_some()
            || self.name_bytes().first().is_some_and(spelt)
            || self.is_or_begins(b".eh_frame")
    }

    /// Which list of initialisers or finalisers it is a part of, if any.
    #[inline]
    pub(crate) fn init_kind(self) -> Option<InitKind> {
        match elf::SectionType(self.kind()) {
            elf::SHT_PREINIT_ARRAY => Some(InitKind::PreInit),
            elf::SHT_INIT_ARRAY => Some(InitKind::Init),
            elf::SHT_FINI_ARRAY => Some(InitKind::Fini),
            elf::SHT_PROGBITS => match self.name_bytes() {
                // The second letter of all of them, so that most names are looked at once.
                [b'.', b'p' | b'i' | b'c' | b'f' | b'd', ..] => self.init_kind_by_name(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The same of a section that only its name speaks for: the lists of old, and those of
    /// assemblers and compilers that do not know the types. Linkers take them as well.
    fn init_kind_by_name(self) -> Option<InitKind> {
        const NAMES: [(&[u8], InitKind); 5] = [
            (b".preinit_array", InitKind::PreInit),
            (b".init_array", InitKind::Init),
            (b".ctors", InitKind::Init),
            (b".fini_array", InitKind::Fini),
            (b".dtors", InitKind::Fini),
        ];
        let found = NAMES.into_iter().find(|(name, _)| self.is_or_begins(name));
        found.map(|(_, kind)| kind)
    }

    /// Its place in its list: the priority that its name ends in, 65536 (after all others) where
    /// it has none. `.ctors` and `.dtors` count down from 65535, and run from the last entry to
    /// the first: the flag says so.
    pub(crate) fn init_order(self) -> (u32, bool) {
        let legacy = self.is_or_begins(b".ctors") || self.is_or_begins(b".dtors");
        let name = self.name_bytes();
        let end = name.iter().take(LIST_NAME_MAX).position(|&byte| byte == 0);
        let name = end.and_then(|end| name.get(..end)).unwrap_or_default();
        let suffix = name.rsplit(|&byte| byte == b'.').next();
        let priority = suffix.and_then(decimal).and_then(|number| u16::try_from(number).ok());
        match priority {
            Some(priority) if legacy => (u32::from(u16::MAX.wrapping_sub(priority)), true),
            Some(priority) => (u32::from(priority), false),
            None => (1 << 16, legacy),
        }
    }

    /// Its name, where it is loaded and `__start_` and `__stop_` symbols may speak of it: where the
    /// name is a C identifier. Of thread-local sections there is one in each thread.
    pub(crate) fn identifier(self) -> Option<&'o [u8]> {
        let name = identifier(self.name_bytes())?;
        (self.is_loaded() && !self.has(elf::SHF_TLS)).then_some(name)
    }

    /// Whether its name is `list`, or begins with it and a dot.
    fn is_or_begins(self, list: &[u8]) -> bool {
        let rest = self.name_bytes().strip_prefix(list);
        rest.is_some_and(|rest| matches!(rest.first(), Some(0 | b'.')))
    }

    /// Whether its name, with the NUL at its end, is this: without a look at all of it.
    pub(crate) fn is_called(self, name: &[u8]) -> bool {
        self.name_bytes().starts_with(name)
    }

    /// The first `len` bytes of its name.
    pub(crate) fn begin_of_name(self, len: usize) -> &'o [u8] {
        self.name_bytes().get(..len).unwrap_or_default()
    }

    /// Its name and what follows in the string table, so that a look at the beginning does not
    /// measure the whole: a file may give every section one name of megabytes.
    fn name_bytes(self) -> &'o [u8] {
        self.strings.get(self.header.sh_name.read() as usize..).unwrap_or_default()
    }
}
