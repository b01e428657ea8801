//! Modules that are written here and run elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;

use loader_core::{
    ArenaMemoryManager, MemoryError, Object, Plan, RemoteMemoryManager, Scratch, SegmentKind,
    SegmentRequest, TargetAddress, TargetMemory, UnprotectedPlatform, scratch_len,
};

use super::arena;
use crate::lifecycle::mapping::{first_load, imports, objects};

/// Where the segments of each kind go.
const PLACES: [u64; 3] = [0x8000_0000, 0x8010_0000, 0x8020_0000];

/// What was asked for, and the bytes that came.
type Reserved = (SegmentRequest, Option<Vec<u8>>);

/// A target that keeps books, and fails where it is told to.
#[derive(Default)]
struct Far {
    /// What is reserved: for what, how much, and what was sent to it.
    segments: RefCell<BTreeMap<u64, Reserved>>,
    calls: RefCell<usize>,
    fail_at: Option<usize>,
}

impl Far {
    fn call(&self) -> Result<(), MemoryError> {
        let call = self.calls.replace_with(|calls| *calls + 1);
        if self.fail_at == Some(call) { Err(MemoryError::Refused("no answer")) } else { Ok(()) }
    }

    /// What was sent, in the order of [`SegmentKind::ALL`].
    fn sent(&self) -> Vec<Vec<u8>> {
        let segments = self.segments.borrow();
        segments.values().map(|(_, sent)| sent.clone().unwrap()).collect()
    }
}

impl TargetMemory for Far {
    fn reserve(&self, request: SegmentRequest) -> Result<TargetAddress, MemoryError> {
        self.call()?;
        let address = PLACES[request.kind as usize];
        let before = self.segments.borrow_mut().insert(address, (request, None));
        assert!(before.is_none(), "it is in use");
        Ok(TargetAddress::new(address))
    }

    fn seal(
        &self,
        kind: SegmentKind,
        target: TargetAddress,
        bytes: &[u8],
    ) -> Result<(), MemoryError> {
        self.call()?;
        let mut segments = self.segments.borrow_mut();
        let (request, sent) = segments.get_mut(&target.value()).unwrap();
        assert_eq!((request.kind, request.size, &*sent), (kind, bytes.len(), &None));
        *sent = Some(bytes.to_vec());
        Ok(())
    }

    fn release(&self, kind: SegmentKind, target: TargetAddress, size: usize) {
        let (request, _) = self.segments.borrow_mut().remove(&target.value()).unwrap();
        assert_eq!((request.kind, request.size), (kind, size));
    }
}

type Local = ArenaMemoryManager<UnprotectedPlatform>;

fn local() -> Local {
    ArenaMemoryManager::shared(arena::<0x4000>(), 16, UnprotectedPlatform)
}

fn is_unused(local: &Local) -> bool {
    SegmentKind::ALL.iter().all(|kind| local.used(*kind) == 0)
}

#[test]
fn what_is_sent_is_a_first_load_at_the_addresses_there() {
    for file in objects() {
        let (here, there) = (local(), Far::default());
        let manager = RemoteMemoryManager::new(&here, &there);
        let objects = [Object::parse("test.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
        let image = Plan::new(&objects, &mut scratch).unwrap().place(&manager).unwrap();
        let module = image.resolve(&imports()).unwrap().seal().unwrap();
        assert!(there.sent() == first_load(&file, PLACES));
        let data = module.symbol("in_data").unwrap();
        assert!((PLACES[2]..PLACES[2] + 64).contains(&data.value()), "{data}");
        module.unload();
        assert!(there.segments.borrow().is_empty() && is_unused(&here));
    }
}

#[test]
fn a_segment_that_is_mapped_elsewhere_is_sent_to_its_memory() {
    const SEEN: [u64; 3] = [0x10_0000, 0x20_0000, 0x30_0000];
    for file in objects() {
        let (here, there) = (local(), Far::default());
        let manager = RemoteMemoryManager::new(&here, &there);
        let objects = [Object::parse("test.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
        let mut image = Plan::new(&objects, &mut scratch).unwrap().place(&manager).unwrap();
        for (kind, seen) in SegmentKind::ALL.into_iter().zip(SEEN) {
            image.map_segment_address(kind, seen.into()).unwrap();
        }
        let _module = image.resolve(&imports()).unwrap().seal().unwrap();
        assert!(there.segments.borrow().keys().copied().eq(PLACES));
        assert!(there.sent() == first_load(&file, SEEN));
    }
}

#[test]
fn whatever_fails_leaves_nothing_there_or_here() {
    for file in objects() {
        let here = local();
        let mut failed = 0;
        for fail_at in 0.. {
            let there = Far { fail_at: Some(fail_at), ..Far::default() };
            let manager = RemoteMemoryManager::new(&here, &there);
            let objects = [Object::parse("test.o", &file).unwrap()];
            let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
            let image = Plan::new(&objects, &mut scratch).unwrap().place(&manager);
            let module = image.and_then(|image| image.resolve(&imports())).and_then(|r| r.seal());
            let is_loaded = module.is_ok();
            assert_eq!(is_loaded, *there.calls.borrow() <= fail_at);
            drop(module);
            assert!(there.segments.borrow().is_empty() && is_unused(&here), "call {fail_at}");
            if is_loaded {
                break;
            }
            failed += 1;
        }
        assert_eq!(failed, 6, "three segments are reserved, and sealed");
    }
}

#[test]
fn what_has_no_room_here_asks_for_none_there() {
    let file = &objects()[0];
    let (full, there) =
        (ArenaMemoryManager::shared(arena::<0x40>(), 16, UnprotectedPlatform), Far::default());
    let manager = RemoteMemoryManager::new(&full, &there);
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    assert!(Plan::new(&objects, &mut scratch).unwrap().place(&manager).is_err());
    assert!(there.segments.borrow().is_empty() && is_unused(&full));
}

#[test]
fn pointers_lead_to_the_memory_of_modules_that_run_here() {
    let file = &objects()[2];
    let here = local();
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let image = Plan::new(&objects, &mut scratch).unwrap().place(&here).unwrap();
    let near = |_: loader_core::Name<'_>| Some(TargetAddress::new(arena_address(&here)));
    let module = image.resolve(&near).unwrap().seal().unwrap();
    let (address, pointer) =
        (module.symbol("in_data").unwrap(), module.pointer("in_data").unwrap());
    assert_eq!(pointer.as_ptr().addr() as u64, address.value());
    let data = module.segments().find(|s| s.kind() == SegmentKind::Data).unwrap();
    assert_eq!(pointer.as_ptr().addr(), data.local().as_ptr().addr() + 3);
    assert_eq!(module.pointer("far"), None, "it is an import");
    assert_eq!(module.pointer_at(address.wrapping_add(0x1000)), None);
    let end = data.target().wrapping_add(data.size() as u64);
    assert_eq!(module.pointer_at(end), None);
}

/// An address near an arena's memory.
fn arena_address(manager: &Local) -> u64 {
    use loader_core::MemoryManager;
    let request = SegmentRequest { kind: SegmentKind::Data, size: 16, align: 16 };
    let segment = manager.allocate(request).unwrap();
    let address = segment.target().value();
    manager.free(segment);
    address
}
