//! New versions in the place of modules that others use, with their state.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ptr;

use loader_core::{ModuleId, RegistryError, TargetAddress};

use crate::tasks::bench::{Bench, Instance, addresses};
use crate::tasks::countdown::Countdown;
use crate::tasks::pool::{Kind, Wanted};
use crate::tasks::state::State;
use crate::tasks::{Done, Trouble, check, same};

type TheBench<'b> = Bench<'b, &'static Countdown>;

/// What the second version of the counter adds to what it returns.
const SECOND: i32 = 1000;

/// `counter` counts, `user` calls it; version 2 of `counter` takes version 1's place, then a new
/// `user` the old one's. Version 3 lacks what version 1 exports.
pub fn run(bench: &TheBench<'_>) -> Done<()> {
    let pool = bench.pool;
    let first = bench.load(&Wanted::plain(pool.version("counter", 1)?))?;
    let old_user = bench.load(&Wanted::plain(pool.kind("user")?))?;
    same("the user, with 5", bench.call(old_user.value, 5)?, 5)?;
    same("the user, with 2", bench.call(old_user.value, 2)?, 7)?;
    check_current(bench, &first, 1)?;

    unfit(bench, &first, pool.version("counter", 3)?)?;
    not_carried(bench, &first, pool.version("counter", 2)?)?;
    let second = carried(bench, &first, pool.version("counter", 2)?)?;

    check_current(bench, &second, 2)?;
    same("seen versions", seen(bench, [&first, &second]), [false, true])?;
    same("version 2, called by itself", bench.call(second.value, 1)?, SECOND + 8)?;
    same("the user, which keeps version 1", bench.call(old_user.value, 3)?, 10)?;
    same("what could go", retired(bench), Vec::new())?;
    let needed = bench.registry.unload(first.id);
    let needed = matches!(needed, Err(RegistryError::Needed { count: 1, .. }));
    check(needed, || "version 1 goes although it is needed".into())?;

    let user = Wanted { replaces: Some(old_user.id), ..Wanted::plain(pool.kind("user")?) };
    let user = bench.load(&user)?;
    same("the user, reloaded", bench.call(user.value, 1)?, SECOND + 9)?;
    same("what could go", retired(bench), [old_user.id].into())?;
    unload(bench, &old_user)?;
    same("what could go then", retired(bench), [first.id].into())?;
    unload(bench, &first)?;
    same("what could go at last", retired(bench), Vec::new())?;

    check_current(bench, &second, 2)?;
    same("the user, when version 1 has gone", bench.call(user.value, 1)?, SECOND + 10)?;
    let order = bench.tear_down(&second, &[&second, &user])?;
    same("the order of the teardown", order, [1, 0].into())
}

/// A version that lacks an export is refused, and nothing changes.
fn unfit(bench: &TheBench<'_>, first: &Instance, lacking: &Kind) -> Done<()> {
    let before = state(bench);
    let wanted = Wanted { replaces: Some(first.id), ..Wanted::plain(lacking) };
    match bench.load(&wanted) {
        Err(Trouble::Refused(RegistryError::Unfit { symbol, .. })) => {
            same("what version 3 lacks", symbol.as_str(), "counter_total")?;
        }
        Err(trouble) => return Err(trouble),
        Ok(_) => return Err(String::from("version 3 was not refused").into()),
    }
    same("after version 3 was refused", state(bench), before)?;
    check_current(bench, first, 1)
}

/// A new version whose state cannot be carried over goes, and nothing changes.
fn not_carried(bench: &TheBench<'_>, first: &Instance, kind: &Kind) -> Done<()> {
    let before = state(bench);
    let wanted = Wanted { replaces: Some(first.id), ..Wanted::plain(kind) };
    let published = bench.prepare(&wanted, |prepared| {
        Ok(prepared.publish_with(|_, _| Err("it cannot")).map(|_| ()))
    })?;
    same("a version without state", published, Err("it cannot"))?;
    same("after the state was not carried over", state(bench), before)?;
    check_current(bench, first, 1)
}

/// Version 2, with the count of version 1, which is the one that is found until then.
fn carried(bench: &TheBench<'_>, first: &Instance, kind: &Kind) -> Done<Instance> {
    let wanted = Wanted { replaces: Some(first.id), ..Wanted::plain(kind) };
    bench.prepare(&wanted, |prepared| {
        bench.initialise(&prepared)?;
        check_current(bench, first, 1)?;
        same("what is replaced", prepared.replaces(), Some(first.id))?;
        let busy = matches!(bench.registry.unload(first.id), Err(RegistryError::Busy { .. }));
        check(busy, || "a module goes while it is replaced".into())?;
        let (value, mark) = addresses(&wanted, &prepared)?;
        let id = prepared.publish_with(|old, new| {
            check_current(bench, first, 1)?;
            let from = old.and_then(|old| old.get("counter_total".into()));
            let from = from.map(|symbol| symbol.address);
            match (from, new.symbol("counter_total")) {
                (Some(from), Some(to)) => copy_int(from, to),
                places => return Err(Trouble::Wrong(format!("the counts are at {places:?}"))),
            }
            Ok(())
        })?;
        Ok(bench.instance(&wanted, id, value, mark))
    })
}

/// Copies an `int` of one module to another one's.
fn copy_int(from: TargetAddress, to: TargetAddress) {
    let from = ptr::with_exposed_provenance::<i32>(from.value() as usize);
    let to = ptr::with_exposed_provenance_mut::<i32>(to.value() as usize);
    // SAFETY: both are the `int` that `counter_1.c` and `counter_2.c` define, in data of modules that
    // are loaded; nothing runs in them meanwhile.
    unsafe { to.write(from.read()) }
}

/// Unloads what was replaced. What it took goes when its finalisers have run, not before.
fn unload(bench: &TheBench<'_>, instance: &Instance) -> Done<()> {
    let books = || bench.manager.manager().books();
    let before = books();
    let leaving = bench.registry.unload(instance.id)?;
    bench.see_off_when(leaving, instance, || {
        same("memory before it goes", books(), before.clone())
    })?;
    let after = books();
    // A module without variables has nothing in the last one.
    let gave_back = |kind: usize| after[kind].used() < before[kind].used();
    check(gave_back(0) && gave_back(1), || {
        format!("{}: its memory has not gone: {before:?}, {after:?}", instance.name)
    })
}

/// Checks that a name leads to this version and to no other, by module and by symbol.
fn check_current(bench: &TheBench<'_>, current: &Instance, major: u32) -> Done<()> {
    let reader = bench.registry.reader();
    let module = reader.module("counter").map(|module| (module.id, module.version.major));
    same("the counter", module, Some((current.id, major)))?;
    let symbol = reader.lookup("counter_value").map(|symbol| (symbol.module, symbol.address));
    same("counter_value", symbol, Some((Some(current.id), current.value)))
}

/// Whether each of two versions can be found; both are there.
fn seen(bench: &TheBench<'_>, versions: [&Instance; 2]) -> [bool; 2] {
    let reader = bench.registry.reader();
    versions.map(|version| reader.get(version.id).is_some_and(|module| module.seen))
}

fn retired(bench: &TheBench<'_>) -> Vec<ModuleId> {
    bench.registry.retired().collect()
}

fn state(bench: &TheBench<'_>) -> State {
    State::of(bench.manager.manager(), bench.registry)
}
