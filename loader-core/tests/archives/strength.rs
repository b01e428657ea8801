//! Which symbols need a member, and which ones count as a definition.

use loader_core::{LinkInput, Machine};
use object::elf::STT_GNU_IFUNC;

use super::{chosen, library, main_object, parse};
use crate::support::archive::{gnu, object};
use crate::support::{ElfBuilder, SymbolSpec};

/// What is taken for an object from an archive.
fn taken(defines: &[&str], needs: &[&str], members: &[(&[&str], &[&str])]) -> Vec<String> {
    let (main, bytes) = (object(defines, needs), library(members));
    let lib = parse(&bytes);
    let mut names = chosen(&[main_object(&main), LinkInput::Archive(&lib)], &[], &[]);
    assert_eq!(names.remove(0), "main.o");
    names
}

#[test]
fn a_weak_need_takes_nothing() {
    assert!(taken(&[], &["?f"], &[(&["f"], &[])]).is_empty());
    // One that is not weak does, wherever it is.
    let members: [(&[&str], &[&str]); 3] = [(&["f"], &[]), (&["g"], &["?h", "f"]), (&["h"], &[])];
    assert_eq!(taken(&[], &["?f", "g"], &members), ["lib.a(g.o)", "lib.a(f.o)"]);
}

#[test]
fn any_definition_will_do() {
    for define in ["f", "=f", "~f", "%f"] {
        let members: [(&[&str], &[&str]); 2] = [(&[define], &[]), (&["f", "g"], &[])];
        assert_eq!(taken(&[], &["f"], &members), ["lib.a(f.o)"], "{define}");
    }
}

#[test]
fn what_is_defined_weakly_is_defined() {
    assert!(taken(&["~f"], &["f"], &[(&["f"], &[])]).is_empty());
    let members: [(&[&str], &[&str]); 2] = [(&["~f"], &[]), (&["g", "f"], &[])];
    assert_eq!(taken(&[], &["f"], &members), ["lib.a(f.o)"]);
}

#[test]
fn data_takes_the_place_of_common_symbols() {
    let other: &[&str] = &[];
    for (define, takes) in [("=f", true), ("f", false), ("~f", false), ("%f", false)] {
        let names = taken(&["%f"], &[], &[(&[define], other)]);
        assert_eq!(!names.is_empty(), takes, "{define}");
        // The same when the COMMON symbol comes from the archive.
        let names = taken(&[], &["f"], &[(&["%f"], other), (&["x", define], other)]);
        let expected = if takes { vec!["lib.a(f.o)", "lib.a(x.o)"] } else { vec!["lib.a(f.o)"] };
        assert_eq!(names, expected, "{define}");
    }
    assert!(taken(&["%f", "=g"], &[], &[(&["=g"], other), (&["x"], other)]).is_empty());
    // A COMMON symbol takes the place of a weak one first.
    let members: [(&[&str], &[&str]); 2] = [(&["g", "%f"], &[]), (&["=f"], &[])];
    assert_eq!(taken(&["~f"], &["g"], &members), ["lib.a(g.o)", "lib.a(f.o)"]);
    assert_eq!(taken(&["~f", "f2"], &[], &members), [""; 0]);
    let bytes = library(&[(&["=f"], &[])]);
    let (main, lib) = (object(&["%f"], other), parse(&bytes));
    let inputs = [main_object(&main), LinkInput::Archive(&lib)];
    assert_eq!(chosen(&inputs, &[], &["f"]), ["main.o"], "the client has it");
}

#[test]
fn a_need_that_is_met_on_the_way_takes_nothing_more() {
    // `d.o` is noted for the COMMON `f`, and `g.o` brings a function of that name before.
    let members: [(&[&str], &[&str]); 2] = [(&["g", "f"], &[]), (&["d", "=f"], &[])];
    assert_eq!(taken(&["%f"], &["g"], &members), ["lib.a(g.o)"]);
    assert_eq!(taken(&["%f"], &["g", "d"], &members), ["lib.a(g.o)", "lib.a(d.o)"]);
    // Of two definitions of `f`, the one that the search comes by first once `f` is needed.
    let members: [(&[&str], &[&str]); 3] =
        [(&["f"], &[]), (&["g"], &["f", "h"]), (&["h", "f"], &[])];
    assert_eq!(taken(&[], &["g"], &members), ["lib.a(g.o)", "lib.a(h.o)"]);
}

/// So has it GNU ld: an IFUNC is a function.
#[test]
fn an_ifunc_takes_the_place_of_no_common_symbol() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3]);
    elf.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("f", text, 0) });
    let bytes = gnu(&[("f.o", elf.build().into_bytes())]);
    let (main, lib) = (object(&["%f"], &[]), parse(&bytes));
    assert_eq!(chosen(&[main_object(&main), LinkInput::Archive(&lib)], &[], &[]), ["main.o"]);
}
