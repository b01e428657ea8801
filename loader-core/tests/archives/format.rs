//! Members and their names, as the formats have them.

use loader_core::Archive;

use crate::support::archive::{File, MAGIC, archive, bsd, gnu, header, member, object};

fn files() -> Vec<File<'static>> {
    vec![
        ("a.o", b"even".to_vec()),
        ("odd.o", b"odd".to_vec()),
        ("fifteen_chars.o", b"1".to_vec()),
        ("sixteen_chars_.o", Vec::new()),
        ("a_name_of_more_than_sixteen.o", b"long".to_vec()),
        ("with space.o", b"s".to_vec()),
        ("a.o", b"the same name again".to_vec()),
        ("the_last_one_with_a_long_name.o", b"of odd length".to_vec()),
    ]
}

fn check(bytes: &[u8]) {
    let read = Archive::parse("lib.a", bytes).unwrap();
    assert_eq!(read.name(), "lib.a");
    let members: Vec<_> = read.members().collect();
    assert_eq!(members.len(), files().len());
    for (member, (name, contents)) in members.iter().zip(files()) {
        assert_eq!((member.name.to_string().as_str(), member.bytes), (name, &contents[..]));
        assert_eq!(member.object_name().to_string(), format!("lib.a({name})"));
        let header = &bytes[member.offset as usize..][..60];
        assert_eq!(&header[58..], b"`\n", "{name}");
    }
}

#[test]
fn members_are_read_in_both_formats() {
    check(&gnu(&files()));
    check(&bsd(&files()));
    let mixed = [&gnu(&files()[..5])[..], &bsd(&files()[5..])[8..]].concat();
    check(&mixed);
}

#[test]
fn every_index_is_left_out() {
    let names = [
        "/",
        "/SYM64/",
        "__.SYMDEF",
        "__.SYMDEF SORTED",
        "__.SYMDEF_64",
        "#1/12",
        "#1/20",
        "#1/24",
    ];
    for name in names {
        let mut contents = match name {
            "#1/12" => b"__.SYMDEF\0\0\0".to_vec(),
            "#1/20" => b"__.SYMDEF SORTED\0\0\0\0".to_vec(),
            "#1/24" => b"__.SYMDEF_64 SORTED\0\0\0\0\0".to_vec(),
            _ => Vec::new(),
        };
        // An index that lies in every way is never looked at.
        contents.extend([0xff; 40]);
        let bytes = archive(&[member(name, &contents), member("a.o/", b"x")]);
        let read = Archive::parse("lib.a", &bytes).unwrap();
        assert_eq!(read.members().count(), 1, "{name}");
    }
    let bytes = archive(&[member("__.SYMDEF/", b"a file of this name")]);
    assert_eq!(Archive::parse("lib.a", &bytes).unwrap().members().count(), 1);
}

#[test]
fn nothing_at_all_is_an_archive() {
    for bytes in [MAGIC.to_vec(), gnu(&[])] {
        assert_eq!(Archive::parse("empty.a", &bytes).unwrap().members().count(), 0);
    }
}

#[test]
fn the_last_padding_may_be_missing() {
    for format in [gnu, bsd] {
        let mut bytes = format(&files());
        assert_eq!(bytes.pop(), Some(b'\n'));
        check(&bytes);
    }
}

#[test]
fn it_may_lie_at_any_address() {
    for shift in 0..8 {
        let bytes = [&vec![0; shift][..], &gnu(&files())].concat();
        check(&bytes[shift..]);
    }
}

#[test]
fn names_are_bytes() {
    let mut bytes = archive(&[header("x.o/", "0")]);
    bytes[8] = 0xff;
    let member = Archive::parse("lib.a", &bytes).unwrap().members().next().unwrap();
    assert_eq!(member.name.as_bytes(), b"\xff.o");
    assert_eq!(member.object_name().to_string(), "lib.a(\u{fffd}.o)");
}

#[test]
fn archives_are_told_from_other_files() {
    for bytes in [&b"!<arch>\n"[..], b"!<thin>\n", b"!<arch>\nnonsense"] {
        assert!(Archive::is_archive(bytes));
    }
    for bytes in [&b""[..], b"!<arch>", b"\x7fELF", &object(&["f"], &[])] {
        assert!(!Archive::is_archive(bytes));
    }
}

#[test]
fn members_are_objects_by_name() {
    let files = [("f.o", object(&["f"], &[])), ("lib.rmeta", b"rust".to_vec())];
    let bytes = gnu(&files);
    let read = Archive::parse("lib.a", &bytes).unwrap();
    let [object, metadata] = [0, 1].map(|at| read.members().nth(at).unwrap());
    assert!(object.is_elf() && !metadata.is_elf());
    assert_eq!(object.parse().unwrap().name().to_string(), "lib.a(f.o)");
    let error = metadata.parse().unwrap_err().to_string();
    assert!(error.starts_with("lib.a(lib.rmeta): not an ELF file"), "{error}");
}

/// GNU's `ar` writes it as `#1/`, which is also how BSD's begins a long name.
#[test]
fn a_file_may_be_called_hash_one() {
    let bytes = gnu(&[("#1", object(&["f"], &[]))]);
    let read = Archive::parse("lib.a", &bytes).unwrap();
    assert_eq!(read.members().next().unwrap().name, "#1".into());
}
