//! Which sections make a set, where they lie, and where its boundaries are.

use loader_core::{Object, Plan, Scratch, SegmentKind, TargetAddress, scratch_len};
use object::elf::*;

use super::{CODE, CONSTANT, WRITABLE, between, boundaries, linked, part, user};
use crate::support::elf::SectionSpec;
use crate::support::{ElfBuilder, Imports, TestManager, load, load_with};
use loader_core::Machine;

#[test]
fn sections_of_several_objects_lie_one_behind_the_other() {
    let (a, b) = (part("table", WRITABLE, &[1; 24]), part("table", WRITABLE, &[2; 7]));
    let user = user("table").build();
    for files in [
        [("a.o", &a[..]), ("b.o", &b), ("user.o", &user)],
        [("user.o", &user[..]), ("a.o", &a), ("b.o", &b)],
    ] {
        // The first is aligned to 16, and so is the second.
        let expected = [&[1; 24][..], &[0; 8], &[2; 7]].concat();
        assert_eq!(between(&linked(&files)), expected);
    }
    let expected = [&[2; 7][..], &[0; 9], &[1; 24]].concat();
    assert_eq!(between(&linked(&[("b.o", &b), ("a.o", &a), ("user.o", &user)])), expected);
}

#[test]
fn they_lie_where_the_first_of_them_stands() {
    let (a, b) = (part("table", WRITABLE, &[1; 16]), part("table", WRITABLE, &[2; 16]));
    let user = user("table").build();
    let image = linked(&[("a.o", &a), ("b.o", &b), ("user.o", &user)]);
    let start = image.section_address(".data.before");
    assert_eq!(boundaries(&image), (start + 16, start + 48));
    let after: Vec<u64> =
        image.sections.iter().filter(|s| s.1 == ".data.after").map(|s| s.2 - start).collect();
    assert_eq!(after, [48, 80], "behind the set, each where its object has it");
}

#[test]
fn within_one_object_as_well() {
    let mut elf = user("table");
    for byte in [1, 2, 3] {
        elf.section("table", CONSTANT, &[byte; 16]);
        elf.section(".rodata", CONSTANT, &[9; 16]);
    }
    assert_eq!(between(&load(&elf.build(), &[])), [[1; 16], [2; 16], [3; 16]].concat());
}

#[test]
fn without_such_a_symbol_nothing_moves() {
    let (a, b) = (part("table", WRITABLE, &[1; 16]), part("table", WRITABLE, &[2; 16]));
    let other = user("other");
    let mut other = other;
    other.section("other", WRITABLE, &[3; 4]);
    let image = linked(&[("a.o", &a), ("b.o", &b), ("user.o", &other.build())]);
    let start = image.section_address(".data.before");
    let tables: Vec<u64> =
        image.sections.iter().filter(|s| s.1 == "table").map(|s| s.2 - start).collect();
    assert_eq!(tables, [16, 64]);
}

#[test]
fn what_one_writes_makes_all_writable() {
    let (a, b) = (part("table", CONSTANT, &[1; 16]), part("table", WRITABLE, &[2; 16]));
    let user = user("table").build();
    let image = linked(&[("a.o", &a), ("b.o", &b), ("user.o", &user)]);
    assert_eq!(between(&image), [[1; 16], [2; 16]].concat());
    let data = image.segments.iter().find(|s| s.0 == SegmentKind::Data).unwrap();
    let (start, _) = boundaries(&image);
    assert!(start >= data.1 && start - data.1 < data.2.len() as u64);
}

#[test]
fn constants_are_read_only_and_code_is_text() {
    for (flags, kind) in [(CONSTANT, SegmentKind::ReadOnly), (CODE, SegmentKind::Text)] {
        let a = part("table", flags, &[1; 16]);
        let image = linked(&[("a.o", &a), ("user.o", &user("table").build())]);
        let segment = image.segments.iter().find(|s| s.0 == kind).unwrap();
        assert_eq!(boundaries(&image), (segment.1 + 16, segment.1 + 32));
    }
}

#[test]
fn the_first_is_aligned_as_all_are() {
    let mut a = ElfBuilder::new(Machine::X86_64);
    a.section(".data", WRITABLE, &[0; 17]);
    let first = a.section("table", WRITABLE, &[1; 3]);
    a.edit(first).align = 1;
    let mut b = ElfBuilder::new(Machine::X86_64);
    let second = b.section("table", WRITABLE, &[2; 4]);
    b.edit(second).align = 64;
    let image =
        linked(&[("a.o", &a.build()), ("b.o", &b.build()), ("u.o", &user("table").build())]);
    let (start, stop) = boundaries(&image);
    assert_eq!((start % 64, stop - start), (0, 68), "as an output section of a linker has it");
}

#[test]
fn sections_of_no_bytes_have_boundaries() {
    let empty = part("table", WRITABLE, &[]);
    let image = linked(&[("a.o", &empty), ("user.o", &user("table").build())]);
    let at = image.section_address("table");
    assert_eq!(boundaries(&image), (at, at));
    assert_eq!(at, image.section_address(".data.before") + 16);
    // In an object that has not a byte in any other place, too.
    let mut alone = ElfBuilder::new(Machine::X86_64);
    alone.section("table", CONSTANT, &[]);
    let image = linked(&[("a.o", &alone.build()), ("user.o", &user("table").build())]);
    let (start, stop) = boundaries(&image);
    assert!(start == stop && start != 0);
}

#[test]
fn zeros_lie_behind_all_that_has_bytes_unless_a_part_has_some() {
    let zeros = |byte: Option<u8>| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.bss("table", 24, 8);
        if let Some(byte) = byte {
            elf.section("table", WRITABLE, &[byte; 8]);
        }
        elf.data(&[4; 16]);
        elf.build()
    };
    let user = user("table").build();
    let image = linked(&[("a.o", &zeros(None)), ("b.o", &zeros(None)), ("u.o", &user)]);
    let (start, stop) = boundaries(&image);
    assert_eq!((between(&image), stop - start), (vec![0; 48], 48));
    assert!(start > image.section_address(".data.user"));
    let image = linked(&[("a.o", &zeros(None)), ("b.o", &zeros(Some(7))), ("u.o", &user)]);
    let expected = [&[0; 24][..], &[0; 24], &[7; 8]].concat();
    assert_eq!(between(&image), expected);
    assert!(boundaries(&image).0 < image.section_address(".data.user"));
}

#[test]
fn dropped_groups_and_what_is_not_loaded_are_no_part() {
    let part = |byte: u8| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let table = elf.section("table", WRITABLE | SHF_GROUP.0, &[byte; 16]);
        let symbol = elf.weak("inline", table, 0);
        elf.group(symbol, GRP_COMDAT.0, &[table]);
        elf.section("table", 0, &[9; 8]);
        elf.section("table", CONSTANT | 0x8000_0000, &[9; 8]);
        elf.build()
    };
    let (a, b) = (part(1), part(2));
    let image = linked(&[("a.o", &a), ("b.o", &b), ("u.o", &user("table").build())]);
    assert_eq!(between(&image), [1; 16]);
}

#[test]
fn lists_of_functions_may_have_such_a_name() {
    let mut elf = user("table");
    let list = elf.add(SectionSpec {
        name: "table".into(),
        kind: SHT_INIT_ARRAY.0,
        flags: WRITABLE,
        align: 8,
        bytes: vec![0; 16],
        ..SectionSpec::default()
    });
    let data = elf.data(&[5; 8]);
    let function = elf.global("function", data, 4);
    elf.rela(list, 8, R_X86_64_64.0, function, 0);
    let image = load(&elf.build(), &[]);
    let (start, stop) = boundaries(&image);
    assert_eq!((stop - start, image.initialisers.len()), (16, 1));
    assert_eq!(image.pointer(start + 8), image.exports["function"]);
}

#[test]
fn boundaries_follow_the_first_and_the_last_section() {
    let (a, b) = (part("table", WRITABLE, &[1; 24]), part("table", WRITABLE, &[2; 7]));
    let user = user("table").build();
    let objects = [("a.o", &a[..]), ("b.o", &b), ("user.o", &user)]
        .map(|(name, bytes)| Object::parse(name, bytes).unwrap());
    let manager = TestManager::new();
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let mut image = Plan::new(&objects, &mut scratch).unwrap().place(&manager).unwrap();
    let pointers = |image: &loader_core::RelocatedImage<'_, '_, &TestManager>| {
        let data = image.segment_bytes(SegmentKind::Data);
        let user = image.plan().sections().find(|s| s.section.name() == ".data.user".into());
        let at = user.unwrap().offset as usize;
        [0, 8].map(|pointer| crate::support::number(&data[at + pointer..at + pointer + 8]))
    };
    image.map_section_address(0, 2, TargetAddress::new(0x4000)).unwrap();
    image.map_section_address(1, 2, TargetAddress::new(0x9000)).unwrap();
    let image = image.resolve(&Imports::default()).unwrap();
    assert_eq!(pointers(&image), [0x4000, 0x9007]);
    let mut image = image.unresolve();
    image.map_segment_address(SegmentKind::Data, TargetAddress::new(0x10_0000)).unwrap();
    let image = image.resolve(&Imports::default()).unwrap();
    assert_eq!(pointers(&image), [0x10_0010, 0x10_0010 + 32 + 7]);
}

#[test]
fn what_lies_between_the_parts_is_filled() {
    // Fresh memory is full of dirt; parts lie in another order than their objects have them.
    let part = |byte: u8| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.data(&[byte; 1]);
        elf.section("table", WRITABLE, &[byte; 1]);
        elf.data(&[byte; 1]);
        elf.build()
    };
    let (a, b, c) = (part(1), part(2), part(3));
    let user = user("table").build();
    let files: [(&str, &[u8]); 4] = [("a.o", &a), ("b.o", &b), ("c.o", &c), ("u.o", &user)];
    let image = load_with(&files, &TestManager::new(), &[]);
    let data = image.segments.iter().find(|s| s.0 == SegmentKind::Data).unwrap();
    let spare: Vec<u8> = data.2.iter().copied().filter(|byte| *byte == 0x5a).collect();
    assert!(spare.is_empty(), "{:x?}", data.2);
    assert_eq!(between(&image).iter().filter(|byte| **byte != 0).count(), 3);
}

#[test]
fn no_stubs_lie_between_them_in_a_long_text() {
    const CHUNK: u64 = 64 << 20;
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let far = elf.undefined("far");
    let call = 0x9400_0000u32.to_le_bytes();
    let first = elf.section(".text.first", CODE, &call);
    let filler = |elf: &mut ElfBuilder, size| {
        elf.add(SectionSpec {
            name: ".text.filler".into(),
            kind: SHT_NOBITS.0,
            flags: CODE,
            align: 16,
            nobits_size: size,
            ..SectionSpec::default()
        });
    };
    // The second begins where a stretch of the text does that has stubs of its own.
    filler(&mut elf, CHUNK - 32);
    let table = elf.section("table", CODE, &[7; 16]);
    filler(&mut elf, CHUNK);
    elf.section("table", CODE, &[7; 16]);
    let last = elf.section(".text.last", CODE, &call);
    for section in [first, last] {
        elf.rela(section, 0, R_AARCH64_CALL26.0, far, 0);
    }
    let start = elf.undefined("__start_table");
    let data = elf.data(&[0; 8]);
    elf.rela(data, 0, R_AARCH64_ABS64.0, start, 0);
    assert_eq!(table, 3);
    let file = elf.build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    let plan = Plan::new(&objects, &mut scratch).unwrap();
    assert_eq!(plan.stubs(), 2, "one in each stretch that calls");
    let offsets = plan.sections().filter(|s| s.section.name() == "table".into());
    let offsets: Vec<u64> = offsets.map(|planned| planned.offset).collect();
    assert_eq!(offsets, [CHUNK - 16, CHUNK]);
    let ends: Vec<_> = plan.sections().filter(|s| s.index == last || s.index == 4).collect();
    assert!(ends.iter().all(|planned| planned.offset > CHUNK + 16), "what follows makes room");
    let manager = TestManager::at(1 << 38, (1 << 38) + (1 << 30), (1 << 38) + (2 << 30));
    let manager = manager.limited_to(256 << 20);
    let image = plan.place(&manager).unwrap().resolve(&Imports::of(&[("far", 0x1234_5678)]));
    let image = image.unwrap();
    let text = image.segment_bytes(SegmentKind::Text);
    assert_eq!(text[CHUNK as usize - 16..][..32], [7; 32], "the stubs are written elsewhere");
}
