//! Damaged archives, and damaged objects in them: never a panic, never an endless search.

use loader_core::{Archive, ArchiveError, LinkInput, Name, Object, Scratch, Selection};

use crate::support::archive::{File, bsd, gnu, object};
use crate::support::random::Random;

const ROUNDS: usize = 2000;

fn files() -> Vec<File<'static>> {
    vec![
        ("f.o", object(&["f", "~w", "=d"], &["g", "?h"])),
        ("a_name_of_more_than_sixteen.o", object(&["g", "%c"], &["f", "d"])),
        ("text", b"no object at all".to_vec()),
        ("h_and_something_else.o", object(&["h", "f", "=c"], &["i"])),
        ("i.o", object(&["i"], &["h"])),
    ]
}

/// Uses a damaged archive in every way; says how many objects could be chosen.
fn use_it(bytes: &[u8], good: &Archive<'_>, main: Object<'_>) -> usize {
    let damaged = match Archive::parse("damaged.a", bytes) {
        Ok(archive) => archive,
        Err(error) => {
            assert!(error.to_string().contains("damaged.a"), "{error}");
            return 0;
        }
    };
    for member in damaged.members() {
        assert!(member.offset as usize + 60 + member.bytes.len() <= bytes.len());
        let _ = member.parse().map_err(|error| error.to_string());
    }
    let group = [damaged, *good];
    let sets: [&[LinkInput<'_, '_>]; 3] = [
        &[LinkInput::Object(main), LinkInput::Archive(&damaged), LinkInput::Archive(good)],
        &[LinkInput::Group(&group), LinkInput::Object(main), LinkInput::Group(&group)],
        &[LinkInput::Archive(&damaged), LinkInput::Whole(&damaged)],
    ];
    let mut count = 0;
    for inputs in sets {
        let mut scratch = vec![Scratch::ZERO; Selection::scratch_len(inputs).unwrap()];
        let roots = [Name::from("f"), Name::from("i")];
        match Selection::new(inputs, &roots, &|_| false, &mut scratch) {
            Ok(selection) => {
                // Nothing is lost on the way out, and no member is there twice but a whole one.
                assert_eq!(selection.objects().count(), selection.len());
                count += selection.len();
                for chosen in selection.objects() {
                    let _ = chosen.need.map(|need| (need.symbol.to_string(), need.by));
                }
            }
            Err(ArchiveError::Member(error)) => assert!(error.to_string().contains(".a(")),
            Err(error) => panic!("{error}"),
        }
    }
    count
}

#[test]
fn damaged_anywhere() {
    let main = object(&["main"], &["g", "c"]);
    let main = Object::parse("main.o", &main).unwrap();
    for (seed, good) in (1..).zip([gnu(&files()), bsd(&files())]) {
        let archive = Archive::parse("good.a", &good).unwrap();
        let (mut random, mut chosen) = (Random(seed), 0);
        for _ in 0..ROUNDS {
            let mut bytes = good.clone();
            random.bytes(&mut bytes);
            chosen += usize::from(use_it(&bytes, &archive, main) != 0);
        }
        assert!(chosen > ROUNDS / 4, "only {chosen} archives could be read");
        assert!(chosen < ROUNDS, "nothing was damaged");
    }
}

#[test]
fn headers_overwritten() {
    let main = object(&["main"], &["g", "c"]);
    let main = Object::parse("main.o", &main).unwrap();
    let good = gnu(&files());
    let archive = Archive::parse("good.a", &good).unwrap();
    let headers: Vec<usize> = archive.members().map(|member| member.offset as usize).collect();
    let mut random = Random(5);
    for _ in 0..ROUNDS {
        let mut bytes = good.clone();
        for _ in 0..=random.below(2) {
            let header = headers[random.below(headers.len())];
            let digits = format!("{:<10}", [0, 1, 59, 60, 61, 1 << 31, 400][random.below(7)]);
            match random.below(3) {
                0 => bytes[header + 48..][..10].copy_from_slice(&digits.as_bytes()[..10]),
                1 => bytes[header + random.below(60)] = b"/ #19\0\n`"[random.below(8)],
                _ => bytes[header + 1..][..10].copy_from_slice(&digits.as_bytes()[..10]),
            }
        }
        use_it(&bytes, &archive, main);
    }
}
