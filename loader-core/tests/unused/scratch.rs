//! The working memory that it takes, and the time.

use loader_core::{Error, Keep, Object, Plan, Scratch, scratch_len};
use object::elf::*;

use super::{CONSTANT, WRITABLE, builder, keeping, loaded, pointing};
use crate::support::Link;

#[test]
fn a_record_for_each_member_and_link() {
    let mut elf = builder();
    let members = [0; 3].map(|_| elf.section(".data", WRITABLE | SHF_GROUP.0, &[0; 8]));
    let symbol = elf.weak("symbol", members[0], 0);
    elf.group(symbol, GRP_COMDAT.0, &members);
    let link = elf.section(".rodata", CONSTANT | SHF_LINK_ORDER.0, &[0; 8]);
    elf.edit(link).link = Link::Raw(members[0]);
    let file = elf.build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    let records = keeping(Keep::Exported).scratch_len(&objects);
    assert_eq!(records, scratch_len(&objects) + 3 + 1);
    let mut scratch = vec![Scratch::ZERO; records - 1];
    let error = Plan::with_options(&objects, &mut scratch, keeping(Keep::Exported)).unwrap_err();
    assert_eq!(error, Error::Scratch { needed: records, lent: records - 1 });
    let mut scratch = vec![Scratch::ZERO; records];
    let plan = Plan::with_options(&objects, &mut scratch, keeping(Keep::Exported)).unwrap();
    assert_eq!(plan.sections().count(), 4);
}

#[test]
fn a_long_chain() {
    // Each points to the next; the list never holds more than one.
    const COUNT: u32 = 60_000;
    let mut elf = builder();
    for section in 1..=COUNT {
        elf.section(".data", WRITABLE, &[0; 8]);
        elf.local("", section, 0);
    }
    for section in 1..COUNT {
        elf.rela(section, 0, R_X86_64_64.0, section + 1, 0);
    }
    elf.global("last", COUNT, 0);
    elf.global("middle", COUNT / 2, 0);
    let file = elf.build();
    let count = |name| loaded(&[("test.o", &file)], Keep::Named(&[name]), &[]).sections.len();
    assert_eq!(count("last"), 1);
    assert_eq!(count("middle"), COUNT as usize / 2 + 1);
}

#[test]
fn a_wide_star() {
    // One points to all, and all to it; the list holds all but one.
    const COUNT: u32 = 20_000;
    let mut elf = builder();
    for section in 1..=COUNT {
        let data = pointing(&mut elf, ".data", WRITABLE, &[COUNT + 1]);
        elf.local("", data, 0);
        assert_eq!(data, section);
    }
    let all: Vec<u32> = (1..=COUNT).collect();
    let centre = pointing(&mut elf, ".data.centre", WRITABLE, &all);
    elf.global("centre", centre, 0);
    let file = elf.build();
    let image = loaded(&[("test.o", &file)], Keep::Exported, &[]);
    assert_eq!(image.sections.len(), COUNT as usize + 1);
}
