//! From an order to modules that are loaded.

use loader_core::{
    Candidate, Cycles, ExportTable, LoadOrder, LoadRequest, Object, Registry, RegistryMemory,
    Scratch, Version, scratch_len,
};

use super::Spec;
use crate::support::{Image, TestManager};

type TestRegistry<'r> = Registry<'r, 'static, &'static TestManager>;

/// Loads what is wanted and all that it needs; returns the names of each step, and what was
/// loaded.
fn load(registry: &TestRegistry<'_>, modules: &[Spec], wanted: &[&str]) -> Vec<(String, Image)> {
    let files: Vec<_> = modules.iter().map(Spec::build).collect();
    let objects: Vec<_> = files.iter().map(|file| [Object::parse("o", file).unwrap()]).collect();
    let candidates: Vec<_> = objects.iter().map(|object| Candidate::new(object).unwrap()).collect();
    let mut scratch = vec![Scratch::ZERO; LoadOrder::scratch_len(&candidates)];
    let order = {
        let reader = registry.reader();
        let present = |name: &str| reader.module(name).map(|module| module.version);
        LoadOrder::new(&candidates, wanted, &present, Cycles::Group, &mut scratch).unwrap()
    };
    let mut loaded = Vec::new();
    for (number, step) in order.steps().enumerate() {
        let base = 0x1000_0000 * (16 * registry.reader().modules().count() + number + 1) as u64;
        let manager = TestManager::at(base, base + 0x100_0000, base + 0x200_0000);
        let manager: &'static TestManager = Box::leak(Box::new(manager));
        let members: Vec<_> = step.objects().collect();
        let counts: Vec<_> = step.candidates().map(|module| module.objects().len()).collect();
        let mut scratch = vec![Scratch::ZERO; scratch_len(&members)];
        let mut request = LoadRequest::new(&members, &mut scratch);
        if step.one().is_none() {
            request = request.grouped(&counts);
        }
        let prepared = registry.load(request, manager).unwrap_or_else(|error| panic!("{error}"));
        let image = Image::of(&prepared);
        prepared.publish();
        loaded.push((format!("{step:?}"), image));
    }
    loaded
}

fn with_registry(test: impl FnOnce(&TestRegistry<'_>)) {
    let memory = RegistryMemory::<'static, &'static TestManager, 8, 64>::new();
    let registry = memory.registry(ExportTable::new(&[]).unwrap()).unwrap();
    test(&registry);
}

/// Where a call goes that lies in memory at an address.
fn callee(image: &Image, call: u64) -> u64 {
    let code = image.at(call, 5);
    assert_eq!(code[0], 0xe8);
    let distance = i32::from_le_bytes(code[1..].try_into().unwrap());
    call.wrapping_add(5).wrapping_add_signed(distance.into())
}

#[test]
fn a_diamond_is_loaded_in_its_order() {
    with_registry(|registry| {
        let modules = [
            Spec::new("top", &["left", "right"]).calls("top_run", &["left_run", "right_run"]),
            Spec::new("right", &[])
                .needs("base", [1, 0, 0], [2, 0, 0])
                .calls("right_run", &["base_run"]),
            Spec::new("left", &["base"]).calls("left_run", &["base_run"]),
            Spec::new("base", &[]).version([1, 3, 0]).calls("base_run", &[]),
        ];
        let loaded = load(registry, &modules[2..], &["left"]);
        let names: Vec<_> = loaded.iter().map(|(names, _)| names.as_str()).collect();
        assert_eq!(names, [r#"["base"]"#, r#"["left"]"#]);
        // What is there already is not loaded again.
        let loaded = load(registry, &modules, &["top"]);
        let names: Vec<_> = loaded.iter().map(|(names, _)| names.as_str()).collect();
        assert_eq!(names, [r#"["right"]"#, r#"["top"]"#]);
        assert!(load(registry, &modules, &["top", "base"]).is_empty());
        let reader = registry.reader();
        let base = reader.module("base").unwrap();
        assert_eq!((base.version, base.dependents), (Version::new(1, 3, 0), 2));
        let mut needs: Vec<_> =
            reader.needs(reader.module("top").unwrap().id).map(|module| module.name).collect();
        needs.sort_unstable();
        assert_eq!(needs, ["left", "right"]);
    });
}

#[test]
fn a_cycle_is_loaded_as_a_group_whose_members_call_each_other() {
    with_registry(|registry| {
        let modules = [
            Spec::new("user", &["ping"]).calls("user_run", &["ping_run"]),
            Spec::new("pong", &["ping", "base"]).calls("pong_run", &["ping_run", "base_run"]),
            Spec::new("ping", &["pong"]).version([2, 0, 0]).calls("ping_run", &["pong_run"]),
            Spec::new("base", &[]).calls("base_run", &[]),
        ];
        let loaded = load(registry, &modules, &["user"]);
        let names: Vec<_> = loaded.iter().map(|(names, _)| names.as_str()).collect();
        assert_eq!(names, [r#"["base"]"#, r#"["pong", "ping"]"#, r#"["user"]"#]);
        let reader = registry.reader();
        let address = |name| reader.lookup(name).unwrap().address.value();
        let (ping, pong) = (address("ping_run"), address("pong_run"));
        let (_, group) = &loaded[1];
        assert_eq!(callee(group, ping), pong);
        assert_eq!(callee(group, pong), ping);
        let [ping, pong] = ["ping", "pong"].map(|name| reader.module(name).unwrap());
        assert_eq!((ping.id, ping.version), (pong.id, Version::new(2, 0, 0)));
        assert_eq!(pong.version, Version::new(0, 0, 0));
        assert_eq!(reader.needs(ping.id).map(|module| module.name).collect::<Vec<_>>(), ["base"]);
    });
}
