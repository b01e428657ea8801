//! What becomes of each section in an object's image, and where it lies there.
//!
//! The image has the object's section header table, entry for entry, so that indices mean the same;
//! what a debugger has no use for is an empty entry. The table lies behind the file header, and the
//! contents behind the table, in the table's order.

use object::elf;

use crate::elf::{Header, Section};
use crate::object::Object;
use crate::parse::file_header;
use crate::plan::state::Residence;
use crate::plan::{DebugSections, Plan, PlannedSection};

/// Where the section header table begins.
pub(super) const TABLE: u64 = size_of::<elf::FileHeader64<object::LittleEndian>>() as u64;

/// What the contents of sections, and images, begin at multiples of, or less where a section asks
/// for less.
pub(super) const ALIGN: u64 = 8;

/// What becomes of a section.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'o> {
    /// The bytes of the file.
    Copied,
    /// A debug section, relocated.
    Debug,
    /// It is in memory: its address and its size there, without its bytes.
    Loaded {
        /// Its address on the target.
        address: u64,
        /// In bytes.
        size: u64,
    },
    /// Nothing: an empty entry.
    Nothing,
    /// The symbol table, with addresses.
    Symbols,
    /// The unwind table, as it is in memory: debuggers read it in the image.
    Unwind {
        /// Its address on the target.
        address: u64,
        /// Where it is in memory.
        planned: PlannedSection<'o>,
    },
}

/// A section of the image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Placed<'o> {
    pub(super) index: u32,
    pub(super) section: Section<'o>,
    pub(super) part: Part<'o>,
    /// Where its bytes begin in the image, and how many these are.
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl<'o> Plan<'o, '_> {
    /// Exactly how many bytes the image takes that a debugger is shown of the `object`-th object; 0
    /// without [`PlanOptions::debug`](crate::PlanOptions::debug).
    ///
    /// What a compressed section takes uncompressed is what its header says, which may be more than
    /// there is memory.
    pub fn debug_size(&self, object: usize) -> u64 {
        if self.options.debug_sections() == DebugSections::None {
            return 0;
        }
        let Some(object_of) = self.objects.get(object) else { return 0 };
        let end = self.placed(object, object_of).map(|placed| placed.end()).last();
        // What comes next, the image of another object, is aligned.
        end.unwrap_or(0).max(table_end(object_of)).div_ceil(ALIGN).saturating_mul(ALIGN)
    }

    /// The sections of an object's image.
    pub(super) fn placed<'a>(
        &'a self,
        number: usize,
        object: &'a Object<'o>,
    ) -> impl Iterator<Item = Placed<'o>> + use<'a, 'o> {
        let names = file_header(object.bytes).map_or(0, |header| section_names(object, header));
        let symbol_names = object.section(object.symbol_table).map_or(0, Section::links_to);
        let mut next = table_end(object);
        object.sections().map(move |(index, section)| {
            let is_names = index != 0 && (index == names || index == symbol_names);
            let part = if is_names { Part::Copied } else { self.part(number, object, index) };
            let size = match part {
                Part::Copied | Part::Symbols => section.size(),
                Part::Debug => self.debug_extent(number, section).0,
                Part::Loaded { .. } | Part::Nothing => 0,
                Part::Unwind { planned, .. } => planned.size,
            };
            let align = section.align().min(ALIGN);
            let offset = next.div_ceil(align).saturating_mul(align);
            next = offset.saturating_add(size);
            Placed { index, section, part, offset, size }
        })
    }

    fn part(&self, number: usize, object: &Object<'o>, index: u32) -> Part<'o> {
        let Some(section) = object.section(index).filter(|_| index != 0) else {
            return Part::Nothing;
        };
        if index == object.symbol_table {
            return Part::Symbols;
        }
        let is_indices = section.kind() == elf::SHT_SYMTAB_SHNDX.0;
        if is_indices && section.links_to() == object.symbol_table {
            return Part::Copied;
        }
        if self.has_debug(number, index) {
            return Part::Debug;
        }
        if let Some(in_place) = self.in_place(number, index) {
            return Part::Loaded { address: in_place.address.value(), size: section.size() };
        }
        let planned = self.planned_section(number, index);
        match planned.zip(self.state.section(number, index)) {
            Some((planned, state)) if section.is_unwind() => {
                Part::Unwind { address: state.target, planned }
            }
            Some((planned, state)) => Part::Loaded { address: state.target, size: planned.size },
            None => self.thread_local_part(number, index, section),
        }
    }

    /// A section of zeros for each thread: it lies nowhere, and has variables all the same.
    fn thread_local_part(&self, number: usize, index: u32, section: Section<'o>) -> Part<'o> {
        let state = self.state.section(number, index);
        match state.filter(|state| state.residence == Residence::ThreadLocal) {
            Some(state) => Part::Loaded { address: state.target, size: section.size() },
            None => Part::Nothing,
        }
    }
}

impl Placed<'_> {
    fn end(&self) -> u64 {
        self.offset.saturating_add(self.size)
    }
}

/// Where the section header table ends.
fn table_end(object: &Object<'_>) -> u64 {
    let table = u64::from(object.section_count()).saturating_mul(size_of::<Header>() as u64);
    TABLE.saturating_add(table)
}

/// The index of the section with the sections' names.
fn section_names(object: &Object<'_>, header: &elf::FileHeader64<object::LittleEndian>) -> u32 {
    match header.e_shstrndx.get(object::LittleEndian) {
        elf::SHN_XINDEX => object.section(0).map_or(0, Section::links_to),
        index => u32::from(index.0),
    }
}
