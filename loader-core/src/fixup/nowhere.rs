//! Undefined weak symbols, whose address is 0 wherever the code lies: instructions that make an
//! address from their own place, and do not reach 0 from there, become ones that make it from
//! nothing. Whatever has no such form stays out of range. (RISC-V's AUIPC is in `fixup.rs`, as it
//! comes in pairs.)

use super::{Fixer, Job, Site};
use crate::arch::{Fixup, Formula};
use crate::error::Fault;

impl<'o> Fixer<'_, 'o, '_> {
    /// Rewrites the instruction of a relocation whose symbol has address 0, where nothing defines
    /// the symbol and `value` does not fit; `false`, with nothing written, in all other cases.
    pub(super) fn apply_nowhere(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        fixup: &Fixup,
        value: u64,
    ) -> Result<bool, Fault> {
        #[cfg(feature = "aarch64")]
        {
            use crate::arch::aarch64;
            let sum = job.rela.addend.cast_unsigned();
            let form = match fixup.formula {
                Formula::Page => Some((aarch64::ADRP_REACH, aarch64::ADRP_TO_MOV, sum & !0xfff)),
                Formula::PcRelative if aarch64::is_adr(fixup.field) => {
                    Some((fixup.range(), aarch64::ADR_TO_MOV, sum))
                }
                _ => None,
            };
            if let Some((reach, field, address)) = form
                && !reach.spans(value.cast_signed())
                && aarch64::MOV_REACH.spans(address.cast_signed())
                && self.is_nowhere(site, job.rela)
            {
                return site.write(job, field, address).map(|()| true);
            }
        }
        #[cfg(feature = "x86_64")]
        if fixup.formula == Formula::PcRelative
            && self.machine == crate::arch::Machine::X86_64
            && fixup.field.width == 4
            && site.segment == crate::memory::SegmentKind::Text
            && !fixup.range().spans(value.cast_signed())
            && self.is_nowhere(site, job.rela)
        {
            let addend = job.rela.addend;
            return Ok(
                crate::arch::x86_64::weak::absolute(site.bytes, job.offset, addend).is_some()
            );
        }
        Ok(false)
    }
}
