//! Mending Cortex-A53 erratum 843419, once all relocations of a section are applied: an affected
//! ADRP becomes ADR where that reaches its page; where not, the load or store that would take a
//! wrong address moves to a patch behind the section, and a branch goes there instead. Either way
//! the sequence is none any more.
//!
//! The loader's own stubs are not affected: behind their ADRP comes an ADD, which is no load, or an
//! LDR that writes the ADRP's register.

use super::Fixer;
use crate::address::TargetAddress;
use crate::arch::aarch64::erratum::{INSTRUCTION, PATCH, SHORTEST, adr, branches, sequence};
use crate::elf::Section;
use crate::error::{Error, Unmended};
use crate::plan::PlannedSection;
use crate::plan::erratum::{Contents, patches_offset};
use crate::plan::state::SectionState;

/// The last two words of a page, where an ADRP is affected.
const PAGE_END: u64 = 0xff8;

impl<'o> Fixer<'_, 'o, '_> {
    /// Mends the affected sequences of a section with room for it.
    pub(super) fn mend_erratum(
        &self,
        planned: PlannedSection<'o>,
        state: SectionState,
        bytes: &mut [u8],
    ) -> Result<(), Error<'o>> {
        // Instructions cannot run at other addresses than multiples of four.
        if !state.patches || state.target & 3 != 0 {
            return Ok(());
        }
        let size = Section::size(planned.section);
        let mut patch = patches_offset(size);
        // A section may begin with the last word of a page.
        let mut next = PAGE_END.wrapping_sub(state.target) & 0xfff;
        if next == 0xffc {
            next = 0;
        }
        while next.saturating_add(SHORTEST) <= size {
            let mended = self.mend_at(planned, state, bytes, next, patch).map_err(|reason| {
                let object = self.plan.objects.get(planned.object);
                let place = object.map(|object| object.place(planned.index, next));
                let address = TargetAddress::new(state.target.wrapping_add(next));
                Error::Erratum { place: place.unwrap_or_default(), address, reason }
            })?;
            patch = patch.saturating_add(if mended { PATCH } else { 0 });
            let in_page = state.target.wrapping_add(next) & 0xfff;
            next = next.saturating_add(if in_page == PAGE_END { 4 } else { 0xffc });
        }
        Ok(())
    }

    /// Mends the sequence at an offset of a section, if there is one, by a patch at another.
    /// Returns whether the patch was used.
    fn mend_at(
        &self,
        planned: PlannedSection<'o>,
        state: SectionState,
        bytes: &mut [u8],
        start: u64,
        patch: u64,
    ) -> Result<bool, Unmended> {
        let size = Section::size(planned.section);
        let (own, behind) = bytes.split_at_mut_checked(size as usize).unwrap_or_default();
        let code = own.get_mut(start as usize..).unwrap_or_default();
        let (code, _) = code.as_chunks_mut::<INSTRUCTION>();
        let Some(at) = sequence(code) else { return Ok(false) };
        let last = start.wrapping_add(at.wrapping_mul(INSTRUCTION) as u64);
        let end = last.wrapping_add(INSTRUCTION as u64);
        match self.plan.state.contents(planned.object, planned.index, start, end) {
            Contents::Code => {}
            Contents::Data => return Ok(false),
            Contents::Unknown => return Err(Unmended::NoMappingSymbols),
        }
        let Some(adrp) = code.first_mut() else { return Ok(false) };
        if let Some(adr) = adr(*adrp, state.target.wrapping_add(start)) {
            *adrp = adr;
            return Ok(false);
        }
        let behind = behind.get_mut(patch.wrapping_sub(size) as usize..).unwrap_or_default();
        let (Some([there, back]), Some(place), ([moved, returns, ..], _)) = (
            branches(patch.wrapping_sub(last)),
            code.get_mut(at),
            behind.as_chunks_mut::<INSTRUCTION>(),
        ) else {
            return Err(Unmended::Reach);
        };
        *moved = core::mem::replace(place, there);
        *returns = back;
        Ok(true)
    }
}
