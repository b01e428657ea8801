//! Each manager's module is the one that any other manager's memory at the same addresses gets.

use loader_core::{
    ArenaMemoryManager, Error, FixedMemoryManager, FixedPlace, Machine, MemoryError, MemoryManager,
    MpuMemoryManager, Object, Plan, Scratch, Segment, SegmentKind, TargetAddress,
    UnprotectedPlatform, scratch_len,
};

use super::{address, arena};
use crate::support::modules::{IMPORT, MACHINES, module};
use crate::support::{Imports, TestManager, load_with};

/// No branch gets there from anywhere.
const FAR: u64 = 0x7fff_0000_0000;

type Segments = Vec<(SegmentKind, u64, Vec<u8>)>;

/// What a manager's module is, which must be what memory at the same addresses gets.
fn segments(manager: impl MemoryManager, machine: Machine) -> Segments {
    let file = module(machine);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let plan = Plan::new(&objects, &mut scratch).unwrap();
    let imports = [(IMPORT, FAR)];
    let module = plan.place(&manager).unwrap().resolve(&Imports::of(&imports)).unwrap();
    let module = module.seal().unwrap();
    // SAFETY: nothing of the module runs.
    let bytes = |s: &Segment| unsafe { s.bytes() }.to_vec();
    let found: Segments =
        module.segments().map(|s| (s.kind(), s.target().value(), bytes(s))).collect();
    let [text, read_only, data] = SegmentKind::ALL.map(|kind| {
        found.iter().find(|(other, ..)| *other == kind).map_or(0, |(_, target, _)| *target)
    });
    let twin = TestManager::at(text, read_only, data);
    let expected = load_with(&[("test.o", &file)], &twin, &imports).segments;
    assert_eq!(found, expected, "{machine:?}");
    let entry = module.symbol("entry").unwrap();
    assert!(module.contains(entry));
    assert_eq!(entry.value(), text);
    found
}

/// The memory that segments take, in whole units of `unit`, each kind's apart.
fn units(segments: &Segments, unit: u64) -> Vec<(u64, u64)> {
    let unit_of = |at: u64| at / unit;
    segments
        .iter()
        .map(|(_, start, bytes)| (unit_of(*start), unit_of(start + bytes.len() as u64 - 1)))
        .collect()
}

fn are_apart(mut units: Vec<(u64, u64)>) -> bool {
    units.sort_unstable();
    units.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

#[test]
fn one_arena_serves_all_kinds_and_no_page_two() {
    let manager = ArenaMemoryManager::shared(arena::<0x10000>(), 4096, UnprotectedPlatform);
    for machine in MACHINES {
        let found = segments(&manager, machine);
        assert_eq!(found.len(), 3);
        assert!(are_apart(units(&found, 4096)), "{machine:?}");
        for kind in SegmentKind::ALL {
            assert_eq!((manager.used(kind), manager.largest_free(kind)), (0, 0x10000));
        }
    }
}

#[test]
fn three_arenas_serve_a_kind_each() {
    let [text, read_only, data] = [(); 3].map(|()| arena::<0x4000>());
    let starts = [&text, &read_only, &data].map(|arena| address(arena.start()) as u64);
    let manager = ArenaMemoryManager::new(text, read_only, data, 16, UnprotectedPlatform);
    for machine in MACHINES {
        let found = segments(&manager, machine);
        assert!(found.iter().map(|(_, start, _)| start).eq(&starts), "{machine:?}");
    }
}

#[test]
fn modules_share_one_arena() {
    let manager = ArenaMemoryManager::shared(arena::<0x10000>(), 4096, UnprotectedPlatform);
    let file = module(Machine::X86_64);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let imports = Imports::of(&[(IMPORT, FAR)]);
    let mut lent = vec![vec![Scratch::ZERO; scratch_len(&objects)]; 5];
    let mut modules: Vec<_> = lent
        .iter_mut()
        .map(|scratch| {
            let plan = Plan::new(&objects, scratch).unwrap();
            plan.place(&manager).unwrap().resolve(&imports).unwrap().seal().unwrap()
        })
        .collect();
    let kind = SegmentKind::Data;
    assert_eq!((manager.used(kind), manager.free_bytes(kind)), (15 * 4096, 4096));
    // A sixth finds room for its text only, which comes back.
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let error = Plan::new(&objects, &mut scratch).unwrap().place(&manager).unwrap_err();
    let Error::Allocate { kind: SegmentKind::ReadOnly, cause, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(cause, MemoryError::Exhausted { free: 0 });
    assert_eq!(manager.used(kind), 15 * 4096);
    modules.remove(1);
    modules.remove(2);
    assert_eq!((manager.free_bytes(kind), manager.largest_free(kind)), (7 * 4096, 3 * 4096));
    drop(modules);
    assert_eq!(manager.largest_free(kind), 0x10000);
}

#[test]
fn fixed_places_may_be_far_from_the_memory() {
    for machine in MACHINES {
        let targets = [0x800_0000u64, 0x801_0000, 0x2000_0000];
        let memory = [(); 3].map(|()| arena::<0x1000>());
        let [text, read_only, data] = memory;
        let [at_text, at_read_only, at_data] = targets.map(TargetAddress::new);
        let places = [
            FixedPlace::new(text, at_text),
            FixedPlace::new(read_only, at_read_only),
            FixedPlace::new(data, at_data),
        ];
        let manager = FixedMemoryManager::new(places, 4096, UnprotectedPlatform);
        for _ in 0..2 {
            let found = segments(&manager, machine);
            assert!(found.iter().map(|(_, start, _)| start).eq(&targets), "{machine:?}");
            assert!(SegmentKind::ALL.iter().all(|&kind| !manager.is_used(kind)));
        }
    }
}

#[test]
fn a_fixed_place_holds_one_module_at_a_time() {
    let places = [(); 3].map(|()| FixedPlace::new(arena::<0x1000>(), TargetAddress::new(0x8000)));
    let manager = FixedMemoryManager::new(places, 4096, UnprotectedPlatform);
    let file = module(Machine::X86_64);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = [0, 1].map(|_| vec![Scratch::ZERO; scratch_len(&objects)]);
    let [first, second] = &mut scratch;
    let placed = Plan::new(&objects, first).unwrap().place(&manager).unwrap();
    let error = Plan::new(&objects, second).unwrap().place(&manager).unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
    let Error::Allocate { kind: SegmentKind::Text, cause, .. } = error else { panic!("{error:?}") };
    assert_eq!(cause, MemoryError::InUse);
    drop(placed);
    Plan::new(&objects, second).unwrap().place(&manager).unwrap();
    assert!(SegmentKind::ALL.iter().all(|&kind| !manager.is_used(kind)));
}

#[test]
fn a_module_that_does_not_fit_leaves_the_other_places_free() {
    // Text and constants fit, the data is aligned to 64 and its place to 32.
    let [text, read_only, data] = [(); 3].map(|()| arena::<0x1000>());
    let at = |arena, target| FixedPlace::new(arena, TargetAddress::new(target));
    let places = [at(text, 0x1000), at(read_only, 0x2000), at(data, 0x3020)];
    let manager = FixedMemoryManager::new(places, 1, UnprotectedPlatform);
    let file = module(Machine::Riscv64);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let error = Plan::new(&objects, &mut scratch).unwrap().place(&manager).unwrap_err();
    let Error::Allocate { kind: SegmentKind::Data, cause, .. } = error else { panic!("{error:?}") };
    assert_eq!(cause, MemoryError::Misaligned { align: 64 });
    assert!(SegmentKind::ALL.iter().all(|&kind| !manager.is_used(kind)));
}

#[test]
fn regions_are_what_the_plan_says() {
    let manager = MpuMemoryManager::shared(arena::<0x1000>(), 32, Some(3), UnprotectedPlatform);
    for machine in MACHINES {
        let file = module(machine);
        let objects = [Object::parse("test.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
        let plan = Plan::new(&objects, &mut scratch).unwrap();
        let plans = SegmentKind::ALL.map(|kind| plan.segment(kind).region(32).unwrap());
        let placed = plan.place(&manager).unwrap();
        assert_eq!(
            manager.used(SegmentKind::Text) as u64,
            plans.map(|plan| plan.size).iter().sum()
        );
        assert_eq!(manager.regions(), 3);
        drop(placed);
        let found = segments(&manager, machine);
        for ((_, start, bytes), plan) in found.iter().zip(plans) {
            assert!(plan.size.is_power_of_two() && start.is_multiple_of(plan.size));
            assert_eq!(bytes.len() as u64 + plan.waste, plan.size);
        }
        assert!(manager.is_whole(SegmentKind::Text));
        assert_eq!((manager.regions(), manager.free_bytes(SegmentKind::Text)), (0, 0x1000));
    }
}

#[test]
fn a_module_of_three_segments_needs_three_regions() {
    let manager = MpuMemoryManager::shared(arena::<0x1000>(), 32, Some(2), UnprotectedPlatform);
    let file = module(Machine::Aarch64);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let error = Plan::new(&objects, &mut scratch).unwrap().place(&manager).unwrap_err();
    assert!(error.to_string().contains("all 2 regions are in use"), "{error}");
    assert_eq!((manager.regions(), manager.used(SegmentKind::Text)), (0, 0));
}
