//! Threads that look up names and addresses without pause, while others load, replace and unload.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use loader_core::RegistryError;

use super::*;

const READERS: usize = 2;
const ROUNDS: usize = 1000;
/// Of several loads each.
const LONG_ROUNDS: usize = 300;

/// Runs writers, and beside them readers until all writers are done.
fn beside(
    registry: &TestRegistry<'_>,
    writers: &[&(dyn Fn() + Sync)],
    look: impl Fn(&TestRegistry<'_>) + Sync,
) {
    let (left, looks) = (AtomicUsize::new(writers.len()), AtomicUsize::new(0));
    let started = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                while left.load(SeqCst) != 0 {
                    look(registry);
                    looks.fetch_add(1, SeqCst);
                    started.store(true, SeqCst);
                    thread::yield_now(); // the machine may have fewer cores than threads
                }
            });
        }
        for &writer in writers {
            let left = &left;
            let started = &started;
            scope.spawn(move || {
                while !started.load(SeqCst) {
                    thread::yield_now();
                }
                writer();
                left.fetch_sub(1, SeqCst);
            });
        }
    });
    assert!(looks.load(SeqCst) > 0);
}

#[test]
fn who_loads_and_who_unloads_wait_for_readers() {
    with_registry(|registry, manager| {
        let file = object(&["f"], &[]);
        let waits = |step: &(dyn Fn() + Sync), ready: &dyn Fn() -> bool| {
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                let reader = registry.reader();
                scope.spawn(|| {
                    step();
                    done.store(true, SeqCst);
                });
                while !ready() {
                    thread::yield_now();
                }
                for _ in 0..2000 {
                    thread::yield_now();
                }
                assert!(!done.load(SeqCst), "it did not wait");
                drop(reader);
            });
            assert!(done.load(SeqCst));
        };
        manager.fail_at(usize::MAX);
        let step = || assert!(load(registry, manager, "a", &file).is_ok());
        waits(&step, &|| manager.calls() == 4); // all but the entry into the registry
        let id = registry.module("a").unwrap();
        let step = || registry.unload(id).unwrap().finish();
        waits(&step, &|| registry.module("a").is_none());
    });
}

/// Stops who prints a registry, and with it its lock, until `go`.
struct Stop<'a> {
    stopped: &'a AtomicBool,
    go: &'a AtomicBool,
}

impl Write for Stop<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.contains("first") && !self.stopped.swap(true, SeqCst) {
            until(|| self.go.load(SeqCst));
        }
        Ok(())
    }
}

fn until(mut done: impl FnMut() -> bool) {
    while !done() {
        thread::yield_now();
    }
}

/// Somebody who looks at a module as it goes, between its last reader and the end of its removal,
/// does not see what comes in its place.
#[test]
fn what_a_module_needs_that_has_gone_is_not_what_its_successor_needs() {
    let pause = || thread::sleep(Duration::from_millis(50));
    with_registry(|registry, manager| {
        load(registry, manager, "lib", &object(&["f"], &[])).unwrap();
        let gone = load(registry, manager, "gone", &object(&["g"], &[])).unwrap();
        let (stopped, go) = (&AtomicBool::new(false), &AtomicBool::new(false));
        thread::scope(|scope| {
            let leaving = registry.unload(gone).unwrap();
            let first = registry.reader();
            let remover = scope.spawn(move || drop(leaving));
            pause();
            // It waits for `first` before it hides the module, and then for who came until then.
            drop(first);
            let mut late = registry.reader();
            until(|| {
                let hidden = late.get(gone).is_none();
                if !hidden {
                    late = registry.reader();
                }
                hidden
            });
            let printer = scope.spawn(|| write!(Stop { stopped, go }, "{registry:?}").unwrap());
            until(|| stopped.load(SeqCst));
            drop(late);
            pause(); // the remover waits for the lock, and for no reader any more
            let reader = registry.reader();
            let needs = reader.needs(gone);
            go.store(true, SeqCst);
            printer.join().unwrap();
            let start = Instant::now();
            until(|| remover.is_finished() || start.elapsed() > Duration::from_secs(2));
            let user = object(&[], &["f"]);
            // Where the machine was too busy, the remover waits for this reader, and so nothing comes.
            let loading = remover
                .is_finished()
                .then(|| scope.spawn(move || load(registry, manager, "user", &user).unwrap()));
            pause(); // it has the same place, and waits for `reader`
            assert_eq!(needs.count(), 0);
            drop(reader);
            remover.join().unwrap();
            loading.map(|loading| loading.join().unwrap());
        });
    });
}

/// Looks at everything that a registry has: each symbol's name begins with its module's, but for
/// those of `lib`.
fn look_at_all(registry: &TestRegistry<'_>) {
    let reader = registry.reader();
    for module in reader.modules() {
        assert!(["lib", "one", "two", "both"].contains(&module.name), "{}", module.name);
        for symbol in module.symbols.unwrap().symbols() {
            let name = symbol.name.to_string();
            assert!(name.starts_with(module.name), "`{name}` of {}", module.name);
            if let Some(found) = reader.find(symbol.address) {
                assert_eq!(found.module, module.name);
                let (at, behind) = found.symbol.unwrap();
                assert_eq!((at.name, behind), (symbol.name, 0));
            }
        }
        for needed in reader.needs(module.id) {
            assert_eq!(module.name, "both", "it needs {}", needed.name);
            assert!(["one", "two"].contains(&needed.name), "{}", needed.name);
        }
    }
}

/// Looks up a name that is always there, and all that follows from it.
fn look_up_lib(registry: &TestRegistry<'_>) {
    let reader = registry.reader();
    let found = reader.lookup("lib_f").expect("found in neither version");
    let id = found.module.unwrap();
    assert_eq!(found.module_name, "lib");
    let location = reader.find(found.address).expect("it is not there any more");
    assert_eq!(location.module, "lib");
    assert_eq!(location.symbol.unwrap().0.name, "lib_f".into());
    let module = reader.get(id).expect("gone while somebody reads");
    assert_eq!(module.name, "lib");
    assert_eq!(module.symbols.unwrap().get("lib_f".into()).unwrap().address, found.address);
    assert_eq!(reader.module("lib").expect("neither version is there").name, "lib");
    // A reader may hold what it has found.
    match registry.hold(id) {
        Ok(hold) => drop(hold),
        Err(RegistryError::Busy { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Replaces `lib` by itself, and unloads what nobody needs any more.
fn replace_lib(registry: &TestRegistry<'_>, manager: Manager, files: &[Elf]) {
    let mut current = registry.module("lib").unwrap();
    for round in 0..ROUNDS {
        let file = &files[round % files.len()];
        let objects = [Object::parse("lib.o", file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects)];
        let request = LoadRequest::new(&objects, &mut scratch).named("lib");
        let new = registry.replace(current, request, manager).unwrap();
        if round % 5 == 4 {
            continue; // an initialiser failed, say
        }
        current = new.publish();
        for old in registry.retired() {
            match registry.unload(old) {
                Ok(leaving) => leaving.finish(),
                Err(RegistryError::Held { .. }) => {} // another time
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn lib_versions() -> Vec<Elf> {
    [&["lib_f"][..], &["lib_f", "lib_g"], &["lib_e", "lib_f", "lib_z"]]
        .iter()
        .enumerate()
        .map(|(n, exports)| source().longer(48 * n).exports(exports).build())
        .collect()
}

#[test]
fn one_of_two_versions_is_always_found() {
    with_registry(|registry, manager| {
        // All versions export what the first one does.
        let files = [lib_versions().remove(0), source().weak(&[]).exports(&["lib_f"]).build()];
        load(registry, manager, "lib", &files[0]).unwrap();
        let writer = || replace_lib(registry, manager, &files);
        beside(registry, &[&writer], look_up_lib);
        let _ = registry.retired().map(|old| registry.unload(old).unwrap().finish()).count();
        assert_eq!(registry.reader().modules().count(), 1);
    });
}

/// Loads `one`, `two` and `both`, which needs them, and has them go in one way or another.
fn load_and_unload(registry: &TestRegistry<'_>, manager: Manager) {
    let files = [
        ("one", object(&["one_a", "one_b", "one_c"], &[])),
        ("two", source().exports(&["two_a"]).longer(100).build()),
        ("both", object(&["both_a", "both_b"], &["one_b", "two_a"])),
    ];
    for round in 0..LONG_ROUNDS {
        let [one, two, both] = [0, 1, 2].map(|at| {
            let (name, file) = &files[at];
            let objects = [Object::parse(name, file).unwrap()];
            let mut scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects)];
            let request = LoadRequest::new(&objects, &mut scratch).named(name);
            let prepared = registry.load(request, manager).unwrap();
            (at != 2 || round % 3 != 0).then(|| prepared.publish())
        });
        match (round % 2, both) {
            (0, _) => {
                drop(registry.tear_down(one.unwrap()).unwrap());
                registry.unload(two.unwrap()).unwrap().finish();
            }
            (_, both) => {
                for id in [both, two, one].into_iter().flatten() {
                    registry.unload(id).unwrap().finish();
                }
            }
        }
    }
}

#[test]
fn nothing_that_is_found_is_torn_while_two_threads_load() {
    with_registry(|registry, manager| {
        let before = registry.free_nodes();
        let files = [lib_versions().remove(0), lib_versions().remove(0)];
        let lib = load(registry, manager, "lib", &files[0]).unwrap();
        let replacing = || replace_lib(registry, manager, &files);
        let loading = || load_and_unload(registry, manager);
        beside(registry, &[&replacing, &loading], |registry| {
            look_at_all(registry);
            look_up_lib(registry);
        });
        let _ = registry.retired().map(|old| registry.unload(old).unwrap().finish()).count();
        assert_eq!(registry.unload(lib).unwrap_err(), RegistryError::Gone);
        registry.unload(registry.module("lib").unwrap()).unwrap().finish();
        assert_eq!(registry.free_nodes(), before);
    });
}

#[test]
fn threads_that_load_the_same_name_do_not_both_succeed() {
    with_registry(|registry, manager| {
        let file = object(&["f"], &[]);
        let (won, there) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let objects = [Object::parse("a.o", &file).unwrap()];
                        let mut scratch = vec![Scratch::ZERO; loader_core::scratch_len(&objects)];
                        let request = LoadRequest::new(&objects, &mut scratch).named("a");
                        match registry.load(request, manager) {
                            Ok(prepared) => {
                                assert_eq!(there.fetch_add(1, SeqCst), 0, "it is there twice");
                                let id = prepared.publish();
                                let leaving = registry.unload(id).unwrap();
                                there.fetch_sub(1, SeqCst);
                                drop(leaving);
                                won.fetch_add(1, SeqCst);
                            }
                            Err(
                                RegistryError::NameTaken { .. } | RegistryError::Duplicate { .. },
                            ) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                });
            }
        });
        assert!(won.load(SeqCst) > 0);
        assert_eq!(registry.reader().modules().count(), 0);
    });
}
