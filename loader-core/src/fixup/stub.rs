//! Calls that do not reach what they call: through its stub.

use super::{Fixer, Job, Site};
use crate::arch::{Formula, STUB_MAX, Slot};
use crate::elf::SymbolPlace;
use crate::error::Fault;
use crate::plan::state::SymbolState;

impl<'o> Fixer<'_, 'o, '_> {
    /// The value that reaches the symbol's call stub; `None` where no stub may stand in.
    pub(super) fn through_stub(
        &self,
        site: &Site<'_, 'o>,
        job: Job,
        formula: Formula,
    ) -> Result<Option<u64>, Fault> {
        let own = site.symbol_number(job.rela);
        let canonical = self.plan.state.canonical(own);
        // An IFUNC's address is that of its stub already.
        let Some((number, state)) = canonical.filter(|(_, state)| !state.is_indirect()) else {
            return Ok(None);
        };
        let from = (site.number, site.index);
        let stub = match self.chunk() {
            None => state.stub(),
            Some(_) if !self.plan.has_island_stub(from, number) => None,
            Some(_) => state.number().checked_sub(1),
        };
        let Some(stub) = stub else { return Ok(None) };
        match formula {
            Formula::Branch { addend } if job.rela.addend != i64::from(addend) => {
                // A symbol of the module's own, even in a file, is out of range instead.
                let owned = matches!(
                    self.plan.home_of(number).map(|(_, symbol)| symbol.place()),
                    Some(SymbolPlace::Section(_))
                );
                if state.is_external() && !owned { Err(Fault::Addend) } else { Ok(None) }
            }
            _ if formula.may_use_stub() => {
                let target = self.stubs.wrapping_add(self.plan.stub_distance(stub));
                if !self.check_stub_reach(site, job, target, self.plan.located(number))? {
                    return Ok(None);
                }
                let addend = job.rela.addend.cast_unsigned();
                Ok(Some(target.wrapping_add(addend).wrapping_sub(job.place)))
            }
            _ => Ok(None),
        }
    }

    /// A stub that reaches neither its symbol nor its GOT slot was not written, and matters only
    /// now that a branch needs it. `false` where the symbol has no slot: it is the module's own,
    /// and too far from the branch, whatever stands between.
    fn check_stub_reach(
        &self,
        site: &Site<'_, 'o>,
        job: Job,
        stub: u64,
        state: SymbolState,
    ) -> Result<bool, Fault> {
        let slot = state.slot().map(|_| self.slot_address(site, job.rela, Slot::Address));
        let mut unwritten = [0; STUB_MAX];
        let written = self.machine.stub().write(&mut unwritten, stub, state.address(), slot);
        match (written, slot) {
            (Some(()), _) => Ok(true),
            (None, None) => Ok(false),
            (None, Some(slot)) => Err(Fault::StubReach { stub, slot }),
        }
    }

    /// What S + A becomes where the symbol's call stub stands in; `None` where that takes a longer
    /// look.
    #[inline(never)] // few calls do not reach
    pub(super) fn stub_of(&self, number: u32, formula: Formula, addend: i64) -> Option<u64> {
        let state = self.plan.state.symbol(number)?;
        let is_call = match formula {
            Formula::Branch { addend: own } => addend == i64::from(own),
            _ => formula.may_use_stub(),
        };
        if !is_call || !self.all_reach || state.is_indirect() || state.alias().is_some() {
            return None;
        }
        let stub = self.stubs.wrapping_add(self.plan.stub_distance(state.stub()?));
        Some(stub.wrapping_add(addend.cast_unsigned()))
    }
}
