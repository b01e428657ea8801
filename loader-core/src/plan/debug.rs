//! Debug sections: which of them a debugger is shown, their relocations, and what symbols are to
//! these.
//!
//! A debug section is not loaded, and counts from 0: a symbol in it is an offset, as linkers have it.
//! One of a discarded COMDAT group is shown all the same, as each object's image stands alone.

use object::elf;
use object::endian::LittleEndian as LE;
use object::pod;

use crate::arch::{Action, Field, Fixup, Formula, Relocation, Unsupported};
use crate::elf::{Number, Rela, RelaTable, Section, SymbolPlace};
use crate::error::{Error, Fault};
use crate::plan::scan::Site;
use crate::plan::state::{Residence, SymbolState};
use crate::plan::{DebugSections, Plan};

/// The head of a compressed section.
pub(crate) type CompressionHeader = elf::CompressionHeader64<LE>;

impl<'o> Plan<'o, '_> {
    /// Whether a section is a debug section that a debugger is shown.
    pub(crate) fn has_debug(&self, object: usize, index: u32) -> bool {
        let section = || self.objects.get(object)?.section(index);
        let shown = |section: Section<'_>| {
            let whole = self.options.debug_sections() == DebugSections::All;
            section.is_debug() && (whole || !section.has(elf::SHF_COMPRESSED))
        };
        self.options.debug_sections() != DebugSections::None
            && section().is_some_and(shown)
            && self.state.section(object, index).is_some_and(|state| {
                matches!(state.residence, Residence::None | Residence::Duplicate)
            })
    }

    /// The relocations of a debug section.
    pub(crate) fn debug_rela_of(&self, object: usize, index: u32) -> Option<RelaTable<'o>> {
        let state = self.state.section(object, index).filter(|_| self.has_debug(object, index))?;
        let object = self.objects.get(object)?;
        Some(object.rela_table(object.section(state.relocations?)?))
    }

    /// The bytes that a debug section has in the image, and how it is compressed in the file, if it
    /// is.
    pub(crate) fn debug_extent(
        &self,
        object: usize,
        section: Section<'o>,
    ) -> (u64, Option<(CompressionHeader, &'o [u8])>) {
        let Some(bytes) = self.objects.get(object).map(|object| object.section_bytes(section))
        else {
            return (0, None);
        };
        if !section.has(elf::SHF_COMPRESSED) {
            return (section.size(), None);
        }
        match pod::from_bytes::<CompressionHeader>(bytes) {
            Ok((header, rest)) => (header.ch_size.read(), Some((*header, rest))),
            // What is not there is damaged, and not of an unknown kind.
            Err(()) => {
                let mut header = CompressionHeader::default();
                header.ch_type.set(LE, elf::ELFCOMPRESS_ZLIB);
                (0, Some((header, &[])))
            }
        }
    }

    /// What a symbol of an object is to its debug sections, its record being `state`.
    pub(crate) fn debug_symbol(
        &self,
        object: usize,
        index: u32,
        state: SymbolState,
    ) -> SymbolState {
        let Some(symbol) = self.objects.get(object).and_then(|object| object.symbol(index)) else {
            return SymbolState::TOMBSTONE;
        };
        match symbol.place() {
            SymbolPlace::Section(section) if self.has_debug(object, section) => {
                SymbolState::at(symbol.value())
            }
            // The function that an IFUNC chooses by, not the stub that it is called through.
            SymbolPlace::Section(section) if state.is_indirect() => {
                SymbolState::at(self.address_in(object, section, symbol.value()))
            }
            SymbolPlace::Undefined if state.address() == 0 && !state.is_thread_local() => {
                SymbolState::TOMBSTONE
            }
            // Another module's variable has no place in this one's block.
            SymbolPlace::Undefined if state.is_import() && state.is_thread_local() => {
                SymbolState::TOMBSTONE
            }
            _ => state,
        }
    }

    /// Checks the relocations of a debug section, which has `size` bytes in the image.
    pub(crate) fn check_debug_relocations(
        &self,
        number: usize,
        index: u32,
        size: u64,
    ) -> Result<(), Error<'o>> {
        let (Some(object), Some(table)) =
            (self.objects.get(number), self.debug_rela_of(number, index))
        else {
            return Ok(());
        };
        let symbol_base = self.state.symbol_base(number).unwrap_or(0);
        let site = Site { number, object, index, size, symbol_base };
        #[cfg(feature = "riscv64")]
        let mut previous = None;
        for rela in table.iter() {
            let row = self.check_debug_relocation(site, rela);
            let row = row.map_err(|fault| site.error(rela, fault))?;
            #[cfg(feature = "riscv64")]
            site.check_uleb128_pair(&mut previous, rela, row)?;
            #[cfg(not(feature = "riscv64"))]
            let _ = row;
        }
        #[cfg(feature = "riscv64")]
        site.check_uleb128_end(previous)?;
        Ok(())
    }

    fn check_debug_relocation(
        &self,
        site: Site<'_, 'o>,
        rela: Rela,
    ) -> Result<&'static Relocation, Fault> {
        let row = site.row(self.machine, rela)?;
        match &row.action {
            Action::Nothing => {}
            Action::Apply(fixup) if is_for_data(fixup) => site.check_field(rela, fixup.field)?,
            #[cfg(feature = "riscv64")]
            Action::SetUleb128 | Action::SubUleb128 => site.check_field(rela, Field::WORD8)?,
            Action::Refuse(reason) => {
                let fixup = self.machine.debug_fixup(row);
                site.check_field(rela, fixup.ok_or(Fault::Unsupported(*reason))?.field)?;
            }
            _ => return Err(Fault::Unsupported(Unsupported::NotLoaded)),
        }
        Ok(row)
    }
}

/// Whether a value goes into data, and counts neither from its place nor from the GOT.
fn is_for_data(fixup: &Fixup) -> bool {
    let Field { mask, opcode, other, .. } = *fixup.field;
    let data = (mask, opcode, other) == (0, 0, (0, 0));
    let counts = match fixup.formula {
        Formula::Absolute | Formula::ModuleBlock => true,
        #[cfg(feature = "x86_64")]
        Formula::Size => true,
        _ => false,
    };
    data && counts
}
