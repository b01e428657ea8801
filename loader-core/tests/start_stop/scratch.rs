//! The working memory that boundaries take, and the time.

use loader_core::{Error, Machine, Object, Plan, Scratch, scratch_len};
use object::elf::R_X86_64_64;

use super::{WRITABLE, part, user};
use crate::support::{ElfBuilder, TestManager, load, load_with};

#[test]
fn a_record_for_each_section_that_may_be_meant() {
    let (a, b) = (part("table", WRITABLE, &[1; 16]), part("other", WRITABLE, &[2; 16]));
    let user = user("table").build();
    let parsed = |name, bytes| Object::parse(name, bytes).unwrap();
    let without = [parsed("a.o", &a[..]), parsed("b.o", &b)];
    let records = |object: &Object<'_>| (object.section_count() + object.symbol_count()) as usize;
    let alone = scratch_len(&without[..1]);
    assert_eq!(alone, records(&without[0]) + 1, "no symbol speaks of it");
    let with = [parsed("user.o", &user), without[0], without[1]];
    let sum: usize = with.iter().map(|object| records(object) + 1).sum();
    assert_eq!(scratch_len(&with), sum + 4 + 2, "two buckets for each of two names, two sections");
    let mut scratch = vec![Scratch::ZERO; scratch_len(&with) - 1];
    let error = Plan::new(&with, &mut scratch).unwrap_err();
    assert_eq!(error, Error::Scratch { needed: scratch.len() + 1, lent: scratch.len() });
}

#[test]
fn many_sets_of_many_sections() {
    const SETS: u64 = 4000;
    let build = |users: bool| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let data = elf.section(".data.user", WRITABLE, &vec![0; SETS as usize * 16]);
        for round in 0..2 {
            for set in 0..SETS {
                let name = format!("set{}", (set * 7919 + round) % SETS);
                let section = elf.section(&name, WRITABLE, &set.to_le_bytes());
                elf.edit(section).align = 8;
            }
        }
        for set in (0..SETS).filter(|_| users) {
            for (at, prefix) in [(0, "__start_"), (8, "__stop_")] {
                let symbol = elf.undefined(&format!("{prefix}set{set}"));
                elf.rela(data, set * 16 + at, R_X86_64_64.0, symbol, 0);
            }
        }
        elf.build()
    };
    let (a, b) = (build(true), build(false));
    let image = load_with(&[("a.o", &a), ("b.o", &b)], &TestManager::new(), &[]);
    for set in 0..SETS as usize {
        let (start, stop) =
            (image.field(".data.user", set * 16, 8), image.field(".data.user", set * 16 + 8, 8));
        assert_eq!(stop - start, 32, "set {set}");
    }
}

#[test]
fn one_set_of_all_sections() {
    let mut elf = user("set");
    for byte in 0..60_000u64 {
        let section = elf.section("set", WRITABLE, &byte.to_le_bytes());
        elf.edit(section).align = 8;
    }
    let image = load(&elf.build(), &[]);
    let (start, stop) = super::boundaries(&image);
    assert_eq!(stop - start, 60_000 * 8);
    assert_eq!(image.pointer(stop - 8), 59_999);
}
