//! Selection from archives that are made here, of objects that are made here.

use super::*;
use object::write::{Object as Writer, StandardSection, Symbol, SymbolSection};
use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

/// An object that defines and needs the given symbols; a name behind `?` is needed weakly.
pub fn object(defines: &[&str], needs: &[&str]) -> Vec<u8> {
    let mut writer = Writer::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let text = writer.section_id(StandardSection::Text);
    let mut add = |name: &str, section, weak| {
        writer.add_symbol(Symbol {
            name: name.as_bytes().to_vec(),
            value: 0,
            size: 0,
            kind: SymbolKind::Text,
            scope: SymbolScope::Dynamic,
            weak,
            section,
            flags: SymbolFlags::None,
        });
    };
    for name in defines {
        add(name, SymbolSection::Section(text), false);
    }
    for name in needs {
        add(name.trim_start_matches('?'), SymbolSection::Undefined, name.starts_with('?'));
    }
    writer.write().unwrap()
}

/// One member's header and bytes.
fn member(name: &str, bytes: &[u8]) -> Vec<u8> {
    let header = format!("{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, 0, 644, bytes.len());
    let mut all = [header.as_bytes(), bytes].concat();
    if all.len() % 2 == 1 {
        all.push(b'\n');
    }
    all
}

/// An archive as GNU `ar` writes it, long names included, without an index.
fn gnu(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut names = String::new();
    let mut all = Vec::new();
    for (name, bytes) in members {
        all.extend(member(&format!("/{}", names.len()), bytes));
        names.push_str(&format!("{name}/\n"));
    }
    [MAGIC, &member("//", names.as_bytes()), &all].concat()
}

/// An archive as BSD's `ar` writes it: the name in front of the bytes.
fn bsd(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut all = MAGIC.to_vec();
    for (name, bytes) in members {
        let named = [name.as_bytes(), bytes].concat();
        all.extend(member(&format!("#1/{}", name.len()), &named));
    }
    all
}

fn names(members: &[NamedBytes]) -> Vec<&str> {
    members.iter().map(|member| member.name.as_str()).collect()
}

fn members() -> [(&'static str, Vec<u8>); 4] {
    [
        ("first_with_a_long_name.o", object(&["first"], &["second", "outside"])),
        ("second.o", object(&["second"], &["first", "?third"])),
        ("third.o", object(&["third"], &[])),
        ("lib.rmeta", object(&["fourth"], &[])),
    ]
}

#[test]
fn members_are_pulled_in_as_needed() {
    for bytes in [gnu(&members()), bsd(&members())] {
        let archive = Archive::parse("lib.a", bytes).unwrap();
        let mut linker = Linker::default();
        linker.add(&object(&["main"], &["first", "fourth"]));
        let pulled = linker.pull(&[archive], |_| false);
        assert_eq!(names(&pulled), ["lib.a(first_with_a_long_name.o)", "lib.a(second.o)"]);
        assert_eq!(linker.missing().collect::<Vec<_>>(), [&b"fourth"[..], b"outside"]);
        assert_eq!(pulled[1].bytes, members()[1].1);
    }
}

#[test]
fn the_first_definition_wins() {
    let one = Archive::parse("one.a", gnu(&[("a.o", object(&["f"], &[]))])).unwrap();
    let two = Archive::parse("two.a", gnu(&[("b.o", object(&["f", "g"], &[]))])).unwrap();
    let archives = [one, two];
    let mut linker = Linker::default();
    linker.want(b"f".to_vec());
    assert_eq!(names(&linker.pull(&archives, |_| false)), ["one.a(a.o)"]);
    linker.want(b"g".to_vec());
    assert_eq!(names(&linker.pull(&archives, |_| false)), ["two.a(b.o)"]);
}

#[test]
fn what_the_program_or_others_define_pulls_nothing() {
    let archives = [Archive::parse("lib.a", gnu(&members())).unwrap()];
    let mut linker = Linker::default();
    linker.add(&object(&["main", "first"], &["first", "second"]));
    assert!(linker.pull(&archives, |name| name == b"second").is_empty());
    assert_eq!(linker.missing().collect::<Vec<_>>(), [b"second"]);
    assert_eq!(names(&linker.pull(&archives, |_| false)), ["lib.a(second.o)"]);
}

#[test]
fn thin_and_damaged_archives_are_refused() {
    let thin = Archive::parse("t.a", b"!<thin>\n".to_vec()).unwrap_err();
    assert!(thin.to_string().contains("thin"), "{thin}");
    let mut cut = gnu(&members());
    cut.truncate(cut.len() - 1000);
    assert!(Archive::parse("c.a", cut).is_err());
    assert!(Archive::parse("n.a", b"nothing of the kind".to_vec()).is_err());
}
