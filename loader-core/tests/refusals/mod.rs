//! Every error: its variant, the place it names, its text, and nothing kept.
//!
//! Errors of single relocations are with the architectures; duplicates, COMDAT groups and kinds
//! of symbols are in `names`.

mod file;
mod memory;
mod relocations;
mod sections;
mod symbols;
mod tables;
#[cfg(not(feature = "full"))]
mod without;

use loader_core::{Defect, Error, Machine, Phase};

use crate::support::lies::Elf;
use crate::support::{ElfBuilder, refused};

/// An object with a bit of everything, and nothing wrong with it.
fn good() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x90; 32]); // 1
    elf.data(&[0; 16]); // 2
    let symbol = elf.global("function", text, 8);
    elf.undefined("import");
    elf.rela(text, 4, object::elf::R_X86_64_PC32.0, symbol, -4); // 3: .rela.text
    elf.build()
}

/// Has a file refused as malformed, with this defect at this place of the test object.
fn malformed(
    file: &[u8],
    phase: Phase,
    (section, index, offset): (&str, u32, u64),
    expected: Defect,
    expected_value: u64,
) {
    let place_text = format!("test.o: section {index} `{section}`+{offset:#x}");
    let value_text = format!("({expected_value:#x})");
    refused(file, phase, &[&place_text, &value_text], |error| {
        let Error::Malformed { phase: noticed, place, defect, value } = error else {
            panic!("{error:?}")
        };
        assert_eq!((noticed, defect, value), (phase, expected, expected_value));
        assert_eq!(
            (place.object, place.section.to_string()),
            ("test.o".into(), section.to_owned())
        );
        assert_eq!((place.index, place.offset), (index, offset));
    });
}

#[test]
fn the_good_object_is_good() {
    crate::support::load(&good(), &[]);
}
