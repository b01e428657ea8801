//! Writing an object's image: an ELF64 file of type `ET_EXEC`, which debuggers take as it is.

use object::elf;
use object::endian::LittleEndian as LE;
use object::pod;

use super::layout::{Part, Placed, TABLE};
use super::{Compression, Decompress, DecompressError};
use crate::address::TargetAddress;
use crate::elf::{Header, Number, Sym, Symbol, SymbolKind, SymbolPlace};
use crate::error::Error;
use crate::fixup::{Fixer, Site};
use crate::memory::{MemoryManager, SegmentKind};
use crate::module::Module;
use crate::object::Object;
use crate::parse::file_header;
use crate::plan::{Plan, PlannedSection};

impl<'o, M: MemoryManager> Module<'o, '_, M> {
    /// Writes the image that a debugger is shown of the `object`-th object, for a client that has a
    /// place for it; [`Plan::debug_size`] says how many bytes it has.
    ///
    /// It is an executable ELF file that nothing can be run from: its sections have the addresses and
    /// sizes that they have in memory, but only debug sections and unwind tables have contents.
    ///
    /// # Errors
    /// [`Error::TooLarge`] where `to` is shorter; [`Error::Compressed`]; for a relocation of a debug
    /// section, what [`Plan::new`] would say of that of a loaded one. What `to` holds then is nothing.
    pub fn write_debug_image(
        &self,
        object: usize,
        to: &mut [u8],
        decompress: &dyn Decompress,
    ) -> Result<(), Error<'o>> {
        let Some(object_of) = self.plan().objects().get(object) else { return Ok(()) };
        let too_large = Error::TooLarge { object: object_of.name() };
        let size = usize::try_from(self.plan().debug_size(object)).map_err(|_| too_large)?;
        let to = to.get_mut(..size).filter(|to| !to.is_empty()).ok_or(too_large)?;
        to.fill(0);
        let header = file_header(object_of.bytes).map_err(|_| too_large)?;
        put(to, 0, pod::bytes_of(&executable(*header)));
        for placed in self.plan().placed(object, object_of) {
            let at = u64::from(placed.index).saturating_mul(size_of::<Header>() as u64);
            put(to, TABLE.saturating_add(at), pod::bytes_of(&placed.header()));
            let end = placed.offset.saturating_add(placed.size);
            let Some(bytes) = to.get_mut(placed.offset as usize..end as usize) else { continue };
            match placed.part {
                Part::Copied => put(bytes, 0, object_of.section_bytes(placed.section)),
                Part::Debug => self.plan().write_debug(object, &placed, bytes, decompress)?,
                Part::Loaded { .. } | Part::Nothing => {}
                Part::Symbols => self.plan().write_symbols(object, object_of, bytes),
                Part::Unwind { planned, .. } => put(bytes, 0, self.loaded_bytes(planned)),
            }
        }
        Ok(())
    }

    /// The bytes of a section as they are in memory.
    fn loaded_bytes(&self, planned: PlannedSection<'o>) -> &[u8] {
        let segment = self.segments().find(|segment| segment.kind() == planned.segment);
        let start = planned.offset as usize;
        let end = start.saturating_add(planned.size as usize);
        let segment = segment.filter(|segment| segment.kind() != SegmentKind::Data); // it may run
        segment.and_then(|segment| segment.contents().get(start..end)).unwrap_or_default()
    }
}

impl<'o> Plan<'o, '_> {
    /// Writes a debug section: its own bytes, uncompressed, relocated.
    fn write_debug(
        &self,
        number: usize,
        placed: &Placed<'o>,
        bytes: &mut [u8],
        decompress: &dyn Decompress,
    ) -> Result<(), Error<'o>> {
        let Some(object) = self.objects().get(number) else { return Ok(()) };
        let Placed { index, section, size, .. } = *placed;
        match self.debug_extent(number, section).1 {
            None => put(bytes, 0, object.section_bytes(section)),
            Some((header, from)) => {
                let cause = match header.ch_type.read() {
                    elf::ELFCOMPRESS_ZLIB => decompress.decompress(Compression::Zlib, from, bytes),
                    elf::ELFCOMPRESS_ZSTD => decompress.decompress(Compression::Zstd, from, bytes),
                    _ => Err(DecompressError::Unsupported),
                };
                cause
                    .map_err(|cause| Error::Compressed { place: object.place(index, 0), cause })?;
            }
        }
        self.check_debug_relocations(number, index, size)?;
        let is_any = |names: &[&[u8]]| names.iter().any(|&name| section.is_called(name));
        let tombstone = Some(match () {
            () if is_any(&[b".debug_loc\0", b".debug_ranges\0"]) => 1, // 0 ends a list
            () if is_any(&[b".debug_names\0"]) => u64::MAX,            // 0 is a unit
            () => 0,
        });
        let symbol_base = self.state.symbol_base(number).unwrap_or(0);
        let Some(table) = self.debug_rela_of(number, index) else { return Ok(()) };
        let segment = SegmentKind::ReadOnly;
        let site = Site {
            object,
            number,
            index,
            segment,
            table,
            #[cfg(feature = "riscv64")]
            is_unordered: false, // nothing there has a low part
            symbol_base,
            target: 0,
            tombstone,
            bytes,
        };
        Fixer::new(self, TargetAddress::NULL, TargetAddress::NULL).apply_section(site, None)
    }

    /// Writes the symbol table, with addresses.
    fn write_symbols(&self, number: usize, object: &Object<'o>, bytes: &mut [u8]) {
        let (entries, _) = bytes.as_chunks_mut::<{ size_of::<Sym>() }>();
        for (entry, (index, symbol)) in entries.iter_mut().zip(object.symbols()) {
            let sym = self.symbol_entry(number, index, symbol);
            put(entry, 0, pod::bytes_of(&sym));
        }
    }

    fn symbol_entry(&self, number: usize, index: u32, symbol: Symbol<'o>) -> Sym {
        let mut sym = *symbol.sym;
        let own = self.state.symbol_base(number).and_then(|base| base.checked_add(index));
        let state = own.and_then(|own| self.state.symbol(own)).unwrap_or_default();
        let value = match symbol.place() {
            SymbolPlace::Absolute => symbol.value(),
            SymbolPlace::Common if state.is_tombstone() => return nameless(sym),
            SymbolPlace::Common => {
                sym.st_shndx.set(LE, elf::SHN_ABS); // no section of the object has it
                self.address_here(number, symbol, state)
            }
            SymbolPlace::Section(section) if self.has_debug(number, section) => symbol.value(),
            SymbolPlace::Section(section) => {
                let home = self.state.section(number, section);
                if home.is_none_or(|home| home.residence.is_nowhere()) {
                    return nameless(sym);
                }
                match symbol.kind() {
                    SymbolKind::ThreadLocal | SymbolKind::Section if state.is_thread_local() => {
                        self.address_here(number, symbol, state)
                    }
                    // A label in a block that each thread has is no place.
                    _ if state.is_thread_local() => return nameless(sym),
                    _ => self.address_in(number, section, symbol.value()),
                }
            }
            SymbolPlace::Reserved(_) | SymbolPlace::Undefined => 0,
        };
        sym.st_value.set(LE, value);
        sym.st_size.set(LE, self.size_of(number, symbol));
        sym
    }
}

impl Placed<'_> {
    /// Its entry of the section header table.
    fn header(&self) -> Header {
        let mut header = *self.section.header;
        header.sh_offset.set(LE, self.offset);
        match self.part {
            Part::Copied | Part::Symbols => {}
            Part::Debug => {
                header.sh_size.set(LE, self.size);
                if self.section.has(elf::SHF_COMPRESSED) {
                    header.sh_addralign.set(LE, 1); // which said how the compressed bytes lie
                }
                keep_flags(&mut header, elf::SHF_MERGE.0 | elf::SHF_STRINGS.0);
            }
            Part::Loaded { address, size } => {
                header.sh_type.set(LE, elf::SHT_NOBITS);
                header.sh_addr.set(LE, address);
                header.sh_size.set(LE, size);
                keep_flags(&mut header, LOADED);
            }
            Part::Nothing if self.index == 0 => {} // it may have the table's length
            Part::Nothing => return empty(header),
            Part::Unwind { address, planned } => {
                header.sh_addr.set(LE, address);
                header.sh_size.set(LE, planned.size);
                keep_flags(&mut header, LOADED);
            }
        }
        header
    }
}

/// The flags of sections in memory that still mean something once these are loaded.
const LOADED: u64 = elf::SHF_ALLOC.0 | elf::SHF_EXECINSTR.0 | elf::SHF_TLS.0 | elf::SHF_WRITE.0;

/// Leaves a section no more than some of its flags, and no ties to others: these may be empty.
fn keep_flags(header: &mut Header, flags: u64) {
    let old = header.sh_flags.read().0;
    header.sh_flags.set(LE, elf::SectionFlags(old & flags));
    header.sh_link.set(LE, 0);
    header.sh_info.set(LE, 0);
}

/// An entry of the section header table that is none.
fn empty(mut header: Header) -> Header {
    header.sh_name.set(LE, 0);
    header.sh_type.set(LE, elf::SHT_NULL);
    header.sh_flags.set(LE, elf::SectionFlags(0));
    header.sh_addr.set(LE, 0);
    header.sh_offset.set(LE, 0);
    header.sh_size.set(LE, 0);
    header.sh_link.set(LE, 0);
    header.sh_info.set(LE, 0);
    header.sh_addralign.set(LE, 0);
    header.sh_entsize.set(LE, 0);
    header
}

/// The file's header as that of an executable without an entry.
fn executable(mut header: elf::FileHeader64<LE>) -> elf::FileHeader64<LE> {
    header.e_type.set(LE, elf::ET_EXEC);
    header.e_entry.set(LE, 0);
    header.e_phoff.set(LE, 0);
    header.e_phnum.set(LE, 0);
    header.e_shoff.set(LE, TABLE);
    header
}

/// A symbol that is nowhere: its place in the table, and nothing else.
fn nameless(mut sym: Sym) -> Sym {
    sym.st_name.set(LE, 0);
    sym.st_shndx.set(LE, elf::SHN_UNDEF);
    sym.st_value.set(LE, 0);
    sym.st_size.set(LE, 0);
    sym
}

/// Writes `from` at an offset of `to`, as far as both go.
fn put(to: &mut [u8], offset: u64, from: &[u8]) {
    let rest = to.get_mut(offset as usize..).unwrap_or_default();
    for (to, from) in rest.iter_mut().zip(from) {
        *to = *from;
    }
}
