//! Seal: [`RelocatedImage`] → [`Module`], and unload: [`Module`] → nothing.

use core::ptr::NonNull;

use crate::address::TargetAddress;
use crate::elf::{Binding, InitKind, Symbol, SymbolKind, SymbolPlace};
use crate::error::Error;
use crate::memory::{InProcess, MemoryManager, Segment, SegmentKind};
use crate::name::Name;
use crate::object::Object;
use crate::place::Segments;
use crate::plan::state::SymbolState;
use crate::plan::{Kept, Plan, PlannedSection};
use crate::resolve::RelocatedImage;
use crate::scratch::Scratch;
use crate::table::{Shape, SymbolTable};
use crate::thread_locals::{TlsImage, TlsVariable};

/// A module that is ready to run: the only phase that gives out addresses.
///
/// The core never calls what it loads. Calling into the module is the client's, and `unsafe`:
/// the client answers for the signature, for running the [`initialisers`](Self::initialisers)
/// first, and for nothing being called once the module is unloaded. Dropping it unloads it.
#[derive(Debug)]
pub struct Module<'o, 's, M: MemoryManager> {
    pub(crate) plan: Plan<'o, 's>,
    pub(crate) segments: Segments<M>,
}

/// A module whose scratch memory the client has taken back, and its objects as well, unless names
/// are lent (`'o`). Dropping it unloads the module.
///
/// What it still knows is what [`PlanOptions::kept`](crate::PlanOptions::kept) asked for.
#[derive(Debug)]
pub struct ResidentModule<'o, M: MemoryManager> {
    segments: Segments<M>,
    table: Option<Shape>,
    lent: Option<Object<'o>>,
    thread_locals: Option<TlsImage>,
}

/// A symbol of a loaded module.
#[derive(Debug, Clone, Copy)]
pub struct ModuleSymbol<'o> {
    /// The place of its object among the module's objects.
    pub object: usize,
    /// Its index in its object's symbol table.
    pub index: u32,
    /// The symbol, as its object has it.
    pub symbol: Symbol<'o>,
    /// Its address on the target.
    pub address: TargetAddress,
    /// Its size in memory, in bytes: less than the object's where bytes were deleted in it.
    pub size: u64,
    /// Whether it is what its name stands for: of several definitions in several objects, one is.
    pub prevails: bool,
}

/// A thread-local variable of a loaded module.
#[derive(Debug, Clone, Copy)]
pub struct ThreadLocalSymbol<'o> {
    /// The place of its object among the module's objects.
    pub object: usize,
    /// Its index in its object's symbol table.
    pub index: u32,
    /// The variable, as its object has it.
    pub symbol: Symbol<'o>,
    /// Its offset in the module's block, in bytes.
    pub offset: u64,
}

/// A loaded section and its address.
#[derive(Debug, Clone, Copy)]
pub struct ModuleSection<'o> {
    /// The section: as it was planned, but for its size where code got shorter since.
    pub planned: PlannedSection<'o>,
    /// Its address on the target.
    pub address: TargetAddress,
}

impl<'o, 's, M: MemoryManager> RelocatedImage<'o, 's, M> {
    /// Has the manager set final permissions and synchronise caches. Nothing is written to text
    /// and read-only data from here on.
    ///
    /// # Errors
    /// [`Error::Seal`]; all memory is given back then.
    pub fn seal(self) -> Result<Module<'o, 's, M>, Error<'o>> {
        self.segments.seal()?;
        Ok(Module { plan: self.plan, segments: self.segments })
    }
}

impl<'o, 's, M: MemoryManager> Module<'o, 's, M> {
    /// The plan that was followed.
    pub const fn plan(&self) -> &Plan<'o, 's> {
        &self.plan
    }

    /// The address of an exported function or variable; `None` where the module has none of this
    /// name. Unless exports are [kept](crate::PlanOptions::kept), it looks at each symbol in turn:
    /// look up once and keep the address.
    pub fn symbol(&self, name: &str) -> Option<TargetAddress> {
        if self.plan.options.kept_symbols() >= Kept::Exports {
            return self.table()?.get(Name::from(name)).map(|symbol| symbol.address);
        }
        self.plan.exported_symbol(Name::from(name)).map(|export| export.address)
    }

    /// The symbols that the module [keeps](crate::PlanOptions::kept); `None` where it keeps nothing.
    pub fn table(&self) -> Option<SymbolTable<'_>> {
        self.plan.table_in(&self.segments, self.plan.lent_object())
    }

    /// Every symbol that other modules may use, each once: global or weak, and hidden by none of the
    /// objects that define it or refer to it. Thread-local ones are not here, as they have no
    /// address. An IFUNC's is that of the stub by which it is called.
    pub fn exports(&self) -> impl Iterator<Item = ModuleSymbol<'o>> + '_ {
        self.plan
            .defined_symbols()
            .filter(|(symbol, state)| state.is_exported(symbol.symbol))
            .map(|(symbol, _)| symbol)
    }

    /// Every symbol that the module defines, local ones included, but for thread-local ones.
    pub fn symbols(&self) -> impl Iterator<Item = ModuleSymbol<'o>> + '_ {
        self.plan.defined_symbols().map(|(symbol, _)| symbol)
    }

    /// What each thread's block of thread-local variables is copied from; `None` where the
    /// module has none.
    pub fn thread_locals(&self) -> Option<TlsImage> {
        let block = self.plan.thread_local.block?;
        let start = self.segments.target(SegmentKind::ReadOnly);
        Some(TlsImage {
            block,
            location: self.plan.thread_local.location?,
            image: start.wrapping_add(self.plan.thread_local.offset),
        })
    }

    /// The thread-local variables that other modules may use, and where they lie.
    pub fn exported_thread_locals(&self) -> impl Iterator<Item = (Name<'o>, TlsVariable)> + '_ {
        let location = self.plan.thread_local.location.unwrap_or_default();
        let is_exported = |found: &ThreadLocalSymbol<'o>| {
            let base = self.plan.state.symbol_base(found.object);
            let state =
                base.and_then(|base| self.plan.state.symbol(base.checked_add(found.index)?));
            state.is_some_and(|state| state.is_exported(found.symbol))
        };
        self.thread_local_symbols()
            .filter(is_exported)
            .map(move |found| (found.symbol.name(), TlsVariable { location, offset: found.offset }))
    }

    /// The module's own thread-local variables, local ones and labels among them included, each
    /// once.
    pub fn thread_local_symbols(&self) -> impl Iterator<Item = ThreadLocalSymbol<'o>> + '_ {
        self.plan.objects.iter().enumerate().flat_map(move |(object, file)| {
            file.symbols().filter_map(move |(index, symbol)| {
                let at = self.plan.state.symbol_base(object)?.checked_add(index)?;
                let state = self.plan.state.symbol(at)?;
                let counts = state.is_thread_local()
                    && !state.is_dead()
                    && state.alias().is_none()
                    && !symbol.name().is_empty()
                    && matches!(symbol.place(), SymbolPlace::Section(_));
                let offset = state.address();
                counts.then_some(ThreadLocalSymbol { object, index, symbol, offset })
            })
        })
    }

    /// The unwind tables: each `.eh_frame` section, to be given to an unwinder with its address and
    /// size. Behind one lies its end where
    /// [`terminate_unwind_tables`](crate::PlanOptions::terminate_unwind_tables) asks for it. An unwinder
    /// must have forgotten them before the module goes.
    pub fn unwind_tables(&self) -> impl Iterator<Item = ModuleSection<'o>> + '_ {
        self.sections().filter(|section| section.planned.section.is_unwind_table())
    }

    /// The sections in the segments, object by object, with their addresses; those that stay in
    /// their files are the plan's ([`Plan::in_place_sections`]).
    pub fn sections(&self) -> impl Iterator<Item = ModuleSection<'o>> + '_ {
        self.plan.sections().filter_map(|planned| {
            let state = self.plan.state.section(planned.object, planned.index)?;
            Some(ModuleSection { planned, address: TargetAddress::new(state.target) })
        })
    }

    /// The address of an offset in a section of the `object`-th object, as the object counts it:
    /// before bytes were deleted, on RISC-V. An offset of a byte that is gone has the address of what
    /// is left behind it. `None` for a section that is not loaded.
    pub fn address_of(&self, object: usize, index: u32, offset: u64) -> Option<TargetAddress> {
        if self.plan.in_place(object, index).is_none() {
            self.plan.planned_section(object, index)?;
        }
        let start = TargetAddress::new(self.plan.state.section(object, index)?.target);
        Some(start.wrapping_add(self.plan.moved(object, index, offset)))
    }

    /// The functions to call before anything else in the module, in this order: those of
    /// `.preinit_array`, then those of `.init_array` and `.ctors` by priority.
    pub fn initialisers(&self) -> impl Iterator<Item = TargetAddress> + '_ {
        let lists = self.plan.state.init_lists();
        lists
            .iter()
            .filter(|record| record.word >> 60 != InitKind::Fini as u64)
            .flat_map(|record| self.plan.list_words(*record, false))
            .filter_map(|(kind, offset)| function(self.segments.word_at(kind, offset)?))
    }

    /// The functions to call before the module is unloaded, in this order: those of
    /// `.fini_array` and `.dtors`, in the reverse of the order of initialisers.
    pub fn finalisers(&self) -> impl Iterator<Item = TargetAddress> + '_ {
        let words = self.plan.finaliser_words();
        words.filter_map(|(kind, offset)| function(self.segments.word_at(kind, offset)?))
    }

    /// The symbol that an address belongs to, and how far behind its start the address is: the
    /// closest function or variable at or below it in the same section. For backtraces and fault
    /// handlers; it looks at each symbol in turn.
    pub fn symbol_at(&self, address: TargetAddress) -> Option<(ModuleSymbol<'o>, u64)> {
        let holds = |start, size| lies_in(address, start, size);
        let placed = self.sections().find(|section| holds(section.address, section.planned.size));
        let placed = placed.map(|section| (section.planned.object, section.planned.index));
        let (object, index) = placed.or_else(|| {
            let mut in_place = self.plan.in_place_sections();
            let section = in_place.find(|section| holds(section.address, section.section.size()));
            section.map(|section| (section.object, section.index))
        })?;
        self.symbols()
            .filter(|symbol| {
                symbol.object == object
                    && symbol.symbol.place() == SymbolPlace::Section(index)
                    && matches!(symbol.symbol.kind(), SymbolKind::Function | SymbolKind::Data)
                    && symbol.address <= address
            })
            .max_by_key(|symbol| symbol.address)
            .map(|symbol| (symbol, address.value().wrapping_sub(symbol.address.value())))
    }

    /// Whether an address lies in one of the module's segments, or in a section that stays in its
    /// object's file.
    pub fn contains(&self, address: TargetAddress) -> bool {
        let (mut segments, mut in_place) = (self.segments(), self.plan.in_place_sections());
        segments.any(|segment| {
            lies_in(address, self.segments.target(segment.kind()), segment.size() as u64)
        }) || in_place.any(|section| lies_in(address, section.address, section.section.size()))
    }

    /// The module's segments: one of each kind at the most.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> + '_ {
        SegmentKind::ALL.into_iter().filter_map(|kind| self.segments.get(kind))
    }

    /// Lets go of the objects' bytes and of the scratch memory. What is left knows what it was
    /// asked to [keep](crate::PlanOptions::kept); of symbols whose names were to be lent, nothing:
    /// there is [`detach_lending`](Self::detach_lending) for that.
    pub fn detach(self) -> ResidentModule<'static, M> {
        let resident = self.detach_lending();
        let ResidentModule { segments, table, lent, thread_locals } = resident;
        let table = table.filter(|_| lent.is_none());
        ResidentModule { segments, table, lent: None, thread_locals }
    }

    /// Lets go of the scratch memory. The objects' bytes stay lent for names to be read in, where
    /// [`PlanOptions::lend_names`](crate::PlanOptions::lend_names) asked for that.
    pub fn detach_lending(self) -> ResidentModule<'o, M> {
        let lent = self.plan.lent_object();
        self.detach_with(lent)
    }

    pub(crate) fn detach_with<'l>(self, lent: Option<Object<'l>>) -> ResidentModule<'l, M> {
        ResidentModule {
            table: (self.plan.options.kept_symbols() != Kept::Nothing).then_some(self.plan.table),
            lent,
            thread_locals: self.thread_locals(),
            segments: self.segments,
        }
    }

    /// Returns all memory to the manager: what dropping does, by name.
    ///
    /// The client has run the [`finalisers`](Self::finalisers) and calls nothing in the module
    /// any more.
    pub fn unload(self) {}
}

impl<M: InProcess> Module<'_, '_, M> {
    /// A pointer to an exported function or variable, which the client casts to the type that it
    /// knows it to have; `None` where there is none of this name in the module's own memory.
    pub fn pointer(&self, name: &str) -> Option<NonNull<()>> {
        self.segments.pointer(self.symbol(name)?)
    }

    /// A pointer to an address in the module's own memory: to one of its
    /// [`initialisers`](Self::initialisers), for example.
    pub fn pointer_at(&self, address: TargetAddress) -> Option<NonNull<()>> {
        self.segments.pointer(address)
    }
}

impl<M: InProcess> ResidentModule<'_, M> {
    /// A pointer to an exported function or variable that is kept: [`Module::pointer`].
    pub fn pointer(&self, name: &str) -> Option<NonNull<()>> {
        self.segments.pointer(self.symbol(name)?)
    }

    /// A pointer to an address in the module's own memory.
    pub fn pointer_at(&self, address: TargetAddress) -> Option<NonNull<()>> {
        self.segments.pointer(address)
    }
}

impl<'o> Plan<'o, '_> {
    /// Every symbol that the module defines, local ones included, but for thread-local ones; with
    /// their addresses, once they have some.
    pub(crate) fn defined_symbols(
        &self,
    ) -> impl Iterator<Item = (ModuleSymbol<'o>, SymbolState)> + '_ {
        self.objects.iter().enumerate().flat_map(move |(number, object)| {
            let symbols = object.symbols();
            symbols.filter_map(move |(index, symbol)| self.defined_symbol(number, index, symbol))
        })
    }

    /// A symbol of an object, if it is one of these.
    fn defined_symbol(
        &self,
        number: usize,
        index: u32,
        symbol: Symbol<'o>,
    ) -> Option<(ModuleSymbol<'o>, SymbolState)> {
        let number_of_all = self.state.symbol_base(number)?.checked_add(index)?;
        let state = self.state.symbol(number_of_all)?;
        let defined = symbol.place() != SymbolPlace::Undefined
            && !state.is_thread_local()
            && !state.is_dead()
            && !symbol.name().is_empty()
            && symbol.kind() != SymbolKind::File;
        if !defined {
            return None;
        }
        // A definition that lost to another of its name is still where it is.
        let address = TargetAddress::new(match symbol.place() {
            SymbolPlace::Section(section) if state.alias().is_some() => {
                self.address_in(number, section, symbol.value())
            }
            _ => self.address_here(number, symbol, state),
        });
        let size = self.size_of(number, symbol);
        let prevails = state.alias().is_none();
        Some((ModuleSymbol { object: number, index, symbol, address, size, prevails }, state))
    }

    /// The symbol of this name that other modules may use.
    fn exported_symbol(&self, name: Name<'_>) -> Option<ModuleSymbol<'o>> {
        for (number, object) in self.objects.iter().enumerate() {
            for (index, symbol) in object.symbols() {
                if symbol.binding() == Binding::Local || symbol.name() != name {
                    continue;
                }
                match self.defined_symbol(number, index, symbol) {
                    Some((found, state)) if state.is_exported(symbol) => return Some(found),
                    _ => {}
                }
            }
        }
        None
    }

    /// Where the words of one section of a list of initialisers or finalisers are, in the order
    /// they run in.
    pub(crate) fn list_words(
        &self,
        record: Scratch,
        reverse_list: bool,
    ) -> impl Iterator<Item = (SegmentKind, usize)> + use<'o> {
        let object = (record.high >> 1) as usize;
        // A list that runs backwards, in a section that is stored backwards, runs forwards.
        let backwards = (record.high & 1 != 0) != reverse_list;
        let planned = self.planned_section(object, record.low);
        let count = planned.map_or(0, |planned| (planned.size / 8) as usize);
        (0..count).filter_map(move |at| {
            let at = if backwards { count.checked_sub(at)?.checked_sub(1)? } else { at };
            let planned = planned?;
            let offset = usize::try_from(planned.offset).ok()?.checked_add(at.checked_mul(8)?)?;
            Some((planned.segment, offset))
        })
    }
}

/// The function in a word of a list; old start-up files bracket the lists with 0 and -1.
pub(crate) const fn function(word: u64) -> Option<TargetAddress> {
    if word == 0 || word == u64::MAX { None } else { Some(TargetAddress::new(word)) }
}

impl<M: MemoryManager> ResidentModule<'_, M> {
    /// The symbols that the module [keeps](crate::PlanOptions::kept); `None` where it keeps nothing.
    pub fn table(&self) -> Option<SymbolTable<'_>> {
        let bytes = self.segments.get(SegmentKind::ReadOnly).map_or(&[][..], |s| s.contents());
        SymbolTable::new(bytes, self.table.as_ref()?, self.lent)
    }

    /// The address of an exported function or variable that is kept.
    pub fn symbol(&self, name: &str) -> Option<TargetAddress> {
        Some(self.table()?.get(Name::from(name))?.address)
    }

    /// What each thread's block of thread-local variables is copied from; `None` where the
    /// module has none.
    pub const fn thread_locals(&self) -> Option<TlsImage> {
        self.thread_locals
    }
    /// The module's segments: one of each kind at the most.
    pub fn segments(&self) -> impl Iterator<Item = &Segment> + '_ {
        SegmentKind::ALL.into_iter().filter_map(|kind| self.segments.get(kind))
    }

    /// Returns all memory to the manager: what dropping does, by name.
    pub fn unload(self) {}
}

/// Whether an address lies in the `size` bytes from `start` on.
const fn lies_in(address: TargetAddress, start: TargetAddress, size: u64) -> bool {
    address.value().wrapping_sub(start.value()) < size
}
