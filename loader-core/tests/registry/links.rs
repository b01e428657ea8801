//! Which definition an import is linked to, and who is kept by that.

use loader_core::{Error, RegistryError, RegistryMemory};
use object::elf;

use super::*;

#[test]
fn a_strong_definition_counts_before_a_weak_one_in_any_order() {
    for weak_first in [false, true] {
        with_registry(|registry, manager| {
            let weak = source().weak(&["f"]).build();
            let strong = object(&["f"], &[]);
            if weak_first {
                load(registry, manager, "weak", &weak).unwrap();
            }
            let id = load(registry, manager, "strong", &strong).unwrap();
            if !weak_first {
                load(registry, manager, "weak", &weak).unwrap();
            }
            assert_eq!(exporter(registry, "f"), Some(id));
            let user = prepare(registry, manager, "user", &object(&[], &["f"])).unwrap();
            assert_eq!(pointer(&user, 0), address(registry, "f").unwrap());
            assert!(registry.unload(id).is_err(), "not kept");
        });
    }
}

#[test]
fn of_weak_definitions_alone_the_first_one_counts() {
    with_registry(|registry, manager| {
        let weak = source().weak(&["f"]).build();
        let first = load(registry, manager, "first", &weak).unwrap();
        let second = load(registry, manager, "second", &weak).unwrap();
        assert_eq!(exporter(registry, "f"), Some(first));
        let user = load(registry, manager, "user", &object(&[], &["f"])).unwrap();
        registry.unload(second).unwrap().finish();
        let error = registry.unload(first).unwrap_err();
        assert_eq!(error.to_string(), "user needs first");
        registry.unload(user).unwrap().finish();
        registry.unload(first).unwrap().finish();
        assert_eq!(exporter(registry, "f"), None);
    });
}

#[test]
fn hidden_and_local_symbols_are_not_seen_and_protected_ones_are() {
    with_registry(|registry, manager| {
        let file = source()
            .visible("hidden", elf::STV_HIDDEN.0)
            .visible("internal", elf::STV_INTERNAL.0)
            .visible("protected", elf::STV_PROTECTED.0)
            .local("local")
            .build();
        let id = load(registry, manager, "lib", &file).unwrap();
        assert_eq!(exporter(registry, "protected"), Some(id));
        for name in ["hidden", "internal", "local"] {
            assert_eq!(exporter(registry, name), None, "{name}");
            let error = refused(registry, manager, "user", &object(&[], &[name]));
            assert!(matches!(error, RegistryError::Load(Error::Undefined { .. })), "{error}");
        }
        // Nor do they stand in anybody's way.
        load(registry, manager, "other", &object(&["hidden", "local"], &[])).unwrap();
    });
}

#[test]
fn a_hidden_reference_is_not_linked_to_another_module() {
    with_registry(|registry, manager| {
        let lib = load(registry, manager, "lib", &object(&["f"], &[])).unwrap();
        let user = source().imports_hidden("f", elf::STB_GLOBAL).build();
        let error = refused(registry, manager, "user", &user);
        assert!(matches!(error, RegistryError::Load(Error::Undefined { .. })), "{error}");
        let weak = source().imports_hidden("f", elf::STB_WEAK).build();
        let weak = prepare(registry, manager, "weak", &weak).unwrap();
        assert_eq!(pointer(&weak, 0), 0);
        registry.unload(lib).unwrap().finish(); // nobody needs it
    });
}

#[test]
fn a_hidden_reference_hides_the_definition_in_its_module() {
    with_registry(|registry, manager| {
        let definer = object(&["f", "g"], &[]);
        let user = source().imports_hidden("f", elf::STB_GLOBAL).build();
        let module = registry.load(request(&[&definer, &user]).named("m"), manager).unwrap();
        assert_ne!(pointer(&module, 0), 0);
        let id = module.publish();
        assert_eq!((exporter(registry, "f"), exporter(registry, "g")), (None, Some(id)));
        load(registry, manager, "other", &object(&["f"], &[])).unwrap();
    });
}

#[test]
fn unique_symbols_of_several_modules_are_no_duplicates() {
    with_registry(|registry, manager| {
        let unique = source().unique("_ZN1TIiE1vE").build();
        let first = load(registry, manager, "first", &unique).unwrap();
        load(registry, manager, "second", &unique).unwrap();
        assert_eq!(exporter(registry, "_ZN1TIiE1vE"), Some(first));
        load(registry, manager, "user", &object(&[], &["_ZN1TIiE1vE"])).unwrap();
        assert_eq!(registry.unload(first).unwrap_err().to_string(), "user needs first");
    });
}

#[test]
fn what_is_said_to_be_resolved_is_what_was_linked() {
    with_registry(|registry, manager| {
        let weak = load(registry, manager, "weak", &source().weak(&["f"]).build()).unwrap();
        let inside = source().exports(&["f"]).namespace("secret").build();
        load(registry, manager, "inside", &inside).unwrap();
        // It needs `inside`, and is not granted what that exports.
        let user = source().imports(&["f"]).needs("inside", [0; 3], [9, 0, 0]).build();
        let user = prepare(registry, manager, "user", &user).unwrap();
        let reader = registry.reader();
        let by = user.resolved(&reader, "f".into()).unwrap();
        assert_eq!((by.module, by.address.value()), (Some(weak), pointer(&user, 0)));
        with_registry(|other, manager| {
            load(other, manager, "weak", &source().weak(&["f"]).build()).unwrap();
            assert!(user.resolved(&other.reader(), "f".into()).is_none(), "of another registry");
        });
        drop(reader);
    });
}

#[test]
fn the_kernels_exports_are_there_and_are_nobodys_to_define() {
    with_registry(|registry, manager| {
        let kernel = KERNEL[0].address();
        let reader = registry.reader();
        let found = reader.lookup("kernel_function").unwrap();
        assert_eq!((found.address, found.module), (kernel, None));
        assert_eq!(found.module_name, "the kernel");
        drop(reader);
        let user = prepare(registry, manager, "user", &object(&[], &["kernel_function"])).unwrap();
        assert_eq!(pointer(&user, 0), kernel.value());
        drop(user);
        let error = refused(registry, manager, "rival", &object(&["kernel_function"], &[]));
        assert_eq!(error.to_string(), "`kernel_function` is exported by the kernel already");
        // A weak one may be there, and does not count.
        let weak = source().weak(&["kernel_function"]).build();
        load(registry, manager, "weak", &weak).unwrap();
        assert_eq!(exporter(registry, "kernel_function"), None);
        assert_eq!(address(registry, "kernel_function"), Some(kernel.value()));
    });
}

#[test]
fn a_second_strong_definition_is_refused_and_says_whose_the_first_is() {
    with_registry(|registry, manager| {
        let first = load(registry, manager, "first", &object(&["f"], &[])).unwrap();
        let error = refused(registry, manager, "second", &object(&["e", "f"], &[]));
        assert_eq!(error.to_string(), "`f` is exported by first already");
        registry.unload(first).unwrap().finish();
        // One that is only prepared counts as well: it will be published.
        let prepared = prepare(registry, manager, "first", &object(&["f"], &[])).unwrap();
        let error = refused(registry, manager, "second", &object(&["f"], &[]));
        assert!(matches!(error, RegistryError::Duplicate { .. }), "{error}");
        drop(prepared);
        load(registry, manager, "second", &object(&["f"], &[])).unwrap();
    });
}

#[test]
fn what_nobody_defines_is_named_with_its_place() {
    with_registry(|registry, manager| {
        let file = object(&["f"], &["nowhere"]);
        let error = refused(registry, manager, "user", &file);
        let text = error.to_string();
        for word in ["test.o", "nowhere"] {
            assert!(text.contains(word), "`{text}` does not say {word}");
        }
        let RegistryError::Load(Error::Undefined { symbol, .. }) = error else { panic!("{text}") };
        assert_eq!(symbol, "nowhere".into());
    });
}

#[test]
fn a_weak_import_of_nothing_is_0_and_one_of_something_keeps_it() {
    with_registry(|registry, manager| {
        let user = source().imports_weakly(&["f"]).build();
        let alone = prepare(registry, manager, "alone", &user).unwrap();
        assert_eq!(pointer(&alone, 0), 0);
        alone.publish();
        let lib = load(registry, manager, "lib", &object(&["f"], &[])).unwrap();
        let linked = prepare(registry, manager, "linked", &user).unwrap();
        assert_eq!(Some(pointer(&linked, 0)), address(registry, "f"));
        let error = registry.unload(lib).unwrap_err();
        assert_eq!(error.to_string(), "linked needs lib");
    });
}

#[test]
fn exports_of_what_is_only_prepared_are_not_linked_to() {
    with_registry(|registry, manager| {
        let lib = prepare(registry, manager, "lib", &object(&["f"], &[])).unwrap();
        let user = object(&[], &["f"]);
        refused(registry, manager, "user", &user);
        lib.publish();
        load(registry, manager, "user", &user).unwrap();
    });
}

#[test]
fn a_module_may_link_to_many() {
    let memory = RegistryMemory::<'static, Manager, 64, 512>::new();
    let manager = Books::leaked();
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    let names: Vec<&'static str> = (0..63).map(|n| &*String::leak(format!("module{n}"))).collect();
    for name in &names {
        let exports: Vec<String> = (0..4).map(|n| format!("{name}_f{n}")).collect();
        let exports: Vec<&str> = exports.iter().map(|name| &**name).collect();
        load(&registry, manager, name, &object(&exports, &[])).unwrap();
    }
    // Each is imported twice, and needed once.
    let imports: Vec<String> =
        names.iter().flat_map(|name| [format!("{name}_f1"), format!("{name}_f3")]).collect();
    let imports: Vec<&str> = imports.iter().map(|name| &**name).collect();
    let user = prepare(&registry, manager, "user", &object(&[], &imports)).unwrap();
    for (at, name) in imports.iter().enumerate() {
        assert_eq!(Some(pointer(&user, at)), address(&registry, name));
    }
    let user = user.publish();
    let reader = registry.reader();
    let mut needs: Vec<_> = reader.needs(user).map(|module| module.name).collect();
    needs.sort_unstable();
    let mut all = names.clone();
    all.sort_unstable();
    assert_eq!(needs, all);
    assert!(reader.modules().filter(|m| m.id != user).all(|m| m.dependents == 1));
    drop(reader);
    let error = load(&registry, manager, "one more", &object(&[], &[])).unwrap_err();
    assert_eq!(error, RegistryError::TooManyModules { limit: 64 });
    drop(registry);
    manager.check_whole();
}
