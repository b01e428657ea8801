//! Execute in place: sections that need no change stay in their object's file, in flash say, and
//! nothing of them is copied.

use object::elf;

use crate::address::TargetAddress;
use crate::elf::Section;
use crate::memory::SegmentKind;
use crate::plan::Plan;
use crate::plan::state::{Residence, SectionState};

/// A section that stays in its object's file ([`PlanOptions::in_place`](crate::PlanOptions::in_place)).
#[derive(Debug, Clone, Copy)]
pub struct InPlaceSection<'o> {
    /// Its object's place among the plan's objects.
    pub object: usize,
    /// Its index in the object's section header table.
    pub index: u32,
    /// The section itself; its size in memory is that in the file.
    pub section: Section<'o>,
    /// What may be done with its bytes where they are: [`SegmentKind::Text`] must be executable.
    pub kind: SegmentKind,
    /// Its address on the target.
    pub address: TargetAddress,
}

impl<'o> Plan<'o, '_> {
    /// The sections that stay where they are, object by object; [`sections`](Self::sections) has
    /// none of them.
    pub fn in_place_sections(&self) -> impl Iterator<Item = InPlaceSection<'o>> + '_ {
        let any = self.in_place_count > 0;
        let objects = any.then(|| self.objects.iter().enumerate()).into_iter().flatten();
        objects.flat_map(move |(number, object)| {
            (0..object.section_count()).filter_map(move |index| self.in_place(number, index))
        })
    }

    /// The addresses of the files with such sections, from the first byte on to the last but not
    /// including it.
    pub(crate) fn in_place_files(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        let any = self.in_place_count > 0;
        let objects = any.then(|| self.objects.iter().enumerate()).into_iter().flatten();
        objects.filter_map(move |(number, object)| {
            let mut sections = 0..object.section_count();
            let section = sections.find_map(|index| self.in_place(number, index))?;
            let start = section.address.value().wrapping_sub(section.section.file_offset());
            Some((start, start.saturating_add(object.bytes.len() as u64)))
        })
    }

    pub(crate) fn in_place(&self, object: usize, index: u32) -> Option<InPlaceSection<'o>> {
        let state = self.state.section(object, index)?;
        if state.residence != Residence::InPlace {
            return None;
        }
        let section = self.objects.get(object)?.section(index)?;
        let is_code = section.has(elf::SHF_EXECINSTR);
        let kind = if is_code { SegmentKind::Text } else { SegmentKind::ReadOnly };
        let address = TargetAddress::new(state.target);
        Some(InPlaceSection { object, index, section, kind, address })
    }

    /// Has the sections stay that can, in the objects whose bytes have an address.
    pub(super) fn keep_in_place(&mut self, files: &[Option<TargetAddress>]) {
        for ((number, object), file) in self.objects.iter().enumerate().zip(files) {
            let Some(file) = *file else { continue };
            for (index, section) in object.sections() {
                let Some(mut state) = self.state.section(number, index) else { continue };
                if !self.may_stay(number, section, state) {
                    continue;
                }
                if address_in_file(section, file).is_some() {
                    state.residence = Residence::InPlace;
                    self.state.set_section(number, index, state);
                    self.in_place_count = self.in_place_count.saturating_add(1);
                }
            }
        }
    }

    /// Gives each section that stays its address. Until here, the plan needs that part of its record
    /// for itself.
    pub(super) fn give_in_place_addresses(&mut self, files: &[Option<TargetAddress>]) {
        if self.in_place_count == 0 {
            return;
        }
        for ((number, object), file) in self.objects.iter().enumerate().zip(files) {
            let Some(file) = *file else { continue };
            for (index, section) in object.sections() {
                let Some(mut state) = self.state.section(number, index) else { continue };
                if state.residence == Residence::InPlace {
                    let address = address_in_file(section, file).unwrap_or_default();
                    state.target = address.value();
                    self.state.set_section(number, index, state);
                }
            }
        }
    }

    /// Whether nothing changes a section's bytes, or gathers them with others'.
    fn may_stay(&self, object: usize, section: Section<'o>, state: SectionState) -> bool {
        #[cfg(feature = "aarch64")]
        let mended = self.options.mends_erratum() && self.machine == crate::arch::Machine::Aarch64;
        #[cfg(not(feature = "aarch64"))]
        let mended = false;
        let is_constant = match state.residence {
            Residence::Text => !mended,
            Residence::ReadOnly => !section.has(elf::SHF_WRITE),
            _ => false,
        };
        let is_relocated = || {
            let table = state.relocations.and_then(|table| {
                let object = self.objects.get(object)?;
                Some(object.rela_table(object.section(table)?))
            });
            table.is_some_and(|table| table.len() > 0)
        };
        is_constant
            && !section.is_nobits()
            && section.size() > 0
            && !section.may_be_gathered()
            && !is_relocated()
    }
}

/// Where a section of a file lies; `None` where that is not aligned, or not below 2^64.
fn address_in_file(section: Section<'_>, file: TargetAddress) -> Option<TargetAddress> {
    let start = file.value().checked_add(section.file_offset())?;
    start.checked_add(section.size())?;
    Some(TargetAddress::new(start)).filter(|start| start.is_aligned_to(section.align()))
}
