//! An instance of a module: loaded, called and unloaded, with each step checked.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

use loader_core::{
    LeavingModule, MemoryManager, Module, ModuleId, PreparedModule, Registry, TargetAddress,
};
use target_common::{CallEnd, Region};

use crate::target;
use crate::tasks::pool::{Pool, VALUE, Wanted};
use crate::tasks::{Done, check, notes, same};

/// Bytes of stack that a module's function gets.
const STACK: usize = 64 << 10;

/// A module that is linked and not yet seen.
pub type Prepared<'g, 's, M> = PreparedModule<'g, 'static, 'static, 'static, 's, M>;

/// A registry, and what instances are made of.
pub struct Bench<'b, M: MemoryManager + 'static> {
    pub registry: &'b Registry<'static, 'static, M>,
    pub manager: M,
    pub pool: &'b Pool,
    stack: RefCell<Vec<u8>>,
}

/// A module that is loaded.
#[derive(Debug, Clone)]
pub struct Instance {
    pub id: ModuleId,
    pub name: String,
    /// What `NAME_value` is called.
    pub export: String,
    /// `NAME_value`
    pub value: TargetAddress,
    /// `NAME_mark`
    pub mark: TargetAddress,
}

impl<'b, M: MemoryManager + Copy + 'static> Bench<'b, M> {
    pub fn new(registry: &'b Registry<'static, 'static, M>, manager: M, pool: &'b Pool) -> Self {
        notes::take(); // whatever programs left
        Self { registry, manager, pool, stack: RefCell::new(vec![0; STACK]) }
    }

    /// Loads an instance, runs its initialisers, and publishes it.
    pub fn load(&self, wanted: &Wanted<'_>) -> Done<Instance> {
        self.prepare(wanted, |prepared| {
            self.initialise(&prepared)?;
            let (value, mark) = addresses(wanted, &prepared)?;
            Ok(self.instance(wanted, prepared.publish(), value, mark))
        })
    }

    /// Loads an instance, and hands it on before it is published.
    pub fn prepare<R>(
        &self,
        wanted: &Wanted<'_>,
        then: impl FnOnce(Prepared<'_, '_, M>) -> Done<R>,
    ) -> Done<R> {
        wanted.request(|request| {
            let prepared = match wanted.replaces {
                Some(old) => self.registry.replace(old, request, self.manager),
                None => self.registry.load(request, self.manager),
            };
            then(prepared?)
        })
    }

    /// Runs a module's initialisers.
    pub fn initialise(&self, prepared: &Prepared<'_, '_, M>) -> Done<()> {
        prepared.initialisers().try_for_each(|initialiser| self.call(initialiser, 0).map(|_| ()))
    }

    /// What is known of an instance that is published.
    pub fn instance(
        &self,
        wanted: &Wanted<'_>,
        id: ModuleId,
        value: TargetAddress,
        mark: TargetAddress,
    ) -> Instance {
        let name = wanted.name.unwrap_or(wanted.kind.name).to_string();
        Instance { id, name, export: wanted.kind.export(VALUE), value, mark }
    }

    /// Calls a function of a module.
    pub fn call(&self, function: TargetAddress, value: i32) -> Done<i32> {
        let mut stack = self.stack.borrow_mut();
        let stack = Region { start: stack.as_mut_ptr().expose_provenance(), size: STACK };
        let arguments = [value as u64, 0, 0, 0, 0, 0];
        // SAFETY: the function lies in a module that is loaded and sealed, and stays so for the
        // call; it takes an `int` (or nothing) and returns one (or nothing), as `module.h` has it.
        // The stack is this bench's own, and nobody else uses it for as long.
        let end = unsafe { target::call_program(function.value() as usize, &arguments, stack) };
        match end {
            CallEnd::Returned(value) => Ok(value as i32),
            CallEnd::Escaped(code) => Err(format!("a module's function left with {code}").into()),
        }
    }

    /// Unloads an instance.
    pub fn unload(&self, instance: &Instance) -> Done<()> {
        self.see_off(self.registry.unload(instance.id)?, instance)
    }

    /// Unloads an instance with `doomed`, itself included: all that needs it. Returns in which order
    /// they went, as places in that list.
    pub fn tear_down(&self, root: &Instance, doomed: &[&Instance]) -> Done<Vec<usize>> {
        let mut teardown = self.registry.tear_down(root.id)?;
        for instance in doomed {
            self.check_unseen(instance)?;
        }
        let mut order = Vec::new();
        while let Some(leaving) = teardown.next() {
            let name = leaving.name();
            let at = doomed.iter().position(|instance| instance.name == name.as_str());
            let fresh = at.filter(|at| !order.contains(at));
            let at = fresh.ok_or_else(|| format!("{name} went with {}", root.name))?;
            self.see_off(leaving, doomed[at])?;
            order.push(at);
        }
        same("modules that went", order.len(), doomed.len())?;
        Ok(order)
    }

    /// Runs the finalisers of a module that goes, each once and in order, and lets its memory go.
    pub fn see_off(
        &self,
        leaving: LeavingModule<'_, 'static, 'static, M>,
        instance: &Instance,
    ) -> Done<()> {
        self.see_off_when(leaving, instance, || Ok(()))
    }

    /// The same, if all is well once the finalisers have run.
    pub fn see_off_when(
        &self,
        leaving: LeavingModule<'_, 'static, 'static, M>,
        instance: &Instance,
        is_well: impl FnOnce() -> Done<()>,
    ) -> Done<()> {
        self.check_unseen(instance)?;
        same("notes before the finalisers", notes::take(), vec![])?;
        let finalisers: Vec<_> = leaving.finalisers().collect();
        for finaliser in finalisers {
            self.call(finaliser, 0)?;
        }
        // The one without a priority comes first: each notes an element of `NAME_mark`.
        let mark = instance.mark.value() as usize;
        same("notes of the finalisers", notes::take(), vec![mark, mark + 4])?;
        let there = self.registry.reader().find(instance.mark).is_some();
        check(there, || format!("{} went before its finalisers had run", instance.name))?;
        is_well()?;
        leaving.finish();
        let gone = self.registry.reader().get(instance.id).is_none();
        check(gone, || format!("{} is still there", instance.name))
    }

    /// Checks that nobody finds what an instance exports.
    fn check_unseen(&self, instance: &Instance) -> Done<()> {
        let reader = self.registry.reader();
        let found = reader.module(&instance.name).is_some_and(|module| module.id == instance.id);
        check(!found, || format!("{} is still found", instance.name))?;
        let found = reader.lookup(&instance.export).is_some_and(|s| s.module == Some(instance.id));
        check(!found, || format!("{} of {} is still found", instance.export, instance.name))?;
        let seen = reader.get(instance.id).is_some_and(|module| module.seen);
        check(!seen, || format!("{} can still be seen", instance.name))
    }
}

/// Where a module's `value` and `mark` are.
pub fn addresses<M: MemoryManager>(
    wanted: &Wanted<'_>,
    module: &Module<'static, '_, M>,
) -> Done<(TargetAddress, TargetAddress)> {
    let address = |suffix| {
        let name = wanted.kind.export(suffix);
        module.symbol(&name).ok_or_else(|| format!("nobody defines {name}"))
    };
    Ok((address(VALUE)?, address("_mark")?))
}
