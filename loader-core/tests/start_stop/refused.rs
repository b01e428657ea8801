//! What is no boundary, and sections that cannot lie together.

use loader_core::{Error, Machine, Phase, RefusedSection};
use object::elf::*;

use super::{CODE, CONSTANT, WRITABLE, boundaries, part, user};
use crate::support::{ElfBuilder, TestManager, load, load_with, refused, refused_with};

#[test]
fn code_and_data_cannot_lie_together() {
    for flags in [CONSTANT, WRITABLE] {
        let (a, b) = (part("table", CODE, &[1; 16]), part("table", flags, &[2; 16]));
        let user = user("table").build();
        for (first, second) in [(&a, &b), (&b, &a)] {
            let files: [(&str, &[u8]); 3] = [("a.o", first), ("b.o", second), ("user.o", &user)];
            let words = ["b.o", "`table`", "another name"];
            refused_with(&files, &TestManager::new(), &[], Phase::Plan, &words, |error| {
                let Error::Section { place, reason } = error else { panic!("{error:?}") };
                assert_eq!((place.object, place.index), ("b.o".into(), 2));
                assert_eq!(reason, RefusedSection::MixedCode);
            });
        }
        let other = ElfBuilder::new(Machine::X86_64).build();
        load_with(&[("a.o", &a), ("b.o", &b), ("o.o", &other)], &TestManager::new(), &[]);
    }
}

#[test]
fn without_a_section_it_is_undefined_like_any_other() {
    let long = "x".repeat(256);
    let names = ["missing", "", "1table", "my.table", "t\u{e4}ble", "debug", "local", &long];
    for name in names {
        let mut elf = user(name);
        for section in ["table", "", "1table", "my.table", "t\u{e4}ble", &long] {
            elf.section(section, WRITABLE, &[0; 8]);
        }
        elf.section("debug", 0, &[0; 8]);
        let file = elf.build();
        let start = format!("__start_{name}");
        refused(&file, Phase::Resolve, &[&start], |error| {
            assert!(matches!(error, Error::Undefined { .. }), "{error:?}");
        });
        let stop = format!("__stop_{name}");
        let image = load(&file, &[(&start, 0x1000), (&stop, 0x2000)]);
        assert_eq!(boundaries(&image), (0x1000, 0x2000), "{name}");
    }
}

#[test]
fn the_longest_name() {
    let name = "x".repeat(255);
    let mut elf = user(&name);
    let table = elf.section(&name, WRITABLE, &[0; 8]);
    elf.edit(table).align = 8;
    let image = load(&elf.build(), &[]);
    let (start, stop) = boundaries(&image);
    assert_eq!(stop - start, 8);
}

#[test]
fn a_thread_local_section_has_none() {
    let mut elf = user("table");
    elf.section("table", WRITABLE | SHF_TLS.0, &[0; 8]);
    refused(&elf.build(), Phase::Plan, &["thread-local"], |error| {
        assert!(matches!(error, Error::Section { .. }), "{error:?}");
    });
}
