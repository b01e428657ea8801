//! What is no archive, is thin, or is damaged.

use loader_core::{
    Archive, ArchiveDefect, ArchiveError, Error, Format, LinkInput, Scratch, Selection,
};

use super::{chosen, library, main_object, parse, select};
use crate::support::archive::{MAGIC, archive, bsd, gnu, header, member, object};
use crate::support::lies::file::CLASS;

/// Has an archive refused for its member at `offset`; the text must name it and hold `word`.
fn malformed(bytes: &[u8], at: u64, expected: ArchiveDefect, word: &str) {
    let error = Archive::parse("lib.a", bytes).unwrap_err();
    let archive = "lib.a";
    assert_eq!(error, ArchiveError::Malformed { archive, offset: at, defect: expected });
    let text = error.to_string();
    assert!(text.starts_with(&format!("lib.a: member at {at:#x}: ")), "{text}");
    assert!(text.contains(word), "{text}");
}

#[test]
fn thin_archives() {
    for bytes in [&b"!<thin>\n"[..], b"!<thin>\n//  and so on"] {
        let error = Archive::parse("lib.a", bytes).unwrap_err();
        assert_eq!(error, ArchiveError::Thin { archive: "lib.a" });
        let text = error.to_string();
        for word in ["lib.a", "thin", "does not hold them", "without `T`"] {
            assert!(text.contains(word), "{text}");
        }
    }
}

#[test]
fn other_files() {
    for bytes in [&b""[..], b"!<arch>", b"!<arch>\r", b"<bigaf>\n", &object(&["f"], &[])] {
        let error = Archive::parse("lib.a", bytes).unwrap_err();
        assert_eq!(error, ArchiveError::NotArchive { archive: "lib.a" });
        assert!(error.to_string().contains("lib.a: not an archive"));
    }
}

#[test]
fn headers_that_are_none() {
    let good = member("good/", b"1234");
    for len in 1..60 {
        let cut = archive(&[good.clone(), header("x/", "0")[..len].to_vec()]);
        malformed(&cut, 72, ArchiveDefect::HeaderCutShort, "cut short");
    }
    for at in [58, 59] {
        let mut bytes = archive(&[good.clone(), header("x/", "0")]);
        bytes[72 + at] ^= 1;
        malformed(&bytes, 72, ArchiveDefect::Terminator, "damaged");
    }
}

#[test]
fn sizes_that_are_none() {
    let most = "9999999999";
    for size in ["", "-1", "+1", "0x4", "4a", "1 2", " 4", "4\0", "\u{b2}"] {
        let mut bytes = [MAGIC, &header("x/", "0"), &[0; 64]].concat();
        let field = format!("{size:<10}").into_bytes();
        bytes[8 + 48..][..10].copy_from_slice(&field[..10]);
        malformed(&bytes, 8, ArchiveDefect::Size, "decimal");
    }
    for size in ["1", "2", most] {
        malformed(&archive(&[header("x/", size)]), 8, ArchiveDefect::PastEnd, "past the end");
    }
}

#[test]
fn names_that_are_none() {
    let table = || member("//", b"a_name_of_more_than_sixteen.o/\nnot_closed.o\nlast/");
    for name in ["", "/x", "/1x", "/-1", "//x", "/ 1", "/0/", "/SYM64"] {
        malformed(&archive(&[member(name, b"")]), 8, ArchiveDefect::Name, "name");
    }
    for name in ["/31", "/44", "/45", "/49", "/50", "/9999999"] {
        let bytes = archive(&[table(), member(name, b"")]);
        malformed(&bytes, 118, ArchiveDefect::LongName, "table of long names");
    }
    for bytes in [archive(&[member("/0", b"")]), archive(&[member("/0", b""), table()])] {
        malformed(&bytes, 8, ArchiveDefect::LongName, "table of long names");
    }
    let huge = member("//", &[&[b'x'; 4096][..], b"/\n"].concat());
    malformed(&archive(&[huge, member("/0", b"")]), 4166, ArchiveDefect::LongName, "end there");
    malformed(&archive(&[table(), table()]), 118, ArchiveDefect::SecondNameTable, "second");
    for (name, contents) in [("#1/ 4", "1234"), ("#1/x", ""), ("#1/5", "1234"), ("#1/-1", "1234")] {
        let bytes = archive(&[member(name, contents.as_bytes())]);
        malformed(&bytes, 8, ArchiveDefect::NameLength, "length of the name");
    }
    for bytes in [archive(&[member("#1/4", b"\0\0\0\0")]), archive(&[member("#1/0", b"1")])] {
        malformed(&bytes, 8, ArchiveDefect::Name, "empty");
    }
}

#[test]
fn cut_anywhere_it_is_refused_or_has_fewer_members() {
    let files = [("short.o", b"12345".to_vec()), ("a_long_name_for_a_member.o", b"123".to_vec())];
    for bytes in [gnu(&files), bsd(&files)] {
        let whole: Vec<_> = parse(&bytes).members().map(|m| m.offset).collect();
        for len in 0..bytes.len() - 1 {
            let Ok(cut) = Archive::parse("lib.a", &bytes[..len]) else { continue };
            // What is left of it must end with a member, or with its padding.
            let offsets: Vec<_> = cut.members().map(|m| m.offset).collect();
            assert_eq!(offsets, whole[..offsets.len()]);
            assert!(offsets.len() < whole.len(), "{len}");
        }
    }
}

#[test]
fn scratch_too_small_by_one() {
    let (one, two) = (library(&[(&["f"], &["g"])]), library(&[(&["g"], &[]), (&["h"], &["f"])]));
    let archives = [parse(&one), parse(&two)];
    let main = object(&["main"], &["f"]);
    let sets: [&[LinkInput<'_, '_>]; 5] = [
        &[main_object(&main)],
        &[main_object(&main), LinkInput::Archive(&archives[0])],
        &[main_object(&main), LinkInput::Group(&archives)],
        &[LinkInput::Whole(&archives[1]), LinkInput::Archive(&archives[0])],
        &[LinkInput::Whole(&archives[1])],
    ];
    for inputs in sets {
        let needed = Selection::scratch_len(inputs).unwrap();
        for lent in [0, 1, needed - 1] {
            let error = select(inputs, &[], &[], &mut vec![Scratch::ZERO; lent]).unwrap_err();
            assert_eq!(error, ArchiveError::Scratch { needed, lent });
            assert!(error.to_string().contains(&format!("{needed} scratch records")));
        }
        let mut used = vec![Scratch::ZERO; needed + 3];
        let first = select(inputs, &[], &[], &mut used).unwrap().len();
        assert_eq!(select(inputs, &[], &[], &mut used).unwrap().len(), first, "used before");
    }
    // main.o and f.o; the archive; its one member in the queue; `f`, in a table of two.
    assert_eq!(Selection::scratch_len(sets[1]), Ok(2 + 2 + 1 + 1 + 1 + 2));
}

#[test]
fn members_that_cannot_be_loaded_are_errors_once_they_are_taken() {
    let mut other = crate::support::ElfBuilder::new(loader_core::Machine::X86_64);
    let text = other.text(&[0; 4]);
    other.global("f", text, 0);
    let other = other.build().set_file(crate::support::lies::file::MACHINE, 0xfff0);
    let bytes = gnu(&[("other.o", other.into_bytes()), ("g.o", object(&["g"], &[]))]);
    let lib = parse(&bytes);
    assert_eq!(chosen(&[LinkInput::Archive(&lib)], &["g"], &[]), ["lib.a(g.o)"]);
    for (input, roots) in [(LinkInput::Archive(&lib), &["f"][..]), (LinkInput::Whole(&lib), &[])] {
        let inputs = [input];
        let error = select(&inputs, roots, &[], &mut [Scratch::ZERO; 64]).unwrap_err();
        let ArchiveError::Member(Error::Machine { object, e_machine: 0xfff0 }) = error else {
            panic!("{error:?}")
        };
        assert_eq!(object.to_string(), "lib.a(other.o)");
        assert!(error.to_string().starts_with("lib.a(other.o): made for machine"), "{error}");
    }
}

#[test]
fn members_of_another_class_define_nothing() {
    let mut wrong = object(&["f"], &[]);
    wrong[CLASS.0] = 1;
    let bytes = gnu(&[("wrong.o", wrong), ("text", b"no object".to_vec())]);
    let lib = parse(&bytes);
    assert!(chosen(&[LinkInput::Archive(&lib)], &["f"], &[]).is_empty());
    let inputs = [LinkInput::Whole(&lib)];
    let error = select(&inputs, &[], &[], &mut [Scratch::ZERO; 64]).unwrap_err();
    let ArchiveError::Member(Error::Format { object, format }) = error else { panic!("{error:?}") };
    assert_eq!((object.to_string().as_str(), format), ("lib.a(wrong.o)", Format::Class32));
}
