//! Resolve, the part that makes RISC-V code shorter once everything has an address (psABI,
//! "Linker relaxation"). Sections stay where they are and end earlier.
//!
//! Shorter code brings other code into reach, so it goes over all places until none changes: the
//! same steps in the same order as `ld.lld --relax`, which gives the same result.

use crate::address::TargetAddress;
use crate::arch::riscv64::relax::{C_J, C_J_LENGTH, JAL, JAL_LENGTH, Relaxable, is_jump};
use crate::arch::riscv64::{HI20, is_short};
use crate::elf::SymbolPlace;
use crate::memory::MemoryManager;
use crate::place::{Contents, Segments};
use crate::plan::Plan;
use crate::plan::relaxation::Candidate;
use crate::plan::state::{STUB_LIMIT, SymbolState};

/// After so many rounds code gets longer only, for the last few that would change forever.
const SHORTENING_ROUNDS: u32 = 4;
/// After so many rounds, only what the plan was sure of gets shorter.
const ROUNDS: u32 = 30;
/// A psABI flag of `e_flags`: compressed instructions.
const EF_RISCV_RVC: u32 = 1;

impl Plan<'_, '_> {
    /// Makes code shorter, where the plan's options ask for it. Returns whether it may have.
    pub(crate) fn relax<M: MemoryManager>(
        &mut self,
        segments: &mut Segments<M>,
        stubs: TargetAddress,
    ) -> bool {
        // A text in chunks has several stubs for a symbol, and no call that is in reach.
        if !self.options.relaxes() || self.state.deletions.is_empty() || self.islands.count() != 0 {
            return false;
        }
        self.forget_deletions();
        self.find_places_of_symbols();
        let short = self.has_short_text();
        let settled = (0..ROUNDS).find_map(|round| {
            let shortens = round < SHORTENING_ROUNDS;
            let changed = self.decide_deletions(|plan, code| {
                let most = if shortens { code.what.length().into() } else { code.lost };
                let loses = plan.loses(code, stubs, most);
                let sure = loses < JAL_LENGTH && short && plan.is_near_call(code);
                if sure { JAL_LENGTH } else { loses }
            });
            match changed {
                Ok(true) => None,
                Ok(false) => Some(true),
                Err(_) => Some(false),
            }
        });
        if settled != Some(true) {
            let _ = self.decide_as_planned(); // which went well in the plan
        }
        self.forget_places_of_symbols();
        self.copy_sections(segments, Contents::TEXT);
        true
    }

    /// Goes back to what the plan counts on. As sections that got shorter stay where they are, what
    /// lies in another one may be too far for a branch that reached it before.
    pub(crate) fn relax_less<M: MemoryManager>(&mut self, segments: &mut Segments<M>) {
        let _ = self.decide_as_planned(); // which went well in the plan
        self.forget_places_of_symbols();
        self.copy_sections(segments, Contents::SECTIONS);
    }

    /// How many bytes code loses, at most `most`.
    fn loses(&self, code: &Candidate, stubs: TargetAddress, most: u64) -> u64 {
        let fits = |value: Option<u64>| value.is_some_and(is_short);
        let whole = u64::from(code.what.length());
        let loses = match code.what {
            Relaxable::Call => return self.call_loses(code, stubs, most).unwrap_or(0),
            Relaxable::High if fits(self.target_of(code)) => whole,
            Relaxable::ThreadPointer if fits(self.variable_of_candidate(code)) => whole,
            Relaxable::Descriptor => whole,
            Relaxable::DescriptorHigh if fits(self.variable_of_candidate(code)) => whole,
            _ => 0,
        };
        loses.min(most)
    }

    fn call_loses(&self, code: &Candidate, stubs: TargetAddress, most: u64) -> Option<u64> {
        let object = self.objects.get(code.object)?;
        let mut target = self.target_of(code)?;
        let distance = |target: u64| target.wrapping_sub(code.place).cast_signed();
        if !HI20.spans(distance(target)) {
            // A stub leads to no symbol that nothing defines: such a call goes to itself.
            let (_, state) = self.symbol_of(code).filter(|(_, s)| !s.is_unresolved())?;
            let stub = state.stub().filter(|_| code.rela.addend == 0)?;
            target = stubs.wrapping_add(self.stub_distance(stub)).value();
        }
        let whole = u64::from(code.what.length());
        let reaches = |range: crate::arch::Range, left: u64| {
            let loses = whole.wrapping_sub(left);
            let fits = range.spans(distance(target)) && range.is_aligned(distance(target));
            (loses <= most && fits).then_some(loses)
        };
        let instructions = self.code_at(code.object, code.index, code.rela.offset)?;
        let compressed = object.flags() & EF_RISCV_RVC != 0 && is_jump(instructions);
        let jump = reaches(C_J, C_J_LENGTH).filter(|_| compressed);
        jump.or_else(|| reaches(JAL, JAL_LENGTH))
    }

    /// S + A, with S where it is now.
    fn target_of(&self, code: &Candidate) -> Option<u64> {
        let (number, state) = self.symbol_of(code)?;
        let (object, symbol) = self.home_of(number)?;
        let address = match symbol.place() {
            // The number of one in a file is that of its stub.
            SymbolPlace::Section(section)
                if !state.is_indirect() && !state.is_dead() && !state.is_external() =>
            {
                match self.deletions_at(state.number()) {
                    Some(deleted) => {
                        let target = self.state.section(object, section)?.target;
                        target.wrapping_add(symbol.value()).wrapping_sub(deleted)
                    }
                    None => self.address_in(object, section, symbol.value()),
                }
            }
            _ => match self.boundary_address(symbol, state) {
                Some(address) => address,
                None => self.located(number).address(),
            },
        };
        Some(address.wrapping_add(code.rela.addend.cast_unsigned()))
    }

    /// TPREL(S + A), where it is the same in every thread.
    fn variable_of_candidate(&self, code: &Candidate) -> Option<u64> {
        let mut rela = code.rela;
        if code.what == Relaxable::DescriptorHigh {
            // Its symbol is the label of the first part.
            (_, (_, rela, ..)) = self.high_part_of(code.object, rela)?;
        }
        let number = self.state.symbol_base(code.object)?.wrapping_add(rela.symbol);
        self.state.canonical(number).filter(|(_, state)| state.is_thread_local())?;
        let offset = self.thread_pointer_offset(number)?;
        Some(offset.wrapping_add(rela.addend.cast_unsigned()))
    }

    /// Notes for each symbol in a section that may get shorter the last place before it, so that no
    /// call has to search for it, round after round. The number is free in such symbols: a text
    /// in chunks, whose symbols may have stubs, is not relaxed.
    fn find_places_of_symbols(&mut self) {
        self.for_each_moving_symbol(|plan, object, section, offset, state| {
            let before = plan.state.places_before(object, section, offset);
            let number = before.and_then(|before| u32::try_from(before).ok()?.checked_add(1));
            state.set_number(number.filter(|number| *number < STUB_LIMIT).unwrap_or(0));
        });
    }

    /// How many bytes are deleted up to the end of the last place before a symbol with this
    /// number; `None` where it was not noted.
    fn deletions_at(&self, number: u32) -> Option<u64> {
        let before = number.checked_sub(1)? as usize;
        self.state.deleted_up_to(before)
    }

    /// Forgets these places.
    fn forget_places_of_symbols(&mut self) {
        self.for_each_moving_symbol(|_, _, _, _, state| state.set_number(0));
    }

    /// Calls `visit` with each symbol that lies in a section which may get shorter: its object,
    /// section and offset there, and its record.
    fn for_each_moving_symbol(&mut self, visit: impl Fn(&Self, usize, u32, u64, &mut SymbolState)) {
        for (number, object) in self.objects.iter().enumerate() {
            let Some(base) = self.state.symbol_base(number) else { continue };
            for (index, symbol) in object.symbols() {
                let SymbolPlace::Section(section) = symbol.place() else { continue };
                let shrinks = self.state.section(number, section).is_some_and(|s| s.shrinks);
                let at = base.wrapping_add(index);
                let Some(mut state) = self.state.symbol(at).filter(|_| shrinks) else { continue };
                let stays = state.is_indirect() || state.is_dead() || state.is_thread_local();
                if state.alias().is_none() && !stays {
                    visit(self, number, section, symbol.value(), &mut state);
                    self.state.set_symbol(at, state);
                }
            }
        }
    }
}
