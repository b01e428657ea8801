//! A module goes with all that needs it.

use loader_core::RegistryError;

use super::*;

/// `base`, `left` and `right` that need it, `top` that needs both, and `apart`.
fn tree(registry: &TestRegistry<'_>, manager: Manager) -> [ModuleId; 5] {
    [
        ("base", object(&["b"], &[])),
        ("left", source().exports(&["l"]).imports(&["b"]).finaliser("left_fini").build()),
        ("right", object(&["r"], &["b"])),
        ("top", object(&["t"], &["l", "r"])),
        ("apart", object(&["a"], &[])),
    ]
    .map(|(name, file)| load(registry, manager, name, &file).unwrap())
}

#[test]
fn who_needs_others_goes_before_them() {
    with_registry(|registry, manager| {
        let [base, left, right, top, apart] = tree(registry, manager);
        let mut teardown = registry.tear_down(base).unwrap();
        for name in ["b", "l", "r", "t"] {
            assert_eq!(exporter(registry, name), None, "{name} is still seen");
        }
        assert_eq!(exporter(registry, "a"), Some(apart));
        assert_eq!(manager.freed(), [0; 0]);
        let mut order = Vec::new();
        while let Some(leaving) = teardown.next() {
            let finalisers = leaving.finalisers().count();
            assert_eq!(finalisers, usize::from(leaving.name().as_str() == "left"));
            assert!(leaving.module().is_some());
            order.push(leaving.name().to_string());
            assert_eq!(manager.freed(), [0; 0], "memory went before the finalisers");
            leaving.finish();
            assert!(!manager.freed().is_empty());
        }
        assert!(teardown.next().is_none());
        drop(teardown);
        assert_eq!(order.len(), 4);
        assert_eq!((&*order[0], &*order[3]), ("top", "base"));
        for id in [base, left, right, top] {
            assert_eq!(registry.unload(id).unwrap_err(), RegistryError::Gone);
        }
        assert_eq!(registry.reader().modules().count(), 1);
    });
}

#[test]
fn only_what_needs_it_goes_with_it() {
    with_registry(|registry, manager| {
        let [base, left, ..] = tree(registry, manager);
        drop(registry.tear_down(left).unwrap());
        let reader = registry.reader();
        let mut left: Vec<_> = reader.modules().map(|module| module.name).collect();
        left.sort_unstable();
        assert_eq!(left, ["apart", "base", "right"]);
        assert_eq!(reader.get(base).unwrap().dependents, 1);
    });
}

#[test]
fn it_is_refused_whole_where_one_is_held() {
    with_registry(|registry, manager| {
        let [base, _, _, top, _] = tree(registry, manager);
        let hold = registry.hold(top).unwrap();
        let before = state(registry);
        let error = registry.tear_down(base).unwrap_err();
        assert_eq!(error.to_string(), "top is held, 1 times");
        assert_eq!(state(registry), before);
        assert_eq!(exporter(registry, "t"), Some(top));
        drop(hold);
        drop(registry.tear_down(base).unwrap());
        assert_eq!(registry.reader().modules().count(), 1);
    });
}

#[test]
fn it_is_refused_whole_where_one_is_loaded_or_replaced() {
    with_registry(|registry, manager| {
        let [base, left, ..] = tree(registry, manager);
        let loading = prepare(registry, manager, "loading", &object(&[], &["t"])).unwrap();
        let before = state(registry);
        let error = registry.tear_down(base).unwrap_err();
        assert_eq!(error.to_string(), "the module loading is being loaded, replaced or unloaded");
        assert_eq!(state(registry), before);
        drop(loading);
        let new = source().exports(&["l"]).finaliser("left_fini").build();
        let new = registry.replace(left, request(&[&new]).named("left"), manager).unwrap();
        let before = state(registry);
        let error = registry.tear_down(base).unwrap_err();
        assert!(matches!(error, RegistryError::Busy { .. }), "{error}");
        assert!(matches!(registry.unload(left), Err(RegistryError::Busy { .. })));
        assert_eq!(state(registry), before);
        drop(new);
        drop(registry.tear_down(base).unwrap());
    });
}

#[test]
fn one_that_is_dropped_half_way_goes_on_to_the_end() {
    with_registry(|registry, manager| {
        let [base, .., apart] = tree(registry, manager);
        let mut teardown = registry.tear_down(base).unwrap();
        drop(teardown.next().unwrap());
        drop(teardown);
        assert_eq!(registry.reader().modules().count(), 1);
        registry.unload(apart).unwrap().finish();
        assert_eq!(manager.used(), [0; 3]);
    });
}

#[test]
fn nothing_is_linked_to_what_goes() {
    with_registry(|registry, manager| {
        let [base, ..] = tree(registry, manager);
        let teardown = registry.tear_down(base).unwrap();
        for needed in ["b", "l", "t"] {
            refused(registry, manager, "late", &object(&[], &[needed]));
        }
        let file = source().needs("base", [0; 3], [u32::MAX; 3]).build();
        refused(registry, manager, "late", &file);
        assert!(matches!(registry.hold(base), Err(RegistryError::Busy { .. })));
        // Its names are free, and those of its exports.
        load(registry, manager, "base", &object(&["b"], &[])).unwrap();
        drop(teardown);
        assert!(registry.module("base").is_some());
    });
}

#[test]
fn two_that_would_take_the_same_module_do_not_meet() {
    with_registry(|registry, manager| {
        let one = load(registry, manager, "one", &object(&["f"], &[])).unwrap();
        let two = load(registry, manager, "two", &object(&["g"], &[])).unwrap();
        load(registry, manager, "both", &object(&["h"], &["f", "g"])).unwrap();
        let mut teardown = registry.tear_down(one).unwrap();
        let before = state(registry);
        for root in [two, one] {
            let error = registry.tear_down(root).unwrap_err();
            assert!(matches!(error, RegistryError::Busy { .. }), "{error}");
            assert_eq!(state(registry), before);
        }
        let names = std::iter::from_fn(|| teardown.next().map(|leaving| leaving.name()));
        let names: Vec<_> = names.map(|name| name.to_string()).collect();
        assert_eq!(names, ["both", "one"]);
        drop(teardown);
        drop(registry.tear_down(two).unwrap());
        assert_eq!(registry.reader().modules().count(), 0);
    });
}

#[test]
fn one_that_is_over_does_not_take_what_comes_after() {
    with_registry(|registry, manager| {
        let old = load(registry, manager, "old", &object(&["f"], &[])).unwrap();
        let mut first = registry.tear_down(old).unwrap();
        first.next().unwrap().finish();
        let new = load(registry, manager, "new", &object(&["f"], &[])).unwrap();
        load(registry, manager, "user", &object(&[], &["f"])).unwrap();
        let mut second = registry.tear_down(new).unwrap();
        assert!(first.next().is_none(), "it took another one's");
        drop(first);
        assert_eq!(second.next().unwrap().name().as_str(), "user");
        assert_eq!(second.next().unwrap().name().as_str(), "new");
        assert!(second.next().is_none());
    });
}

#[test]
fn old_versions_and_groups_go_with_what_they_need() {
    with_registry(|registry, manager| {
        let base = load(registry, manager, "base", &object(&["b"], &[])).unwrap();
        let v1 = load(registry, manager, "lib", &object(&["l"], &["b"])).unwrap();
        load(registry, manager, "user", &object(&["u"], &["l"])).unwrap();
        let v2 = replace(registry, manager, v1, "lib", &object(&["l"], &[])).unwrap();
        let parts = [source().called("p").imports(&["u"]).build(), source().called("q").build()];
        let group = request(&[&parts[0], &parts[1]]).grouped(&[1, 1]);
        registry.load(group, manager).unwrap().publish();
        assert_eq!(registry.reader().modules().count(), 6);
        let mut teardown = registry.tear_down(base).unwrap();
        assert_eq!(exporter(registry, "l"), Some(v2), "it needs nothing");
        let names = std::iter::from_fn(|| teardown.next().map(|leaving| leaving.name()));
        let names: Vec<_> = names.map(|name| name.to_string()).collect();
        assert_eq!(names, ["p", "user", "lib", "base"]);
        drop(teardown);
        assert_eq!(registry.reader().modules().count(), 1);
    });
}
