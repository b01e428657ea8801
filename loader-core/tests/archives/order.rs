//! What is taken, and in which order: as the command line of a linker means it.

use loader_core::LinkInput;

use super::{chosen, library, main_object, parse};
use crate::support::archive::{gnu, object};

#[test]
fn members_are_taken_where_they_are_needed_and_for_each_other() {
    let main = object(&["main"], &["f"]);
    let bytes = library(&[(&["h"], &[]), (&["f"], &["g"]), (&["g"], &["f", "h"]), (&["i"], &[])]);
    let lib = parse(&bytes);
    let names = chosen(&[main_object(&main), LinkInput::Archive(&lib)], &[], &[]);
    // `h` comes before what needs it, and so a second time round.
    assert_eq!(names, ["main.o", "lib.a(f.o)", "lib.a(g.o)", "lib.a(h.o)"]);
}

#[test]
fn what_is_needed_later_is_not_looked_for() {
    let main = object(&["main"], &["f"]);
    let bytes = library(&[(&["f"], &[])]);
    let lib = parse(&bytes);
    let [before, after] = [
        [LinkInput::Archive(&lib), main_object(&main)],
        [main_object(&main), LinkInput::Archive(&lib)],
    ];
    assert_eq!(chosen(&before, &[], &[]), ["main.o"]);
    assert_eq!(chosen(&after, &[], &[]), ["main.o", "lib.a(f.o)"]);
}

#[test]
fn archives_that_need_each_other_are_a_group() {
    let main = object(&["main"], &["a1"]);
    let a = library(&[(&["a1"], &["b1"]), (&["a2"], &["b2"]), (&["a3"], &[])]);
    let b = library(&[(&["b1"], &["a2"]), (&["b2"], &["a3"])]);
    let group = [parse(&a), parse(&b)];
    let [a, b] = [LinkInput::Archive(&group[0]), LinkInput::Archive(&group[1])];
    let names = chosen(&[main_object(&main), a, b], &[], &[]);
    assert_eq!(names, ["main.o", "lib.a(a1.o)", "lib.a(b1.o)"]);
    let all = ["main.o", "lib.a(a1.o)", "lib.a(b1.o)", "lib.a(a2.o)", "lib.a(b2.o)", "lib.a(a3.o)"];
    assert_eq!(chosen(&[main_object(&main), LinkInput::Group(&group)], &[], &[]), all);
    // Naming them again does the same, and takes nothing twice.
    assert_eq!(chosen(&[main_object(&main), a, b, a, b, a, b], &[], &[]), all);
}

#[test]
fn a_group_goes_on_from_where_it_is() {
    let main = object(&["main"], &["a"]);
    let (first, second) = (library(&[(&["x"], &[])]), library(&[(&["a"], &["x"]), (&["x"], &[])]));
    let group =
        [("one.a", &first), ("two.a", &second)].map(|(n, b)| super::Archive::parse(n, b).unwrap());
    let names = chosen(&[main_object(&main), LinkInput::Group(&group)], &[], &[]);
    assert_eq!(names, ["main.o", "two.a(a.o)", "two.a(x.o)"]);
}

#[test]
fn whole_archives_are_taken_once_and_for_all() {
    let bytes = library(&[(&["f"], &["g"]), (&["unused"], &[]), (&["g"], &[])]);
    let lib = parse(&bytes);
    let all = ["lib.a(f.o)", "lib.a(unused.o)", "lib.a(g.o)"];
    assert_eq!(chosen(&[LinkInput::Whole(&lib)], &[], &[]), all);
    assert_eq!(chosen(&[LinkInput::Whole(&lib), LinkInput::Archive(&lib)], &["f"], &[]), all);
    let later = [LinkInput::Archive(&lib), LinkInput::Whole(&lib)];
    assert_eq!(chosen(&later, &[], &[]), all);
}

#[test]
fn the_first_of_several_definitions_is_taken() {
    let (one, two) =
        (library(&[(&["f"], &[])]), library(&[(&["f", "g"], &[]), (&["g", "f"], &[])]));
    let archives =
        [("one.a", &one), ("two.a", &two)].map(|(n, b)| super::Archive::parse(n, b).unwrap());
    let inputs = archives.each_ref().map(LinkInput::Archive);
    assert_eq!(chosen(&inputs, &["f"], &[]), ["one.a(f.o)"]);
    assert_eq!(chosen(&inputs, &["g"], &[]), ["two.a(f.o)"]);
    assert_eq!(chosen(&inputs, &["f", "g"], &[]), ["one.a(f.o)", "two.a(f.o)"]);
    assert_eq!(chosen(&[inputs[1], inputs[0]], &["f", "g"], &[]), ["two.a(f.o)"]);
}

#[test]
fn what_is_defined_elsewhere_takes_nothing() {
    let main = object(&["main", "own"], &["f", "own", "kernel"]);
    let bytes = library(&[(&["f"], &["kernel"]), (&["own"], &[]), (&["kernel"], &["f"])]);
    let lib = parse(&bytes);
    let inputs = [main_object(&main), LinkInput::Archive(&lib)];
    assert_eq!(chosen(&inputs, &[], &["kernel"]), ["main.o", "lib.a(f.o)"]);
    assert_eq!(chosen(&inputs, &[], &["kernel", "f"]), ["main.o"]);
    assert_eq!(chosen(&inputs, &["kernel"], &["kernel", "f"]), ["main.o"], "asked for as well");
}

#[test]
fn roots_are_needed_from_the_start() {
    let bytes = library(&[(&["f"], &[]), (&["g"], &[])]);
    let lib = parse(&bytes);
    let inputs = [LinkInput::Archive(&lib)];
    assert_eq!(chosen(&inputs, &["g", "nowhere", ""], &[]), ["lib.a(g.o)"]);
    assert!(chosen(&inputs, &[], &[]).is_empty());
    assert!(chosen(&[], &["g"], &[]).is_empty());
    assert!(chosen(&[LinkInput::Group(&[])], &["g"], &[]).is_empty());
}

#[test]
fn what_is_no_object_is_passed_over() {
    let files = [
        ("lib.rmeta", b"rust".to_vec()),
        ("f.o", object(&["f"], &[])),
        ("nested.a", gnu(&[("g.o", object(&["g"], &[]))])),
    ];
    let bytes = gnu(&files);
    let lib = parse(&bytes);
    assert_eq!(chosen(&[LinkInput::Whole(&lib)], &[], &[]), ["lib.a(f.o)"]);
    assert_eq!(chosen(&[LinkInput::Archive(&lib)], &["f", "g"], &[]), ["lib.a(f.o)"]);
}
