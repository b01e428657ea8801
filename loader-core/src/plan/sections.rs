//! Sections: where each will reside, which relocations apply to it, which hold initialisers.

use object::elf;

use crate::elf::{SHT_CREL, Section};
use crate::error::{Defect, Error, Phase, RefusedSection};
use crate::features::INITIALISERS;
use crate::plan::state::{Residence, SectionState};
use crate::plan::{DebugSections, Plan, TlsModel};
use crate::scratch::Scratch;
use crate::sort::sort_by_key;

impl<'o> Plan<'o, '_> {
    /// Says of each section where it will reside, by its flags.
    pub(super) fn classify_sections(&mut self) -> Result<(), Error<'o>> {
        for (number, object) in self.objects.iter().enumerate() {
            let records = self.state.sections_of_mut(number, object);
            for (index, (header, record)) in (0u32..).zip(object.headers.iter().zip(records)) {
                let section = object.with_header(header);
                let is_duplicate = SectionState::residence_in(record) == Residence::Duplicate;
                if is_duplicate || !section.is_loaded() {
                    continue;
                }
                let refuse = |reason| Err(Error::Section { place: object.place(index, 0), reason });
                let writable = section.has(elf::SHF_WRITE);
                if !INITIALISERS && section.init_kind().is_some() {
                    return refuse(RefusedSection::Initialisers);
                }
                let residence = if section.has(elf::SHF_COMPRESSED) {
                    return refuse(RefusedSection::Compressed);
                } else if section.has(elf::SHF_TLS) {
                    if self.options.tls_model() == TlsModel::None {
                        return refuse(RefusedSection::ThreadLocal);
                    }
                    self.has_thread_locals = true;
                    Residence::ThreadLocal
                } else if section.has(elf::SHF_EXECINSTR) {
                    if writable {
                        return refuse(RefusedSection::WritableCode);
                    }
                    Residence::Text
                } else if writable && !section.is_constant_once_relocated() {
                    Residence::Data
                } else {
                    Residence::ReadOnly
                };
                SectionState::set_residence(record, residence);
            }
        }
        Ok(())
    }

    /// Tells each section that is loaded, or shown to a debugger, which relocation section applies
    /// to it.
    pub(super) fn attach_relocations(&mut self) -> Result<(), Error<'o>> {
        let shows_debug = self.options.debug_sections() != DebugSections::None;
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section) in object.sections() {
                let kind = elf::SectionType(section.kind());
                if !matches!(kind, elf::SHT_RELA | elf::SHT_REL | SHT_CREL) {
                    continue;
                }
                let target = section.relocates();
                let has_debug = shows_debug && self.has_debug(number, target);
                let record = self.state.sections_of_mut(number, object).get_mut(target as usize);
                let Some(record) = record else { continue };
                if !SectionState::is_placed(record) && !has_debug {
                    continue;
                }
                if kind != elf::SHT_RELA {
                    let place = object.place(index, 0);
                    return Err(Error::Section { place, reason: RefusedSection::Rel });
                }
                let nobits = object.section(target).is_some_and(Section::is_nobits);
                let defect = if SectionState::has_relocations(record) {
                    Defect::DuplicateRelocations
                } else if nobits && section.size() > 0 {
                    Defect::RelocationTarget
                } else {
                    SectionState::set_relocations(record, index);
                    continue;
                };
                let place = object.place(index, 0);
                let value = target.into();
                return Err(Error::Malformed { phase: Phase::Plan, place, defect, value });
            }
        }
        Ok(())
    }

    /// Lists the sections that hold initialisers and finalisers, in the order they run in.
    pub(super) fn collect_lists(&mut self) {
        if !INITIALISERS {
            return;
        }
        let mut used = 0usize;
        for (number, object) in self.objects.iter().enumerate() {
            if object.list_records == 0 {
                continue;
            }
            for (index, section) in object.sections() {
                let Some(kind) = section.init_kind() else { continue };
                let loaded = self.state.section(number, index).map(|s| s.residence.segment());
                let Some(Some(_)) = loaded else { continue };
                let (priority, backwards) = section.init_order();
                let Some(record) = self.state.lists.get_mut(used) else { continue };
                // Kind, then priority, then the order in which the sections stand.
                let key = ((kind as u64) << 60) | (u64::from(priority) << 40) | used as u64;
                let high = (number as u32) << 1 | u32::from(backwards);
                *record = Scratch { word: key, low: index, high };
                used = used.saturating_add(1);
            }
        }
        self.state.list_count = used;
        if let Some(lists) = self.state.lists.get_mut(..used) {
            sort_by_key(lists, |record| record.word);
        }
    }
}
