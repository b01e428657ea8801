//! What a module says about itself: notes made by hand, right, wrong and damaged.

mod hostile;
mod loads;
mod reads;
mod refused;

use loader_core::{Machine, Metadata, MetadataError, NoteKind, Object};
use object::elf;

use crate::support::ElfBuilder;
use crate::support::elf::SectionSpec;
use crate::support::lies::Elf;

const SECTION: &str = ".note.loader-core";

/// A note of ours, as the format has it.
fn note(kind: NoteKind, descriptor: &[u8]) -> Vec<u8> {
    raw_note(b"loader-core\0", kind.number(), descriptor)
}

/// A note of anybody's, padded to words.
fn raw_note(owner: &[u8], number: u32, descriptor: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [owner.len() as u32, descriptor.len() as u32, number] {
        bytes.extend(word.to_le_bytes());
    }
    for part in [owner, descriptor] {
        bytes.extend(part);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
    }
    bytes
}

/// Numbers, and what follows them.
fn words(words: &[u32], rest: &[u8]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).chain(rest.iter().copied()).collect()
}

/// A note of each kind.
fn one_of_each() -> Vec<u8> {
    [
        note(NoteKind::Name, b"blink\0"),
        note(NoteKind::Version, &words(&[1, 2, 3], b"")),
        note(NoteKind::Licence, b"MIT"),
        note(NoteKind::Dependency, &words(&[1, 0, 0, 2, 0, 0], b"gpio\0")),
        note(NoteKind::Parameter, &words(&[7], b"rate\0blinks per second\0")),
        note(NoteKind::Interface, &words(&[0x89ab_cdef, 0x0123_4567], b"gpio_set\0")),
        note(NoteKind::Namespace, b"drivers\0"),
        note(NoteKind::Uses, b"hal\0"),
    ]
    .concat()
}

/// A section of notes.
fn section(bytes: &[u8]) -> SectionSpec {
    SectionSpec {
        name: SECTION.into(),
        kind: elf::SHT_NOTE.0,
        flags: elf::SHF_ALLOC.0,
        align: 4,
        bytes: bytes.into(),
        ..SectionSpec::default()
    }
}

/// An object with this section of notes, which is its second, and a bit of code and data.
fn object(notes: SectionSpec) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 16]); // 1
    elf.add(notes); // 2
    elf.data(&[0; 4]); // 3
    elf.global("function", text, 0);
    elf.build()
}

/// Reads the notes of objects that lie in these files.
fn read<R>(
    files: &[(&str, &[u8])],
    then: impl FnOnce(Result<Metadata<'_, '_>, MetadataError<'_>>) -> R,
) -> R {
    let objects: Vec<_> =
        files.iter().map(|(name, bytes)| Object::parse(name, bytes).unwrap()).collect();
    then(Metadata::of(&objects))
}

/// Reads these bytes as the notes of one object.
fn read_notes<R>(
    bytes: &[u8],
    then: impl FnOnce(Result<Metadata<'_, '_>, MetadataError<'_>>) -> R,
) -> R {
    read(&[("test.o", &object(section(bytes)))], then)
}
