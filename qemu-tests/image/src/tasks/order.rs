//! Modules that name each other: in which order they are loaded, whatever order they come in.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use loader_core::{Candidate, Cycles, LoadOrder, OrderError, RegistryError, Scratch};

use crate::tasks::bench::{Bench, Instance};
use crate::tasks::countdown::Countdown;
use crate::tasks::model::STARTED;
use crate::tasks::notes;
use crate::tasks::pool::{Kind, Wanted};
use crate::tasks::{Done, Trouble, same};

type TheBench<'b> = Bench<'b, &'static Countdown>;

/// Modules of which `leaf` needs `left` and `right`, and these need `root`.
const DIAMOND: [&str; 4] = ["leaf", "left", "right", "root"];

/// Loads what needs each other from every order, and in a circle; refuses what lacks something.
pub fn run(bench: &TheBench<'_>) -> Done<()> {
    let mut kinds = DIAMOND.map(|name| bench.pool.kind(name)).into_iter().collect::<Done<_>>()?;
    let mut orders = 0;
    permuted(&mut kinds, DIAMOND.len(), &mut |kinds| {
        orders += 1;
        diamond(bench, kinds)
    })?;
    same("orders", orders, 24)?;
    circle(bench)?;
    lacking(bench)
}

/// Hands every order of the first `count` to `then` (Heap's algorithm).
fn permuted<'k>(
    kinds: &mut Vec<&'k Kind>,
    count: usize,
    then: &mut dyn FnMut(&[&'k Kind]) -> Done<()>,
) -> Done<()> {
    if count <= 1 {
        return then(kinds);
    }
    for at in 0..count {
        permuted(kinds, count - 1, then)?;
        let other = if count.is_multiple_of(2) { at } else { 0 };
        kinds.swap(other, count - 1);
    }
    Ok(())
}

/// Loads the diamond for its leaf alone, with the candidates in this order, and takes it down.
fn diamond(bench: &TheBench<'_>, kinds: &[&Kind]) -> Done<()> {
    let mut order = ordered(bench, kinds, &["leaf"], Cycles::Refuse)?.map_err(String::from)?;
    if order.len() == DIAMOND.len() {
        order[1..3].sort(); // as the leaf's notes have it, and so as its compiler does
    }
    same("the order for the leaf", &order, &names(&[&["root"], &["left"], &["right"], &["leaf"]]))?;
    // Of those that do not need each other, the one that is wanted first comes first.
    let all = ["right", "leaf", "left", "root"];
    let order = ordered(bench, kinds, &all, Cycles::Refuse)?.map_err(String::from)?;
    same("the order for all", &order, &names(&[&["root"], &["right"], &["left"], &["leaf"]]))?;

    let mut loaded: Vec<Instance> = Vec::new();
    for step in &order {
        loaded.push(bench.load(&Wanted::plain(bench.pool.kind(&step[0])?))?);
    }
    let once = |x: i32, times: i32| x + STARTED + times;
    let (left, right) = (once(1, 1) + 3 * once(1, 1), once(1, 1) + 3 * once(1, 2));
    same("the leaf", bench.call(loaded[3].value, 1)?, once(1, 1) + 3 * left + 3 * right)?;
    // Nothing is left to be loaded once it is there.
    let rest = ordered(bench, kinds, &all, Cycles::Refuse)?.map_err(String::from)?;
    same("what is left to load", rest, Vec::new())?;
    loaded.iter().rev().try_for_each(|instance| bench.unload(instance))
}

/// Two that need each other, and one of them `root`: refused with the circle named, or linked as one.
fn circle(bench: &TheBench<'_>) -> Done<()> {
    let kinds = ["ring_one", "root", "ring_two"].map(|name| bench.pool.kind(name));
    let kinds: Vec<_> = kinds.into_iter().collect::<Done<_>>()?;
    for wanted in ["ring_one", "ring_two"] {
        let refused = ordered(bench, &kinds, &[wanted], Cycles::Refuse)?;
        let message = "ring_one needs ring_two, ring_two needs ring_one; load them as a group, or \
                       break the cycle";
        let other = "ring_two needs ring_one, ring_one needs ring_two; load them as a group, or \
                     break the cycle";
        let expected = if wanted == "ring_one" { message } else { other };
        same("a circle", refused, Err(Refusal::Cycle(expected.into())))?;
    }
    let root = bench.load(&Wanted::plain(kinds[1]))?;
    let alone = bench.load(&Wanted::plain(kinds[0]));
    let missing = match &alone {
        Err(Trouble::Refused(RegistryError::MissingDependency { needs, .. })) => needs,
        _ => "",
    };
    same("what one of a circle lacks", missing, "ring_two")?;
    bench.unload(&root)?;

    let order = ordered(bench, &kinds, &["ring_one"], Cycles::Group)?.map_err(String::from)?;
    same("the order of a circle", &order, &names(&[&["root"], &["ring_two", "ring_one"]]))?;
    let root = bench.load(&Wanted::plain(kinds[1]))?;
    group(bench, kinds[2], kinds[0])?;
    bench.unload(&root)
}

/// Loads two modules as one, calls them, and has them go together.
fn group(bench: &TheBench<'_>, first: &Kind, second: &Kind) -> Done<()> {
    let wanted = Wanted { beside: &[second], ..Wanted::plain(first) };
    let (id, value, marks) = bench.prepare(&wanted, |prepared| {
        bench.initialise(&prepared)?;
        let symbol = |kind: &Kind, suffix| {
            let name = kind.export(suffix);
            prepared.symbol(&name).ok_or_else(|| format!("nobody defines {name}"))
        };
        let marks = [symbol(first, "_mark")?, symbol(second, "_mark")?];
        let value = symbol(first, "_value")?;
        Ok((prepared.publish(), value, marks))
    })?;
    let found = || [first, second].map(|kind| bench.registry.module(kind.name));
    same("the modules of a group", found(), [Some(id); 2])?;
    // Two, one, two: each calls the other as long as there is something left.
    let called = (2 + 101) + 3 * ((1 + 101) + 3 * 102);
    same("a call in a circle", bench.call(value, 2)?, called)?;

    let leaving = bench.registry.unload(id)?;
    same("the modules of a group that goes", found(), [None; 2])?;
    let finalisers: Vec<_> = leaving.finalisers().collect();
    for finaliser in finalisers {
        bench.call(finaliser, 0)?;
    }
    // Those without a priority come first, then those with one; in either, the first one's last.
    let [first, second] = marks.map(|mark| mark.value() as usize);
    let expected = vec![second, first, second + 4, first + 4];
    same("notes of a group's finalisers", notes::take(), expected)?;
    leaving.finish();
    Ok(())
}

/// What is needed is not there, or not in a version that will do.
fn lacking(bench: &TheBench<'_>) -> Done<()> {
    let kind = |name| bench.pool.kind(name);
    let refused = |kinds: &[&Kind], wanted| ordered(bench, kinds, &[wanted], Cycles::Group);
    let missing =
        "left needs root >=1.0.0, <2.0.0, which is neither loaded nor a candidate; add it";
    same(
        "without its root",
        refused(&[kind("left")?], "left")?,
        Err(Refusal::Other(missing.into())),
    )?;
    let (late, root) = (kind("late")?, kind("root")?);
    let early = "late needs root >=2.0.0, and the candidate is root 1.0.0; offer one that fits";
    same("an early root", refused(&[late, root], "late")?, Err(Refusal::Other(early.into())))?;
    let root = bench.load(&Wanted::plain(root))?;
    let there = "late needs root >=2.0.0, and root 1.0.0 is loaded; replace it first";
    same(
        "an early root that is there",
        refused(&[late], "late")?,
        Err(Refusal::Other(there.into())),
    )?;
    same("a root that is there", refused(&[kind("left")?], "left")?, Ok(names(&[&["left"]])))?;
    bench.unload(&root)
}

/// The names of each step.
type Steps = Vec<Vec<String>>;

fn names(steps: &[&[&str]]) -> Steps {
    steps.iter().map(|step| step.iter().map(|name| name.to_string()).collect()).collect()
}

/// Why there is no order, in the loader's words.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    Cycle(String),
    Other(String),
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Cycle(message) | Refusal::Other(message) => message,
        }
    }
}

/// The order in which the loader would have modules loaded now.
fn ordered(
    bench: &TheBench<'_>,
    kinds: &[&Kind],
    wanted: &[&str],
    cycles: Cycles,
) -> Done<Result<Steps, Refusal>> {
    let candidates: Vec<_> = kinds.iter().map(|kind| kind.candidate()).collect::<Done<_>>()?;
    let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
    let reader = bench.registry.reader();
    let present = |name: &str| reader.module(name).map(|module| module.version);
    let order = LoadOrder::new(&candidates, wanted, &present, cycles, &mut scratch);
    let order = order.map_err(|error| match error {
        OrderError::Cycle(_) => Refusal::Cycle(error.to_string()),
        _ => Refusal::Other(error.to_string()),
    });
    let name = |module: &Candidate<'_, '_>| module.name().unwrap_or_default().to_string();
    Ok(order.map(|order| order.steps().map(|step| step.candidates().map(name).collect()).collect()))
}
