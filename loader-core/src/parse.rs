//! Parse: `&[u8]` → [`Object`]. Checks header, sections, symbols, string tables, relocation
//! tables and groups, once; what comes after reads them without a second thought.
//!
//! The entries of relocation tables are checked by [`plan`](crate::Plan), which reads each of
//! those that matter; the tables of sections that are not loaded are never read.

mod symbols;

use object::elf;
use object::endian::{LittleEndian as LE, U32};
use object::pod;

use crate::arch::Machine;
use crate::elf::{Header, Number, RawRela, Section, Sym};
use crate::error::{Defect, Error, Format, Phase};
use crate::features::{INITIALISERS, LEAVES_OUT};
use crate::name::ObjectName;
use crate::object::Object;

impl<'o> Object<'o> {
    /// Checks the file in `bytes`; `name` is what errors and reports call it.
    ///
    /// # Errors
    /// [`Error::Format`] and [`Error::Machine`] for a file of another kind,
    /// [`Error::Malformed`] for one that contradicts itself.
    pub fn parse(name: &'o str, bytes: &'o [u8]) -> Result<Self, Error<'o>> {
        Self::parse_as(name.into(), bytes)
    }

    /// The same for any object, a member of an archive as well.
    #[inline(never)] // smaller so, with a frame of its own
    pub(crate) fn parse_as(name: ObjectName<'o>, bytes: &'o [u8]) -> Result<Self, Error<'o>> {
        let format = |format| Error::Format { object: name, format };
        let header = file_header(bytes).map_err(format)?;
        let e_machine = header.e_machine.read().0;
        let machine =
            Machine::from_elf(e_machine).ok_or(Error::Machine { object: name, e_machine })?;
        let headers = section_headers(header, bytes).ok_or(format(Format::SectionTable))?;
        let mut object = Self {
            name,
            bytes,
            machine,
            flags: header.e_flags.read().0,
            headers,
            section_names: &[],
            symbol_table: 0,
            symbols: &[],
            symbol_names: &[],
            extended_indices: &[],
            extra_records: 0,
            list_records: 0,
            padding_records: 0,
            has_boundaries: false,
            names_module: false,
            loose_symbols: 0,
        };
        match object.check(header) {
            Ok(()) => Ok(object),
            Err(Flaw { index, offset, defect, value }) => {
                let place = object.place(index, offset);
                Err(Error::Malformed { phase: Phase::Parse, place, defect, value })
            }
        }
    }

    /// Checks all parts, and notes where they are.
    fn check(&mut self, header: &elf::FileHeader64<LE>) -> Result<(), Flaw> {
        self.section_names = self.section_name_table(header)?;
        let found = self.check_sections()?;
        self.list_records = found.lists;
        self.padding_records = found.paddings;
        self.extra_records = found.lists.saturating_add(found.paddings);
        if let Some(index) = found.symbol_table {
            self.read_symbol_table(index, found.has_indices)?;
        }
        let symbols = self.check_symbols(found.has_thread_locals)?;
        self.loose_symbols = symbols.loose;
        self.has_boundaries = symbols.have_boundaries;
        self.names_module = symbols.name_module;
        if LEAVES_OUT && found.has_groups {
            self.check_groups()?;
        }
        Ok(())
    }

    fn section_name_table(&self, header: &elf::FileHeader64<LE>) -> Result<&'o [u8], Flaw> {
        let index = match header.e_shstrndx.read() {
            elf::SHN_XINDEX => self.headers.first().map_or(0, |first| first.sh_link.read()),
            index => u32::from(index.0),
        };
        self.string_table(index).ok_or(Flaw::new(index, 0, Defect::StringTable, index.into()))
    }

    /// The string table in section `index`, which ends in NUL, so that every name in it ends.
    fn string_table(&self, index: u32) -> Option<&'o [u8]> {
        let header = self.headers.get(index as usize)?;
        if header.sh_type.read() != elf::SHT_STRTAB {
            return None;
        }
        let strings = self.file_range(header)?;
        (strings.last() == Some(&0)).then_some(strings)
    }

    /// Checks the sections, and the relocation tables among them; finds what else is to be checked,
    /// and counts what the plan will keep records of.
    #[inline(never)] // a loop with registers of its own
    fn check_sections(&self) -> Result<Found, Flaw> {
        let mut found = Found::default();
        let (mut flags, mut total) = (0, 0usize);
        for (index, section) in self.sections() {
            let header = section.header;
            let name = header.sh_name.read();
            if name as usize >= self.section_names.len() {
                return Err(Flaw::new(index, 0, Defect::StringOffset, name.into()));
            }
            let Some(bytes) = self.file_range(header) else {
                let offset = header.sh_offset.read();
                return Err(Flaw::new(index, 0, Defect::SectionOutsideFile, offset));
            };
            let align = header.sh_addralign.read();
            if align & align.wrapping_sub(1) != 0 {
                return Err(Flaw::new(index, 0, Defect::Alignment, align));
            }
            flags |= header.sh_flags.read().0;
            match header.sh_type.read() {
                elf::SHT_RELA => {
                    self.check_rela_section(index, section, bytes)?;
                    found.paddings =
                        found.paddings.saturating_add(self.padding_records_of(section));
                }
                elf::SHT_GROUP => found.has_groups = true,
                elf::SHT_SYMTAB => {
                    if let Some(first) = found.symbol_table.replace(index) {
                        let defect = Defect::DuplicateSymbolTable;
                        return Err(Flaw::new(index, 0, defect, first.into()));
                    }
                    continue;
                }
                kind => {
                    found.has_indices |= kind == elf::SHT_SYMTAB_SHNDX;
                    let is_list = INITIALISERS && section.init_kind().is_some();
                    found.lists = found.lists.wrapping_add(is_list.into()); // one a section
                    continue;
                }
            }
            total = total.saturating_add(bytes.len());
            if total > self.bytes.len() {
                return Err(Flaw::new(index, 0, Defect::OverlappingTables, total as u64));
            }
        }
        found.has_thread_locals = flags & elf::SHF_TLS.0 != 0;
        Ok(found)
    }

    /// Reads the symbol table, which is the section with this index, and the table of its symbols'
    /// sections, where there may be one.
    fn read_symbol_table(&mut self, index: u32, has_indices: bool) -> Result<(), Flaw> {
        let Some(section) = self.section(index) else { return Ok(()) };
        self.symbol_table = index;
        let bytes = self.section_bytes(section);
        self.check_entry_size(index, section, bytes, size_of::<Sym>())?;
        self.symbols = pod::slice_from_all_bytes(bytes).unwrap_or_default();
        let link = section.header.sh_link.read();
        self.symbol_names =
            self.string_table(link).ok_or(Flaw::new(index, 0, Defect::SectionLink, link.into()))?;
        if !has_indices {
            return Ok(());
        }
        let indices = self
            .sections()
            .find(|(_, s)| s.kind() == elf::SHT_SYMTAB_SHNDX.0 && s.header.sh_link.read() == index);
        if let Some((_, section)) = indices {
            let bytes = self.section_bytes(section);
            self.extended_indices =
                pod::slice_from_bytes(bytes, bytes.len() / 4).map(|(s, _)| s).unwrap_or_default();
        }
        Ok(())
    }

    fn check_entry_size(
        &self,
        index: u32,
        section: Section<'o>,
        bytes: &[u8],
        expected: usize,
    ) -> Result<(), Flaw> {
        let given = section.header.sh_entsize.read();
        let whole = bytes.len().checked_rem(expected) == Some(0);
        if given != expected as u64 || !whole {
            return Err(Flaw::new(index, 0, Defect::EntrySize, given));
        }
        Ok(())
    }

    fn check_rela_section(
        &self,
        index: u32,
        section: Section<'o>,
        bytes: &[u8],
    ) -> Result<(), Flaw> {
        self.check_entry_size(index, section, bytes, size_of::<RawRela>())?;
        let target = section.header.sh_info.read();
        if target == 0 || target >= self.section_count() {
            return Err(Flaw::new(index, 0, Defect::SectionIndex, target.into()));
        }
        let link = section.header.sh_link.read();
        let linked = self.section(link).map(Section::kind);
        if linked != Some(elf::SHT_SYMTAB.0) {
            return Err(Flaw::new(index, 0, Defect::SectionLink, link.into()));
        }
        Ok(())
    }

    fn check_groups(&self) -> Result<(), Flaw> {
        let groups = self.sections().filter(|(_, section)| section.kind() == elf::SHT_GROUP.0);
        for (index, section) in groups {
            self.check_group(index, section)?;
        }
        Ok(())
    }

    fn check_group(&self, index: u32, section: Section<'o>) -> Result<(), Flaw> {
        let bytes = self.section_bytes(section);
        let signature = section.header.sh_info.read();
        if signature >= self.symbol_count() {
            return Err(Flaw::new(index, 0, Defect::SymbolIndex, signature.into()));
        }
        let link = section.header.sh_link.read();
        if link != self.symbol_table {
            return Err(Flaw::new(index, 0, Defect::SectionLink, link.into()));
        }
        match pod::slice_from_all_bytes::<U32<LE>>(bytes) {
            Ok([_flags, members @ ..]) => {
                let count = self.section_count();
                match members.iter().map(|word| word.read()).find(|&member| member >= count) {
                    Some(bad) => Err(Flaw::new(index, 0, Defect::SectionIndex, bad.into())),
                    None => Ok(()),
                }
            }
            _ => Err(Flaw::new(index, 0, Defect::Group, bytes.len() as u64)),
        }
    }

    /// How many records the plan keeps of a relocation table on RISC-V: of paddings to delete, and of
    /// the order, where it is out of order.
    #[cfg(feature = "riscv64")]
    fn padding_records_of(&self, section: Section<'o>) -> usize {
        let target = || self.section(section.relocates());
        if self.machine != Machine::Riscv64 || !target().is_some_and(Section::is_loaded) {
            return 0;
        }
        let table = self.rela_table(section);
        let (paddings, is_sorted) = table.paddings_and_order();
        paddings.saturating_add(if is_sorted { 0 } else { table.len() })
    }

    #[cfg(not(feature = "riscv64"))]
    const fn padding_records_of(&self, _: Section<'o>) -> usize {
        0
    }
}

/// A part of the file that contradicts another: an [`Error::Malformed`] in short, as it is handed on
/// from check to check.
struct Flaw {
    index: u32,
    offset: u64,
    defect: Defect,
    value: u64,
}

impl Flaw {
    const fn new(index: u32, offset: u64, defect: Defect, value: u64) -> Self {
        Self { index, offset, defect, value }
    }
}

/// What a walk over the sections finds.
#[derive(Default)]
struct Found {
    symbol_table: Option<u32>,
    has_thread_locals: bool,
    has_groups: bool,
    /// Whether symbols' sections may stand in a table of their own (`SHT_SYMTAB_SHNDX`).
    has_indices: bool,
    /// The parts of lists of initialisers and finalisers.
    lists: usize,
    /// Records of paddings to delete, and of the order of relocation tables that are out of order.
    paddings: usize,
}

/// The file header, if the file is of the kind that is loaded.
pub(crate) fn file_header(bytes: &[u8]) -> Result<&elf::FileHeader64<LE>, Format> {
    let ident = bytes.get(..16).ok_or(Format::NotElf)?;
    let [0x7f, b'E', b'L', b'F', class, data, version, ..] = ident else {
        return Err(Format::NotElf);
    };
    if *class != elf::ELFCLASS64.0 {
        return Err(Format::Class32);
    }
    if *data != elf::ELFDATA2LSB.0 {
        return Err(Format::BigEndian);
    }
    let (header, _) =
        pod::from_bytes::<elf::FileHeader64<LE>>(bytes).map_err(|()| Format::SectionTable)?;
    if *version != elf::EV_CURRENT.0
        || header.e_version.read() != u32::from(elf::EV_CURRENT.0)
        || usize::from(header.e_ehsize.read()) != size_of::<elf::FileHeader64<LE>>()
        || usize::from(header.e_shentsize.read()) != size_of::<Header>()
    {
        return Err(Format::Version);
    }
    if header.e_type.read() != elf::ET_REL {
        return Err(Format::Linked);
    }
    Ok(header)
}

/// The section header table; its length may stand in its first entry (`SHN_XINDEX`).
pub(crate) fn section_headers<'o>(
    header: &elf::FileHeader64<LE>,
    bytes: &'o [u8],
) -> Option<&'o [Header]> {
    let offset = usize::try_from(header.e_shoff.read()).ok().filter(|&offset| offset != 0)?;
    let table = bytes.get(offset..)?;
    let count = match header.e_shnum.read() {
        0 => pod::from_bytes::<Header>(table).ok()?.0.sh_size.read(),
        count => count.into(),
    };
    let count = u32::try_from(count).ok()?;
    let (headers, _) = pod::slice_from_bytes(table, count as usize).ok()?;
    Some(headers)
}
