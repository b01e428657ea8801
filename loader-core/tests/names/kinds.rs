//! IFUNC and thread-local symbols, which are refused wherever the definition is.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use super::user;
use crate::support::{ElfBuilder, SymbolSpec, TestManager, load, refused, refused_with};

#[test]
fn an_ifunc_of_the_same_object_is_refused() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 16]);
    let data = elf.data(&[0; 8]);
    let spec = SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 0) };
    let symbol = elf.symbol(spec);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    refused(&elf.build(), Phase::Plan, &["test.o", ".data", "`chosen`", "IFUNC"], |error| {
        let Error::UnsupportedSymbol { place, symbol } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset, symbol.as_bytes()), (2, 0, &b"chosen"[..]));
    });
}

#[test]
fn an_ifunc_of_another_object_is_refused() {
    // A call to it would go to its resolver function, and get an address for a result.
    let mut owner = ElfBuilder::new(Machine::X86_64);
    let text = owner.text(&[0xc3; 16]);
    owner.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 0) });
    let (owner, user) = (owner.build(), user("chosen"));
    let (owner, user) = (("owner.o", &owner[..]), ("user.o", &user[..]));
    for files in [[owner, user], [user, owner]] {
        let manager = TestManager::new();
        refused_with(&files, &manager, &[], Phase::Plan, &["user.o", "`chosen`"], |error| {
            assert!(matches!(error, Error::UnsupportedSymbol { .. }), "{error:?}");
        });
    }
}

#[test]
fn a_thread_local_symbol_is_refused() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 8]);
    let spec = SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::undefined("errno") };
    let symbol = elf.symbol(spec);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    refused(&elf.build(), Phase::Plan, &["`errno`", "thread-local"], |error| {
        assert!(matches!(error, Error::UnsupportedSymbol { .. }), "{error:?}");
    });
}

#[test]
fn an_ifunc_that_nothing_uses_is_not_given_out() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 16]);
    elf.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 0) });
    elf.global("plain", text, 8);
    let image = load(&elf.build(), &[]);
    assert!(image.exports.contains_key("plain"));
    assert!(!image.exports.contains_key("chosen"), "its address is its resolver's");
}
