//! A manager that fails: whatever it was asked for, nothing is left behind.

use alloc::format;
use alloc::vec::Vec;

use loader_core::RegistryError;

use crate::tasks::bench::{Bench, Instance};
use crate::tasks::countdown::Countdown;
use crate::tasks::pool::Wanted;
use crate::tasks::state::State;
use crate::tasks::{Done, Trouble, check, same};

type TheBench<'b> = Bench<'b, &'static Countdown>;

/// The modules of a chain, none before what it needs.
const CHAIN: [&str; 3] = ["base", "middle", "top"];
/// The manager hands out a text and a read-only segment of each at least, and seals both.
const CALLS: usize = 4;

/// Has every call fail in turn: of loading a chain of three modules, of replacing the first of them,
/// and of unloading all.
pub fn run(bench: &TheBench<'_>) -> Done<()> {
    let bystander = bench.load(&Wanted::plain(bench.pool.kind("tiny")?))?;
    let fails = chain(bench)?;
    check(fails >= CHAIN.len() * CALLS, || format!("a chain failed only {fails} times"))?;
    let fails = replace(bench)?;
    check(fails >= CALLS, || format!("a replacement failed only {fails} times"))?;
    unload(bench)?;
    refused(bench)?;
    same("what is left", bench.call(bystander.value, 1)?, 1 + 101)?;
    bench.unload(&bystander)
}

/// Loads the chain again and again, with the first call failing, the second, and so on until none is
/// left to fail; what was loaded before the failure stays as it is. Returns how many failed.
fn chain(bench: &TheBench<'_>) -> Done<usize> {
    for n in 1.. {
        bench.manager.start(n);
        let mut loaded = Vec::new();
        for name in CHAIN {
            match attempt(bench, &Wanted::plain(bench.pool.kind(name)?))? {
                Some(instance) => loaded.push(instance),
                None => break,
            }
        }
        bench.manager.stop();
        let whole = loaded.len() == CHAIN.len();
        for instance in loaded.iter().rev() {
            bench.unload(instance)?;
        }
        if whole {
            return Ok(n - 1);
        }
    }
    Ok(0)
}

/// Replaces the first of a chain with an instance of the same kind, likewise.
fn replace(bench: &TheBench<'_>) -> Done<usize> {
    let old = whole_chain(bench)?;
    let base = Wanted { replaces: Some(old[0].id), ..Wanted::plain(bench.pool.kind(CHAIN[0])?) };
    for n in 1.. {
        bench.manager.start(n);
        let new = attempt(bench, &base)?;
        bench.manager.stop();
        same(
            "the old version is found",
            bench.registry.module("base") == Some(old[0].id),
            new.is_none(),
        )?;
        if let Some(new) = new {
            for instance in old.iter().rev().chain([&new]) {
                bench.unload(instance)?;
            }
            return Ok(n - 1);
        }
    }
    Ok(0)
}

/// Unloads a chain with a manager that fails at its next call: it gets none that can.
fn unload(bench: &TheBench<'_>) -> Done<()> {
    let chain = whole_chain(bench)?;
    bench.manager.start(1);
    for instance in chain.iter().rev() {
        bench.unload(instance)?;
    }
    check(!bench.manager.stop(), || "an unload asked for memory, or sealed some".into())
}

/// What must not go does not, and nothing changes.
fn refused(bench: &TheBench<'_>) -> Done<()> {
    let chain = whole_chain(bench)?;
    let [base, middle, top] = &chain[..] else { return Ok(()) };
    let hold = bench.registry.hold(top.id)?;
    let before = state(bench);
    let needed = bench.registry.unload(base.id);
    let needed = matches!(needed, Err(RegistryError::Needed { count: 2, .. }));
    check(needed, || "a module went that two others need".into())?;
    let held = bench.registry.tear_down(middle.id);
    let held = matches!(held, Err(RegistryError::Held { count: 1, .. }));
    check(held, || "a module went that is held".into())?;
    let taken = bench.load(&Wanted::plain(bench.pool.kind("base")?));
    let taken = matches!(taken, Err(Trouble::Refused(RegistryError::NameTaken { .. })));
    check(taken, || "two modules have one name".into())?;
    same("after three refusals", state(bench), before)?;
    drop(hold);
    chain.iter().rev().try_for_each(|instance| bench.unload(instance))
}

/// Loads a module; none, and everything is as it was before, where the countdown ends meanwhile.
fn attempt(bench: &TheBench<'_>, wanted: &Wanted<'_>) -> Done<Option<Instance>> {
    let before = state(bench);
    match bench.load(wanted) {
        Ok(instance) => Ok(Some(instance)),
        Err(Trouble::Refused(RegistryError::Load(_))) if bench.manager.stop() => {
            same("after a failure", state(bench), before)?;
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

fn whole_chain(bench: &TheBench<'_>) -> Done<Vec<Instance>> {
    let load = |name| bench.load(&Wanted::plain(bench.pool.kind(name)?));
    CHAIN.into_iter().map(load).collect()
}

fn state(bench: &TheBench<'_>) -> State {
    State::of(bench.manager.manager(), bench.registry)
}
