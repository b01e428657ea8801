//! GDB's list, walked as GDB walks it.

use std::cell::RefCell;
use std::ptr;

use loader_core::{DebugSections, GdbJit, Machine};

use super::{Described, Same, options, with_module};
use crate::support::TestManager;

/// GDB's `struct jit_code_entry`.
#[repr(C)]
struct Entry {
    next: *const Entry,
    previous: *const Entry,
    address: u64,
    size: u64,
}

/// GDB's `struct jit_descriptor`.
#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *const Entry,
    first: *const Entry,
}

static JIT: GdbJit = GdbJit::new();

thread_local! {
    /// What GDB sees when it is told: the action, the image that it is about, and the list.
    static SEEN: RefCell<Vec<(u32, u64, Vec<u64>)>> = const { RefCell::new(Vec::new()) };
}

/// What the list is, whose links both ways must agree.
fn look() -> (u32, u64, Vec<u64>) {
    // SAFETY: GDB's layout is what `GdbJit` promises to begin with; this thread alone changes it.
    let descriptor = unsafe { ptr::read((&raw const JIT).cast::<Descriptor>()) };
    assert_eq!(descriptor.version, 1);
    let mut list = Vec::new();
    let (mut at, mut behind) = (descriptor.first, ptr::null());
    while !at.is_null() {
        // SAFETY: an entry on the list is in memory that its `RegisteredImages` holds.
        let entry = unsafe { ptr::read(at) };
        assert_eq!(entry.previous, behind);
        assert!(entry.size > 0);
        list.push(entry.address);
        (behind, at) = (at, entry.next);
    }
    let relevant = match descriptor.relevant.is_null() {
        true => 0,
        // SAFETY: it is on the list, or has just left it and is not freed yet.
        false => unsafe { ptr::read(descriptor.relevant).address },
    };
    (descriptor.action, relevant, list)
}

extern "C" fn changed() {
    SEEN.with_borrow_mut(|seen| seen.push(look()));
}

#[test]
fn images_come_and_go_in_any_order() {
    let file = |name: &str| {
        let mut described = Described::new(Machine::Aarch64, name);
        described.debug(".debug_info", 16);
        described.elf.build()
    };
    let (one, two) = (file("one"), file("two"));
    let files: [(&str, &[u8]); 2] = [("one.o", &one), ("two.o", &two)];
    with_module(&files, options(DebugSections::All), |module| {
        let managers = [0x2000_0000, 0x3000_0000, 0x4000_0000]
            .map(|at| TestManager::at(0, at, at + 0x10_0000));
        let second = module.plan().debug_size(0);
        let [a, b, c] = [0, 1, 2].map(|at: usize| {
            let images = module.debug_images(&managers[at], &Same).unwrap();
            JIT.register(images, changed)
        });
        let [a1, b1, c1] = [0x2000_0000, 0x3000_0000, 0x4000_0000];
        let [a2, b2, c2] = [a1, b1, c1].map(|at| at + second);
        assert_eq!(look(), (0, 0, vec![c2, c1, b2, b1, a2, a1]));
        drop(b);
        drop(c);
        drop(a);
        assert_eq!(look(), (0, 0, vec![]));
        let seen = SEEN.take();
        let expected = [
            (1, a1, vec![a1]),
            (1, a2, vec![a2, a1]),
            (1, b1, vec![b1, a2, a1]),
            (1, b2, vec![b2, b1, a2, a1]),
            (1, c1, vec![c1, b2, b1, a2, a1]),
            (1, c2, vec![c2, c1, b2, b1, a2, a1]),
            (2, b1, vec![c2, c1, b2, a2, a1]),
            (2, b2, vec![c2, c1, a2, a1]),
            (2, c1, vec![c2, a2, a1]),
            (2, c2, vec![a2, a1]),
            (2, a1, vec![a2]),
            (2, a2, vec![]),
        ];
        assert_eq!(seen, expected);
        assert!(managers.iter().all(|manager| manager.live() == 0));
    });
}
