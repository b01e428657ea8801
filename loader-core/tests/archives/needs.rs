//! What each object was taken for, and who needed it.

use loader_core::{LinkInput, Name, ObjectName, Scratch};

use super::{library, main_object, parse, select};
use crate::support::archive::object;

/// Per object: its name, the symbol, who needed it.
type Story = (String, Option<(String, Option<String>)>);

fn stories(inputs: &[LinkInput<'_, '_>], roots: &[&str]) -> Vec<Story> {
    let mut scratch = [Scratch::ZERO; 256];
    let selection = select(inputs, roots, &[], &mut scratch).unwrap();
    let stories = selection.objects().map(|chosen| {
        let need = chosen.need;
        let need = need.map(|need| (need.symbol.to_string(), need.by.map(|by| by.to_string())));
        (chosen.object.name().to_string(), need)
    });
    stories.collect()
}

fn taken(name: &str, symbol: &str, by: Option<&str>) -> Story {
    (name.into(), Some((symbol.into(), by.map(Into::into))))
}

#[test]
fn each_member_has_a_symbol_and_an_object() {
    let main = object(&["main"], &["f", "g"]);
    let bytes = library(&[(&["x", "g"], &["i"]), (&["f"], &["g", "h"]), (&["h", "i"], &[])]);
    let lib = parse(&bytes);
    let inputs = [main_object(&main), LinkInput::Archive(&lib)];
    let expected = [
        ("main.o".to_owned(), None),
        taken("lib.a(x.o)", "g", Some("main.o")),
        taken("lib.a(f.o)", "f", Some("main.o")),
        taken("lib.a(h.o)", "h", Some("lib.a(f.o)")),
    ];
    assert_eq!(stories(&inputs, &[]), expected);
}

#[test]
fn roots_are_the_clients() {
    let bytes = library(&[(&["f"], &["g"]), (&["g"], &[])]);
    let lib = parse(&bytes);
    let expected = [taken("lib.a(f.o)", "f", None), taken("lib.a(g.o)", "g", Some("lib.a(f.o)"))];
    assert_eq!(stories(&[LinkInput::Archive(&lib)], &["f"]), expected);
}

#[test]
fn whole_archives_need_nothing_and_their_members_may_need_others() {
    let (whole, rest) = (library(&[(&["f"], &["g"])]), library(&[(&["=g"], &[])]));
    let (whole, rest) = (parse(&whole), parse(&rest));
    let common = object(&["%g"], &[]);
    let inputs = [main_object(&common), LinkInput::Whole(&whole), LinkInput::Archive(&rest)];
    let expected = [
        ("main.o".to_owned(), None),
        ("lib.a(f.o)".to_owned(), None),
        taken("lib.a(g.o)", "g", Some("main.o")),
    ];
    assert_eq!(stories(&inputs, &[]), expected);
}

#[test]
fn names_are_borrowed_from_the_files() {
    let bytes = library(&[(&["f"], &[])]);
    let lib = parse(&bytes);
    let need = {
        let (inputs, mut scratch) = ([LinkInput::Archive(&lib)], [Scratch::ZERO; 64]);
        let selection = select(&inputs, &["f"], &[], &mut scratch).unwrap();
        selection.objects().next().unwrap()
    };
    assert_eq!(need.need.unwrap().symbol, Name::from("f"));
    assert_eq!(need.object.name(), ObjectName::of_member("lib.a", Name::from("f.o")));
}
