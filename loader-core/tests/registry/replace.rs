//! New versions take the place of old ones.

use loader_core::RegistryError;

use super::source::Source;
use super::*;

/// The `n`-th version of a module `lib`, which exports `f`.
fn version(n: u32) -> Elf {
    source().version([n, 0, 0]).longer(16 * n as usize).exports(&["f"]).build()
}

#[test]
fn the_new_version_is_found_once_it_is_published_and_the_old_one_no_more() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let new = registry.replace(v1, request(&[&version(2)]).named("lib"), manager).unwrap();
        assert_eq!(new.replaces(), Some(v1));
        assert_eq!((exporter(registry, "f"), registry.module("lib")), (Some(v1), Some(v1)));
        let v2 = new.publish();
        assert_eq!((exporter(registry, "f"), registry.module("lib")), (Some(v2), Some(v2)));
        assert!(registry.retired().eq([v1]), "nobody needs it");
        registry.unload(v1).unwrap().finish();
        assert_eq!(registry.retired().count(), 0);
        assert_eq!(exporter(registry, "f"), Some(v2));
        registry.unload(v2).unwrap().finish();
        assert_eq!((exporter(registry, "f"), registry.module("lib")), (None, None));
    });
}

#[test]
fn a_new_version_that_is_dropped_leaves_no_trace() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let (before, used) = (state(registry), manager.used());
        let new = registry.replace(v1, request(&[&version(2)]).named("lib"), manager).unwrap();
        for _ in 0..2 {
            let again = registry.replace(v1, request(&[&version(3)]).named("lib"), manager);
            let error = again.unwrap_err();
            assert!(matches!(error, RegistryError::Busy { .. }), "{error}");
        }
        drop(new);
        assert_eq!((state(registry), manager.used()), (before, used));
        replace(registry, manager, v1, "lib", &version(2)).unwrap();
        let error = replace(registry, manager, v1, "lib", &version(3)).unwrap_err();
        assert!(matches!(error, RegistryError::Busy { .. }), "replaced already: {error}");
    });
}

#[test]
fn users_keep_the_version_that_they_are_linked_to() {
    with_registry(|registry, manager| {
        let user = object(&[], &["f"]);
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let user1 = load(registry, manager, "user1", &user).unwrap();
        let old_f = address(registry, "f");
        let v2 = replace(registry, manager, v1, "lib", &version(2)).unwrap();
        let user2 = load(registry, manager, "user2", &user).unwrap();
        let v3 = replace(registry, manager, v2, "lib", &version(3)).unwrap();
        let user3 = prepare(registry, manager, "user3", &user).unwrap();
        assert_ne!(address(registry, "f"), old_f);
        assert_eq!(Some(pointer(&user3, 0)), address(registry, "f"));
        let user3 = user3.publish();
        for (user, lib) in [(user1, v1), (user2, v2), (user3, v3)] {
            assert!(registry.reader().needs(user).map(|module| module.id).eq([lib]));
        }
        assert_eq!(registry.retired().count(), 0);
        assert_eq!(registry.unload(v2).unwrap_err().to_string(), "user2 needs lib");
        let old_f = TargetAddress::new(old_f.unwrap());
        assert_eq!(registry.reader().find(old_f).unwrap().module, "lib");
        registry.unload(user2).unwrap().finish();
        assert!(registry.retired().eq([v2]));
        registry.unload(v2).unwrap().finish();
        registry.unload(user1).unwrap().finish();
        assert!(registry.retired().eq([v1]));
        // The line of versions lives on in the last of them.
        registry.unload(user3).unwrap().finish();
        registry.unload(v3).unwrap().finish();
        assert_eq!((exporter(registry, "f"), registry.module("lib")), (None, None));
        let other = load(registry, manager, "lib", &version(1)).unwrap();
        registry.unload(v1).unwrap().finish();
        assert_eq!((exporter(registry, "f"), registry.module("lib")), (Some(other), Some(other)));
    });
}

#[test]
fn a_hold_keeps_an_old_version() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let new = registry.replace(v1, request(&[&version(2)]).named("lib"), manager).unwrap();
        let holds = (registry.hold(v1).unwrap(), new.publish(), registry.hold(v1).unwrap());
        assert_eq!(registry.retired().count(), 0);
        assert!(matches!(registry.unload(v1), Err(RegistryError::Held { count: 2, .. })));
        drop(holds);
        assert!(registry.retired().eq([v1]));
    });
}

#[test]
fn state_is_carried_over_before_anybody_finds_the_new_version() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let old_f = address(registry, "f");
        let new = registry.replace(v1, request(&[&version(2)]).named("lib"), manager).unwrap();
        let v2 = new.publish_with(|old, new| {
            assert_eq!(exporter(registry, "f"), Some(v1), "published before");
            let from = old.unwrap().get("f".into()).unwrap().address;
            assert_eq!(Some(from.value()), old_f);
            assert_ne!(new.symbol("f"), Some(from));
            // Whatever it does meanwhile: nobody waits for it.
            let other = load(registry, manager, "other", &object(&["g"], &[])).unwrap();
            registry.unload(other).unwrap().finish();
            assert_eq!(old.unwrap().get("f".into()).unwrap().address, from);
            Ok::<_, ()>(())
        });
        assert_eq!(exporter(registry, "f"), Some(v2.unwrap()));
        let first = prepare(registry, manager, "first", &object(&["h"], &[])).unwrap();
        let first = first.publish_with(|old, _| {
            assert!(old.is_none(), "there is no old version");
            Ok::<_, ()>(())
        });
        assert_eq!(registry.module("first"), first.ok());
    });
}

#[test]
fn the_old_version_stays_where_state_cannot_be_carried_over() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let (before, used) = (state(registry), manager.used());
        let new = registry.replace(v1, request(&[&version(2)]).named("lib"), manager).unwrap();
        assert_eq!(new.publish_with(|_, _| Err("no")).unwrap_err(), "no");
        assert_eq!((state(registry), manager.used()), (before, used));
        assert_eq!(exporter(registry, "f"), Some(v1));
    });
}

#[test]
fn a_version_that_does_not_fit_is_refused() {
    with_registry(|registry, manager| {
        let v1 = source().exports(&["f", "g"]).variable("v").interface("g", 7).build();
        let v1 = load(registry, manager, "lib", &v1).unwrap();
        let unfit = |file: Source| {
            let (before, used) = (state(registry), manager.used());
            let error = replace(registry, manager, v1, "lib", &file.build()).unwrap_err();
            assert_eq!((state(registry), manager.used()), (before, used), "{error}");
            let RegistryError::Unfit { module, symbol } = error else { panic!("{error}") };
            assert_eq!(&*module, "lib");
            assert!(error.to_string().contains("does not export"));
            symbol.to_string()
        };
        assert_eq!(unfit(source().exports(&["f"]).variable("v").interface("g", 7)), "g");
        assert_eq!(unfit(source().exports(&["f", "g"]).interface("g", 7)), "v");
        assert_eq!(unfit(source().exports(&["f", "g", "v"]).interface("g", 7)), "v");
        assert_eq!(unfit(source().exports(&["f", "g"]).variable("v")), "g");
        assert_eq!(unfit(source().exports(&["f", "g"]).variable("v").interface("g", 8)), "g");
        let elsewhere = source().exports(&["f", "g"]).variable("v").interface("g", 7);
        assert!(!unfit(elsewhere.namespace("drivers")).is_empty());
        let hidden = source().exports(&["f", "g"]).local("v").interface("g", 7);
        assert_eq!(unfit(hidden), "v");
        let fits = source().exports(&["f", "g", "h"]).variable("v").interface("g", 7);
        let fits = fits.interface("f", 9).version([2, 0, 0]).build();
        replace(registry, manager, v1, "lib", &fits).unwrap();
    });
}

#[test]
fn a_new_version_is_called_as_the_old_one_is() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        let before = state(registry);
        let error = replace(registry, manager, v1, "bil", &version(2)).unwrap_err();
        assert!(matches!(error, RegistryError::Renamed { .. }), "{error}");
        assert_eq!(error.to_string(), "a new version of lib must be called so, and not bil");
        assert_eq!(state(registry), before);
        replace(registry, manager, v1, "lib", &version(2)).unwrap();
    });
}

#[test]
fn of_weak_definitions_a_new_version_is_the_last() {
    with_registry(|registry, manager| {
        let weak = source().weak(&["f"]).build();
        let v1 = load(registry, manager, "lib", &weak).unwrap();
        let other = load(registry, manager, "other", &weak).unwrap();
        assert_eq!(exporter(registry, "f"), Some(v1));
        replace(registry, manager, v1, "lib", &weak).unwrap();
        assert_eq!(exporter(registry, "f"), Some(other));
    });
}

#[test]
fn a_new_version_may_not_define_what_others_do() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        load(registry, manager, "other", &object(&["g"], &[])).unwrap();
        let before = state(registry);
        let error = replace(registry, manager, v1, "lib", &object(&["f", "g"], &[])).unwrap_err();
        assert_eq!(error.to_string(), "`g` is exported by other already");
        assert_eq!(state(registry), before);
        // And what the old version defined is free once that is not found any more.
        let v2 = replace(registry, manager, v1, "lib", &object(&["f", "h"], &[])).unwrap();
        let error = load(registry, manager, "third", &object(&["h"], &[])).unwrap_err();
        assert_eq!(error.to_string(), "`h` is exported by lib already");
        registry.unload(v2).unwrap().finish();
        load(registry, manager, "third", &object(&["h", "f"], &[])).unwrap();
    });
}

#[test]
fn a_weak_definition_does_not_show_through_a_replacement() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "lib", &version(1)).unwrap();
        load(registry, manager, "weak", &source().weak(&["f"]).build()).unwrap();
        let v2 = replace(registry, manager, v1, "lib", &version(2)).unwrap();
        assert_eq!(exporter(registry, "f"), Some(v2));
    });
}
