//! What a module may be called.

use loader_core::{ModuleName, NAME_MAX, RegistryError};

use super::*;

#[test]
fn a_name_is_the_requests_or_the_metadatas_and_there_must_be_one() {
    with_registry(|registry, manager| {
        let unnamed = object(&["f"], &[]);
        let error = registry.load(request(&[&unnamed]), manager).unwrap_err();
        assert_eq!(error, RegistryError::Unnamed);
        assert_eq!(refused(registry, manager, "", &unnamed), RegistryError::Unnamed);
        let file = source().called("inside").build();
        registry.load(request(&[&file]), manager).unwrap().publish();
        assert!(registry.module("inside").is_some());
        let other = load(registry, manager, "outside", &file).unwrap();
        assert_eq!(registry.module("outside"), Some(other));
        assert_eq!(registry.module("inside_"), None);
    });
}

#[test]
fn the_longest_name_is_kept_whole_and_a_longer_one_is_refused() {
    with_registry(|registry, manager| {
        let longest: &'static str = String::leak("x".repeat(NAME_MAX));
        let too_long: &'static str = String::leak("x".repeat(NAME_MAX + 1));
        let id = load(registry, manager, longest, &object(&[], &[])).unwrap();
        assert_eq!(registry.reader().get(id).unwrap().name, longest);
        let error = refused(registry, manager, too_long, &object(&[], &[]));
        let RegistryError::NameTooLong { name } = error else { panic!("{error}") };
        assert_eq!(&*name, format!("{}…", "x".repeat(NAME_MAX - 3)));
        let file = source().called(too_long).build();
        let error = registry.load(request(&[&file]), manager).unwrap_err();
        assert!(matches!(error, RegistryError::NameTooLong { .. }), "{error}");
        let file = source().namespace(too_long).build();
        let error = refused(registry, manager, "a", &file);
        assert!(matches!(error, RegistryError::NameTooLong { .. }), "{error}");
        let file = source().namespace(longest).build();
        load(registry, manager, "a", &file).unwrap();
        // Nobody is called so, so nobody can need it.
        let file = source().needs(too_long, [0; 3], [u32::MAX; 3]).build();
        let error = refused(registry, manager, "b", &file);
        assert!(matches!(error, RegistryError::MissingDependency { .. }), "{error}");
    });
}

#[test]
fn two_modules_of_one_name_are_refused_from_the_first_load_on() {
    with_registry(|registry, manager| {
        let name = ModuleName::new("a").unwrap();
        let prepared = prepare(registry, manager, "a", &object(&[], &[])).unwrap();
        assert_eq!(registry.module("a"), None, "seen before it was published");
        let error = refused(registry, manager, "a", &object(&[], &[]));
        assert_eq!(error, RegistryError::NameTaken { name });
        assert_eq!(error.to_string(), "a module a is loaded; unload it, or replace it");
        let id = prepared.publish();
        assert_eq!(refused(registry, manager, "a", &object(&[], &[])), error);
        let leaving = registry.unload(id).unwrap();
        // It goes, so its name is free: the new one is another module.
        let other = load(registry, manager, "a", &object(&[], &[])).unwrap();
        assert_eq!(registry.module("a"), Some(other));
        drop(leaving);
        assert_eq!(registry.module("a"), Some(other));
        assert_ne!(other, id);
    });
}

#[test]
fn a_module_may_be_called_as_a_symbol_is() {
    with_registry(|registry, manager| {
        let a = load(registry, manager, "f", &object(&["a"], &[])).unwrap();
        let f = load(registry, manager, "a", &object(&["f"], &[])).unwrap();
        assert_eq!((exporter(registry, "a"), exporter(registry, "f")), (Some(a), Some(f)));
        assert_eq!((registry.module("f"), registry.module("a")), (Some(a), Some(f)));
    });
}
