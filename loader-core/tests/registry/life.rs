//! From a load to an unload.

use loader_core::RegistryError;

use super::{load, object, with_registry};

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
