//! From a request to a module that is linked and ready.

use core::sync::atomic::Ordering::SeqCst;

use crate::memory::{MemoryManager, Segment, SegmentKind};
use crate::module::Module;
use crate::name::Name;
use crate::object::Object;
use crate::plan::{Kept, Plan};
use crate::registry::entry::Entry;
use crate::registry::guarded::SharedBytes;
use crate::registry::index::{Key, NotEntered};
use crate::registry::memory::{About, SlotState};
use crate::registry::prepared::Claim;
use crate::registry::reader::module_hash;
use crate::registry::request::Parts;
use crate::registry::{
    HIDDEN, LoadRequest, MODULE, ModuleId, ModuleName, PreparedModule, Registry, RegistryError,
};

impl<'r, 'o, M: MemoryManager> Registry<'r, 'o, M> {
    /// Loads a module: checks its metadata, finds what it needs, plans, places, resolves and
    /// seals it. Names are copied; the objects need to live until it is published.
    ///
    /// Each import is linked to the strong definition of its name that the kernel or a module
    /// exports, else to a weak one, if it is in no namespace or in one that is granted. The modules
    /// that it is linked to, and those that its metadata names, cannot be unloaded before it.
    /// Of weak definitions alone, the one that was loaded first counts; `STB_GNU_UNIQUE` is weak here:
    /// each module that defines such a symbol has its own. What an object has as hidden or internal
    /// is linked to no other module.
    ///
    /// An interface that the metadata says of a symbol must be that of its definition. Of what the
    /// module neither imports nor exports it may be another one, though for no more than 64 notes.
    ///
    /// Other modules' thread-local variables are left to the client: see
    /// [`LoadRequest::with_thread_locals`].
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
    /// keep it; once none is left it is [`retired`](Self::retired). It has the name of the old one; of
    /// a group, the first module has. It is a later module than all that are there: where others
    /// have weak definitions of a name that it has as weak, one of theirs counts from then on.
    ///
    /// # Errors
    /// As for [`load`](Self::load); [`RegistryError::Renamed`]; [`RegistryError::Unfit`] where the new version lacks an export
    /// of the old one, or has it with another kind or interface hash, or in another namespace.
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
        parts.check()?;
        let plan = Plan::with_options(objects, scratch, options)?;
        let (claim, linked) = {
            let mut free = self.free.lock();
            let claim = self.claim(&parts, replaces, grants)?;
            let linked = claim.links().need_all(&mut free, &parts, &plan);
            (claim, linked)
        };
        linked?; // without the lock, as the claim goes
        let image = plan.place(manager)?.resolve_with(&claim.links(), thread_locals)?;
        let module = image.seal()?;
        claim.links().check_interfaces(&module, &parts)?;
        // From here on readers may look at the module: it goes as a `PreparedModule` goes.
        let prepared = PreparedModule { claim, module, lent };
        self.enter(&prepared, &parts)?;
        Ok(prepared)
    }

    /// Takes a slot for each part of a module, and a line of versions; under the lock.
    fn claim<'g, 'x, 's>(
        &'g self,
        parts: &Parts<'_, 'x>,
        replaces: Option<ModuleId>,
        grants: &'s [&'s str],
    ) -> Result<Claim<'g, 'r, 'o, 's, M>, RegistryError<'x>> {
        let old = replaces.map(|id| self.slot_of(id)).transpose()?;
        if let (Some(old), Some(id)) = (old, replaces)
            && old.state() != SlotState::Live
        {
            return Err(RegistryError::Busy { name: self.name(id.slot) });
        }
        let full = RegistryError::TooManyModules { limit: self.slots.len() };
        let line = match old {
            Some(old) => old.line.load(SeqCst),
            None => {
                let free = self.lines.iter().position(|line| line.load(SeqCst) == 0);
                free.ok_or(full)? as u32
            }
        };
        let (main, _) = self.free_slots().next().ok_or(full)?;
        if self.free_slots().count() < parts.len() {
            return Err(full);
        }
        if let Err(error) = self.name_slots(parts, line, old.map(|old| old.about.lock().name)) {
            self.free_slots().for_each(|(_, slot)| *slot.about.lock() = About::NOTHING);
            return Err(error);
        }
        let generation = self.loads.fetch_add(1, SeqCst).saturating_add(1);
        // (A slot that is given its state is none of the free ones any more.)
        for _ in 0..parts.len() {
            let Some((_, slot)) = self.free_slots().next() else { break };
            slot.generation.store(generation, SeqCst);
            slot.line.store(line, SeqCst);
            slot.main.store(main, SeqCst);
            slot.set_state(SlotState::Loading);
        }
        match old {
            Some(old) => old.set_state(SlotState::Replacing),
            None => self.set_line(line, HIDDEN),
        }
        Ok(Claim { registry: self, slot: main, replaces, grants })
    }

    /// Makes a sealed module known to readers, though not seen by others.
    fn enter<'x>(
        &self,
        prepared: &PreparedModule<'_, 'r, 'o, 'x, '_, M>,
        parts: &Parts<'_, 'x>,
    ) -> Result<(), RegistryError<'x>> {
        let PreparedModule { claim, module, lent } = prepared;
        let namespace = parts.namespace()?;
        let _changing = self.changing.lock();
        self.readers.wait(); // for `Ranges::add`
        let mut free = self.free.lock();
        let main = self.slot(claim.slot).ok_or(RegistryError::Gone)?;
        let line = main.line.load(SeqCst);
        if let Some(table) = module.table() {
            self.check_fits(claim, &table, namespace)?;
            self.check_duplicates(module, &table, line, namespace)?;
        }
        let exports = module.plan.table.exports as usize;
        let needed = exports.saturating_add(parts.len());
        let full = RegistryError::TooManySymbols { needed, free: free.count as usize };
        if needed > free.count as usize {
            return Err(full);
        }
        let ranges = || {
            let segments = module.segments().map(|segment| addresses(module, segment));
            segments.chain(module.plan.in_place_files())
        };
        let (needed, room) = (ranges().count(), self.ranges.free());
        if needed > room {
            return Err(RegistryError::TooManyRanges { needed, free: room });
        }
        let mut enter = |hash, key, name: Name<'_>| {
            self.index.enter(&mut free, &main.nodes, hash, key).map_err(|why| match why {
                NotEntered::Full => full,
                NotEntered::Collisions => {
                    RegistryError::HashCollisions { symbol: ModuleName::shown(name) }
                }
            })
        };
        let read_only = module.segments().find(|s| s.kind() == SegmentKind::ReadOnly);
        let memory = (SharedBytes::of(read_only), module.plan.table, *lent);
        for ((number, slot), part) in self.parts_of(claim.slot).zip(parts.each()) {
            let About { name, version } = *slot.about.lock();
            let (line, part) = ((line, claim.slot), (part.first_object, parts.len()));
            slot.entry.set(Entry::new(name, version, namespace, line, part, memory));
            let key = Key { slot: number, record: MODULE };
            enter(module_hash(&name), key, (*name).into())?;
        }
        if let Some(table) = module.table() {
            for (record, hash, symbol) in table.exports() {
                enter(hash, Key { slot: claim.slot, record }, symbol.name)?;
            }
        }
        self.ranges.add(claim.slot, ranges).ok_or(full)
    }
}

/// The addresses of a segment on the target.
fn addresses<M: MemoryManager>(module: &Module<'_, '_, M>, segment: &Segment) -> (u64, u64) {
    let start = module.segments.target(segment.kind()).value();
    (start, start.saturating_add(segment.size() as u64))
}
