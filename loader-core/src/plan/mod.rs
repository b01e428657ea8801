//! Plan: [`Object`]s → [`Plan`]. Decides what is kept, lays sections into segments, counts GOT
//! entries and call stubs, and so knows every size before a byte is taken.
//!
//! | file | what it does |
//! | --- | --- |
//! | `options` | what a client may ask for |
//! | `state`, `symbol`, `records` | what is known of sections and symbols, and its records in the lent memory |
//! | `names` | one definition per name across objects: COMDAT, COMMON, weak, strong |
//! | `boundaries` | `__start_SECTION` and `__stop_SECTION`, and sections that lie together for them |
//! | `debug` | debug sections: which there are, their relocations, what symbols are to them |
//! | `deletions` | on RISC-V, which bytes go, and where offsets end up |
//! | `padding` | `R_RISCV_ALIGN` |
//! | `relaxation` | linker relaxation: which code may get shorter |
//! | `erratum` | room for mending an erratum of the Cortex-A53, and where the code is |
//! | `in_place` | sections that stay in their object's file |
//! | `sections` | where each section will reside, its relocations, the lists of initialisers |
//! | `layout` | sections into segments |
//! | `islands` | stubs in the middle of a text that is longer than branches reach |
//! | `scan` | every relocation checked, GOT slots and stubs counted |
//! | `unused` | sections that nothing uses, left out where the client asks for it |
//! | `thread_local` | the block of thread-local variables, and their GOT slots |

mod boundaries;
mod debug;
#[cfg(feature = "riscv64")]
pub(crate) mod deletions;
#[cfg(feature = "aarch64")]
pub(crate) mod erratum;
mod in_place;
mod islands;
mod layout;
mod names;
mod objects;
mod options;
#[cfg(feature = "riscv64")]
mod padding;
mod records;
#[cfg(feature = "riscv64")]
pub(crate) mod relaxation;
mod scan;
mod sections;
pub(crate) mod state;
mod symbol;
pub(crate) mod thread_local;
mod unused;

use crate::arch::{Machine, Relocation};
use crate::elf::{RelaTable, Section, Symbol, SymbolPlace};
use crate::error::Error;
use crate::features::SEVERAL_OBJECTS;
use crate::memory::{RegionPlan, SegmentKind};
use crate::name::Name;
use crate::object::Object;
use crate::scratch::Scratch;
use crate::table::Shape;
pub use in_place::InPlaceSection;
use objects::Objects;
pub use options::{DebugSections, Keep, Kept, PlanOptions, TlsModel};
use state::{Residence, SectionState, State, SymbolState};
pub use thread_local::ThreadLocalSection;
pub use unused::UnusedSection;

/// Bytes of a GOT entry.
pub(crate) const SLOT: u64 = 8;

/// The bits of RISC-V's `e_flags` that objects of one module must agree on: the floating-point
/// calling convention and RVE (psABI, "File header"). Other machines have no such flags.
const ABI_FLAGS: u32 = 0xe;

/// How many [`Scratch`] records a plan for these objects needs, exactly, without
/// [`PlanOptions`].
pub fn scratch_len(objects: &[Object<'_>]) -> usize {
    PlanOptions::default().scratch_len(objects)
}

/// What a load will take, exactly, and what it will need: made from one object, or from several
/// that are linked together into one module.
///
/// Where several objects define a name, they share one definition as a linker would have it: a
/// strong definition before a COMMON one before a weak one, the largest of COMMON ones, the first
/// of COMDAT groups with one signature and of weak ones.
#[derive(Debug)]
pub struct Plan<'o, 's> {
    pub(crate) objects: Objects<'o, 's>,
    pub(crate) machine: Machine,
    pub(crate) options: PlanOptions<'static>,
    pub(crate) state: State<'s>,
    pub(crate) segments: [SegmentPlan; 3],
    /// Where the call stubs begin in the text segment; the first of them, in a long text.
    pub(crate) stubs_offset: u64,
    /// Where the call stubs of a long text are.
    pub(crate) islands: islands::Islands,
    pub(crate) stub_count: u32,
    /// Where the GOT begins in the read-only segment.
    pub(crate) got_offset: u64,
    pub(crate) slot_count: u32,
    /// Whether a relocation needs the GOT to have an address.
    got_used: bool,
    /// Whether there are thread-local sections.
    has_thread_locals: bool,
    /// Whether any section lies behind those of its segment that have bytes.
    has_zero_data: bool,
    /// Whether there are COMMON symbols.
    has_commons: bool,
    /// Whether a symbol is called as one that may stand for the module itself.
    names_module: bool,
    /// Where they begin in the data segment.
    pub(crate) common_offset: u64,
    /// Where the slots of IFUNCs begin in the data segment.
    pub(crate) indirect_offset: u64,
    pub(crate) indirect_count: u32,
    /// How many sections stay in their files.
    in_place_count: u32,
    /// Whether data is initialised by functions (`R_AARCH64_FUNCINIT64`).
    pub(crate) function_initialisers: bool,
    pub(crate) thread_local: thread_local::ThreadLocalPlan,
    /// The table of symbols that the module keeps, in the read-only segment.
    pub(crate) table: Shape,
}

/// The exact size of one segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SegmentPlan {
    /// In bytes; 0 where the module has no such segment.
    pub size: u64,
    /// In bytes; a power of two.
    pub align: u64,
}

impl SegmentPlan {
    /// The region that the segment takes where regions are powers of two in size and none is
    /// smaller than `minimum` bytes ([`MpuMemoryManager`](crate::MpuMemoryManager)); `None` where
    /// no region is that large.
    pub fn region(self, minimum: u64) -> Option<RegionPlan> {
        RegionPlan::new(self.size, self.align, minimum)
    }
}

/// A section that will be, or has been, placed.
#[derive(Debug, Clone, Copy)]
pub struct PlannedSection<'o> {
    /// Its object's place among the plan's objects.
    pub object: usize,
    /// Its index in the object's section header table.
    pub index: u32,
    /// The section itself.
    pub section: Section<'o>,
    /// The segment that holds it.
    pub segment: SegmentKind,
    /// Its offset in the segment, in bytes.
    pub offset: u64,
    /// Its size in memory, in bytes: less than the file's where padding is deleted or code got
    /// shorter, and more where patches lie behind it ([`PlanOptions::erratum_843419`]). Once a
    /// module is resolved, code may be shorter still ([`PlanOptions::relaxation`]); the segment
    /// keeps its size.
    pub size: u64,
}

/// An undefined symbol that the client will be asked for: its
/// [`Resolver`](crate::Resolver), or its [`ThreadLocals`](crate::ThreadLocals).
#[derive(Debug, Clone, Copy)]
pub struct Import<'o> {
    /// The place, among the plan's objects, of the first object that needs it.
    pub object: usize,
    /// Its name.
    pub name: Name<'o>,
    /// Whether it may stay undefined: its address is 0 then.
    pub weak: bool,
    /// Whether it is a thread-local variable, for [`ThreadLocals`](crate::ThreadLocals).
    pub thread_local: bool,
}

/// An undefined symbol of one object, and who defines it: who resolves what.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'o> {
    /// The place, among the plan's objects, of the object that needs it.
    pub object: usize,
    /// Its name.
    pub name: Name<'o>,
    /// The place of the object that defines it; `None` where the client is asked for it.
    pub definition: Option<usize>,
}

impl<'o, 's> Plan<'o, 's> {
    /// Plans one module out of `objects`, with working memory lent for as long as the module
    /// is to answer questions about itself.
    ///
    /// # Errors
    /// [`Error::Scratch`] where `scratch` has fewer records than [`scratch_len`] says; an error
    /// of [`Phase::Plan`](crate::Phase::Plan) for an object that cannot be loaded.
    pub fn new(objects: &'s [Object<'o>], scratch: &'s mut [Scratch]) -> Result<Self, Error<'o>> {
        Self::with_options(objects, scratch, PlanOptions::default())
    }

    /// The same, as `options` ask for it.
    ///
    /// # Errors
    /// [`Error::Scratch`] where `scratch` has fewer records than
    /// [`PlanOptions::scratch_len`] says; an error of [`Phase::Plan`](crate::Phase::Plan) for an
    /// object that cannot be loaded.
    pub fn with_options(
        objects: &'s [Object<'o>],
        scratch: &'s mut [Scratch],
        options: PlanOptions<'_>,
    ) -> Result<Self, Error<'o>> {
        if let (false, Some(second)) = (SEVERAL_OBJECTS, objects.get(1)) {
            return Err(Error::SeveralObjects { object: second.name() });
        }
        let counts = state::Counts::of(objects, options);
        let lent = scratch.len();
        let needed = counts.total();
        if counts.loose > state::LOOSE_LIMIT || counts.symbols > state::SYMBOL_LIMIT {
            let object = objects.first().map(Object::name).unwrap_or_default();
            return Err(Error::TooLarge { object });
        }
        let given = (Objects::new(objects), State::carve(objects, &counts, scratch));
        let (Some(objects), Some(state)) = given else {
            return Err(Error::Scratch { needed: needed.max(1), lent });
        };
        let first = objects.first();
        let machine = first.machine();
        let differs = |object: &&Object<'o>| {
            object.machine() != machine || (object.flags() ^ first.flags()) & ABI_FLAGS != 0
        };
        if let Some(other) = objects.iter().find(differs) {
            return Err(Error::MixedMachines { object: other.name() });
        }
        let mut plan = Self {
            objects,
            machine,
            options: options.without_lists(),
            state,
            segments: [SegmentPlan { size: 0, align: 1 }; 3],
            stubs_offset: 0,
            islands: islands::Islands::NONE,
            stub_count: 0,
            got_offset: 0,
            slot_count: 0,
            got_used: false,
            has_thread_locals: false,
            has_zero_data: false,
            has_commons: false,
            names_module: objects.iter().any(|object| object.names_module),
            common_offset: 0,
            indirect_offset: 0,
            indirect_count: 0,
            in_place_count: 0,
            function_initialisers: false,
            thread_local: thread_local::ThreadLocalPlan::default(),
            table: Shape::default(),
        };
        plan.discard_duplicate_groups()?;
        plan.classify_sections()?;
        plan.attach_relocations()?;
        plan.keep_in_place(options.files_in_place());
        plan.bind_names()?;
        plan.bind_boundaries()?;
        plan.discard_unused(options.kept_sections())?;
        plan.gather_named_sections()?;
        plan.give_in_place_addresses(options.files_in_place());
        plan.give_stubs_to_indirect_functions();
        plan.collect_lists();
        #[cfg(feature = "riscv64")]
        plan.plan_deletions()?;
        #[cfg(feature = "aarch64")]
        plan.find_erratum_sequences();
        plan.lay_out_sections()?;
        plan.lay_out_thread_locals()?;
        plan.scan_relocations()?;
        plan.lay_out_tables()?;
        Ok(plan)
    }

    /// The objects, in the order given.
    pub const fn objects(&self) -> &'s [Object<'o>] {
        self.objects.all()
    }

    /// The machine that they are for.
    pub const fn machine(&self) -> Machine {
        self.machine
    }

    /// The size and alignment of a segment.
    pub const fn segment(&self, kind: SegmentKind) -> SegmentPlan {
        *kind.pick(&self.segments)
    }

    /// How many GOT entries the module has, 8 bytes each, in the read-only segment. A pair or a
    /// descriptor of a thread-local variable counts as two.
    pub const fn got_entries(&self) -> u32 {
        self.slot_count
    }

    /// How many call stubs the module has, in the text segment: one a symbol, but in a text longer
    /// than half of a call's reach up to one a symbol and stretch of that length.
    pub const fn stubs(&self) -> u32 {
        self.stub_count
    }

    /// The sections to be placed, object by object; not those that stay where they are
    /// ([`in_place_sections`](Self::in_place_sections)).
    pub fn sections(&self) -> impl Iterator<Item = PlannedSection<'o>> + '_ {
        self.objects.iter().enumerate().flat_map(move |(number, object)| {
            let records = (0u32..).zip(self.state.sections_of(number, object));
            let placed = records.filter(|(_, record)| SectionState::is_placed(record));
            placed.filter_map(move |(index, record)| self.planned(number, object, index, record))
        })
    }

    /// The undefined symbols that relocations need, each once; not those that an object has as
    /// hidden or internal, which nobody is asked for: a weak one is 0, and without another one
    /// the module cannot be resolved ([`Error::Undefined`]).
    pub fn imports(&self) -> impl Iterator<Item = Import<'o>> + '_ {
        let imports = self.used_symbols();
        imports.filter(|(_, symbol, state)| state.is_asked_for(*symbol)).map(
            |(object, symbol, state)| Import {
                object,
                name: symbol.name(),
                weak: !state.is_needed(),
                thread_local: state.is_thread_local(),
            },
        )
    }

    /// The undefined symbols of each object that relocations need, and which of the objects defines
    /// them, if it is not for the client to say.
    pub fn references(&self) -> impl Iterator<Item = Reference<'o>> + '_ {
        self.objects.iter().enumerate().flat_map(move |(number, object)| {
            object.symbols().skip(1).filter_map(move |(index, symbol)| {
                let own = self.state.symbol_base(number)?.checked_add(index)?;
                let (canonical, state) = self.state.canonical(own)?;
                let counts = symbol.place() == SymbolPlace::Undefined
                    && state.is_used()
                    && (!state.is_import() || state.is_asked_for(symbol));
                let home = || self.state.owner(canonical).map(|(object, _)| object);
                let definition = if state.is_import() { None } else { home() };
                counts.then_some(Reference { object: number, name: symbol.name(), definition })
            })
        })
    }

    /// The symbols that have a GOT entry with their address, each with the object that was the first to need it.
    pub fn got(&self) -> impl Iterator<Item = (usize, Symbol<'o>)> + '_ {
        let has_slot = |state: SymbolState| state.slot().is_some() && !state.is_thread_local();
        self.used_symbols().filter(move |(_, _, s)| has_slot(*s)).map(|(o, s, _)| (o, s))
    }

    /// The symbols that have a call stub, each with the object that was the first to need it; not
    /// those of the module itself, which a text longer than half of a call's reach has stubs for,
    /// but for those in sections that stay where they are.
    pub fn stub_symbols(&self) -> impl Iterator<Item = (usize, Symbol<'o>)> + '_ {
        self.used_symbols().filter(|(_, _, s)| s.stub().is_some()).map(|(o, s, _)| (o, s))
    }

    /// The relocation types that one object's loaded sections hold, one item per relocation.
    pub fn relocations(&self, object: usize) -> impl Iterator<Item = &'static Relocation> + '_ {
        let count = self.objects.get(object).map_or(0, Object::section_count);
        (0..count)
            .filter_map(move |index| self.rela_of(object, index))
            .flat_map(RelaTable::iter)
            .filter_map(|rela| self.machine.relocation(rela.number))
    }

    pub(crate) fn planned_section(&self, object: usize, index: u32) -> Option<PlannedSection<'o>> {
        let of = self.objects.get(object)?;
        let record = self.state.sections_of(object, of).get(index as usize)?;
        self.planned(object, of, index, record)
    }

    /// A section whose record is at hand.
    #[inline]
    pub(crate) fn planned(
        &self,
        number: usize,
        object: &Object<'o>,
        index: u32,
        record: &Scratch,
    ) -> Option<PlannedSection<'o>> {
        let section = object.section(index)?;
        let segment = SectionState::segment_of(record)?;
        let size = if SectionState::is_as_in_file(record) {
            section.size()
        } else {
            self.size_in_memory(number, index, section, record)?
        };
        let offset = record.low.into();
        Some(PlannedSection { object: number, index, section, segment, offset, size })
    }

    /// The size of a section that may be another than in the file; `None` where it takes no memory
    /// here.
    #[inline(never)] // few are asked for it
    fn size_in_memory(
        &self,
        number: usize,
        index: u32,
        section: Section<'o>,
        record: &Scratch,
    ) -> Option<u64> {
        let state = SectionState::unpack(*record);
        if state.residence == Residence::ThreadLocal && section.is_nobits() {
            return None; // zeros of each thread's block
        }
        let mut size = section.size();
        if state.shrinks {
            size = size.saturating_sub(self.deleted_before(number, index, u64::MAX));
        }
        #[cfg(feature = "aarch64")]
        let size = state.size_in_memory(size);
        Some(size)
    }

    /// The relocations of a section that is loaded, where it has any.
    pub(crate) fn rela_of(&self, object: usize, index: u32) -> Option<RelaTable<'o>> {
        let state = self.state.section(object, index)?;
        state.residence.segment()?;
        let object = self.objects.get(object)?;
        Some(object.rela_table(object.section(state.relocations?)?))
    }

    /// Whether an undefined symbol stands for the module itself: few modules have one, and the others'
    /// names are not looked at for it, which lie anywhere in their files.
    pub(crate) fn stands_for_module(&self, state: SymbolState, symbol: Symbol<'o>) -> bool {
        self.names_module && state.stands_for_module(symbol)
    }

    /// Symbols that carry something of their own: no aliases, nothing unused.
    pub(crate) fn used_symbols(
        &self,
    ) -> impl Iterator<Item = (usize, Symbol<'o>, SymbolState)> + '_ {
        self.objects.iter().enumerate().flat_map(move |(number, object)| {
            let base = self.state.symbol_base(number).unwrap_or(0);
            (0..object.symbol_count()).filter_map(move |index| {
                let state = self.state.symbol(base.wrapping_add(index))?;
                if !state.is_used() {
                    return None;
                }
                Some((number, object.symbol(index)?, state))
            })
        })
    }

    /// The symbol that counts for the symbol with this number.
    #[cfg(feature = "x86_64")]
    pub(crate) fn definition(&self, number: u32) -> Option<Symbol<'o>> {
        let (number, _) = self.state.canonical(number)?;
        self.home_of(number).map(|(_, symbol)| symbol)
    }

    /// The `at`-th loose symbol: its number among all, what is known of it, its object, and itself.
    pub(crate) fn loose_symbol(&self, at: usize) -> Option<(u32, SymbolState, usize, Symbol<'o>)> {
        let number = self.state.symbols.loose(at)?;
        let (object, symbol) = self.home_of(number)?;
        Some((number, self.state.symbol(number)?, object, symbol))
    }

    /// The object of the symbol with this number, and the symbol as it has it.
    pub(crate) fn home_of(&self, number: u32) -> Option<(usize, Symbol<'o>)> {
        let (object, index) = self.state.owner(number)?;
        Some((object, self.objects.get(object)?.symbol(index)?))
    }

    /// A symbol's size in memory.
    pub(crate) fn size_of(&self, object: usize, symbol: Symbol<'o>) -> u64 {
        let SymbolPlace::Section(section) = symbol.place() else { return symbol.size() };
        let (start, end) = (symbol.value(), symbol.value().saturating_add(symbol.size()));
        let before = |offset| self.deleted_before(object, section, offset);
        symbol.size().saturating_sub(before(end).saturating_sub(before(start)))
    }

    /// How many bytes are deleted before an offset of a section, on RISC-V.
    #[cfg(feature = "riscv64")]
    pub(crate) fn deleted_before(&self, object: usize, index: u32, before: u64) -> u64 {
        self.state.deleted_before(object, index, before)
    }

    /// Where an offset of a section ends up.
    pub(crate) fn moved(&self, object: usize, index: u32, offset: u64) -> u64 {
        #[cfg(feature = "riscv64")]
        return self.state.moved(object, index, offset);
        #[cfg(not(feature = "riscv64"))]
        {
            let _ = (object, index);
            offset
        }
    }

    #[cfg(not(feature = "riscv64"))]
    pub(crate) fn deleted_before(&self, _: usize, _: u32, _: u64) -> u64 {
        0
    }

    #[cfg(not(feature = "riscv64"))]
    pub(crate) fn deletions(&self) -> impl Iterator<Item = crate::tables::Deletion> {
        core::iter::empty()
    }
}

/// The relocations of the section of an object that a record is of, where it is loaded and has any:
/// as [`Plan::rela_of`], whose callers have no record at hand.
#[inline]
pub(crate) fn relocations_of<'o>(object: &Object<'o>, record: &Scratch) -> Option<RelaTable<'o>> {
    let table = object.section(SectionState::relocations_of(record)?)?;
    Some(object.rela_table(table))
}
