//! More modules and notes than anybody has: neither the stack nor the time may grow with them as
//! it must not.

use std::cell::Cell;
use std::thread;

use loader_core::{Candidate, Cycles, LoadOrder, Object, OrderError, Scratch};

use super::Spec;

/// Orders many modules on a small stack, wanting the first; checks that each note was looked at
/// once, and returns the length of each step.
fn order(modules: &[Spec], cycles: Cycles, notes: usize) -> Result<Vec<usize>, String> {
    let files: Vec<_> = modules.iter().map(Spec::build).collect();
    let run = || {
        let objects: Vec<_> =
            files.iter().map(|file| [Object::parse("o", file).unwrap()]).collect();
        let candidates: Vec<_> =
            objects.iter().map(|object| Candidate::new(object).unwrap()).collect();
        let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
        assert_eq!(scratch.len(), 2 * modules.len() + notes);
        let asked = Cell::new(0);
        let present = |_: &str| {
            asked.set(asked.get() + 1);
            None
        };
        let order = LoadOrder::new(&candidates, &["0"], &present, cycles, &mut scratch);
        match order {
            Ok(order) => {
                assert_eq!(asked.get(), 1 + notes);
                Ok(order.steps().map(|step| step.candidates().count()).collect())
            }
            Err(error @ OrderError::Cycle(cycle)) => {
                assert!(error.to_string().len() > 12 * cycle.modules().count());
                Err(cycle.modules().count().to_string())
            }
            Err(error) => Err(error.to_string()),
        }
    };
    thread::scope(|scope| {
        let small = thread::Builder::new().stack_size(256 << 10);
        small.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

#[test]
fn a_hundred_thousand_notes_in_one_module() {
    const NOTES: usize = 100_000;
    let mut many = Spec::new("0", &[]);
    for _ in 0..NOTES {
        many = many.needs("1", [0, 0, 0], [1, 0, 0]);
    }
    let modules = [many.clone(), Spec::new("1", &[])];
    assert_eq!(order(&modules, Cycles::Refuse, NOTES).unwrap(), [1, 1]);
    let modules = [many, Spec::new("1", &["0"])];
    assert_eq!(order(&modules, Cycles::Group, NOTES + 1).unwrap(), [2]);
    assert_eq!(order(&modules, Cycles::Refuse, NOTES + 1).unwrap_err(), "2");
}

#[test]
fn a_chain_of_ten_thousand_and_a_ring() {
    const COUNT: usize = 10_000;
    let name = |number: usize| number.to_string();
    let mut modules: Vec<_> =
        (0..COUNT).map(|number| Spec::new(&name(number), &[&name(number + 1)])).collect();
    modules.push(Spec::new(&name(COUNT), &[]));
    assert_eq!(order(&modules, Cycles::Refuse, COUNT).unwrap().len(), COUNT + 1);
    modules[COUNT] = Spec::new(&name(COUNT), &["0"]);
    assert_eq!(order(&modules, Cycles::Group, COUNT + 1).unwrap(), [COUNT + 1]);
    let cycle = order(&modules, Cycles::Refuse, COUNT + 1).unwrap_err();
    assert_eq!(cycle, (COUNT + 1).to_string());
}

#[test]
fn three_hundred_that_all_need_each_other() {
    const COUNT: usize = 300;
    let names: Vec<_> = (0..COUNT).map(|number| number.to_string()).collect();
    let all: Vec<_> = names.iter().map(String::as_str).collect();
    let modules: Vec<_> = all.iter().map(|name| Spec::new(name, &all)).collect();
    assert_eq!(order(&modules, Cycles::Group, COUNT * COUNT).unwrap(), [COUNT]);
    assert_eq!(order(&modules, Cycles::Refuse, COUNT * COUNT).unwrap_err(), "1");
}
