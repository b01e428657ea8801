//! RISC-V's high parts (AUIPC), and the low parts that name them.

use super::{Fixer, Job, Site};
use crate::arch::{Fixup, Formula, Slot};
use crate::error::Fault;

/// The relocation of a high part.
#[derive(Clone, Copy)]
pub(super) struct High {
    pub(super) job: Job,
    fixup: &'static Fixup,
    /// Whether linker relaxation deleted its instruction.
    pub(super) is_deleted: bool,
}

impl<'o> Fixer<'_, 'o, '_> {
    /// The value whose low part `R_RISCV_PCREL_LO12_*` takes: that of the relocation of a high
    /// part at its symbol, which is a label and not the target (psABI, "PC-relative symbol
    /// addresses"). Where the high part was deleted, it is the address itself.
    pub(super) fn high_part(&self, site: &Site<'_, 'o>, job: Job) -> Result<u64, Fault> {
        let High { job: high, fixup, is_deleted } = self.high_relocation(site, job)?;
        if is_deleted {
            return Ok(self.symbol_value(site, high.rela));
        }
        let value = self.value(site, high, fixup.formula, self.symbol(site, high.rela));
        Ok(self.absolute_weak(site, high, fixup, value).unwrap_or(value))
    }

    /// The relocation of a high part at a low part's symbol.
    pub(super) fn high_relocation(&self, site: &Site<'_, 'o>, job: Job) -> Result<High, Fault> {
        if job.rela.addend != 0 {
            return Err(Fault::Addend);
        }
        let object = site.number;
        let found = self.plan.high_part_of(object, job.rela);
        let (section, (_, rela, row, fixup)) = found.ok_or(Fault::Unpaired)?;
        // The sequence of a descriptor is rewritten as a whole, so its parts are only its own.
        let of_descriptor = fixup.formula.slot() == Some(Slot::Descriptor);
        if of_descriptor != job.row.is_descriptor_low() {
            return Err(Fault::Unpaired);
        }
        // Where the label is, though another definition of its name may count elsewhere.
        let place = self.plan.address_in(object, section, rela.offset);
        let is_deleted = self.plan.options.relaxes()
            && fixup.formula == Formula::PcRelative
            && self.plan.is_deleted(object, section, rela.offset);
        Ok(High { job: Job { rela, row, offset: 0, place }, fixup, is_deleted })
    }

    /// The address of an undefined weak symbol that an AUIPC is to make and cannot reach, because
    /// the code lies more than 2 GiB above address 0: a LUI makes it, from anywhere.
    pub(super) fn absolute_weak(
        &self,
        site: &Site<'_, 'o>,
        job: Job,
        fixup: &Fixup,
        value: u64,
    ) -> Option<u64> {
        if fixup.range().spans(value.cast_signed())
            || fixup.formula != Formula::PcRelative
            || !fixup.field.is_riscv_high()
            || !self.is_nowhere(site, job.rela)
        {
            return None;
        }
        let address = self.symbol_value(site, job.rela);
        fixup.range().spans(address.cast_signed()).then_some(address)
    }
}
