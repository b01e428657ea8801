//! Modules that need each other, loaded as one.

use loader_core::RegistryError;

use super::*;

const ONE_EACH: &[usize] = &[1, 1];

/// Two that call each other.
fn mutual() -> [Elf; 2] {
    [
        source().called("left").version([1, 0, 0]).exports(&["l"]).imports(&["r"]).build(),
        source().called("right").version([2, 0, 0]).exports(&["r"]).imports(&["l"]).build(),
    ]
}

fn load_group(
    registry: &TestRegistry<'_>,
    manager: Manager,
    files: &[&Elf],
    parts: &'static [usize],
) -> Result<ModuleId, Refused> {
    let before = state(registry);
    let loaded = registry.load(request(files).grouped(parts), manager);
    match loaded {
        Ok(prepared) => Ok(prepared.publish()),
        Err(error) => {
            assert_eq!(state(registry), before, "{error}");
            Err(error)
        }
    }
}

#[test]
fn modules_that_need_each_other_come_and_go_together() {
    with_registry(|registry, manager| {
        let before = state(registry);
        let [left, right] = mutual();
        assert!(registry.load(request(&[&left]), manager).is_err(), "right is not there");
        let id = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap();
        let reader = registry.reader();
        for (name, version, symbol) in [("left", 1, "l"), ("right", 2, "r")] {
            let module = reader.module(name).unwrap();
            assert_eq!((module.id, module.version.major, module.seen), (id, version, true));
            assert_eq!(reader.lookup(symbol).unwrap().module, Some(id));
        }
        assert_eq!(reader.modules().count(), 2);
        drop(reader);
        let user = source().needs("right", [2, 0, 0], [3, 0, 0]).imports(&["l"]).build();
        let user = load(registry, manager, "user", &user).unwrap();
        assert_eq!(registry.unload(id).unwrap_err().to_string(), "user needs left");
        registry.unload(user).unwrap().finish();
        let leaving = registry.unload(id).unwrap();
        assert_eq!((registry.module("left"), registry.module("right")), (None, None));
        drop(leaving);
        assert_eq!(state(registry), before);
    });
}

#[test]
fn parts_may_need_each_other_by_name_and_in_a_version() {
    with_registry(|registry, manager| {
        let right = || source().called("right").version([2, 0, 0]).build();
        let left = |min, below| source().called("left").needs("right", min, below).build();
        let (good, bad) = (left([2, 0, 0], [3, 0, 0]), left([1, 0, 0], [2, 0, 0]));
        let error = load_group(registry, manager, &[&bad, &right()], ONE_EACH).unwrap_err();
        assert!(matches!(error, RegistryError::WrongVersion { .. }), "{error}");
        let id = load_group(registry, manager, &[&good, &right()], ONE_EACH).unwrap();
        assert_eq!(registry.reader().needs(id).count(), 0, "it needs itself");
    });
}

#[test]
fn every_part_has_a_name_that_nobody_else_has() {
    with_registry(|registry, manager| {
        let [left, right] = mutual();
        let error = load_group(registry, manager, &[&left, &object(&["r"], &["l"])], ONE_EACH);
        assert_eq!(error.unwrap_err(), RegistryError::Unnamed);
        // More parts than objects, in any way.
        for parts in [&[1, 1, 1][..], &[2, 1], &[0, 2], &[usize::MAX, 1], &[1, usize::MAX, 1]] {
            let error = load_group(registry, manager, &[&left, &right], parts).unwrap_err();
            let unnamed = matches!(error, RegistryError::Unnamed | RegistryError::Metadata(_));
            assert!(unnamed, "{parts:?}: {error}");
        }
        let twin = source().called("left").exports(&["r"]).imports(&["l"]).build();
        let error = load_group(registry, manager, &[&left, &twin], ONE_EACH).unwrap_err();
        assert_eq!(error.to_string(), "a module left is loaded; unload it, or replace it");
        load(registry, manager, "right", &object(&[], &[])).unwrap();
        let error = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap_err();
        assert_eq!(error.to_string(), "a module right is loaded; unload it, or replace it");
    });
}

#[test]
fn the_names_of_all_parts_are_free_once_the_group_goes() {
    with_registry(|registry, manager| {
        let [left, right] = mutual();
        let id = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap();
        refused(registry, manager, "right", &object(&[], &[]));
        let leaving = registry.unload(id).unwrap();
        load(registry, manager, "right", &object(&[], &[])).unwrap();
        drop(leaving);
    });
}

#[test]
fn all_parts_are_in_one_namespace() {
    with_registry(|registry, manager| {
        let part = |name, namespace| source().called(name).namespace(namespace).build();
        let plain = source().called("b").build();
        let nameless = source().build();
        for files in [
            [&part("a", "x"), &part("b", "y")],
            [&part("a", "x"), &plain],
            [&plain, &part("a", "x")],
        ] {
            let error = load_group(registry, manager, &files, ONE_EACH).unwrap_err();
            assert_eq!(error, RegistryError::MixedNamespaces);
        }
        // Also where the notes of all parts go together.
        let named = request(&[&nameless, &part("b", "x")]).named("a").grouped(ONE_EACH);
        let error = registry.load(named, manager).unwrap_err();
        assert_eq!(error, RegistryError::MixedNamespaces);
        let same = [&part("a", "x"), &part("b", "x")];
        load_group(registry, manager, &same, ONE_EACH).unwrap();
        assert_eq!(registry.reader().module("b").unwrap().namespace, "x");
    });
}

/// The same two, which say what `l` is, the second only as far as it knows.
fn agreeing(left: u64, right: Option<u64>) -> [Elf; 2] {
    let user = source().called("right").exports(&["r"]).imports(&["l"]);
    let user = right.into_iter().fold(user, |user, hash| user.interface("l", hash));
    let definer = source().called("left").exports(&["l"]).imports(&["r"]);
    [definer.interface("l", left).build(), user.build()]
}

#[test]
fn exports_of_a_group_keep_their_interfaces() {
    with_registry(|registry, manager| {
        let [left, right] = agreeing(7, None);
        let v1 = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap();
        assert_eq!(registry.reader().lookup("l").unwrap().interface, Some(7));
        let user = |hash| source().imports(&["l"]).interface("l", hash).build();
        load(registry, manager, "user", &user(7)).unwrap();
        let error = refused(registry, manager, "other", &user(8));
        assert!(error.to_string().contains("`l` of left has"), "{error}");
        let [left, right] = agreeing(8, Some(8));
        let v2 = registry.replace(v1, request(&[&left, &right]).grouped(ONE_EACH), manager);
        assert!(matches!(v2, Err(RegistryError::Unfit { .. })), "{v2:?}");
    });
}

#[test]
fn parts_of_a_group_agree_on_interfaces() {
    with_registry(|registry, manager| {
        let [left, right] = agreeing(7, Some(8));
        let error = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap_err();
        let RegistryError::Interface { expected: 8, found: Some(7), by, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(&*by, "left");
        let [left, right] = agreeing(7, Some(7));
        load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap();
    });
}

#[test]
fn what_is_found_is_the_parts_that_has_it() {
    with_registry(|registry, manager| {
        let [left, right] = mutual();
        let more = source().exports(&["m"]).build();
        let last = source().called("last").exports(&["z"]).build();
        let files = [&left, &more, &right, &last];
        let id = load_group(registry, manager, &files, &[2, 1, 1]).unwrap();
        let reader = registry.reader();
        for (symbol, part) in [("l", "left"), ("m", "left"), ("r", "right"), ("z", "last")] {
            let found = reader.lookup(symbol).unwrap();
            assert_eq!((found.module, found.module_name), (Some(id), part));
            let location = reader.find(found.address).unwrap();
            assert_eq!((location.module, location.symbol.unwrap().0.name), (part, symbol.into()));
        }
    });
}

#[test]
fn a_group_takes_a_place_for_each_part_or_none() {
    with_registry(|registry, manager| {
        for name in ["1", "2", "3", "4", "5", "6", "7"] {
            load(registry, manager, name, &object(&[], &[])).unwrap();
        }
        let [left, right] = mutual();
        let error = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap_err();
        assert_eq!(error, RegistryError::TooManyModules { limit: 8 });
        registry.unload(registry.module("4").unwrap()).unwrap().finish();
        let id = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap();
        registry.unload(id).unwrap().finish();
    });
}

#[test]
fn a_group_takes_the_place_of_a_group() {
    with_registry(|registry, manager| {
        let [left, right] = mutual();
        let v1 = load_group(registry, manager, &[&left, &right], ONE_EACH).unwrap();
        let hold = registry.hold(v1).unwrap();
        let new = registry.replace(v1, request(&[&left, &right]).grouped(ONE_EACH), manager);
        let v2 = new.unwrap().publish();
        assert_eq!((registry.module("left"), registry.module("right")), (Some(v2), Some(v2)));
        assert_eq!(registry.retired().count(), 0);
        drop(hold);
        assert!(registry.retired().eq([v1]));
        registry.unload(v1).unwrap().finish();
        assert_eq!(registry.module("right"), Some(v2));
        assert_eq!(registry.reader().modules().count(), 2);
        // A new version may have fewer parts: then the others' names are free.
        let both = source().called("left").exports(&["l", "r"]).build();
        let v3 = registry.replace(v2, request(&[&both]), manager).unwrap().publish();
        load(registry, manager, "right", &object(&[], &[])).unwrap();
        assert_eq!(registry.module("left"), Some(v3));
        registry.unload(v2).unwrap().finish();
    });
}
