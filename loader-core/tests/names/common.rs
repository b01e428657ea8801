//! COMMON symbols: memory that the loader makes, shared by name.

use loader_core::{Machine, SegmentKind};
use object::elf::R_X86_64_64;

use super::{both_orders, definer, user};
use crate::support::load::run;
use crate::support::{ElfBuilder, Image, Imports, TestManager, load};

fn data_segment(image: &Image) -> (u64, u64) {
    let segment = image.segments.iter().find(|s| s.0 == SegmentKind::Data).unwrap();
    (segment.1, segment.2.len() as u64)
}

#[test]
fn it_has_zeros_of_its_size_and_alignment() {
    for align in [1u64, 2, 8, 64, 4096, 0x1_0000] {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let data = elf.data(&[0xff; 9]);
        let symbol = elf.common("common", 100, align);
        elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
        let image = load(&elf.build(), &[]);
        let address = image.field(".data", 0, 8);
        assert_eq!((address % align, image.exports["common"]), (0, address));
        assert!(address >= image.section_address(".data") + 9);
        assert!(image.at(address, 100).iter().all(|&byte| byte == 0), "not cleared");
    }
}

#[test]
fn several_do_not_overlap() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let sizes = [(1u64, 1u64), (8, 8), (3, 1), (64, 32), (0, 4), (5, 2)];
    for (at, &(size, align)) in sizes.iter().enumerate() {
        elf.common(&format!("c{at}"), size, align);
    }
    let image = load(&elf.build(), &[]);
    let mut end = data_segment(&image).0;
    for (at, (size, align)) in sizes.into_iter().enumerate() {
        let address = image.exports[&format!("c{at}")];
        assert!(address >= end && address.is_multiple_of(align), "c{at} at {address:#x}");
        end = address + size;
    }
    assert_eq!(end, data_segment(&image).0 + data_segment(&image).1, "exact");
}

#[test]
fn the_largest_counts_with_the_greatest_alignment() {
    let small = definer("small", |elf, _| elf.common("common", 4, 64));
    let large = definer("large", |elf, _| elf.common("common", 1000, 4));
    both_orders(&small, &large, &[], |image, order| {
        let address = image.exports["common"];
        assert_eq!(image.field(".data.small", 0, 8), address, "{order}");
        assert_eq!(image.field(".data.large", 0, 8), address, "{order}");
        assert_eq!(address % 64, 0, "{order}");
        assert!(image.at(address, 1000).iter().all(|&byte| byte == 0));
        assert!(data_segment(image).1 < 1100, "one copy: {order}");
    });
}

#[test]
fn a_strong_definition_replaces_it() {
    let common = definer("common", |elf, _| elf.common("name", 1000, 4));
    let strong = definer("strong", |elf, home| elf.global("name", home, 8));
    both_orders(&common, &strong, &[], |image, order| {
        let address = image.section_address(".rodata.strong") + 8;
        assert_eq!(image.field(".data.common", 0, 8), address, "{order}");
        assert!(data_segment(image).1 < 100, "no memory for it: {order}");
    });
}

#[test]
fn it_replaces_a_weak_definition() {
    let common = definer("common", |elf, _| elf.common("name", 16, 4));
    let weak = definer("weak", |elf, home| elf.weak("name", home, 8));
    both_orders(&common, &weak, &[], |image, order| {
        let address = image.field(".data.common", 0, 8);
        assert_eq!(image.field(".data.weak", 0, 8), address, "{order}");
        assert!(image.at(address, 16).iter().all(|&byte| byte == 0), "{order}");
    });
}

#[test]
fn it_answers_for_undefined_ones() {
    let common = definer("common", |elf, _| elf.common("name", 16, 4));
    both_orders(&common, &user("name"), &[("name", 0xdead)], |image, order| {
        assert_eq!(image.field(".data.user", 0, 8), image.exports["name"], "{order}");
    });
}

#[test]
fn one_that_lost_is_where_the_other_is() {
    let common = definer("common", |elf, _| elf.common("name", 16, 4));
    let others = [
        definer("strong", |elf, home| elf.global("name", home, 8)),
        definer("large", |elf, _| elf.common("name", 64, 4)),
    ];
    for other in others {
        let files: [(&str, &[u8]); 2] = [("a.o", &common), ("b.o", &other)];
        run(&files, &TestManager::new(), &Imports::default(), |loaded| {
            let module = loaded.unwrap();
            let named = module.symbols().filter(|s| s.symbol.name().as_bytes() == b"name");
            let addresses: Vec<_> = named.map(|s| (s.prevails, s.address.value())).collect();
            let address = module.symbol("name").unwrap().value();
            assert_eq!(addresses, [(false, address), (true, address)]);
        });
    }
}
