//! Every note that is refused: what is said about it, and where.

use loader_core::{Machine, MetadataError, NoteDefect, NoteKind};
use object::elf;

use super::{SECTION, note, object, one_of_each, raw_note, read, read_notes, section, words};
use crate::support::elf::SectionSpec;
use crate::support::lies::section::{OFFSET, SIZE};
use crate::support::{ElfBuilder, Link};

/// Has an object's notes refused, with this defect at this offset of its section 2.
fn refused(file: &[u8], offset: u64, defect: NoteDefect, word: &str) {
    read(&[("test.o", file)], |metadata| {
        let error = metadata.expect_err("read what must be refused");
        let MetadataError::Malformed { place, defect: found } = error else { panic!("{error:?}") };
        assert_eq!(found, defect, "{error}");
        assert_eq!(
            (place.object, place.index, place.offset),
            ("test.o".into(), 2, offset),
            "{error}"
        );
        assert_eq!(place.section.to_string(), SECTION);
        let text = error.to_string();
        let start = format!("test.o: section 2 `{SECTION}`+{offset:#x}: ");
        assert!(text.starts_with(&start) && text.contains(word), "{text}");
    });
}

/// Has one note refused, behind another and before another.
fn refused_note(wrong: &[u8], defect: NoteDefect, word: &str) {
    let good = note(NoteKind::Uses, b"before");
    let bytes = [&good[..], wrong, &good].concat();
    refused(&object(section(&bytes)), good.len() as u64, defect, word);
    // Nothing else is said about the module either: not what stands before it.
    refused(&object(section(wrong)), 0, defect, word);
}

const TEXTS: [NoteKind; 4] =
    [NoteKind::Name, NoteKind::Licence, NoteKind::Namespace, NoteKind::Uses];

#[test]
fn texts() {
    for kind in TEXTS {
        for bytes in [&b""[..], b"\0", b"\0\0\0\0\0"] {
            refused_note(&note(kind, bytes), NoteDefect::Empty, "empty");
        }
        for bytes in [&b"a\0b"[..], b"\0a", b"a\0b\0"] {
            refused_note(&note(kind, bytes), NoteDefect::Nul, "NUL");
        }
        for bytes in [&b"\xff"[..], b"a\xc3", b"\xed\xa0\x80\0"] {
            refused_note(&note(kind, bytes), NoteDefect::Utf8, "UTF-8");
        }
    }
}

#[test]
fn versions() {
    for size in [0, 4, 8, 11, 13, 16] {
        refused_note(&note(NoteKind::Version, &vec![1; size]), NoteDefect::Size, "size");
    }
}

#[test]
fn dependencies() {
    let of = |numbers: &[u32], name: &[u8]| note(NoteKind::Dependency, &words(numbers, name));
    for size in [0, 4, 12, 20] {
        refused_note(&of(&vec![1; size / 4], b""), NoteDefect::Size, "size");
    }
    refused_note(&of(&[1, 0, 0, 2, 0, 0], b""), NoteDefect::Empty, "empty");
    refused_note(&of(&[1, 0, 0, 2, 0, 0], b"a\0b"), NoteDefect::Nul, "NUL");
    refused_note(&of(&[1, 0, 0, 2, 0, 0], b"\xff"), NoteDefect::Utf8, "UTF-8");
    for end in [[1, 2, 3], [1, 2, 2], [1, 1, 9], [0, 9, 9], [0, 0, 0]] {
        let numbers = [[1, 2, 3], end].concat();
        refused_note(&of(&numbers, b"gpio"), NoteDefect::EmptyRange, "range");
    }
}

#[test]
fn parameters() {
    let of = |bytes: &[u8]| note(NoteKind::Parameter, &words(&[7], bytes));
    for size in 0..4 {
        refused_note(&note(NoteKind::Parameter, &vec![7; size]), NoteDefect::Size, "size");
    }
    refused_note(&of(b""), NoteDefect::Unterminated, "NUL");
    refused_note(&of(b"rate"), NoteDefect::Unterminated, "NUL");
    refused_note(&of(b"\0text"), NoteDefect::Empty, "empty");
    refused_note(&of(b"rate\0te\0xt"), NoteDefect::Nul, "NUL");
    refused_note(&of(b"rate\0\0text"), NoteDefect::Nul, "NUL");
    refused_note(&of(b"rate\0\xff"), NoteDefect::Utf8, "UTF-8");
}

#[test]
fn interfaces() {
    let of = |bytes: &[u8]| note(NoteKind::Interface, bytes);
    for size in 0..8 {
        refused_note(&of(&vec![7; size]), NoteDefect::Size, "size");
    }
    refused_note(&of(&[7; 8]), NoteDefect::Empty, "empty");
    refused_note(&of(&words(&[1, 2], b"a\0b")), NoteDefect::Nul, "NUL");
}

#[test]
fn notes_that_run_over_the_end() {
    let good = note(NoteKind::Name, b"blink\0\0\0");
    let lies = [u32::MAX, u32::MAX - 3, 0x8000_0000, 0x1_0000, 9, 12];
    for (field, lie) in [0, 4].into_iter().flat_map(|at| lies.map(|lie| (at, lie))) {
        if (field, lie) == (0, 9) || (field, lie) == (0, 12) {
            continue; // a shorter owner is somebody else, and 12 is right
        }
        let mut bytes = good.clone();
        bytes[field..field + 4].copy_from_slice(&lie.to_le_bytes());
        refused(&object(section(&bytes)), 0, NoteDefect::Outside, "over the end");
    }
    for end in 12..good.len() {
        refused(&object(section(&good[..end])), 0, NoteDefect::Outside, "over the end");
    }
}

#[test]
fn rests_that_are_no_note() {
    let good = note(NoteKind::Name, b"blink");
    for rest in 1..12 {
        let bytes = [&good[..], &good[..rest]].concat();
        let at = good.len() as u64;
        refused(&object(section(&bytes)), at, NoteDefect::Truncated, "no note");
    }
}

#[test]
fn relocations() {
    for (kind, prefix) in [(elf::SHT_REL, ".rel"), (elf::SectionType(0x4000_0014), ".crel")] {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.text(&[0xc3]); // 1
        elf.add(section(&one_of_each())); // 2
        let name = format!("{prefix}{SECTION}");
        let (link, info, bytes) = (Link::Symtab, Link::Raw(2), vec![1; 16]);
        let spec = SectionSpec { name, kind: kind.0, link, info, bytes, ..SectionSpec::default() };
        elf.add(spec);
        refused(&elf.build(), 0, NoteDefect::Relocated, "relocation");
    }
    // Whichever type it is, even one that does nothing.
    for number in [0, 1] {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.text(&[0xc3]);
        elf.add(section(&one_of_each()));
        elf.rela(2, 24, number, 0, 0);
        refused(&elf.build(), 0, NoteDefect::Relocated, "relocation");
    }
}

#[test]
fn compressed_notes() {
    let flags = elf::SHF_COMPRESSED.0;
    let spec = SectionSpec { flags, ..section(&one_of_each()) };
    refused(&object(spec), 0, NoteDefect::Compressed, "compressed");
}

#[test]
fn sections_that_share_bytes() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.add(section(&[0; 0x1000])); // 1: padding alone
    elf.add(section(&[])); // 2
    let elf = elf.build();
    let start = elf.section_field(1, OFFSET);
    let lie = elf.set_section(2, OFFSET, start).set_section(2, SIZE, 0x1000);
    refused(&lie, 0, NoteDefect::Overlap, "in one another");
}

#[test]
fn two_opinions() {
    let version = |patch| words(&[1, 0, patch], b"");
    let cases = [
        (NoteKind::Name, b"one".to_vec(), b"two".to_vec(), "name"),
        (NoteKind::Version, version(0), version(1), "version"),
        (NoteKind::Licence, b"MIT".to_vec(), b"Apache-2.0".to_vec(), "licence"),
        (NoteKind::Namespace, b"a".to_vec(), b"A".to_vec(), "namespace"),
    ];
    for (kind, one, two, word) in cases {
        let [one, two] = [one, two].map(|bytes| note(kind, &bytes));
        let files = [&one, &one, &two].map(|bytes| object(section(bytes)));
        let files = [("1.o", &*files[0]), ("2.o", &*files[1]), ("3.o", &*files[2])];
        read(&files[..2], |metadata| assert!(metadata.is_ok()));
        read(&files, |metadata| {
            let error = metadata.unwrap_err();
            let expected =
                MetadataError::Conflict { note: kind, first: "1.o".into(), second: "3.o".into() };
            assert_eq!(error, expected);
            let text = error.to_string();
            assert!(["1.o", "3.o", word].iter().all(|part| text.contains(part)), "{text}");
        });
        read_notes(&[one, two].concat(), |metadata| {
            let expected = MetadataError::Conflict {
                note: kind,
                first: "test.o".into(),
                second: "test.o".into(),
            };
            assert_eq!(metadata.unwrap_err(), expected);
        });
    }
}

#[test]
fn only_our_own_notes_are_looked_into() {
    // What is wrong in one that somebody else owns is theirs to find.
    read_notes(&raw_note(b"GNU\0", 1, b"\xff\0\xff"), |metadata| assert!(metadata.is_ok()));
}
