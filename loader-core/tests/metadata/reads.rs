//! What is read from notes that are as they should be.

use loader_core::{
    Dependency, Interface, Name, NoteKind, Parameter, ParameterKind, Version, VersionRange,
};
use object::elf;

use super::{note, object, one_of_each, raw_note, read, read_notes, section, words};
use crate::support::elf::SectionSpec;

#[test]
fn one_note_of_each_kind() {
    read_notes(&one_of_each(), |metadata| {
        let metadata = metadata.unwrap();
        assert_eq!(metadata.name(), Some("blink"));
        assert_eq!(metadata.version(), Version::new(1, 2, 3));
        assert_eq!(metadata.licence(), Some("MIT"));
        assert_eq!(metadata.namespace(), Some("drivers"));
        assert!(metadata.uses().eq(["hal"]));
        let (min, max) = (Version::new(1, 0, 0), Some(Version::new(2, 0, 0)));
        let versions = VersionRange { min, max };
        assert!(metadata.dependencies().eq([Dependency { name: "gpio", versions }]));
        let parameter = Parameter {
            symbol: Name::from("rate"),
            kind: ParameterKind::U32,
            description: "blinks per second",
        };
        assert!(metadata.parameters().eq([parameter]));
        let symbol = Name::from("gpio_set");
        assert!(metadata.interfaces().eq([Interface { symbol, hash: 0x0123_4567_89ab_cdef }]));
    });
}

#[test]
fn an_object_that_says_nothing() {
    let mut elf = crate::support::ElfBuilder::new(loader_core::Machine::Riscv64);
    elf.text(&[0; 4]);
    elf.section(".note.loader-core.other", 2, b"no notes of ours");
    elf.section(".note.loader-cor", 2, b"nor these");
    read(&[("test.o", &elf.build())], |metadata| {
        let metadata = metadata.unwrap();
        assert_eq!((metadata.name(), metadata.licence(), metadata.namespace()), (None, None, None));
        assert_eq!(metadata.version(), Version::new(0, 0, 0));
        assert_eq!(metadata.uses().count() + metadata.dependencies().count(), 0);
        assert_eq!(metadata.parameters().count() + metadata.interfaces().count(), 0);
    });
    read(&[], |metadata| assert_eq!(metadata.unwrap().name(), None));
    read_notes(b"", |metadata| assert_eq!(metadata.unwrap().name(), None));
}

#[test]
fn types_and_flags_that_compilers_may_give() {
    for kind in [elf::SHT_NOTE.0, elf::SHT_PROGBITS.0] {
        for flags in [0, elf::SHF_ALLOC.0, elf::SHF_ALLOC.0 | elf::SHF_GNU_RETAIN.0] {
            for align in [0, 1, 4, 8, 32] {
                let spec = SectionSpec { kind, flags, align, ..section(&one_of_each()) };
                read(&[("test.o", &object(spec))], |metadata| {
                    assert_eq!(metadata.unwrap().name(), Some("blink"));
                });
            }
        }
    }
    let spec = SectionSpec { kind: elf::SHT_NOBITS.0, ..section(&[]) };
    let spec = SectionSpec { nobits_size: 0x100, ..spec };
    read(&[("test.o", &object(spec))], |metadata| assert_eq!(metadata.unwrap().name(), None));
}

#[test]
fn padding_between_notes_and_behind_them() {
    let name = note(NoteKind::Name, b"abc");
    let version = note(NoteKind::Version, &words(&[1, 0, 0], b""));
    for zeros in [0, 4, 8, 20, 64] {
        let zeros = vec![0; zeros];
        let bytes = [&zeros[..], &name, &zeros, &version, &zeros].concat();
        for odd in 0..4 {
            let bytes = [&bytes[..], &[0; 4][..odd]].concat();
            read_notes(&bytes, |metadata| {
                let metadata = metadata.unwrap();
                assert_eq!((metadata.name(), metadata.version().major), (Some("abc"), 1));
            });
        }
    }
    // The padding of the last descriptor may not be there.
    read_notes(&name[..name.len() - 1], |metadata| {
        assert_eq!(metadata.unwrap().name(), Some("abc"));
    });
}

#[test]
fn what_is_not_known_is_passed_over() {
    let others = [
        raw_note(b"GNU\0", 1, b"\xff\xff\xff\xff"),
        raw_note(b"loader-core\0", 9, b""),
        raw_note(b"loader-core\0", u32::MAX, b"\xff\0\xff"),
        raw_note(b"loader-core", 1, b"no NUL"),
        raw_note(b"loader-corf\0", 1, b"\xff"),
        raw_note(b"loader-core2\0", 1, b""),
    ];
    let bytes = others.concat();
    let bytes = [&bytes[..], &note(NoteKind::Name, b"last"), &bytes].concat();
    read_notes(&bytes, |metadata| assert_eq!(metadata.unwrap().name(), Some("last")));
}

#[test]
fn ends_of_texts() {
    for bytes in [&b"text"[..], b"text\0", b"text\0\0", b"text\0\0\0\0\0"] {
        read_notes(&note(NoteKind::Name, bytes), |metadata| {
            assert_eq!(metadata.unwrap().name(), Some("text"));
        });
    }
    for (bytes, description) in [
        (&b"rate\0"[..], ""),
        (b"rate\0\0", ""),
        (b"rate\0text", "text"),
        (b"rate\0text\0", "text"),
    ] {
        read_notes(&note(NoteKind::Parameter, &words(&[1], bytes)), |metadata| {
            let parameter = metadata.unwrap().parameters().next().unwrap();
            assert_eq!(
                (parameter.symbol, parameter.description),
                (Name::from("rate"), description)
            );
        });
    }
    // Symbols are bytes, and need not be UTF-8.
    read_notes(&note(NoteKind::Interface, &words(&[1, 0], b"\xff\xfe")), |metadata| {
        let interface = metadata.unwrap().interfaces().next().unwrap();
        assert_eq!((interface.symbol, interface.hash), (Name::new(b"\xff\xfe"), 1));
    });
}

#[test]
fn ranges_may_have_no_end() {
    let open = words(&[1, 2, 0, u32::MAX, u32::MAX, u32::MAX], b"a");
    let almost = words(&[0, 0, 0, u32::MAX, u32::MAX, u32::MAX - 1], b"b");
    let bytes = [note(NoteKind::Dependency, &open), note(NoteKind::Dependency, &almost)].concat();
    read_notes(&bytes, |metadata| {
        let found: Vec<_> = metadata.unwrap().dependencies().collect();
        assert_eq!((found[0].name, found[0].versions.to_string()), ("a", ">=1.2.0".into()));
        assert_eq!((found[1].name, found[1].versions.max.is_some()), ("b", true));
    });
}

#[test]
fn kinds_of_parameters() {
    let kinds = ["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "bool", "string"];
    let sizes = [1, 2, 4, 8, 1, 2, 4, 8, 1, 8];
    for (number, (name, size)) in (1..).zip(kinds.into_iter().zip(sizes)) {
        read_notes(&note(NoteKind::Parameter, &words(&[number], b"p\0")), |metadata| {
            let kind = metadata.unwrap().parameters().next().unwrap().kind;
            assert_eq!((kind.name(), kind.size()), (name, Some(size)));
        });
    }
    for number in [0, 11, u32::MAX] {
        read_notes(&note(NoteKind::Parameter, &words(&[number], b"p\0")), |metadata| {
            let kind = metadata.unwrap().parameters().next().unwrap().kind;
            assert_eq!((kind, kind.size()), (ParameterKind::Other(number), None));
        });
    }
}

#[test]
fn several_sections_and_objects() {
    let dependency = |name: &[u8]| {
        note(NoteKind::Dependency, &words(&[0, 0, 0, u32::MAX, u32::MAX, u32::MAX], name))
    };
    let mut first = crate::support::ElfBuilder::new(loader_core::Machine::Aarch64);
    first.add(section(&[note(NoteKind::Name, b"blink"), dependency(b"one")].concat()));
    first.text(&[0; 4]);
    first.add(section(&dependency(b"two")));
    let mut second = crate::support::ElfBuilder::new(loader_core::Machine::Aarch64);
    second.add(section(&[dependency(b"three"), note(NoteKind::Name, b"blink\0")].concat()));
    second.add(section(&note(NoteKind::Licence, b"MIT")));
    read(&[("1.o", &first.build()), ("2.o", &second.build())], |metadata| {
        let metadata = metadata.unwrap();
        assert_eq!((metadata.name(), metadata.licence()), (Some("blink"), Some("MIT")));
        assert!(metadata.dependencies().map(|d| d.name).eq(["one", "two", "three"]));
    });
}
