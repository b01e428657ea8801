//! Damaged notes: never a panic, and never more than linear time.

use std::time::{Duration, Instant};

use loader_core::{Machine, Metadata, MetadataError, NoteKind, Object};

use super::{note, one_of_each, read, read_notes, section, words};
use crate::support::ElfBuilder;
use crate::support::lies::section::{OFFSET, SIZE};
use crate::support::random::Random;

/// Asks for everything, and formats it; says whether the notes were good.
fn survives(metadata: Result<Metadata<'_, '_>, MetadataError<'_>>) -> bool {
    let metadata = match metadata {
        Ok(metadata) => metadata,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return false;
        }
    };
    let _ = (metadata.name(), metadata.version().to_string(), metadata.licence());
    let _ = (metadata.namespace(), metadata.uses().count());
    for dependency in metadata.dependencies() {
        let versions = dependency.versions;
        assert!(versions.contains(versions.min) && !dependency.name.is_empty());
        assert!(!versions.to_string().is_empty());
    }
    for parameter in metadata.parameters() {
        assert!(!parameter.symbol.is_empty() && !parameter.kind.name().is_empty());
    }
    assert!(metadata.interfaces().all(|interface| !interface.symbol.is_empty()));
    true
}

#[test]
fn damaged_bits() {
    let good = one_of_each();
    let mut random = Random(1);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        random.bytes(&mut bytes);
        *(if read_notes(&bytes, survives) { &mut read } else { &mut refused }) += 1;
    }
    // Both happen, or the damage would not be any.
    assert!(read > 1000 && refused > 1000, "{read} {refused}");
}

#[test]
fn every_word_a_lie() {
    let good = one_of_each();
    for at in (0..good.len()).step_by(4) {
        for lie in [0, 1, 3, 11, 12, 13, 0x7fff_ffff, 0x8000_0000, u32::MAX - 3, u32::MAX] {
            let mut bytes = good.clone();
            bytes[at..at + 4].copy_from_slice(&lie.to_le_bytes());
            read_notes(&bytes, survives);
        }
    }
}

#[test]
fn every_length() {
    let good = one_of_each();
    for end in 0..good.len() {
        read_notes(&good[..end], survives);
    }
}

#[test]
fn damaged_files() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 16]);
    elf.add(section(&one_of_each()));
    let function = elf.global("function", text, 0);
    elf.rela(text, 8, 1, function, 0);
    let good = elf.build();
    let mut random = Random(2);
    for _ in 0..5000 {
        let mut damaged = good.clone();
        random.fields(&good, &mut damaged);
        if let Ok(object) = Object::parse("test.o", &damaged) {
            survives(Metadata::of(&[object]));
        }
    }
}

#[test]
fn many_notes_and_many_sections() {
    let started = Instant::now();
    let one = note(NoteKind::Dependency, &words(&[0, 0, 0, 1, 0, 0], b"a"));
    read_notes(&one.repeat(100_000), |metadata| {
        assert_eq!(metadata.unwrap().dependencies().count(), 100_000);
    });
    // 20,000 sections over the same megabyte would be 20 GB to read.
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.add(section(&vec![0; 1 << 20]));
    for _ in 0..20_000 {
        elf.add(section(&[]));
    }
    let mut elf = elf.build();
    let start = elf.section_field(1, OFFSET);
    for index in 2..=20_001 {
        let header = elf.header_at(index);
        elf.write(header, OFFSET, start);
        elf.write(header, SIZE, 1 << 20);
    }
    read(&[("test.o", &elf)], |metadata| assert!(metadata.is_err()));
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}
