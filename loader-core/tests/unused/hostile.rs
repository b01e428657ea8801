//! Ties that lie: links to nowhere and in circles, groups of what is no member.

use loader_core::{Defect, Error, Keep, Object, Phase, Plan, Scratch};
use object::elf::*;

use super::{CONSTANT, WRITABLE, builder, keeping, kept, planned, pointing};
use crate::support::Link;

#[test]
fn links_to_no_section() {
    let build = |link: u32, flags: u64| {
        let mut elf = builder();
        let section = elf.section(".meta", flags | SHF_LINK_ORDER.0, &[0; 8]);
        elf.edit(section).link = Link::Raw(link);
        let root = elf.section(".data", WRITABLE, &[0; 8]);
        elf.global("root", root, 0);
        elf.build()
    };
    for link in [1000, u32::MAX] {
        let file = build(link, CONSTANT);
        let objects = [Object::parse("test.o", &file).unwrap()];
        let options = keeping(Keep::Exported);
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let error = Plan::with_options(&objects, &mut scratch, options).unwrap_err();
        let Error::Malformed { phase, place, defect, value } = error else { panic!("{error:?}") };
        assert_eq!((phase, place.index), (Phase::Plan, 1));
        assert_eq!((defect, value), (Defect::SectionIndex, link.into()));
        assert_eq!(kept(&build(link, 0), &["root"]), [".data"], "what is not loaded may lie");
        planned(&[&file], Keep::All);
    }
    assert_eq!(kept(&build(0, CONSTANT), &["root"]), [".data"], "a link to nothing");
    assert_eq!(kept(&build(1, CONSTANT), &["root"]), [".data"], "a link to itself");
    assert_eq!(kept(&build(5, CONSTANT), &["root"]), [".data"], "a link to a string table");
}

#[test]
fn links_in_a_circle() {
    let mut elf = builder();
    let sections =
        [".a", ".b", ".c"].map(|name| elf.section(name, CONSTANT | SHF_LINK_ORDER.0, &[0; 8]));
    for (section, link) in sections.into_iter().zip([sections[1], sections[2], sections[0]]) {
        elf.edit(section).link = Link::Raw(link);
    }
    elf.global("b", sections[1], 0);
    let file = elf.build();
    assert_eq!(kept(&file, &["b"]), [".a", ".b", ".c"]);
    assert_eq!(kept(&file, &[]).len(), 0);
}

#[test]
fn groups_of_groups_and_of_themselves() {
    let mut elf = builder();
    let data = elf.section(".data", WRITABLE, &[0; 8]);
    let symbol = elf.weak("symbol", data, 0);
    let (first, second) = (data + 1, data + 2);
    elf.group(symbol, 0, &[first, data, data, second, 0]);
    elf.group(symbol, 0, &[first, second, 5, 6]);
    let file = elf.build();
    assert_eq!(kept(&file, &["symbol"]), [".data"]);
    assert_eq!(kept(&file, &[]).len(), 0);
}

#[test]
fn a_section_in_many_groups_keeps_all_of_them() {
    let mut elf = builder();
    let shared = elf.section(".data.shared", WRITABLE, &[0; 8]);
    let others: Vec<u32> =
        (0..100).map(|n| elf.section(&format!(".data.{n}"), WRITABLE, &[0; 8])).collect();
    let symbol = elf.weak("symbol", shared, 0);
    for &other in &others {
        elf.group(symbol, 0, &[shared, other]);
    }
    assert_eq!(kept(&elf.build(), &["symbol"]).len(), 101);
}

#[test]
fn symbols_that_are_not_there_keep_nothing_and_are_refused_later() {
    let mut elf = builder();
    let root = elf.section(".data", WRITABLE, &[0; 8]);
    elf.global("root", root, 0);
    elf.rela(root, 0, R_X86_64_64.0, 0xffff_fff0, 0);
    let unused = elf.section(".data.unused", WRITABLE, &[0; 8]);
    elf.rela(unused, 0, R_X86_64_64.0, 0xffff_fff0, 0);
    let file = elf.build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let error = |keep| {
        let options = keeping(keep);
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let plan = Plan::with_options(&objects, &mut scratch, options);
        plan.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(error(Keep::Exported).contains("no symbol has this index"));
    assert_eq!(error(Keep::Named(&[])), "", "what is not loaded is not read");
}

#[test]
fn code_that_is_left_out_is_not_looked_at() {
    let mut elf = builder();
    let root = elf.section(".data", WRITABLE, &[0; 8]);
    elf.global("root", root, 0);
    let unused = pointing(&mut elf, ".data.unused", WRITABLE, &[]);
    elf.rela(unused, 4000, 0xfff, 1, 0);
    assert_eq!(kept(&elf.build(), &["root"]), [".data"]);
}
