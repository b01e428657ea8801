//! Thousands of loads and unloads, in an order that chance and a fixed seed give.

use std::collections::BTreeMap;

use loader_core::{RegistryError, RegistryMemory};

use super::*;

const STEPS: usize = 4000;
const MODULES: usize = 24;

/// What there is meant to be: for each module, which others it needs.
type Model = BTreeMap<usize, (ModuleId, Vec<ModuleId>)>;

struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % limit
    }
}

/// The module with this number, which needs others: `m7` exports `m7_0`, `m7_1`, and so on.
fn module(number: usize, needs: &[usize], chance: &mut Chance) -> Elf {
    let exports: Vec<String> = (0..=number % 5).map(|n| format!("m{number}_{n}")).collect();
    let exports: Vec<&str> = exports.iter().map(|name| &**name).collect();
    let imports: Vec<String> = needs.iter().map(|needed| format!("m{needed}_0")).collect();
    let imports: Vec<&str> = imports.iter().map(|name| &**name).collect();
    let file = source().longer(1 + chance.below(3000)).exports(&exports).imports(&imports);
    file.called(&format!("m{number}")).build()
}

fn check(registry: &TestRegistry<'_>, model: &Model, number: usize) {
    let name = format!("m{number}");
    let expected = model.get(&number).map(|(id, _)| *id);
    assert_eq!(registry.module(&name), expected, "{name}");
    assert_eq!(exporter(registry, &format!("{name}_0")), expected, "{name}");
    let reader = registry.reader();
    if let Some(found) = reader.lookup(&format!("{name}_0")) {
        let location = reader.find(found.address).unwrap();
        assert_eq!(location.module, name);
        assert_eq!(location.symbol.unwrap().0.name.to_string(), format!("{name}_0"));
    }
    if let Some((id, needs)) = model.get(&number) {
        let mut found: Vec<_> = reader.needs(*id).map(|module| module.id).collect();
        let mut needs = needs.clone();
        for list in [&mut found, &mut needs] {
            list.sort_by_key(|id| format!("{id:?}"));
            list.dedup();
        }
        assert_eq!(found, needs, "{name}");
    }
}

/// All that goes with a module.
fn doomed(model: &Model, root: ModuleId) -> Vec<usize> {
    let mut ids = vec![root];
    loop {
        let more = model.values().find(|(id, needs)| {
            !ids.contains(id) && needs.iter().any(|needed| ids.contains(needed))
        });
        match more {
            Some((id, _)) => ids.push(*id),
            None => break,
        }
    }
    model.iter().filter(|(_, (id, _))| ids.contains(id)).map(|(number, _)| *number).collect()
}

#[test]
fn all_is_whole_after_thousands_of_loads() {
    let memory = RegistryMemory::<'static, Manager, 32, 400>::new();
    let manager = Books::leaked();
    let registry = memory.registry(ExportTable::new(&KERNEL).unwrap()).unwrap();
    let nodes = registry.free_nodes();
    let mut chance = Chance(0x0123_4567_89ab_cdef);
    let (mut model, mut counts) = (Model::new(), [0; 5]);
    for _ in 0..STEPS {
        let number = chance.below(MODULES);
        let there = model.get(&number).map(|(id, _)| *id);
        let what = chance.below(5);
        match (there, what) {
            (None, _) | (Some(_), 0) => {
                let others: Vec<usize> =
                    model.keys().copied().filter(|other| *other != number).collect();
                let count = if others.is_empty() { 0 } else { chance.below(4) };
                let needs: Vec<usize> =
                    (0..count).map(|_| others[chance.below(others.len())]).collect();
                let file = module(number, &needs, &mut chance);
                let objects = [Object::parse("test.o", &file).unwrap()];
                let mut scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects)];
                let request = LoadRequest::new(&objects, &mut scratch);
                match (there, registry.load(request, manager)) {
                    (None, Ok(prepared)) if what == 1 => drop(prepared),
                    (None, Ok(prepared)) => {
                        let needs = needs.iter().map(|needed| model[needed].0).collect();
                        model.insert(number, (prepared.publish(), needs));
                        counts[0] += 1;
                    }
                    (Some(_), Err(RegistryError::NameTaken { .. })) => counts[1] += 1,
                    (_, other) => panic!("{other:?}"),
                }
            }
            (Some(id), 1) => {
                for gone in doomed(&model, id) {
                    model.remove(&gone);
                }
                let mut teardown = registry.tear_down(id).unwrap();
                drop(teardown.next());
                counts[2] += 1;
            }
            (Some(id), 2) => {
                let hold = registry.hold(id).unwrap();
                assert!(registry.unload(id).is_err());
                drop(hold);
            }
            (Some(id), _) => match (doomed(&model, id).len(), registry.unload(id)) {
                (1, Ok(leaving)) => {
                    model.remove(&number);
                    leaving.finish();
                    counts[3] += 1;
                }
                (2.., Err(RegistryError::Needed { .. })) => counts[4] += 1,
                (_, other) => panic!("{other:?}"),
            },
        }
        check(&registry, &model, number);
        assert_eq!(registry.reader().modules().count(), model.len());
    }
    assert!(counts.iter().all(|count| *count > STEPS / 50), "one-sided: {counts:?}");
    for (id, _) in model.into_values() {
        match registry.tear_down(id) {
            Ok(teardown) => drop(teardown),
            Err(error) => assert_eq!(error, RegistryError::Gone),
        }
    }
    assert_eq!(registry.free_nodes(), nodes);
    manager.check_whole();
}
