//! A module that is linked and ready, and not yet seen by others.

use core::ops::{Deref, Range};
use core::sync::atomic::Ordering::SeqCst;

use crate::address::TargetAddress;
use crate::elf::Binding;
use crate::memory::{MemoryManager, Segment, SegmentKind};
use crate::metadata::{Metadata, Version};
use crate::module::Module;
use crate::name::Name;
use crate::object::Object;
use crate::plan::{Kept, Plan, PlanOptions};
use crate::registry::entry::Entry;
use crate::registry::guarded::SharedBytes;
use crate::registry::index::Key;
use crate::registry::links::Links;
use crate::registry::memory::SlotState;
use crate::registry::reader::module_hash;
use crate::registry::{
    FoundSymbol, HIDDEN, MODULE, ModuleId, ModuleName, Registry, RegistryError, RegistryReader,
};
use crate::resolve_indirect::Resolution;
use crate::scratch::Scratch;
use crate::table::SymbolTable;
use crate::thread_locals::ThreadLocals;

/// What a client asks a registry to load.
pub struct LoadRequest<'a, 'x, 's> {
    objects: &'s [Object<'x>],
    scratch: &'s mut [Scratch],
    options: PlanOptions<'a>,
    name: Option<&'a str>,
    parts: &'a [usize],
    grants: &'a [&'a str],
    thread_locals: &'a dyn ThreadLocals,
    namespace: Option<&'a str>,
}

impl<'a, 'x, 's> LoadRequest<'a, 'x, 's> {
    /// One module out of these objects, with working memory lent until it is published: as many
    /// records as [`scratch_len`](crate::scratch_len) says. It is called what its metadata says,
    /// is granted no namespace, and keeps its exports.
    pub fn new(objects: &'s [Object<'x>], scratch: &'s mut [Scratch]) -> Self {
        let options = PlanOptions { kept: Kept::Exports, ..PlanOptions::default() };
        Self {
            objects,
            scratch,
            options,
            name: None,
            parts: &[],
            grants: &[],
            thread_locals: &(),
            namespace: None,
        }
    }

    /// Calls it so, whatever its metadata says.
    pub const fn named(self, name: &'a str) -> Self {
        Self { name: Some(name), ..self }
    }

    /// Lets it see what is exported in these namespaces.
    pub const fn granted(self, namespaces: &'a [&'a str]) -> Self {
        Self { grants: namespaces, ..self }
    }

    /// Puts its exports into this namespace, whatever its metadata says: those who are not granted
    /// it do not see them, and may have symbols of the same names.
    pub const fn exporting_to(self, namespace: &'a str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// Plans it so. What other modules are to see must be [kept](PlanOptions::kept); finalisers are
    /// kept at the least.
    pub const fn with_options(self, options: PlanOptions<'a>) -> Self {
        Self { options, ..self }
    }

    /// Has these thread-local variables.
    pub const fn with_thread_locals(self, thread_locals: &'a dyn ThreadLocals) -> Self {
        Self { thread_locals, ..self }
    }

    /// The objects are those of several modules that need each other, and so are linked as one: so
    /// many of the first, so many of the second, and so on. Each has a name of its own, from its
    /// metadata; they come and go together. Their exports are in one namespace.
    pub const fn grouped(self, objects_of_each: &'a [usize]) -> Self {
        Self { parts: objects_of_each, ..self }
    }
}

/// A place in a registry for a module that is being loaded; dropping it makes it free again.
#[derive(Debug)]
struct Claim<'g, 'r, 'o, M: MemoryManager> {
    registry: &'g Registry<'r, 'o, M>,
    slot: u32,
    replaces: Option<ModuleId>,
}

impl<M: MemoryManager> Drop for Claim<'_, '_, '_, M> {
    fn drop(&mut self) {
        if let Some(old) = self.replaces.and_then(|old| self.registry.slot_of(old).ok()) {
            old.set_state(SlotState::Live); // it was `Replacing`, which keeps others away
        }
        self.registry.remove(self.slot);
    }
}

/// A module that is linked and sealed, and whose exports nobody finds yet; backtraces find it.
///
/// It gives out addresses as a [`Module`] does, so that the client can run its
/// [`initialisers`](Module::initialisers), and its [`resolutions`](Module::resolutions) before. If
/// one fails, the client drops it: all memory is given back, and no trace is left.
#[derive(Debug)]
pub struct PreparedModule<'g, 'r, 'o, 'x, 's, M: MemoryManager> {
    // Dropped in this order: readers have left the module's memory before it is given back.
    claim: Claim<'g, 'r, 'o, M>,
    module: Module<'x, 's, M>,
    lent: Option<Object<'o>>,
}

impl<'r, 'o, M: MemoryManager> Registry<'r, 'o, M> {
    /// Loads a module: checks its metadata, finds what it needs, plans, places, resolves and
    /// seals it. Names are copied; the objects need to live until it is published.
    ///
    /// Each import is linked to the strong definition of its name that the kernel or a module
    /// exports, else to a weak one, if it is in no namespace or in one that is granted. The modules
    /// that it is linked to, and those that its metadata names, cannot be unloaded before it.
    ///
    /// # Errors
    /// [`RegistryError`]; nothing has changed then.
    pub fn load<'g, 'x, 's>(
        &'g self,
        mut request: LoadRequest<'_, 'x, 's>,
        manager: M,
    ) -> Result<PreparedModule<'g, 'r, 'o, 'x, 's, M>, RegistryError<'x>> {
        request.options.lend_names = false;
        self.prepare(request, manager, None, None)
    }

    /// The same with names that are not copied: the object's bytes stay lent for the module's
    /// life. Of several objects, names are copied all the same.
    ///
    /// # Errors
    /// As for [`load`](Self::load).
    pub fn load_lending<'g, 's>(
        &'g self,
        mut request: LoadRequest<'_, 'o, 's>,
        manager: M,
    ) -> Result<PreparedModule<'g, 'r, 'o, 'o, 's, M>, RegistryError<'o>> {
        request.options.lend_names = true;
        let lent = request.objects.first().copied().filter(|_| request.objects.len() == 1);
        self.prepare(request, manager, None, lent)
    }

    /// Loads a new version of a module, which takes its place when it is
    /// [published](PreparedModule::publish), with one atomic store. Until then, and if it is
    /// dropped, the old version stays what others find. Modules that are linked to the old version
    /// keep it; once none is left it is [`retired`](Self::retired).
    ///
    /// # Errors
    /// As for [`load`](Self::load); [`RegistryError::Unfit`] where the new version lacks an export
    /// of the old one, or has it with another kind or interface hash.
    pub fn replace<'g, 'x, 's>(
        &'g self,
        old: ModuleId,
        mut request: LoadRequest<'_, 'x, 's>,
        manager: M,
    ) -> Result<PreparedModule<'g, 'r, 'o, 'x, 's, M>, RegistryError<'x>> {
        request.options.lend_names = false;
        self.prepare(request, manager, Some(old), None)
    }

    fn prepare<'g, 'x, 's>(
        &'g self,
        request: LoadRequest<'_, 'x, 's>,
        manager: M,
        replaces: Option<ModuleId>,
        lent: Option<Object<'o>>,
    ) -> Result<PreparedModule<'g, 'r, 'o, 'x, 's, M>, RegistryError<'x>> {
        let LoadRequest { objects, scratch, mut options, grants, thread_locals, .. } = request;
        let LoadRequest { parts: counts, name, namespace, .. } = request;
        let parts = Parts { objects, counts, name, namespace };
        options.kept = options.kept.max(Kept::Finalisers);
        let names = parts.check()?;
        let plan = Plan::with_options(objects, scratch, options)?;
        let claim = self.claim(&parts, replaces)?;
        let links = Links { registry: self, slot: claim.slot, grants };
        {
            let mut free = self.free.lock();
            for part in 0..names {
                let own = |name: &str| parts.has(name);
                links.need_named(&mut free, parts.name(part)?, &parts.metadata(part)?, own)?;
            }
            links.need_imported(&mut free, &plan)?;
        }
        let image = plan.place(manager)?.resolve_with(&links, thread_locals)?;
        let module = image.seal()?;
        if let Some(table) = module.table() {
            for part in 0..names {
                links.check_interfaces(&table, &parts.metadata(part)?)?;
            }
        }
        // From here on readers may look at the module: it goes as a `PreparedModule` goes.
        let prepared = PreparedModule { claim, module, lent };
        self.enter(&prepared, &parts)?;
        Ok(prepared)
    }

    /// Takes a slot for each part of a module, and a line of versions.
    fn claim<'g, 'x>(
        &'g self,
        parts: &Parts<'_, 'x>,
        replaces: Option<ModuleId>,
    ) -> Result<Claim<'g, 'r, 'o, M>, RegistryError<'x>> {
        let _lock = self.free.lock();
        let old = replaces.map(|id| self.slot_of(id)).transpose()?;
        if let (Some(old), Some(id)) = (old, replaces) {
            if old.state() != SlotState::Live {
                return Err(RegistryError::Busy { name: self.name(id.slot) });
            }
        }
        let line = match old {
            Some(old) => old.line.load(SeqCst),
            None => {
                let free = self.lines.iter().position(|line| line.load(SeqCst) == 0);
                free.ok_or(RegistryError::TooManyModules { limit: self.slots.len() })? as u32
            }
        };
        self.check_names(parts, line)?;
        let free = || self.numbered().filter(|(_, slot)| slot.state() == SlotState::Free);
        let full = RegistryError::TooManyModules { limit: self.slots.len() };
        let (main, _) = free().next().filter(|_| free().count() >= parts.len()).ok_or(full)?;
        for (_, slot) in free().take(parts.len()) {
            slot.set_state(SlotState::Loading);
            slot.line.store(line, SeqCst);
            slot.main.store(main, SeqCst);
        }
        match old {
            Some(old) => old.set_state(SlotState::Replacing),
            None => self.set_line(line, HIDDEN),
        }
        Ok(Claim { registry: self, slot: main, replaces })
    }

    /// Refuses the names of modules that are there, unless they belong to the same line.
    fn check_names<'x>(&self, parts: &Parts<'_, 'x>, line: u32) -> Result<(), RegistryError<'x>> {
        let reader = self.reader();
        for part in 0..parts.len() {
            let name = parts.name(part)?;
            let keys = self.index.find(module_hash(&name)).filter(|key| key.record == MODULE);
            let others = keys.filter(|key| {
                let slot = self.slot(key.slot);
                let counts = slot.is_some_and(|slot| {
                    slot.line.load(SeqCst) != line
                        && !matches!(slot.state(), SlotState::Leaving | SlotState::Retired)
                });
                counts && reader.entry(key.slot).is_some_and(|entry| entry.name == name)
            });
            if others.count() != 0 {
                return Err(RegistryError::NameTaken { name });
            }
        }
        Ok(())
    }

    /// Makes a sealed module known to readers, though not seen by others.
    fn enter<'x>(
        &self,
        prepared: &PreparedModule<'_, 'r, 'o, 'x, '_, M>,
        parts: &Parts<'_, 'x>,
    ) -> Result<(), RegistryError<'x>> {
        let PreparedModule { claim, module, lent } = prepared;
        let mut free = self.free.lock();
        let main = self.slot(claim.slot).ok_or(RegistryError::Gone)?;
        let line = main.line.load(SeqCst);
        self.check_names(parts, line)?;
        let namespace = parts.namespace()?;
        if let Some(table) = module.table() {
            self.check_fits(claim, &table)?;
            self.check_duplicates(module, &table, line, namespace)?;
        }
        let exports = module.plan.table.exports as usize;
        let needed = exports.saturating_add(parts.len());
        let full = RegistryError::TooManySymbols { needed, free: free.count as usize };
        if needed > free.count as usize {
            return Err(full);
        }
        let read_only = module.segments().find(|s| s.kind() == SegmentKind::ReadOnly);
        let memory = (SharedBytes::of(read_only), module.plan.table, *lent);
        let slots = self.numbered().filter(|(_, slot)| {
            slot.main.load(SeqCst) == claim.slot && slot.state() == SlotState::Loading
        });
        for (part, (number, slot)) in slots.enumerate() {
            let (name, version) = (parts.name(part)?, parts.version(part)?);
            slot.entry.set(Entry::new(name, version, namespace, (line, claim.slot), memory));
            let key = Key { slot: number, record: MODULE };
            self.index.enter(&mut free, &main.nodes, module_hash(&name), key).ok_or(full)?;
        }
        if let Some(table) = module.table() {
            for (record, hash, _) in table.exports() {
                let key = Key { slot: claim.slot, record };
                self.index.enter(&mut free, &main.nodes, hash, key).ok_or(full)?;
            }
        }
        let mut ranges = [(0, 0); 3];
        let mut count = 0usize;
        for (range, segment) in ranges.iter_mut().zip(module.segments()) {
            *range = addresses(module, segment);
            count = count.saturating_add(1);
        }
        let ranges = ranges.get(..count).unwrap_or_default();
        self.ranges.add(claim.slot, ranges, self.readers).ok_or(full)
    }

    /// Refuses what another module, or the kernel, exports in the same namespace, unless one of
    /// the two is weak.
    fn check_duplicates<'x>(
        &self,
        module: &Module<'x, '_, M>,
        table: &SymbolTable<'_>,
        line: u32,
        namespace: ModuleName,
    ) -> Result<(), RegistryError<'x>> {
        let reader = self.reader();
        let counts = |number: u32, entry: &Entry<'_>| {
            let state = self.slot(number).map_or(SlotState::Free, |slot| slot.state());
            entry.line != line && !matches!(state, SlotState::Leaving | SlotState::Retired)
        };
        for (_, _, symbol) in table.exports().filter(|(.., s)| s.binding != Binding::Weak) {
            let same = |space: &str| space == namespace.as_str();
            let Some(other) = reader.search_strong(symbol.name, same, counts) else { continue };
            let by = ModuleName::new(other.module_name).unwrap_or(ModuleName::EMPTY);
            let ours = module.exports().find(|export| export.symbol.name() == symbol.name);
            let symbol = ours.map_or_else(Default::default, |export| export.symbol.name());
            return Err(RegistryError::Duplicate { symbol, by });
        }
        Ok(())
    }

    /// Refuses a new version that does not export what the old one does.
    fn check_fits(
        &self,
        claim: &Claim<'_, 'r, 'o, M>,
        new: &SymbolTable<'_>,
    ) -> Result<(), RegistryError<'static>> {
        let Some(id) = claim.replaces else { return Ok(()) };
        let reader = self.reader();
        let old = reader.get(id).ok_or(RegistryError::Gone)?;
        for (_, _, symbol) in old.symbols.iter().flat_map(|table| table.exports()) {
            let same = new.get(symbol.name).is_some_and(|new| {
                new.kind == symbol.kind
                    && (symbol.interface.is_none() || new.interface == symbol.interface)
            });
            if !same {
                let module = ModuleName::shown(old.name.into());
                let symbol = ModuleName::shown(symbol.name);
                return Err(RegistryError::Unfit { module, symbol });
            }
        }
        Ok(())
    }

    /// Takes a module out of everything that readers look at, and frees its slots. Its memory is
    /// given back last.
    pub(super) fn remove(&self, number: u32) {
        let Some(main) = self.slot(number) else { return };
        let module = {
            let mut free = self.free.lock();
            let line = main.line.load(SeqCst);
            if self.is_seen(number, line) {
                self.set_line(line, HIDDEN);
            }
            for key in self.index.keys(&main.needs) {
                if let Some(needed) = self.slot(key.slot) {
                    needed.dependents.fetch_sub(1, SeqCst);
                }
            }
            self.index.unlink_all(&main.nodes, &main.needs);
            self.ranges.remove(number, self.readers);
            let module = main.module.lock().take();
            let parts = self.numbered().filter(|(_, slot)| {
                slot.state() != SlotState::Free && slot.main.load(SeqCst) == number
            });
            for (_, slot) in parts {
                // SAFETY: whoever looks at an entry is counted in the registry's readers.
                unsafe { slot.entry.clear(self.readers) };
                for field in [&slot.line, &slot.main, &slot.doomed_with] {
                    field.store(0, SeqCst);
                }
                slot.set_state(SlotState::Free);
            }
            self.index.release_all(&mut free, &main.nodes);
            let versions = self.numbered().filter(|(_, slot)| {
                slot.state() != SlotState::Free && slot.line.load(SeqCst) == line
            });
            if versions.count() == 0 {
                self.set_line(line, 0);
            }
            module
        };
        drop(module);
    }
}

impl<'r, 'o, 'x, 's, M: MemoryManager> PreparedModule<'_, 'r, 'o, 'x, 's, M> {
    /// Puts what a resolver returned where it belongs: [`Module::set_resolved`].
    pub fn set_resolved(&mut self, resolution: &Resolution<'_>, address: TargetAddress) {
        self.module.set_resolved(resolution, address);
    }

    /// Who defines a symbol that this module imports: what [`load`](Registry::load) linked it to.
    pub fn resolved<'l>(
        &self,
        reader: &'l RegistryReader<'_, 'r, 'o, M>,
        name: Name<'_>,
    ) -> Option<FoundSymbol<'l>> {
        let slot = self.claim.registry.slot(self.claim.slot)?;
        let needed = |number, _: &Entry<'_>| self.claim.registry.needs(slot, number);
        reader.search(name, |_| true, needed)
    }

    /// The version that this one will replace.
    pub const fn replaces(&self) -> Option<ModuleId> {
        self.claim.replaces
    }

    /// Lets others find the module's exports, all at once; of a module that [`replaces`] another
    /// one, in the same moment in which the old version's are found no more.
    ///
    /// [`replaces`]: Self::replaces
    pub fn publish(self) -> ModuleId {
        let Self { claim, module, lent } = self;
        let registry = claim.registry;
        let claim = core::mem::ManuallyDrop::new(claim);
        let _lock = registry.free.lock();
        if let Some(old) = claim.replaces.and_then(|old| registry.slot_of(old).ok()) {
            old.set_state(SlotState::Retired);
        }
        let parts = registry.numbered().filter(|(_, slot)| {
            slot.state() == SlotState::Loading && slot.main.load(SeqCst) == claim.slot
        });
        for (_, slot) in parts {
            slot.generation.fetch_add(1, SeqCst);
            slot.set_state(SlotState::Live);
        }
        let mut generation = 0;
        if let Some(slot) = registry.slot(claim.slot) {
            generation = slot.generation.load(SeqCst);
            *slot.module.lock() = Some(module.detach_with(lent));
            registry.set_line(slot.line.load(SeqCst), claim.slot.saturating_add(1));
        }
        ModuleId { slot: claim.slot, generation }
    }

    /// Calls `carry` to carry state over from the old version to this one, before anybody finds
    /// this one, and publishes it; where that fails, this version goes and the old one stays. The
    /// old version's symbols are those that it keeps.
    ///
    /// # Errors
    /// What `carry` returns.
    pub fn publish_with<E>(
        self,
        carry: impl FnOnce(Option<SymbolTable<'_>>, &Module<'x, 's, M>) -> Result<(), E>,
    ) -> Result<ModuleId, E> {
        {
            let reader = self.claim.registry.reader();
            let old = self.claim.replaces.and_then(|old| reader.get(old)?.symbols);
            carry(old, &self.module)?;
        }
        Ok(self.publish())
    }
}

impl<'x, 's, M: MemoryManager> Deref for PreparedModule<'_, '_, '_, 'x, 's, M> {
    type Target = Module<'x, 's, M>;

    fn deref(&self) -> &Self::Target {
        &self.module
    }
}

/// The modules that a request names: one, or those of a group.
struct Parts<'a, 'x> {
    objects: &'a [Object<'x>],
    counts: &'a [usize],
    name: Option<&'a str>,
    namespace: Option<&'a str>,
}

impl<'a, 'x> Parts<'a, 'x> {
    fn len(&self) -> usize {
        self.counts.len().max(1)
    }

    /// Checks all metadata; returns how many parts there are.
    fn check(&self) -> Result<usize, RegistryError<'x>> {
        self.namespace()?;
        for part in 0..self.len() {
            self.name(part)?;
        }
        Ok(self.len())
    }

    fn range(&self, part: usize) -> Range<usize> {
        if self.counts.is_empty() {
            return 0..self.objects.len();
        }
        let before = self.counts.iter().take(part);
        let start = before.fold(0usize, |sum, count| sum.saturating_add(*count));
        let len = self.counts.get(part).copied().unwrap_or(0);
        let last = part.saturating_add(1) == self.counts.len();
        start..if last { self.objects.len() } else { start.saturating_add(len) }
    }

    fn metadata(&self, part: usize) -> Result<Metadata<'a, 'x>, RegistryError<'x>> {
        let objects = self.objects.get(self.range(part)).unwrap_or_default();
        Ok(Metadata::of(objects)?)
    }

    fn name(&self, part: usize) -> Result<ModuleName, RegistryError<'x>> {
        let own = self.name.filter(|_| part == 0);
        let metadata = self.metadata(part)?;
        let name = own.or(metadata.name()).ok_or(RegistryError::Unnamed)?;
        name_of(name)
    }

    fn version(&self, part: usize) -> Result<Version, RegistryError<'x>> {
        Ok(self.metadata(part)?.version())
    }

    /// The one namespace of all parts.
    fn namespace(&self) -> Result<ModuleName, RegistryError<'x>> {
        if let Some(namespace) = self.namespace {
            return name_of(namespace);
        }
        let namespace = Metadata::of(self.objects).map(|all| all.namespace());
        let namespace = match namespace {
            Ok(namespace) => namespace,
            Err(_) if self.len() > 1 => {
                let first = self.metadata(0)?.namespace();
                for part in 1..self.len() {
                    if self.metadata(part)?.namespace() != first {
                        return Err(RegistryError::MixedNamespaces);
                    }
                }
                first
            }
            Err(error) => return Err(error.into()),
        };
        namespace.map_or(Ok(ModuleName::EMPTY), name_of)
    }

    fn has(&self, name: &str) -> bool {
        (0..self.len()).any(|part| self.name(part).is_ok_and(|own| own.as_str() == name))
    }
}

fn name_of<'x>(name: &str) -> Result<ModuleName, RegistryError<'x>> {
    let too_long = || RegistryError::NameTooLong { name: ModuleName::shown(name.into()) };
    ModuleName::new(name).ok_or_else(too_long)
}

/// The addresses of a segment on the target.
fn addresses<M: MemoryManager>(module: &Module<'_, '_, M>, segment: &Segment) -> (u64, u64) {
    let start = module.segments.target(segment.kind()).value();
    (start, start.saturating_add(segment.size() as u64))
}
