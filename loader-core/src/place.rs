//! Place: [`Plan`] + [`MemoryManager`] → [`ObjectImage`]. Asks for the segments, copies sections,
//! clears what is zero.

use core::ptr::NonNull;

use crate::address::TargetAddress;
use crate::error::Error;
#[cfg(feature = "riscv64")]
use crate::features::DELETIONS;
use crate::memory::{InProcess, MemoryManager, Segment, SegmentKind, SegmentRequest};
use crate::plan::state::SectionState;
use crate::plan::{Plan, PlannedSection};

/// A module in memory, its sections copied and not yet relocated: LLVM's `ObjectImage`.
///
/// Dropping it gives all memory back.
#[derive(Debug)]
pub struct ObjectImage<'o, 's, M: MemoryManager> {
    pub(crate) plan: Plan<'o, 's>,
    pub(crate) segments: Segments<M>,
    /// Whether relocations were applied, so that the sections must be copied again.
    pub(crate) stale: bool,
}

/// What of a module's memory is filled anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents {
    /// One segment alone.
    only: Option<SegmentKind>,
    /// Whether the tables behind the sections are cleared.
    tables: bool,
}

impl Contents {
    /// Everything.
    pub(crate) const ALL: Self = Self { only: None, tables: true };
    /// The text segment.
    pub(crate) const TEXT: Self = Self { only: Some(SegmentKind::Text), tables: true };
    /// All sections, but not the tables behind them.
    pub(crate) const SECTIONS: Self = Self { only: None, tables: false };

    fn concern(self, kind: SegmentKind) -> bool {
        self.only.is_none_or(|only| only == kind)
    }
}

/// The segments of one module; dropping them gives them back to their manager.
#[derive(Debug)]
pub(crate) struct Segments<M: MemoryManager> {
    manager: M,
    segments: [Option<Segment>; 3],
    /// Where each segment runs: what the manager said, or what the client maps it to.
    pub(crate) targets: [TargetAddress; 3],
}

impl<'o, 's> Plan<'o, 's> {
    /// Takes the memory that the plan speaks of and copies the sections into it.
    ///
    /// # Errors
    /// [`Error::Allocate`] and [`Error::BadSegment`]; all memory is given back then.
    pub fn place<M: MemoryManager>(
        mut self,
        manager: M,
    ) -> Result<ObjectImage<'o, 's, M>, Error<'o>> {
        let mut segments =
            Segments { manager, segments: [None, None, None], targets: [TargetAddress::NULL; 3] };
        for kind in SegmentKind::ALL {
            segments.allocate(kind, &self)?;
        }
        segments.neighbour_empty_segments(&self);
        self.assign_addresses(&segments, None);
        self.copy_sections(&mut segments, Contents::ALL);
        Ok(ObjectImage { plan: self, segments, stale: false })
    }

    /// Gives the sections of one segment, or of all, the addresses that follow from it.
    pub(crate) fn assign_addresses<M: MemoryManager>(
        &mut self,
        segments: &Segments<M>,
        only: Option<SegmentKind>,
    ) {
        for (number, object) in self.objects.iter().enumerate() {
            for record in self.state.sections_of_mut(number, object) {
                let Some(kind) = SectionState::segment_of(record) else { continue };
                if only.is_none_or(|only| only == kind) {
                    let address = segments.target(kind).wrapping_add(record.low.into());
                    record.word = address.value();
                }
            }
        }
    }
}

impl<M: MemoryManager> ObjectImage<'_, '_, M> {
    /// The plan that this image follows.
    pub const fn plan(&self) -> &Plan<'_, '_> {
        &self.plan
    }
}

impl<'o> Plan<'o, '_> {
    /// Copies sections from the objects' own bytes and fills the gaps between them.
    pub(crate) fn copy_sections<M: MemoryManager>(
        &self,
        segments: &mut Segments<M>,
        contents: Contents,
    ) {
        let mut ends = [0usize; 3];
        let mut all = segments.all_bytes_mut();
        self.for_each_in_order(|planned| {
            if !contents.concern(planned.segment) {
                return;
            }
            let end = planned.segment.pick_mut(&mut ends);
            let bytes = planned.segment.pick_mut(&mut all);
            let start = planned.offset as usize;
            if *end != start {
                fill(bytes, *end, start, self.fill_byte(planned.segment));
            }
            *end = start.saturating_add(planned.size as usize);
            match bytes.get_mut(start..*end) {
                Some(to) if planned.section.is_nobits() => to.fill(0),
                Some(to) => self.copy_section(planned, to),
                None => {}
            }
        });
        // Stubs, the GOT, zeros that sections have and COMMON symbols lie behind these. No relocation
        // applies to zeros.
        for (kind, end) in SegmentKind::ALL.into_iter().zip(ends) {
            if contents.tables && contents.concern(kind) {
                fill(segments.bytes_mut(kind), end, usize::MAX, self.fill_byte(kind));
            }
        }
    }

    const fn fill_byte(&self, kind: SegmentKind) -> u8 {
        match kind {
            SegmentKind::Text => self.machine.text_fill(),
            SegmentKind::ReadOnly | SegmentKind::Data => 0,
        }
    }

    #[inline]
    fn copy_section(&self, planned: PlannedSection<'o>, to: &mut [u8]) {
        let Some(object) = self.objects.get(planned.object) else { return };
        let from = object.section_bytes(planned.section);
        // Patches lie behind the section's own bytes: traps, while there is nothing to mend.
        #[cfg(feature = "aarch64")]
        let to = match to.split_at_mut_checked(from.len()) {
            Some((to, [])) => to,
            Some((to, patches)) => {
                patches.fill(self.machine.text_fill());
                to
            }
            None => to,
        };
        #[cfg(feature = "riscv64")]
        if DELETIONS && to.len() != from.len() {
            let _ = self.copy_shrunk((planned.object, planned.index), to, from);
            return;
        }
        if to.len() == from.len() {
            to.copy_from_slice(from);
        } else {
            to.fill(0); // never so, and never what the memory held before
        }
    }
}

/// Fills `bytes[start..end]`, as far as there are such bytes.
fn fill(bytes: &mut [u8], start: usize, end: usize, byte: u8) {
    let end = end.min(bytes.len());
    if let Some(gap) = bytes.get_mut(start..end) {
        gap.fill(byte);
    }
}

impl<M: MemoryManager> Segments<M> {
    /// The memory of a segment; `None` where the module has no such segment.
    pub(crate) const fn get(&self, kind: SegmentKind) -> Option<&Segment> {
        kind.pick(&self.segments).as_ref()
    }

    /// The word at an offset of a segment.
    pub(crate) fn word_at(&self, kind: SegmentKind, offset: usize) -> Option<u64> {
        self.get(kind)?.read_word(offset)
    }

    /// Where a segment runs.
    pub(crate) const fn target(&self, kind: SegmentKind) -> TargetAddress {
        *kind.pick(&self.targets)
    }

    pub(crate) const fn set_target(&mut self, kind: SegmentKind, address: TargetAddress) {
        *kind.pick_mut(&mut self.targets) = address;
    }

    pub(crate) fn bytes_mut(&mut self, kind: SegmentKind) -> &mut [u8] {
        self.slot(kind).as_mut().map(Segment::bytes_mut).unwrap_or_default()
    }

    /// The bytes of all segments, in the order of [`SegmentKind::ALL`].
    pub(crate) fn all_bytes_mut(&mut self) -> [&mut [u8]; 3] {
        self.segments
            .each_mut()
            .map(|segment| segment.as_mut().map(Segment::bytes_mut).unwrap_or_default())
    }

    /// Gives segments without a byte the address of one that has some: the sections in them are
    /// empty, but symbols in those still have addresses, and not 0.
    fn neighbour_empty_segments(&mut self, plan: &Plan<'_, '_>) {
        let Some(near) = SegmentKind::ALL.into_iter().find_map(|kind| self.get(kind)) else {
            return;
        };
        let near = near.target().value();
        for kind in SegmentKind::ALL {
            if self.get(kind).is_none() {
                let aligned = near.checked_next_multiple_of(plan.segment(kind).align);
                self.set_target(kind, TargetAddress::new(aligned.unwrap_or(near)));
            }
        }
    }

    /// Has every segment sealed.
    pub(crate) fn seal<'o>(&self) -> Result<(), Error<'o>> {
        for kind in SegmentKind::ALL {
            if let Some(segment) = self.get(kind) {
                self.manager.seal(segment).map_err(|cause| Error::Seal { kind, cause })?;
            }
        }
        Ok(())
    }

    #[inline(never)] // smaller so, with a frame of its own
    fn allocate<'o>(&mut self, kind: SegmentKind, plan: &Plan<'o, '_>) -> Result<(), Error<'o>> {
        let planned = plan.segment(kind);
        if planned.size == 0 {
            return Ok(());
        }
        // The plan kept both below 4 GiB, or within `usize` where that is less.
        let (size, align) = (planned.size as usize, planned.align as usize);
        let request = SegmentRequest { kind, size, align };
        let segment = self.manager.allocate(request).map_err(|cause| Error::Allocate {
            kind,
            size,
            align,
            cause,
        })?;
        let fits = request.is_met_by(&segment);
        self.set_target(kind, segment.target());
        *self.slot(kind) = Some(segment);
        if fits { Ok(()) } else { Err(Error::BadSegment { kind }) }
    }

    const fn slot(&mut self, kind: SegmentKind) -> &mut Option<Segment> {
        kind.pick_mut(&mut self.segments)
    }
}

impl<M: InProcess> Segments<M> {
    /// A pointer to an address in the segments; `None` where that lies in none, or in one that runs
    /// elsewhere, because the client has mapped it there.
    pub(crate) fn pointer(&self, address: TargetAddress) -> Option<NonNull<()>> {
        let in_segment = |kind| {
            let segment = self.get(kind).filter(|segment| segment.target() == self.target(kind))?;
            let offset = address.value().checked_sub(segment.target().value())?;
            segment.pointer(usize::try_from(offset).ok()?)
        };
        SegmentKind::ALL.into_iter().find_map(in_segment)
    }
}

impl<M: MemoryManager> Drop for Segments<M> {
    fn drop(&mut self) {
        for segment in self.segments.iter_mut().filter_map(Option::take) {
            self.manager.free(segment);
        }
    }
}
