//! A tree of modules that is taken down at once.

use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

use crate::manager::Book;
use crate::tasks::bench::{Bench, Instance};
use crate::tasks::countdown::Countdown;
use crate::tasks::pool::Wanted;
use crate::tasks::{Done, check, notes, same};

type TheBench<'b> = Bench<'b, &'static Countdown>;

/// What each module needs, as places in this list: one at the root, two on it, one on either, which
/// both need the root as well.
const TREE: [(&str, &str, &[usize]); 5] = [
    ("base", "root", &[]),
    ("middle", "left", &[0]),
    ("middle", "right", &[0]),
    ("top", "leaf of the left", &[0, 1]),
    ("top", "leaf of the right", &[0, 2]),
];

/// Takes the whole tree down, then a branch and the rest, and then gives up in the middle.
pub fn run(bench: &TheBench<'_>) -> Done<()> {
    let bystander = bench.load(&Wanted::plain(bench.pool.kind("tiny")?))?;
    let used = used(bench);
    for round in 0..3 {
        whole(bench)?;
        branch(bench)?;
        abandoned(bench)?;
        check(self::used(bench) == used, || "the tree has left something".to_string())?;
        let again = bench.registry.module("tiny") == Some(bystander.id);
        check(again, || "a module went that needs nothing of the tree".into())?;
        same("what is left", bench.call(bystander.value, 1)?, 1 + 101 + round)?;
    }
    bench.unload(&bystander)
}

fn whole(bench: &TheBench<'_>) -> Done<()> {
    let tree = load(bench)?;
    let all = tree.each_ref();
    let order = bench.tear_down(all[0], &all)?;
    check_order(&order)?;
    same("the last one", order.last(), Some(&0))
}

/// The left branch alone; the right one stays.
fn branch(bench: &TheBench<'_>) -> Done<()> {
    let tree = load(bench)?;
    let [root, left, right, left_leaf, right_leaf] = &tree;
    same("the left branch", bench.tear_down(left, &[left, left_leaf])?, vec![1, 0])?;
    let value = bench.call(right_leaf.value, 1)?;
    // Top, root from it, right, and root from that.
    same("the right leaf", value, (1 + 101) + 3 * (1 + 101) + 3 * ((1 + 101) + 3 * (1 + 102)))?;
    let rest = bench.tear_down(root, &[root, right, right_leaf])?;
    same("the rest", rest, vec![2, 1, 0])
}

/// What is left of a teardown that is given up goes without its finalisers.
fn abandoned(bench: &TheBench<'_>) -> Done<()> {
    let tree = load(bench)?;
    let mut teardown = bench.registry.tear_down(tree[0].id)?;
    let first = teardown.next().ok_or_else(|| "nothing went".to_string())?;
    let name = first.name();
    let leaf = tree.iter().find(|instance| instance.name == name.as_str());
    bench.see_off(first, leaf.ok_or_else(|| format!("{name} is not in the tree"))?)?;
    drop(teardown);
    same("notes of modules that went without", notes::take(), vec![])?;
    let reader = bench.registry.reader();
    same("modules", reader.modules().count(), 1)
}

fn load(bench: &TheBench<'_>) -> Done<[Instance; TREE.len()]> {
    let mut tree = vec![];
    for (kind, name, needs) in TREE {
        let grants = [needs.first(), needs.get(1)].map(|need| need.map_or("", |&at| TREE[at].1));
        let kind = bench.pool.kind(kind)?;
        let wanted =
            Wanted { name: Some(name), grants: &grants[..needs.len()], ..Wanted::plain(kind) };
        tree.push(bench.load(&wanted)?);
    }
    tree.try_into().map_err(|_| "the tree is not whole".to_string().into())
}

/// None goes before what needs it.
fn check_order(order: &[usize]) -> Done<()> {
    for (at, &gone) in order.iter().enumerate() {
        let early = TREE[gone].2.iter().find(|need| order[..at].contains(need));
        check(early.is_none(), || format!("modules went in the order {order:?}"))?;
    }
    Ok(())
}

fn used(bench: &TheBench<'_>) -> Vec<Book> {
    bench.manager.manager().books()
}
