//! Unwind tables: where they are, and the end that unwinders want behind each.

use loader_core::{Machine, Object, Plan, PlanOptions, Scratch, SegmentKind};

use crate::support::elf::ALLOC;
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Imports, TestManager};

/// An object with two unwind tables between other read-only sections.
fn object() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0x90; 16]);
    elf.rodata(&[1; 3]);
    for byte in [2, 3] {
        let table = elf.section(".eh_frame", ALLOC, &[byte; 24]);
        elf.edit(table).align = 8;
    }
    let after = elf.section(".rodata.after", ALLOC, &[4; 5]);
    elf.edit(after).align = 1;
    elf.build()
}

/// The tables, by offset in the read-only segment and size, and the segment's bytes.
fn load(terminate: bool) -> (Vec<(u64, u64)>, Vec<u8>) {
    let file = object();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut options = PlanOptions::default();
    options.terminate_unwind_tables = terminate;
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
    let planned = plan.segment(SegmentKind::ReadOnly).size;
    let manager = TestManager::new();
    let image = plan.place(&manager).unwrap().resolve(&Imports::default()).unwrap();
    let bytes = image.segment_bytes(SegmentKind::ReadOnly).to_vec();
    assert_eq!(bytes.len() as u64, planned);
    let module = image.seal().unwrap();
    let first =
        module.sections().find(|section| section.planned.section.name() == ".rodata".into());
    let start = first.unwrap().address.value();
    let tables = module.unwind_tables();
    let places = tables.map(|table| (table.address.value() - start, table.planned.size)).collect();
    (places, bytes)
}

#[test]
fn they_are_listed_with_address_and_size() {
    let (places, bytes) = load(false);
    assert_eq!(places, [(8, 24), (32, 24)]);
    assert_eq!(bytes[8..56], [[2; 24], [3; 24]].concat());
    assert_eq!(bytes[56..], [4; 5]);
}

#[test]
fn each_ends_where_that_is_asked_for() {
    let (places, bytes) = load(true);
    assert_eq!(places, [(8, 24), (40, 24)]);
    for ((start, size), byte) in places.into_iter().zip([2, 3]) {
        let end = (start + size) as usize;
        assert_eq!(bytes[start as usize..end], [byte; 24]);
        assert_eq!(bytes[end..end + 4], [0; 4]);
    }
    assert_eq!(bytes[68..], [4; 5]);
}
