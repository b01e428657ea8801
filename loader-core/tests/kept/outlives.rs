//! The table once object and scratch memory are gone.

use loader_core::{Name, Object, Plan, ResidentModule, Scratch};

use super::*;

/// Takes an object to where `then` has a module whose scratch memory goes right after.
fn resident<'o, 'm, R>(
    objects: &[Object<'o>],
    manager: &'m TestManager,
    options: PlanOptions,
    then: impl FnOnce(Module<'o, '_, &'m TestManager>) -> R,
) -> R {
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(objects)];
    let plan = Plan::with_options(objects, &mut scratch, options).unwrap();
    let imports = Imports::of(&[("outside", 0x1000_4000)]);
    let result = then(plan.place(manager).unwrap().resolve(&imports).unwrap().seal().unwrap());
    scratch.fill(Scratch::ZERO);
    result
}

fn finalisers(table: SymbolTable<'_>) -> Vec<u64> {
    table.finalisers().map(|function| function.value()).collect()
}

#[test]
fn copied_names_outlive_the_file() {
    for machine in MACHINES {
        for kept in ALL {
            let manager = TestManager::new();
            let mut file = sample(machine).build().into_bytes();
            let (module, before): (ResidentModule<'static, _>, _) = {
                let objects = [Object::parse("test.o", &file).unwrap()];
                resident(&objects, &manager, keeping(kept, false), |module| {
                    let before = module.table().map(|table| (rows(table), finalisers(table)));
                    (module.detach(), before)
                })
            };
            file.fill(0xff);
            let after = module.table().map(|table| (rows(table), finalisers(table)));
            assert_eq!(after, before, "{machine:?} {kept:?}");
            let main = module.symbol("main");
            assert_eq!(main.is_some(), kept >= Kept::Exports);
            assert_eq!(module.symbol("inside"), None);
            module.unload();
            assert_eq!(manager.live(), 0);
        }
    }
}

#[test]
fn lent_names_are_read_in_the_file() {
    for machine in MACHINES {
        for kept in ALL {
            let manager = TestManager::new();
            let file = sample(machine).build();
            let objects = [Object::parse("test.o", &file).unwrap()];
            let (module, before) = resident(&objects, &manager, keeping(kept, true), |module| {
                let before = module.table().map(|table| (rows(table), finalisers(table)));
                (module.detach_lending(), before)
            });
            let table = module.table();
            assert_eq!(table.map(|table| (rows(table), finalisers(table))), before);
            if let Some(main) = table.and_then(|table| table.get("main".into())) {
                let bytes = main.name.as_bytes().as_ptr_range();
                assert!(file.as_ptr_range().contains(&bytes.start), "it was copied");
            }
        }
    }
}

#[test]
fn a_module_that_lent_names_and_gives_the_file_back_knows_no_symbols() {
    let manager = TestManager::new();
    let file = sample(Machine::X86_64).build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let module =
        resident(&objects, &manager, keeping(Kept::Symbols, true), |module| module.detach());
    assert!(module.table().is_none());
    assert_eq!(module.symbol("main"), None);
}

#[test]
fn of_several_objects_names_are_copied_all_the_same() {
    let manager = TestManager::new();
    let mut files = [sample(Machine::X86_64).build().into_bytes(), {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let text = elf.text(&[0; 16]);
        elf.global("other", text, 0);
        elf.build().into_bytes()
    }];
    let module: ResidentModule<'static, _> = {
        let objects = [0, 1].map(|at| Object::parse("test.o", &files[at]).unwrap());
        resident(&objects, &manager, keeping(Kept::Exports, true), |module| module.detach())
    };
    files.iter_mut().for_each(|file| file.fill(0xff));
    for name in ["main", "other", "shared"] {
        assert_eq!(module.table().unwrap().get(name.into()).unwrap().name, Name::from(name));
    }
}
