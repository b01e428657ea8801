//! Files that are not what the loader takes, and header tables that are not there.

use loader_core::{Error, Format, Object, Phase};

use super::good;
use crate::support::lies::file::*;
use crate::support::refused;

fn format(file: &[u8], expected: Format, word: &str) {
    refused(file, Phase::Parse, &["test.o", word], |error| {
        assert_eq!(error, Error::Format { object: "test.o".into(), format: expected });
    });
}

#[test]
fn other_kinds_of_files() {
    let files: [&[u8]; 5] = [b"", b"\x7fELF", b"!<arch>\nfoo.o/         ", b"MZ", &[0; 64]];
    for file in files {
        format(file, Format::NotElf, "not an ELF file");
    }
    format(&good().set_file(CLASS, 1), Format::Class32, "32-bit");
    format(&good().set_file(DATA, 2), Format::BigEndian, "big-endian");
    for (kind, name) in [(2, "ET_EXEC"), (3, "ET_DYN"), (4, "ET_CORE"), (0, "ET_NONE")] {
        let file = good().set_file(TYPE, kind);
        assert!(Object::parse(name, &file).is_err());
        format(&file, Format::Linked, "ET_REL");
    }
}

#[test]
fn headers_of_another_version() {
    for file in [
        good().set_file(VERSION, 0),
        good().set_file(VERSION, 2),
        good().set_file(EHSIZE, 52),
        good().set_file(SHENTSIZE, 40),
        good().set_file(SHENTSIZE, 128),
    ] {
        format(&file, Format::Version, "damaged");
    }
}

#[test]
fn section_tables_that_are_not_there() {
    let len = good().len() as u64;
    for offset in [0, len, len - 63, u64::MAX, u64::MAX - 63, 1 << 63] {
        format(&good().set_file(SHOFF, offset), Format::SectionTable, "section header table");
    }
    for count in [good().section_count() as u64 + 1, 0xfeff] {
        format(&good().set_file(SHNUM, count), Format::SectionTable, "section header table");
    }
    for (index, count) in [(0, u64::MAX), (0, 1 << 32), (0, 0xffff_ffff)] {
        let lie = good().set_section(index, crate::support::lies::section::SIZE, count);
        format(&lie.set_file(SHNUM, 0), Format::SectionTable, "section header table");
    }
}

#[test]
fn cut_anywhere_it_is_refused() {
    let file = good();
    for len in 0..file.len() {
        let error = Object::parse("test.o", &file[..len]).unwrap_err();
        assert_eq!(error.phase(), Phase::Parse);
        let Error::Format { format, .. } = error else { panic!("{len}: {error:?}") };
        assert_eq!(format, if len < 16 { Format::NotElf } else { Format::SectionTable });
    }
}

#[test]
fn it_may_lie_at_any_address() {
    let file = good();
    for shift in 0..8 {
        let mut buffer = vec![0; shift];
        buffer.extend(&file[..]);
        crate::support::load(&buffer[shift..], &[]);
    }
}

#[test]
fn machines_that_are_not_compiled_in() {
    for machine in [0, 3, 8, 40, 258, 0xffff] {
        let number = machine.to_string();
        let file = good().set_file(MACHINE, machine);
        refused(&file, Phase::Parse, &["test.o", &number, "e_machine"], |error| {
            assert_eq!(
                error,
                Error::Machine { object: "test.o".into(), e_machine: machine as u16 }
            );
        });
    }
}

#[test]
#[cfg(feature = "several-objects")]
fn objects_for_two_machines() {
    let mut other = crate::support::ElfBuilder::new(loader_core::Machine::Riscv64);
    other.text(&[0; 4]);
    let (one, two) = (good(), other.build());
    let files: [(&str, &[u8]); 2] = [("one.o", &one), ("two.o", &two)];
    let manager = crate::support::TestManager::new();
    crate::support::refused_with(&files, &manager, &[], Phase::Plan, &["two.o"], |error| {
        assert_eq!(error, Error::MixedMachines { object: "two.o".into() });
    });
}
