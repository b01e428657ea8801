//! Lists of initialisers and finalisers, in the order that they run in.

use loader_core::Machine;
use object::elf::*;

use crate::support::lies::Elf;
use crate::support::{ElfBuilder, TestManager, load, load_with};

/// An object with these lists: name, type, and the functions in each, by their numbers.
fn object(lists: &[(&str, SectionType, &[u64])]) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    for &(name, kind, functions) in lists {
        let section = elf.section(name, 3, &vec![0; functions.len() * 8]);
        elf.edit(section).kind = kind.0;
        elf.edit(section).align = 8;
        for (at, &function) in (0..).step_by(8).zip(functions) {
            // Absolute, so that what runs can be told by its number.
            elf.rela(section, at, R_X86_64_64.0, 0, function as i64);
        }
    }
    elf.build()
}

const INIT: SectionType = SHT_INIT_ARRAY;
const FINI: SectionType = SHT_FINI_ARRAY;
const PROGBITS: SectionType = SHT_PROGBITS;

#[test]
fn initialisers_run_by_kind_then_priority_then_place() {
    let file = object(&[
        (".init_array", INIT, &[50, 51]),
        (".init_array.00200", INIT, &[20]),
        (".init_array.101", INIT, &[10, 11]),
        (".preinit_array", SHT_PREINIT_ARRAY, &[1, 2]),
        (".init_array.65535", INIT, &[40]),
        (".init_array.101", INIT, &[12]),
        (".init_array.1000", INIT, &[30]),
    ]);
    let image = load(&file, &[]);
    assert_eq!(image.initialisers, [1, 2, 10, 11, 12, 20, 30, 40, 50, 51]);
    assert!(image.finalisers.is_empty());
}

#[test]
fn finalisers_run_the_other_way() {
    let file = object(&[
        (".fini_array.101", FINI, &[10, 11]),
        (".fini_array", FINI, &[50, 51]),
        (".fini_array.200", FINI, &[20]),
        (".fini_array", FINI, &[52]),
    ]);
    assert_eq!(load(&file, &[]).finalisers, [52, 51, 50, 20, 11, 10]);
}

#[test]
fn old_lists_run_backwards_and_count_down() {
    // GNU: `.ctors.NNNNN` is 65535 less the priority; a list runs from its end.
    let file = object(&[
        (".ctors", PROGBITS, &[51, 50]),
        (".ctors.65335", PROGBITS, &[20]),     // priority 200
        (".ctors.65434", PROGBITS, &[11, 10]), // priority 101
        (".init_array.150", INIT, &[15]),
        (".dtors", PROGBITS, &[90, 91]),
        (".dtors.65434", PROGBITS, &[95]),
    ]);
    let image = load(&file, &[]);
    assert_eq!(image.initialisers, [10, 11, 15, 20, 50, 51]);
    assert_eq!(image.finalisers, [90, 91, 95]);
}

/// As some assemblers and compilers write them, and linkers take them.
#[test]
fn lists_are_known_by_their_names_as_well() {
    let file = object(&[
        (".init_array", PROGBITS, &[30]),
        (".init_array.7", PROGBITS, &[20]),
        (".preinit_array", PROGBITS, &[10]),
        (".fini_array", PROGBITS, &[40]),
    ]);
    let image = load(&file, &[]);
    assert_eq!((image.initialisers, image.finalisers), (vec![10, 20, 30], vec![40]));
}

#[test]
fn brackets_of_old_start_up_files_are_no_functions() {
    let file = object(&[(".ctors", PROGBITS, &[u64::MAX, 5, 0]), (".init_array", INIT, &[0, 6])]);
    assert_eq!(load(&file, &[]).initialisers, [5, 6]);
}

#[test]
fn other_names_are_no_lists() {
    let file = object(&[
        (".ctorsX", PROGBITS, &[1]),
        (".init_arrays", PROGBITS, &[2]),
        (".data.rel.ro", PROGBITS, &[3]),
    ]);
    assert!(load(&file, &[]).initialisers.is_empty());
}

#[test]
#[cfg(feature = "several-objects")]
fn objects_run_in_their_order_within_a_priority() {
    let one = object(&[
        (".init_array", INIT, &[3]),
        (".init_array.5", INIT, &[1]),
        (".fini_array", FINI, &[7]),
    ]);
    let two = object(&[
        (".init_array", INIT, &[4]),
        (".init_array.5", INIT, &[2]),
        (".fini_array", FINI, &[8]),
    ]);
    let files: [(&str, &[u8]); 2] = [("one.o", &one), ("two.o", &two)];
    let image = load_with(&files, &TestManager::new(), &[]);
    assert_eq!(image.initialisers, [1, 2, 3, 4]);
    assert_eq!(image.finalisers, [8, 7]);
}

#[test]
fn functions_move_with_their_section() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 32]);
    let array = elf.section(".init_array", 3, &[0; 8]);
    elf.edit(array).kind = INIT.0;
    let function = elf.local("constructor", text, 16);
    elf.rela(array, 0, R_X86_64_64.0, function, 0);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.initialisers, [image.section_address(".text") + 16]);
}
