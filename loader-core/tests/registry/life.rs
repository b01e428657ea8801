//! From a load to an unload.

use loader_core::{Kept, PlanOptions, RegistryError, SegmentKind};

use super::*;

#[test]
fn a_module_links_to_another_one_and_keeps_it() {
    with_registry(|registry, manager| {
        let base = load(registry, manager, "base", &object(&["add"], &[])).unwrap();
        let top = load(registry, manager, "top", &object(&["main"], &["add"])).unwrap();
        let reader = registry.reader();
        let add = reader.lookup("add").unwrap();
        assert_eq!((add.module, add.module_name), (Some(base), "base"));
        let found = reader.find(add.address).unwrap();
        assert_eq!(found.module, "base");
        assert_eq!(found.symbol.unwrap().0.name, "add".into());
        let needs: Vec<_> = reader.needs(top).map(|module| module.name).collect();
        assert_eq!(needs, ["base"]);
        drop(reader);
        let error = registry.unload(base).unwrap_err();
        assert!(matches!(error, RegistryError::Needed { count: 1, .. }), "{error}");
        assert_eq!(error.to_string(), "top needs base");
        registry.unload(top).unwrap().finish();
        registry.unload(base).unwrap().finish();
        assert!(registry.reader().lookup("add").is_none());
        assert_eq!(registry.unload(base).unwrap_err(), RegistryError::Gone);
    });
}

#[test]
fn what_is_prepared_and_dropped_leaves_no_trace() {
    with_registry(|registry, manager| {
        load(registry, manager, "base", &object(&["add"], &[])).unwrap();
        let (before, used) = (state(registry), manager.used());
        let file = source().exports(&["main"]).imports(&["add"]).finaliser("fini").build();
        let prepared = prepare(registry, manager, "top", &file).unwrap();
        assert_ne!((state(registry), manager.used()), (before.clone(), used));
        let main = prepared.symbol("main").unwrap();
        assert_eq!(registry.reader().find(main).unwrap().module, "top", "backtraces know it");
        assert_eq!(address(registry, "main"), None);
        drop(prepared);
        assert_eq!((state(registry), manager.used()), (before, used));
        assert!(registry.reader().find(main).is_none());
    });
}

#[test]
fn a_load_and_an_unload_leave_no_trace() {
    with_registry(|registry, manager| {
        let before = state(registry);
        for _ in 0..3 {
            let id = load(registry, manager, "a", &object(&["f"], &["kernel_function"])).unwrap();
            let free = registry.free_nodes();
            registry.unload(id).unwrap().finish();
            assert_eq!(registry.free_nodes(), free + 2, "the module and its export");
            assert_eq!(state(registry), before);
            assert_eq!(manager.used(), [0; 3]);
        }
    });
}

#[test]
fn exports_come_and_go_at_once_with_publishing_and_unloading() {
    with_registry(|registry, manager| {
        let found = || ["f", "g", "h"].map(|name| exporter(registry, name));
        let prepared = prepare(registry, manager, "a", &object(&["f", "g", "h"], &[])).unwrap();
        assert_eq!(found(), [None; 3]);
        let f = prepared.symbol("f").unwrap();
        let id = prepared.publish();
        assert_eq!(found(), [Some(id); 3]);
        let leaving = registry.unload(id).unwrap();
        assert_eq!(found(), [None; 3]);
        assert_eq!(leaving.name().as_str(), "a");
        assert_eq!(leaving.module().unwrap().symbol("f"), Some(f));
        let reader = registry.reader();
        assert_eq!(reader.find(f).unwrap().module, "a", "its finalisers may need a backtrace");
        assert!(!reader.get(id).unwrap().seen);
        drop(reader);
        assert_ne!(manager.used(), [0; 3]);
        leaving.finish();
        assert_eq!(manager.used(), [0; 3]);
    });
}

#[test]
fn what_is_held_stays() {
    with_registry(|registry, manager| {
        let id = load(registry, manager, "a", &object(&["f"], &[])).unwrap();
        let holds = [registry.hold(id).unwrap(), registry.hold(id).unwrap()];
        let before = state(registry);
        for _ in 0..2 {
            let error = registry.unload(id).unwrap_err();
            assert_eq!(error.to_string(), "a is held, 2 times");
            assert_eq!(state(registry), before);
        }
        drop(holds);
        let leaving = registry.unload(id).unwrap();
        assert!(matches!(registry.hold(id), Err(RegistryError::Busy { .. })));
        assert!(matches!(registry.unload(id), Err(RegistryError::Busy { .. })));
        assert!(matches!(registry.tear_down(id), Err(RegistryError::Busy { .. })));
        drop(leaving);
        assert_eq!(registry.hold(id).unwrap_err(), RegistryError::Gone);
    });
}

#[test]
fn a_holder_may_read_meanwhile() {
    with_registry(|registry, manager| {
        load(registry, manager, "a", &object(&["f"], &[])).unwrap();
        let reader = registry.reader();
        let hold = registry.hold(reader.lookup("f").unwrap().module.unwrap()).unwrap();
        assert!(!state(registry).is_empty());
        drop(reader);
        drop(hold);
    });
}

#[test]
fn finalisers_are_there_until_the_memory_goes() {
    with_registry(|registry, manager| {
        let file = source().finaliser("first").finaliser("second").build();
        let prepared = prepare(registry, manager, "a", &file).unwrap();
        let functions = ["second", "first"].map(|name| prepared.symbol(name).unwrap());
        assert!(prepared.finalisers().eq(functions));
        let id = prepared.publish();
        let leaving = registry.unload(id).unwrap();
        assert!(leaving.finalisers().eq(functions));
        assert_eq!(manager.freed(), [0; 0], "memory went before the finalisers");
        drop(leaving);
        assert_eq!(manager.freed().len(), 2);
    });
}

#[test]
fn finalisers_are_kept_whatever_else_is_not() {
    with_registry(|registry, manager| {
        for kept in [Kept::Nothing, Kept::Finalisers, Kept::Exports, Kept::Symbols] {
            let file = source().exports(&["f"]).local("inside").finaliser("fini").build();
            let mut options = PlanOptions::default();
            options.kept = kept;
            let request = request(&[&file]).named("a").with_options(options);
            let id = registry.load(request, manager).unwrap().publish();
            let exports = kept >= Kept::Exports;
            assert_eq!(exporter(registry, "f").is_some(), exports);
            let symbols = registry.reader().get(id).unwrap().symbols.unwrap().symbols().len();
            assert_eq!(symbols, [0, 0, 2, 3][kept as usize]);
            let leaving = registry.unload(id).unwrap();
            assert_eq!(leaving.finalisers().count(), 1);
        }
    });
}

#[test]
fn names_may_be_lent_for_as_long_as_the_memory() {
    with_registry(|registry, manager| {
        let file = object(&["f", "a_name_that_is_much_longer"], &[]);
        let load = |lent| {
            let request = request(&[&file]).named("a");
            let prepared = match lent {
                true => registry.load_lending(request, manager),
                false => registry.load(request, manager),
            };
            let id = prepared.unwrap().publish();
            let used = manager.used();
            assert_eq!(exporter(registry, "a_name_that_is_much_longer"), Some(id));
            let reader = registry.reader();
            let at = reader.lookup("f").unwrap().address;
            assert_eq!(reader.find(at).unwrap().symbol.unwrap().0.name, "f".into());
            drop(reader);
            registry.unload(id).unwrap().finish();
            used
        };
        let (copied, lent) = (load(false), load(true));
        assert!(lent[SegmentKind::ReadOnly as usize] < copied[SegmentKind::ReadOnly as usize]);
        // Of several objects, names are copied.
        let other = object(&["g"], &[]);
        let both = request(&[&file, &other]).named("a");
        let id = registry.load_lending(both, manager).unwrap().publish();
        assert_eq!(exporter(registry, "g"), Some(id));
    });
}

#[test]
fn an_identity_names_one_module_and_none_that_comes_after() {
    with_registry(|registry, manager| {
        let old = load(registry, manager, "a", &object(&["f"], &[])).unwrap();
        registry.unload(old).unwrap().finish();
        let gone = |when: &str| {
            let reader = registry.reader();
            assert!(reader.get(old).is_none(), "{when}");
            assert_eq!(reader.needs(old).count(), 0, "{when}");
            drop(reader);
            assert_eq!(registry.hold(old).unwrap_err(), RegistryError::Gone, "{when}");
            assert_eq!(registry.unload(old).unwrap_err(), RegistryError::Gone, "{when}");
            assert_eq!(registry.tear_down(old).unwrap_err(), RegistryError::Gone, "{when}");
            let request = request(&[&object(&["f"], &[])]).named("a");
            let error = registry.replace(old, request, manager).unwrap_err();
            assert_eq!(error, RegistryError::Gone, "{when}");
        };
        gone("when nobody is there");
        let prepared = prepare(registry, manager, "b", &object(&["f"], &["kernel_function"]));
        let prepared = prepared.unwrap();
        gone("while another one is prepared in its place");
        let early = registry.reader().modules().next().unwrap().id;
        let new = prepared.publish();
        assert_eq!(early, new, "what it was called before it was published");
        gone("when another one is in its place");
        registry.unload(new).unwrap().finish();
        let dropped = prepare(registry, manager, "c", &object(&[], &[])).unwrap();
        let early = registry.reader().modules().next().unwrap().id;
        drop(dropped);
        let last = load(registry, manager, "d", &object(&[], &[])).unwrap();
        assert_ne!(early, last, "what was never published");
        gone("after all");
    });
}

#[test]
fn who_needs_a_module_is_named_while_it_is_loaded_itself() {
    with_registry(|registry, manager| {
        let base = load(registry, manager, "base", &object(&["f"], &[])).unwrap();
        let loading = prepare(registry, manager, "loading", &object(&[], &["f"])).unwrap();
        assert_eq!(registry.unload(base).unwrap_err().to_string(), "loading needs base");
        load(registry, manager, "other", &object(&[], &["f"])).unwrap();
        let error = registry.unload(base).unwrap_err();
        assert_eq!(error.to_string(), "loading and others, 2 in all, need base");
        drop(loading);
        assert_eq!(registry.unload(base).unwrap_err().to_string(), "other needs base");
    });
}

#[test]
fn an_address_belongs_to_a_symbol_of_its_own_segment() {
    with_registry(|registry, manager| {
        let mut elf = crate::support::ElfBuilder::new(loader_core::Machine::X86_64);
        let text = elf.text(&[0xc3; 32]);
        let data = elf.data(&[0; 64]);
        elf.global("function", text, 8);
        elf.global("variable", data, 32);
        elf.absolute("number", 5);
        let prepared = prepare(registry, manager, "a", &elf.build()).unwrap();
        let start = |kind| {
            let segment = prepared.segments().find(|segment| segment.kind() == kind);
            segment.unwrap().target().value()
        };
        let (text, data) = (start(SegmentKind::Text), start(SegmentKind::Data));
        for (address, expected) in [
            (text, None),
            (text + 7, None),
            (text + 8, Some(("function", 0))),
            (text + 31, Some(("function", 23))),
            (data, None),
            (data + 31, None),
            (data + 33, Some(("variable", 1))),
        ] {
            let reader = registry.reader();
            let found = reader.find(TargetAddress::new(address)).unwrap();
            assert_eq!(found.module, "a");
            let symbol = found.symbol.map(|(symbol, behind)| (symbol.name.to_string(), behind));
            let expected = expected.map(|(name, behind)| (name.to_owned(), behind));
            assert_eq!(symbol, expected, "{:#x}", address);
        }
        for outside in [0, 5, 6, text.wrapping_sub(1), data + 64, u64::MAX] {
            let reader = registry.reader();
            assert!(reader.find(TargetAddress::new(outside)).is_none(), "{outside:#x}");
        }
    });
}
