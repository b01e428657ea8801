//! Relocations of RISC-V code that linker relaxation made shorter.

use super::{Fixer, Job, Site};
use crate::arch::riscv64::relax::{self, C_J, C_J_LENGTH, JAL};
use crate::arch::riscv64::{HI20, is_short};
use crate::arch::{Action, Fixup, Formula};
use crate::elf::RelaTable;
use crate::error::Fault;
use crate::plan::deletions::Shortened;
use crate::plan::relaxation::is_marked;

impl<'o> Fixer<'_, 'o, '_> {
    /// Applies the relocation of code that got shorter: of a call, or of nothing.
    pub(super) fn apply_shortened(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        code: Shortened,
    ) -> Result<(), Fault> {
        let Action::Apply(Fixup { formula: formula @ Formula::Branch { .. }, .. }) = job.row.action
        else {
            return Ok(());
        };
        if code.kept == 0 {
            return Ok(());
        }
        let state = self.symbol(site, job.rela);
        let mut value = self.value(site, job, formula, state);
        if !HI20.spans(value.cast_signed()) {
            value = self.through_stub(site, job, formula)?.unwrap_or(value);
        }
        let (range, number) = if code.kept == C_J_LENGTH {
            (C_J, object::elf::R_RISCV_RVC_JUMP)
        } else {
            (JAL, object::elf::R_RISCV_JAL)
        };
        if !range.spans(value.cast_signed()) {
            // The client took sections of one text apart.
            let (number, symbol) = (number.0, state.address());
            return Err(Fault::OutOfRange { value, symbol, number });
        }
        let (object, index) = (site.number, site.index);
        let from = self.plan.code_at(object, index, job.rela.offset).unwrap_or_default();
        let to = site.bytes.get_mut(job.offset..).unwrap_or_default();
        relax::write_call(to, from, code.kept, value).ok_or(Fault::Instruction(0))
    }

    /// Gives a low part the base that it has without its high part.
    pub(super) fn rebase_low_part(
        &self,
        site: &mut Site<'_, 'o>,
        job: Job,
        (table, at): (RelaTable<'o>, usize),
    ) -> Result<(), Fault> {
        let Some(field) = relax::new_base(job.rela.number) else { return Ok(()) };
        let alone = match &job.row.action {
            Action::PairLow(_) => self.high_relocation(site, job)?.is_deleted,
            Action::Apply(fixup) if is_marked(table, at) => {
                let value = match fixup.formula {
                    Formula::ThreadPointer => self.thread_local_value(site, job, fixup.formula),
                    _ => Some(self.symbol_value(site, job.rela)),
                };
                value.is_some_and(is_short)
            }
            _ => false,
        };
        if alone { site.write(job, &field, 0) } else { Ok(()) }
    }
}
