//! The memory of images: exactly what was said, and all of it given back.

use loader_core::{DebugSections, Machine, SegmentKind};

use super::{Described, Same, options, with_module};
use crate::support::TestManager;
use crate::support::manager::Wrong;

fn two_objects() -> [Vec<u8>; 2] {
    ["one", "two"].map(|name| {
        let mut described = Described::new(Machine::X86_64, name);
        described.debug(".debug_info", 17);
        described.elf.build().to_vec()
    })
}

#[test]
fn it_is_as_large_as_was_said() {
    let [one, two] = two_objects();
    with_module(&[("one.o", &one), ("two.o", &two)], options(DebugSections::All), |module| {
        let sizes = [0, 1].map(|object| module.plan().debug_size(object) as usize);
        let manager = TestManager::new();
        let images = module.debug_images(&manager, &Same).unwrap();
        let asked: Vec<_> = manager.requests().iter().map(|r| (r.kind, r.size, r.align)).collect();
        let total = sizes[0] + sizes[1];
        assert_eq!(asked, [(SegmentKind::ReadOnly, total, 8), (SegmentKind::Data, 64, 8)]);
        assert_eq!((images.count(), images.bytes().len()), (2, total));
        assert_eq!((manager.live(), manager.sealed()), (2, 2));
        let each: Vec<_> = images.images().collect();
        assert_eq!(each, [&images.bytes()[..sizes[0]], &images.bytes()[sizes[0]..]]);
        assert!(each.iter().all(|image| image.starts_with(b"\x7fELF")));
        drop(images);
        assert_eq!(manager.live(), 0);
    });
}

#[test]
fn a_manager_that_fails_gets_everything_back() {
    let [one, two] = two_objects();
    with_module(&[("one.o", &one), ("two.o", &two)], options(DebugSections::All), |module| {
        for call in 0..4 {
            let manager = TestManager::new().failing_at(call);
            module.debug_images(&manager, &Same).unwrap_err();
            assert_eq!((manager.live(), manager.calls()), (0, call + 1));
        }
        for wrong in [Wrong::Align, Wrong::End, Wrong::Kind, Wrong::Size] {
            let manager = TestManager::new().wrong(wrong);
            module.debug_images(&manager, &Same).unwrap_err();
            assert_eq!(manager.live(), 0, "{wrong:?}");
        }
    });
}
