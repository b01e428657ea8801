//! Map: gives a section or a segment the address that it will have on the target, as often as
//! the client likes: LLVM's `mapSectionAddress`.

use crate::address::TargetAddress;
use crate::elf::Section;
use crate::error::Error;
use crate::memory::{MemoryManager, SegmentKind};
use crate::place::ObjectImage;
use crate::plan::state::{Residence, SectionState};

impl<'o, M: MemoryManager> ObjectImage<'o, '_, M> {
    /// Says that a section of the `object`-th object will run at `address`.
    ///
    /// `__start_SECTION` and `__stop_SECTION` follow the first section of this name and the last: a client
    /// that moves these apart from each other moves the boundaries apart.
    ///
    /// # Errors
    /// [`Error::NoSuchSection`] where the section is not loaded, is thread-local, or stays in its
    /// object's file; [`Error::Misplaced`] where the address is not a multiple of the section's
    /// alignment, or the section would not fit below 2^64.
    pub fn map_section_address(
        &mut self,
        object: usize,
        index: u32,
        address: TargetAddress,
    ) -> Result<(), Error<'o>> {
        let planned = self.plan.planned_section(object, index);
        let state = self.plan.state.section(object, index);
        // A thread's block is copied from one piece of memory.
        let movable = |state: &SectionState| state.residence != Residence::ThreadLocal;
        let Some((planned, mut state)) = planned.zip(state.filter(movable)) else {
            return Err(Error::NoSuchSection { object, index });
        };
        check(address, planned.size, Section::align(planned.section))?;
        state.target = address.value();
        self.plan.state.set_section(object, index, state);
        Ok(())
    }

    /// Says that a whole segment will run at `address`: all its sections, and with them the call
    /// stubs (text), the GOT (read-only) and COMMON symbols (data). Sections that were mapped on
    /// their own before move with it.
    ///
    /// # Errors
    /// [`Error::Misplaced`] where the address is not a multiple of the segment's alignment, or
    /// the segment would not fit below 2^64.
    pub fn map_segment_address(
        &mut self,
        kind: SegmentKind,
        address: TargetAddress,
    ) -> Result<(), Error<'o>> {
        let planned = self.plan.segment(kind);
        check(address, planned.size, planned.align)?;
        self.segments.set_target(kind, address);
        self.plan.assign_addresses(&self.segments, Some(kind));
        Ok(())
    }
}

fn check<'o>(address: TargetAddress, size: u64, align: u64) -> Result<(), Error<'o>> {
    let fits = address.value().checked_add(size).is_some();
    if fits && address.is_aligned_to(align) {
        Ok(())
    } else {
        Err(Error::Misplaced { address, align })
    }
}
