//! Debug sections that are damaged: errors, and nothing kept.

use loader_core::{DecompressError, Defect, Error, Machine, Phase, Unsupported};

use super::{Described, MACHINES, refused, words};

#[test]
fn fields_lie_in_their_section() {
    for machine in MACHINES {
        let (_, long) = words(machine);
        for offset in [9, 16, u64::MAX - 3] {
            let mut described = Described::new(machine, "function");
            let info = described.debug(".debug_info", 16);
            described.elf.rela(info, offset, long, described.function, 0);
            refused(&described.elf.build(), |error| {
                let Error::Malformed { place, defect, .. } = error else { panic!("{error}") };
                assert_eq!(defect, Defect::RelocationOffset);
                assert_eq!((place.section, place.offset), (".debug_info".into(), offset));
            });
        }
    }
}

#[test]
fn what_needs_a_place_in_memory_is_refused_by_name() {
    // A slot of the GOT, a distance from the field.
    let types =
        [(Machine::Aarch64, [311, 260]), (Machine::Riscv64, [20, 57]), (Machine::X86_64, [9, 2])];
    for (machine, numbers) in types {
        for number in numbers {
            let mut described = Described::new(machine, "function");
            let info = described.debug(".debug_info", 16);
            described.elf.rela(info, 0, number, described.function, 0);
            refused(&described.elf.build(), |error| {
                let Error::UnsupportedRelocation { reason, .. } = error else { panic!("{error}") };
                assert_eq!((reason, error.phase()), (Unsupported::NotLoaded, Phase::Debug));
            });
        }
    }
}

#[test]
fn numbers_and_symbols_exist() {
    for machine in MACHINES {
        let mut described = Described::new(machine, "function");
        let info = described.debug(".debug_info", 16);
        described.elf.rela(info, 0, 9999, described.function, 0);
        refused(&described.elf.build(), |error| {
            assert!(matches!(error, Error::UnknownRelocation { number: 9999, .. }), "{error}");
        });
        let mut described = Described::new(machine, "function");
        let info = described.debug(".debug_info", 16);
        described.elf.rela(info, 0, words(machine).1, 77, 0);
        refused(&described.elf.build(), |error| {
            let Error::Malformed { defect, .. } = error else { panic!("{error}") };
            assert_eq!(defect, Defect::SymbolIndex);
        });
    }
}

#[test]
fn halves_of_riscv_pairs_are_refused() {
    for number in [60, 61] {
        let mut described = Described::new(Machine::Riscv64, "function");
        let info = described.debug(".debug_rnglists", 16);
        described.elf.rela(info, 0, number, described.function, 0);
        refused(&described.elf.build(), |error| {
            assert!(matches!(error, Error::Unpaired { .. }), "{error}");
        });
    }
}

#[test]
fn values_fit_their_fields() {
    for machine in MACHINES {
        let mut described = Described::new(machine, "function");
        let info = described.debug(".debug_info", 16);
        described.elf.rela(info, 0, words(machine).0, described.function, 1 << 40);
        refused(&described.elf.build(), |error| {
            assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
        });
    }
}

#[test]
fn compressed_sections_that_cannot_be_had_are_refused() {
    // Nobody to uncompress; a kind that nobody knows; less than a header.
    for (kind, cause) in [(1, DecompressError::Unsupported), (77, DecompressError::Unsupported)] {
        let mut described = Described::new(Machine::X86_64, "function");
        described.compressed(".debug_info", kind, 24, &[7; 24]);
        refused(&described.elf.build(), |error| {
            let Error::Compressed { place, cause: found } = error else { panic!("{error}") };
            assert_eq!((place.section, found), (".debug_info".into(), cause));
        });
    }
    let mut described = Described::new(Machine::X86_64, "function");
    let info = described.compressed(".debug_info", 1, 24, &[]);
    described.elf.edit(info).bytes.truncate(10);
    refused(&described.elf.build(), |error| {
        assert!(matches!(error, Error::Compressed { .. }), "{error}");
    });
}

#[test]
fn sections_that_say_they_are_huge_ask_for_too_much() {
    for size in [u64::MAX, u64::MAX / 2, 1 << 50] {
        let mut described = Described::new(Machine::X86_64, "function");
        described.compressed(".debug_info", 1, size, &[7; 24]);
        refused(&described.elf.build(), |error| {
            let much = matches!(error, Error::TooLarge { .. } | Error::Allocate { .. });
            assert!(much, "{error}");
        });
    }
}
