//! A module that outlives its object and its scratch memory, and modules side by side.

use loader_core::{Machine, Object, Plan, Scratch, SegmentKind, scratch_len};

use crate::support::{ElfBuilder, Imports, TestManager};

#[test]
fn what_is_detached_needs_neither_object_nor_scratch() {
    let manager = TestManager::new();
    let resident = {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.text(&[0x90; 64]);
        elf.bss(".bss", 16, 8);
        let file = elf.build();
        let objects = [Object::parse("test.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
        let plan = Plan::new(&objects, &mut scratch).unwrap();
        let image = plan.place(&manager).unwrap().resolve(&Imports::default()).unwrap();
        image.seal().unwrap().detach()
    };
    assert_eq!(manager.live(), 2);
    let kinds: Vec<_> = resident.segments().map(|s| (s.kind(), s.size())).collect();
    assert_eq!(kinds, [(SegmentKind::Text, 64), (SegmentKind::Data, 16)]);
    // SAFETY: nothing of the module runs.
    let text = unsafe { resident.segments().next().unwrap().bytes() };
    assert!(text.iter().all(|&byte| byte == 0x90));
    resident.unload();
    assert_eq!(manager.live(), 0);
}

#[test]
fn modules_live_side_by_side_and_go_in_any_order() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.text(&[0; 64]);
    elf.data(&[3; 16]);
    let file = elf.build();
    let manager = TestManager::new();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut modules = Vec::new();
    for _ in 0..8 {
        let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
        let plan = Plan::new(&objects, &mut scratch).unwrap();
        let image = plan.place(&manager).unwrap().resolve(&Imports::default()).unwrap();
        modules.push(image.seal().unwrap().detach());
    }
    for (left, at) in [3, 0, 5, 1].into_iter().enumerate() {
        assert_eq!(manager.live(), (8 - left) * 2);
        modules.swap_remove(at).unload();
    }
    drop(modules);
    assert_eq!(manager.live(), 0);
}
