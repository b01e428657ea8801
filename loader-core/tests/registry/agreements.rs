//! Namespaces, interfaces, versions: what has to agree before a module is linked to another one.

use loader_core::{Error, Kept, PlanOptions, RegistryError, Version};
use object::elf;

use super::*;

const GRANT: &[&str] = &["drivers"];

#[test]
fn a_namespace_is_seen_by_those_who_are_granted_it() {
    with_registry(|registry, manager| {
        let lib = source().exports(&["f"]).namespace("drivers").build();
        let lib = load(registry, manager, "lib", &lib).unwrap();
        let user = object(&[], &["f"]);
        let error = refused(registry, manager, "user", &user);
        assert_eq!(
            error.to_string(),
            "`f` is in the namespace drivers, which this module is not granted"
        );
        let other = request(&[&user]).named("user").granted(&["hal", "driver"]);
        let error = registry.load(other, manager).unwrap_err();
        assert!(matches!(error, RegistryError::NotGranted { .. }), "{error}");
        // To a weak import it is as if it were not there.
        let weak = source().imports_weakly(&["f"]).build();
        let weak = prepare(registry, manager, "weak", &weak).unwrap();
        assert_eq!(pointer(&weak, 0), 0);
        drop(weak);
        registry.unload(lib).unwrap().finish();
        let lib = source().exports(&["f"]).namespace("drivers").build();
        load(registry, manager, "lib", &lib).unwrap();
        let granted = request(&[&user]).named("user").granted(GRANT);
        let user = registry.load(granted, manager).unwrap();
        assert_eq!(Some(pointer(&user, 0)), address(registry, "f"));
        let reader = registry.reader();
        assert_eq!(reader.lookup("f").unwrap().namespace, "drivers");
        assert_eq!(reader.module("lib").unwrap().namespace, "drivers");
    });
}

#[test]
fn a_request_may_put_exports_into_a_namespace() {
    with_registry(|registry, manager| {
        let file = source().exports(&["f"]).namespace("drivers").build();
        let own = registry.load(request(&[&file]).named("a").exporting_to("own"), manager);
        own.unwrap().publish();
        assert_eq!(registry.reader().module("a").unwrap().namespace, "own");
        let user = object(&[], &["f"]);
        refused(registry, manager, "user", &user);
        let granted = request(&[&user]).named("user").granted(&["own"]);
        let granted = registry.load(granted, manager).unwrap();
        let reader = registry.reader();
        let by = granted.resolved(&reader, "f".into()).unwrap();
        assert_eq!((by.module_name, by.address.value()), ("a", pointer(&granted, 0)));
        assert!(granted.resolved(&reader, "g".into()).is_none());
        drop(reader);
        drop(granted);
        // Or out of any.
        let seen = registry.load(request(&[&file]).named("b").exporting_to(""), manager);
        let seen = seen.unwrap().publish();
        let user = load(registry, manager, "user", &user).unwrap();
        assert!(registry.reader().needs(user).map(|module| module.id).eq([seen]));
        let before = state(registry);
        let too_long: &'static str = String::leak("x".repeat(64));
        let error = registry.load(request(&[&file]).named("c").exporting_to(too_long), manager);
        assert!(matches!(error.unwrap_err(), RegistryError::NameTooLong { .. }));
        assert_eq!(state(registry), before);
    });
}

#[test]
fn a_name_may_be_defined_once_in_each_namespace() {
    with_registry(|registry, manager| {
        let inside = source().exports(&["f"]).namespace("drivers").build();
        let inside = load(registry, manager, "inside", &inside).unwrap();
        let outside = load(registry, manager, "outside", &object(&["f"], &[])).unwrap();
        let again = source().exports(&["f"]).namespace("drivers").build();
        let error = refused(registry, manager, "again", &again);
        assert_eq!(error.to_string(), "`f` is exported by inside already");
        // Who is granted nothing is linked to the one that everybody sees.
        load(registry, manager, "user", &object(&[], &["f"])).unwrap();
        registry.unload(inside).unwrap().finish();
        assert!(registry.unload(outside).is_err());
    });
}

#[test]
fn what_is_linked_to_a_weak_symbol_has_the_one_that_it_may_see() {
    with_registry(|registry, manager| {
        let inside = source().exports(&["f"]).namespace("drivers").build();
        load(registry, manager, "inside", &inside).unwrap();
        let weak = load(registry, manager, "weak", &source().weak(&["f"]).build()).unwrap();
        load(registry, manager, "user", &object(&[], &["f"])).unwrap();
        assert!(registry.unload(weak).is_err(), "linked to what it was not granted");
    });
}

#[test]
fn interfaces_must_be_the_same_where_the_importer_says_one() {
    for hash in [0, 1, 0x0123_4567_89ab_cdef, u64::MAX] {
        with_registry(|registry, manager| {
            let lib = source().exports(&["f", "g"]).interface("f", hash).build();
            load(registry, manager, "lib", &lib).unwrap();
            assert_eq!(registry.reader().lookup("f").unwrap().interface, Some(hash));
            assert_eq!(registry.reader().lookup("g").unwrap().interface, None);
            let same = source().imports(&["f"]).interface("f", hash).build();
            load(registry, manager, "same", &same).unwrap();
            load(registry, manager, "careless", &object(&[], &["f"])).unwrap();
            let other = source().imports(&["f"]).interface("f", hash ^ 2).build();
            let error = refused(registry, manager, "other", &other);
            let text = error.to_string();
            for word in ["`f` of lib", &format!("{hash:#018x}"), &format!("{:#018x}", hash ^ 2)] {
                assert!(text.contains(word), "`{text}` does not say {word}");
            }
            let missing = source().imports(&["g"]).interface("g", hash).build();
            let error = refused(registry, manager, "missing", &missing);
            assert!(
                matches!(error, RegistryError::Interface { found: None, expected, .. }
                    if expected == hash),
                "{error}"
            );
            assert!(error.to_string().contains("lib does not say"), "{error}");
        });
    }
}

#[test]
fn the_kernel_says_of_no_interface_what_it_is() {
    with_registry(|registry, manager| {
        let file = source().imports(&["kernel_function"]).interface("kernel_function", 7).build();
        let error = refused(registry, manager, "user", &file);
        assert!(error.to_string().contains("the kernel does not say"), "{error}");
    });
}

#[test]
fn an_interface_of_what_a_module_neither_imports_nor_exports_is_no_matter() {
    with_registry(|registry, manager| {
        load(registry, manager, "lib", &object(&["f", "h"], &[])).unwrap();
        // Of one that nobody has, of one of a module that it needs, of the kernel's, of its own.
        let file = source().imports(&["h"]).interface("f", 7).interface("g", 8);
        let file = file.interface("kernel_function", 7);
        load(registry, manager, "user", &file.build()).unwrap();
        let own = source().visible("kernel_function", elf::STV_HIDDEN.0);
        let own = own.interface("kernel_function", 7).build();
        load(registry, manager, "own", &own).unwrap();
        let mut options = PlanOptions::default();
        options.kept = Kept::Finalisers;
        let own = source().exports(&["kernel_function"]).interface("kernel_function", 7).build();
        let request = request(&[&own]).named("nothing kept").with_options(options);
        registry.load(request, manager).unwrap();
    });
}

#[test]
fn only_so_many_interfaces_of_what_is_not_imported_may_be_wrong() {
    with_registry(|registry, manager| {
        let noted = |count| {
            (0..count).fold(source(), |file, n| file.interface("kernel_function", n)).build()
        };
        load(registry, manager, "64", &noted(64)).unwrap();
        let error = refused(registry, manager, "65", &noted(65));
        assert!(matches!(error, RegistryError::Interface { expected: 64, .. }), "{error}");
    });
}

#[test]
fn objects_of_one_module_agree_on_an_interface_and_the_definers_counts() {
    let exporter = |hashes: &[u64]| {
        let file = source().exports(&["f"]);
        hashes.iter().fold(file, |file, &hash| file.interface("f", hash)).build()
    };
    let user = |hash| source().imports(&["f"]).interface("f", hash).build();
    let objects = |exporter: &Elf, user: &Elf, result: Result<u64, (u64, u64)>| {
        for files in [[exporter, user], [user, exporter]] {
            with_registry(|registry, manager| {
                let before = state(registry);
                match registry.load(request(&files).named("m"), manager) {
                    Ok(module) => {
                        module.publish();
                        let found = registry.reader().lookup("f").unwrap().interface;
                        assert_eq!(found, result.ok());
                    }
                    Err(RegistryError::Interface { expected, found, by, .. }) => {
                        assert_eq!(found.map(|found| (expected, found)), result.err());
                        assert_eq!(&*by, "m");
                        assert_eq!(state(registry), before);
                    }
                    Err(error) => panic!("{error}"),
                }
            });
        }
    };
    objects(&exporter(&[7]), &user(7), Ok(7));
    objects(&exporter(&[7]), &user(8), Err((8, 7)));
    objects(&exporter(&[7, 8]), &object(&[], &["f"]), Err((8, 7)));
    // One that says nothing has others speak for the module.
    objects(&exporter(&[]), &user(8), Ok(8));
    // The definition that counts is not the weak one.
    let weak = source().weak(&["f"]).interface("f", 8).build();
    objects(&exporter(&[7]), &weak, Err((8, 7)));
}

#[test]
fn a_dependency_must_be_there_in_a_version_that_will_do() {
    with_registry(|registry, manager| {
        let user = || source().needs("lib", [1, 2, 0], [2, 0, 0]).build();
        let error = refused(registry, manager, "user", &user());
        assert_eq!(error.to_string(), "user needs lib >=1.2.0, <2.0.0, which is not loaded");
        for wrong in [[0, 9, 9], [1, 1, 9], [2, 0, 0], [u32::MAX, 0, 0]] {
            let lib = load(registry, manager, "lib", &source().version(wrong).build()).unwrap();
            let error = refused(registry, manager, "user", &user());
            let [a, b, c] = wrong;
            let text = format!("user needs lib >=1.2.0, <2.0.0, and lib {a}.{b}.{c} is loaded");
            assert_eq!(error.to_string(), text);
            registry.unload(lib).unwrap().finish();
        }
        for right in [[1, 2, 0], [1, 9, 0]] {
            let lib = load(registry, manager, "lib", &source().version(right).build()).unwrap();
            let user = load(registry, manager, "user", &user()).unwrap();
            let [major, minor, patch] = right;
            let version = registry.reader().get(lib).unwrap().version;
            assert_eq!(version, Version::new(major, minor, patch));
            // It keeps what it names, though it is linked to nothing there.
            assert_eq!(registry.unload(lib).unwrap_err().to_string(), "user needs lib");
            registry.unload(user).unwrap().finish();
            registry.unload(lib).unwrap().finish();
        }
    });
}

#[test]
fn a_version_of_its_own_is_checked_as_any() {
    with_registry(|registry, manager| {
        let file = source().version([1, 0, 0]).needs("self", [1, 0, 0], [2, 0, 0]).build();
        let id = load(registry, manager, "self", &file).unwrap();
        registry.unload(id).unwrap().finish();
        let file = source().version([2, 0, 0]).needs("self", [1, 0, 0], [2, 0, 0]).build();
        let error = refused(registry, manager, "self", &file);
        assert!(matches!(error, RegistryError::WrongVersion { .. }), "{error}");
    });
}

#[test]
fn notes_that_make_no_sense_are_refused() {
    with_registry(|registry, manager| {
        let file = source().needs("lib", [2, 0, 0], [1, 0, 0]).build();
        let error = refused(registry, manager, "user", &file);
        assert!(matches!(error, RegistryError::Metadata(_)), "{error}");
        let file = source().called("a").called("b").build();
        let error = refused(registry, manager, "user", &file);
        assert!(error.to_string().contains("different things"), "{error}");
    });
}

#[test]
fn scratch_that_is_too_short_is_refused_as_without_a_registry() {
    with_registry(|registry, manager| {
        let file = object(&["f"], &[]);
        let objects = [Object::parse("test.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects) - 1];
        let before = state(registry);
        let request = LoadRequest::new(&objects, &mut scratch).named("a");
        let error = registry.load(request, manager).unwrap_err();
        assert!(matches!(error, RegistryError::Load(Error::Scratch { .. })), "{error}");
        assert_eq!(state(registry), before);
    });
}
