//! Thread-local storage in a plan: the block's layout, and the GOT slots that code needs.
//!
//! The block's image lies in the read-only segment, in one piece: what a thread's block starts as.
//! Sections of type `SHT_NOBITS` have offsets behind the image, but take no memory.

use crate::arch::{LocalExec, Rewrite, Slot};
use crate::elf::{Rela, RelaTable, Section};
use crate::error::Error;
use crate::features::THREAD_LOCALS;
use crate::memory::SegmentKind;
use crate::name::Name;
use crate::plan::state::{Residence, SymbolState};
use crate::plan::{Plan, SegmentPlan, TlsModel};
use crate::thread_locals::{TlsBlock, TlsLocation};

/// The symbol by which code speaks of the start of the module's block; the loader defines it.
pub(crate) const BLOCK_SYMBOL: Name<'static> = Name::new(b"_TLS_MODULE_BASE_");

/// What a plan knows of a module's thread-local storage.
#[derive(Debug, Default)]
pub(crate) struct ThreadLocalPlan {
    /// Where the image begins in the read-only segment.
    pub(crate) offset: u64,
    pub(crate) block: Option<TlsBlock>,
    /// Whether code asks for the module's block as a whole.
    pub(crate) wants_pair: bool,
    /// The GOT slot of the pair that stands for the module.
    pub(crate) pair: u32,
    /// Whether any variable needs a slot.
    pub(crate) wants_slots: bool,
    /// Where the client said that the block lies.
    pub(crate) location: Option<TlsLocation>,
}

/// A section of a module's thread-local block.
#[derive(Debug, Clone, Copy)]
pub struct ThreadLocalSection<'o> {
    /// Its object's place among the plan's objects.
    pub object: usize,
    /// Its index in the object's section header table.
    pub index: u32,
    /// The section itself.
    pub section: Section<'o>,
    /// Its offset in the block, in bytes.
    pub offset: u64,
}

impl<'o> Plan<'o, '_> {
    /// The block that the module wants in each thread; `None` where it has no thread-local
    /// variables.
    pub const fn thread_locals(&self) -> Option<TlsBlock> {
        self.thread_local.block
    }

    /// The sections of the block, each with its offset in it: first those that the image holds,
    /// then, object by object again, those that are zero.
    pub fn thread_local_sections(&self) -> impl Iterator<Item = ThreadLocalSection<'o>> + '_ {
        [false, true].into_iter().flat_map(move |zeroed| {
            self.objects.iter().enumerate().flat_map(move |(number, object)| {
                object.sections().filter_map(move |(index, section)| {
                    let state = self.state.section(number, index)?;
                    let mine = state.residence == Residence::ThreadLocal;
                    let offset = u64::from(state.offset).wrapping_sub(self.thread_local.offset);
                    let found = ThreadLocalSection { object: number, index, section, offset };
                    (mine && section.is_nobits() == zeroed).then_some(found)
                })
            })
        })
    }

    /// Lays out the block behind the other sections of the read-only segment.
    pub(super) fn lay_out_thread_locals(&mut self) -> Result<(), Error<'o>> {
        if !THREAD_LOCALS || !self.has_thread_locals {
            return Ok(());
        }
        let mut align = 0;
        for (number, object) in self.objects.iter().enumerate() {
            for (index, section) in object.sections() {
                if self.is_thread_local_section(number, index) {
                    align = section.align().max(align);
                }
            }
        }
        if align == 0 {
            return Ok(());
        }
        let segment = self.segment(SegmentKind::ReadOnly);
        let too_large = Error::TooLarge { object: self.objects.first().name() };
        let start = segment.size.checked_next_multiple_of(align).ok_or(too_large)?;
        let (mut end, mut image_end) = (start, start);
        for zeroed in [false, true] {
            for (number, object) in self.objects.iter().enumerate() {
                for (index, section) in object.sections() {
                    let Some(mut state) = self.state.section(number, index) else { continue };
                    if state.residence != Residence::ThreadLocal || section.is_nobits() != zeroed {
                        continue;
                    }
                    let offset = end.checked_next_multiple_of(section.align());
                    let offset = offset.ok_or(too_large)?;
                    end = offset.checked_add(section.size()).ok_or(too_large)?;
                    state.offset = u32::try_from(offset).map_err(|_| too_large)?;
                    self.state.set_section(number, index, state);
                }
            }
            if !zeroed {
                image_end = end;
            }
        }
        u32::try_from(end).map_err(|_| too_large)?;
        usize::try_from(align).map_err(|_| too_large)?;
        let (size, image_size) = (end.wrapping_sub(start), image_end.wrapping_sub(start));
        if size == 0 {
            return Ok(());
        }
        self.thread_local.offset = start;
        self.thread_local.block = Some(TlsBlock { size, image_size, align });
        if image_size != 0 {
            let align = align.max(segment.align);
            *SegmentKind::ReadOnly.pick_mut(&mut self.segments) =
                SegmentPlan { size: image_end, align };
        }
        Ok(())
    }

    /// Gives each variable the GOT slots that its uses need, and the module its pair.
    pub(super) fn assign_thread_local_slots(&mut self) -> Option<()> {
        if !THREAD_LOCALS {
            return Some(());
        }
        if self.thread_local.wants_pair {
            self.thread_local.pair = self.slot_count;
            self.slot_count = self.slot_count.checked_add(2)?;
        }
        if !self.thread_local.wants_slots {
            return Some(());
        }
        let mut number = 0;
        while let Some(mut state) = self.state.symbol(number) {
            let words = state.thread_local_words();
            if words != 0 {
                state.set_slot(self.slot_count);
                self.slot_count = self.slot_count.checked_add(words)?;
                self.state.set_symbol(number, state);
            }
            number = number.checked_add(1)?;
        }
        Some(())
    }

    pub(crate) fn is_thread_local_section(&self, object: usize, index: u32) -> bool {
        let state = self.state.section(object, index);
        state.is_some_and(|state| state.residence == Residence::ThreadLocal)
    }

    /// The offset in the block of an offset in a section of it.
    pub(crate) fn offset_in_block(&self, object: usize, section: u32, offset: u64) -> u64 {
        let start = self.state.section(object, section).map_or(0, |state| state.offset.into());
        let inside = offset.wrapping_sub(self.deleted_before(object, section, offset));
        inside.wrapping_add(start).wrapping_sub(self.thread_local.offset)
    }

    /// What becomes of the `at`-th relocation of a section, one of thread-local code. The
    /// relocation of a call that goes away with it must be the next one.
    pub(crate) fn local_exec(
        &self,
        object: usize,
        index: u32,
        table: RelaTable<'o>,
        at: usize,
        rela: Rela,
    ) -> LocalExec {
        if self.options.tls_model() != TlsModel::Static {
            return LocalExec::Keep;
        }
        let Some(object) = self.objects.get(object) else { return LocalExec::Keep };
        let code = object.section(index).map(|section| object.section_bytes(section));
        let Ok(offset) = usize::try_from(rela.offset) else { return LocalExec::Refuse };
        let decision = self.machine.local_exec(rela.number, code.unwrap_or_default(), offset);
        if let LocalExec::Rewrite(Rewrite { call: Some(call), .. }) = decision {
            let next = at.checked_add(1).and_then(|next| table.get(next));
            let expected = rela.offset.checked_add(call.into());
            if next.map(|next| next.offset) != expected {
                // The pair of slots may still be asked for.
                return LocalExec::Keep;
            }
        }
        decision
    }
}

/// What GOT slots a variable's uses need, and whether its distance from the thread pointer is
/// unknown: in the number of a symbol's record.
const GENERAL_DYNAMIC: u32 = 1;
const INITIAL_EXEC: u32 = 2;
const DESCRIPTOR: u32 = 4;
const UNKNOWN_DISTANCE: u32 = 8;

const fn flag(slot: Slot) -> u32 {
    match slot {
        Slot::GeneralDynamic => GENERAL_DYNAMIC,
        Slot::InitialExec => INITIAL_EXEC,
        Slot::Descriptor => DESCRIPTOR,
        Slot::Address | Slot::LocalDynamic => 0,
    }
}

impl SymbolState {
    /// Whether a use of the variable was seen that needs this sort of slot.
    pub(crate) const fn has_thread_local_slot(self, slot: Slot) -> bool {
        self.number() & flag(slot) != 0
    }

    pub(crate) const fn want_thread_local_slot(&mut self, slot: Slot) {
        self.set_number(self.number() | flag(slot));
    }

    /// Whether the distance from the thread pointer is the same in every thread, and known.
    pub(crate) const fn has_distance(self) -> bool {
        self.number() & UNKNOWN_DISTANCE == 0
    }

    pub(crate) const fn set_has_distance(&mut self, known: bool) {
        let unknown = if known { 0 } else { UNKNOWN_DISTANCE };
        self.set_number(self.number() & !UNKNOWN_DISTANCE | unknown);
    }

    /// How many GOT slots the variable takes.
    pub(crate) const fn thread_local_words(self) -> u32 {
        if !self.is_thread_local() {
            return 0;
        }
        count_words(
            count_of(self, Slot::GeneralDynamic, 2),
            count_of(self, Slot::InitialExec, 1),
            count_of(self, Slot::Descriptor, 2),
        )
    }

    /// The GOT slot of one sort; `None` where no use needs one.
    pub(crate) const fn thread_local_slot(self, slot: Slot) -> Option<u32> {
        if !self.has_thread_local_slot(slot) {
            return None;
        }
        let before = match slot {
            Slot::InitialExec => count_of(self, Slot::GeneralDynamic, 2),
            Slot::Descriptor => count_words(
                count_of(self, Slot::GeneralDynamic, 2),
                count_of(self, Slot::InitialExec, 1),
                0,
            ),
            _ => 0,
        };
        match self.slot() {
            Some(first) => first.checked_add(before),
            None => None,
        }
    }
}

const fn count_of(state: SymbolState, slot: Slot, words: u32) -> u32 {
    if state.has_thread_local_slot(slot) { words } else { 0 }
}

const fn count_words(a: u32, b: u32, c: u32) -> u32 {
    a.wrapping_add(b).wrapping_add(c)
}
