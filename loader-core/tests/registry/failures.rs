//! Every step that can fail, and that nothing is left of it.

use loader_core::{Error, Machine, PlanOptions, RegistryError};
use object::elf::{R_X86_64_PC16, R_X86_64_PC32};

use super::*;
use crate::support::ElfBuilder;

/// Takes a step again and again, with its first call of the manager failing, its second, and so
/// on, until it goes well; each time, all must be as it was. Returns how many calls there were.
fn every_call(
    registry: &TestRegistry<'_>,
    manager: Manager,
    step: impl Fn() -> Result<(), Refused>,
) -> usize {
    for call in 0.. {
        let (before, used) = (state(registry), manager.used());
        manager.fail_at(call);
        let result = step();
        if !manager.failed() {
            result.unwrap();
            return call;
        }
        let error = result.expect_err("it went well though the manager failed");
        assert!(
            matches!(error, RegistryError::Load(Error::Allocate { .. } | Error::Seal { .. })),
            "{error}"
        );
        assert_eq!(state(registry), before, "call {call}: {error}");
        assert_eq!(manager.used(), used, "call {call}: {error}");
    }
    unreachable!()
}

fn published(prepared: Prepared<'_, '_>) -> Result<(), Refused> {
    prepared.publish();
    Ok(())
}

/// A step that makes no call which can fail.
fn no_call(manager: Manager, step: impl FnOnce()) {
    manager.fail_at(0);
    step();
    assert!(!manager.failed(), "it called the manager");
}

#[test]
fn a_manager_may_fail_at_any_call_of_a_load() {
    with_registry(|registry, manager| {
        let base = object(&["b"], &["kernel_function"]);
        let top = source().exports(&["t"]).imports(&["b"]).needs("base", [0; 3], [u32::MAX; 3]);
        let top = top.build();
        let step = || load(registry, manager, "base", &base).map(drop);
        assert_eq!(every_call(registry, manager, step), 4, "two segments");
        every_call(registry, manager, || load(registry, manager, "top", &top).map(drop));
        let step = || {
            let request = request(&[&object(&["lent"], &[])]).named("lender");
            published(registry.load_lending(request, manager)?)
        };
        every_call(registry, manager, step);
        let parts = [source().called("p").imports(&["t"]).build(), source().called("q").build()];
        every_call(registry, manager, || {
            let group = request(&[&parts[0], &parts[1]]).grouped(&[1, 1]);
            published(registry.load(group, manager)?)
        });
        let base = registry.module("base").unwrap();
        no_call(manager, || drop(registry.tear_down(base).unwrap()));
        let lender = registry.module("lender").unwrap();
        no_call(manager, || registry.unload(lender).unwrap().finish());
    });
}

#[test]
fn a_manager_may_fail_at_any_call_of_a_replacement() {
    with_registry(|registry, manager| {
        let base = load(registry, manager, "base", &object(&["b"], &[])).unwrap();
        let v1 = load(registry, manager, "lib", &object(&["f"], &["b"])).unwrap();
        load(registry, manager, "user", &object(&[], &["f"])).unwrap();
        let new = object(&["f", "g"], &["b"]);
        every_call(registry, manager, || {
            let new = registry.replace(v1, request(&[&new]).named("lib"), manager)?;
            let _ = new.publish_with(|_, _| Ok::<_, ()>(()));
            Ok(())
        });
        let lib = registry.module("lib").unwrap();
        assert_ne!(lib, v1);
        every_call(registry, manager, || replace(registry, manager, lib, "lib", &new).map(drop));
        let user = registry.module("user").unwrap();
        no_call(manager, || registry.unload(user).unwrap().finish());
        let mut retired: Vec<_> = registry.retired().collect();
        retired.sort_by_key(|id| *id != v1);
        assert_eq!(retired, [v1, lib]);
        no_call(manager, || drop(registry.tear_down(base).unwrap()));
        assert_eq!(registry.reader().modules().count(), 0);
    });
}

/// Leaves so many nodes free.
fn leave_nodes(registry: &TestRegistry<'_>, manager: Manager, left: usize) -> ModuleId {
    let exports = registry.free_nodes() - left - 1;
    let names: Vec<String> = (0..exports).map(|n| format!("filler{n}")).collect();
    let names: Vec<&str> = names.iter().map(|name| &**name).collect();
    load(registry, manager, "filler", &object(&names, &[])).unwrap()
}

#[test]
fn a_registry_may_lack_any_number_of_nodes() {
    with_registry(|registry, manager| {
        load(registry, manager, "base", &object(&["b"], &[])).unwrap();
        load(registry, manager, "named", &object(&["n"], &[])).unwrap();
        let file = source()
            .exports(&["x", "y", "z"])
            .imports(&["b"])
            .needs("named", [0; 3], [u32::MAX; 3])
            .build();
        const NODES: usize = 3 + 1 + 2; // exports, itself, needs
        for left in 0..NODES {
            let filler = leave_nodes(registry, manager, left);
            assert_eq!(registry.free_nodes(), left);
            let error = refused(registry, manager, "top", &file);
            let RegistryError::TooManySymbols { needed, free } = error else { panic!("{error}") };
            assert!(needed > free && free <= left, "{error}");
            registry.unload(filler).unwrap().finish();
        }
        leave_nodes(registry, manager, NODES);
        load(registry, manager, "top", &file).unwrap();
        assert_eq!(registry.free_nodes(), 0);
    });
}

#[test]
fn a_registry_may_lack_a_place() {
    with_registry(|registry, manager| {
        let v1 = load(registry, manager, "0", &object(&["f"], &[])).unwrap();
        for name in ["1", "2", "3", "4", "5", "6", "7"] {
            load(registry, manager, name, &object(&[], &["f"])).unwrap();
        }
        let error = refused(registry, manager, "8", &object(&[], &[]));
        assert_eq!(error, RegistryError::TooManyModules { limit: 8 });
        let before = state(registry);
        // A new version takes a place of its own as well.
        let error = replace(registry, manager, v1, "0", &object(&["f"], &[])).unwrap_err();
        assert_eq!(error, RegistryError::TooManyModules { limit: 8 });
        assert_eq!(state(registry), before);
        let last = registry.module("7").unwrap();
        registry.unload(last).unwrap().finish();
        replace(registry, manager, v1, "0", &object(&["f"], &[])).unwrap();
    });
}

#[test]
fn what_is_out_of_range_or_makes_no_sense_leaves_nothing() {
    with_registry(|registry, manager| {
        load(registry, manager, "base", &object(&["b"], &[])).unwrap();
        let far = {
            // The test's own code lies further from its heap than 16 bits reach, wherever that is.
            let mut elf = ElfBuilder::new(Machine::X86_64);
            let text = elf.text(&[0; 16]);
            let symbols = [elf.undefined("b"), elf.undefined("kernel_function")];
            elf.global("x", text, 0);
            elf.rela(text, 0, R_X86_64_PC32.0, symbols[0], 0);
            elf.rela(text, 4, R_X86_64_PC16.0, symbols[1], 0);
            elf.build()
        };
        let error = refused(registry, manager, "far", &far);
        assert!(matches!(error, RegistryError::Load(Error::OutOfRange { .. })), "{error}");
        let foreign = ElfBuilder::new(Machine::Aarch64).build();
        let mixed = request(&[&object(&["f"], &["b"]), &foreign]).named("mixed");
        let before = state(registry);
        let error = registry.load(mixed, manager).unwrap_err();
        assert!(matches!(error, RegistryError::Load(_)), "{error}");
        let mut options = PlanOptions::default();
        options.relaxation = true;
        let none = LoadRequest::new(&[], &mut []).named("none").with_options(options);
        match registry.load(none, manager) {
            Ok(prepared) => drop(prepared),
            Err(error) => assert!(matches!(error, RegistryError::Load(_)), "{error}"),
        }
        assert_eq!(state(registry), before);
    });
}
