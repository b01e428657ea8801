//! Thread-local code: applied as it is, or made local-exec.

use super::{Fixer, Job, Site};
use crate::arch::{Fixup, Formula, LocalExec, Rewrite, Slot, Subject};
use crate::elf::RelaTable;
use crate::error::Fault;
use crate::plan::TlsModel;

impl<'o> Fixer<'_, 'o, '_> {
    /// Applies the `at`-th relocation of a section; `gone` becomes the offset of that of a call
    /// which goes away with it.
    pub(super) fn apply_thread_local(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        fixup: &Fixup,
        (table, at): (RelaTable<'o>, usize),
        gone: &mut Option<u64>,
    ) -> Result<(), Fault> {
        let (object, index) = (site.number, site.index);
        let decision = self.plan.local_exec(object, index, table, at, job.rela);
        if let LocalExec::Rewrite(rewrite) = decision {
            *gone = rewrite.call.and_then(|call| job.rela.offset.checked_add(call.into()));
            return self.rewrite(site, job, rewrite);
        }
        if job.rela.addend != 0 && fixup.formula.forbids_addend() {
            return Err(Fault::Addend);
        }
        let x = self.thread_local_value(site, job, fixup.formula);
        let value = x.ok_or(Fault::ThreadPointer)?;
        if !fixup.range().spans(value.cast_signed()) {
            return Err(job.out_of_range(value, 0));
        }
        if !fixup.range().is_aligned(value.cast_signed()) {
            return Err(Fault::Misaligned(value));
        }
        site.write(job, fixup.field, value)
    }

    /// A marked instruction of code that asks by descriptor: nothing, or what it becomes.
    pub(super) fn apply_descriptor_part(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        (table, at): (RelaTable<'o>, usize),
    ) -> Result<bool, Fault> {
        let (object, index) = (site.number, site.index);
        let decision = self.plan.local_exec(object, index, table, at, job.rela);
        let LocalExec::Rewrite(rewrite) = decision else { return Ok(false) };
        self.rewrite(site, job, rewrite)?;
        Ok(true)
    }

    fn rewrite(&self, site: &mut Site<'_, 'o>, job: Job, rewrite: Rewrite) -> Result<(), Fault> {
        let number = site.symbol_number(job.rela);
        let x = match rewrite.subject {
            Subject::None => Some(0),
            #[cfg(feature = "aarch64")]
            Subject::Block => self.plan.own_offset(0),
            Subject::Variable => self.variable_of(site, job, number)?,
        };
        let x = x.ok_or(Fault::ThreadPointer)?;
        if !rewrite.range.spans(x.cast_signed()) {
            return Err(job.out_of_range(x, 0));
        }
        (rewrite.write)(site.bytes, job.offset, x).ok_or(Fault::Instruction(0))
    }

    /// TPREL(S + A). On RISC-V the parts of a sequence name the label of its first one.
    fn variable_of(
        &self,
        site: &Site<'_, 'o>,
        job: Job,
        number: u32,
    ) -> Result<Option<u64>, Fault> {
        let addend = job.rela.addend.cast_unsigned();
        #[cfg(feature = "riscv64")]
        if job.row.is_descriptor_low() {
            let high = self.high_relocation(site, job)?.job.rela;
            let x = self.plan.thread_pointer_offset(site.symbol_number(high));
            return Ok(x.map(|x| x.wrapping_add(high.addend.cast_unsigned())));
        }
        let _ = site;
        Ok(self.plan.thread_pointer_offset(number).map(|x| x.wrapping_add(addend)))
    }

    /// The value X; `None` where it needs a distance from the thread pointer that is not the same
    /// in every thread.
    pub(super) fn thread_local_value(
        &self,
        site: &Site<'_, 'o>,
        job: Job,
        formula: Formula,
    ) -> Option<u64> {
        let number = site.symbol_number(job.rela);
        let addend = job.rela.addend.cast_unsigned();
        let is_static = self.plan.options.tls_model() == TlsModel::Static;
        match formula {
            Formula::ThreadPointer => {
                Some(self.plan.thread_pointer_offset(number)?.wrapping_add(addend))
            }
            Formula::ModuleBlock if is_static && self.machine.counts_from_thread_pointer() => {
                Some(self.plan.thread_pointer_offset(number)?.wrapping_add(addend))
            }
            // Another module's variable has no place in this one's block.
            Formula::ModuleBlock => {
                let (_, state) = self.plan.state.canonical(number)?;
                let own = !state.is_import() || state.is_unresolved();
                own.then(|| state.address().wrapping_add(addend))
            }
            _ => {
                if formula.slot() == Some(Slot::InitialExec) {
                    self.plan.thread_pointer_offset(number)?;
                }
                let state = self.plan.located(number);
                Some(self.value(site, job, formula, state))
            }
        }
    }
}
