//! What a loader does that was built without some of its features: it refuses, or asks the client.

use loader_core::{Error, Machine, Phase, RefusedSection, RefusedSymbol, Treatment, Unsupported};
use object::elf::{
    R_RISCV_ALIGN, R_X86_64_64, R_X86_64_GOTTPOFF, R_X86_64_REX_GOTPCRELX, SHF_ALLOC, SHF_TLS,
    SHF_WRITE, SHT_INIT_ARRAY, SHT_PROGBITS, STB_GLOBAL, STB_WEAK, STT_GNU_IFUNC, STT_TLS,
};

use crate::support::{ElfBuilder, SymbolSpec, TestManager, load, refused, refused_with};

#[test]
#[cfg(not(feature = "several-objects"))]
fn a_second_object_is_refused() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0; 4]);
    let file = elf.build();
    let files: [(&str, &[u8]); 2] = [("one.o", &file), ("two.o", &file)];
    let (manager, says) = (TestManager::new(), ["two.o", "several-objects"]);
    refused_with(&files, &manager, &[], Phase::Plan, &says, |error| {
        assert_eq!(error, Error::SeveralObjects { object: "two.o".into() });
    });
}

#[test]
#[cfg(not(feature = "boundaries"))]
fn the_client_is_asked_for_boundaries() {
    // Hidden as well, as the tables of coverage and profiles have them.
    for (binding, other) in [(STB_GLOBAL, 0), (STB_GLOBAL, 2), (STB_WEAK, 0), (STB_WEAK, 2)] {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let data = elf.data(&[0; 8]);
        let start = elf.symbol(SymbolSpec {
            binding: binding.0,
            other,
            ..SymbolSpec::undefined("__start_list")
        });
        elf.rela(data, 0, R_X86_64_64.0, start, 1);
        let image = load(&elf.build(), &[("__start_list", 0x1234)]);
        assert_eq!(image.field(".data", 0, 8), 0x1235, "{binding:?} {other}");
    }
}

#[test]
#[cfg(not(feature = "initialisers"))]
fn functions_that_would_have_to_be_called_are_refused() {
    for (name, kind) in [
        (".init_array.7", SHT_INIT_ARRAY),
        (".init_array", SHT_PROGBITS),
        (".ctors", SHT_PROGBITS),
        (".fini_array", SHT_PROGBITS),
    ] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        elf.text(&[0; 4]);
        let list = elf.section(name, 3, &[0; 8]);
        elf.edit(list).kind = kind.0;
        refused(&elf.build(), Phase::Plan, &[name, "initialisers"], |error| {
            let Error::Section { place, reason } = error else { panic!("{error:?}") };
            assert_eq!((place.index, reason), (list, RefusedSection::Initialisers));
        });
    }
    // One that is not loaded asks for nothing.
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.section(".init_array", 0, &[0; 8]);
    load(&elf.build(), &[]);
}

#[test]
#[cfg(not(feature = "common-symbols"))]
fn common_symbols_are_refused() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    elf.text(&[0; 4]);
    elf.common("tentative", 8, 8);
    refused(&elf.build(), Phase::Plan, &["test.o", "`tentative`", "-fno-common"], |error| {
        let Error::Symbol { object, symbol, reason } = error else { panic!("{error:?}") };
        assert_eq!((object.to_string(), symbol.to_string()), ("test.o".into(), "tentative".into()));
        assert_eq!(reason, RefusedSymbol::Common);
    });
}

#[test]
#[cfg(not(feature = "indirect-functions"))]
fn indirect_functions_are_refused_where_they_are_defined() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3]);
    elf.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 0) });
    refused(&elf.build(), Phase::Plan, &["test.o", "`chosen`", "IFUNC"], |error| {
        let Error::Symbol { symbol, reason, .. } = error else { panic!("{error:?}") };
        assert_eq!(symbol.to_string(), "chosen");
        assert_eq!(reason, RefusedSymbol::IndirectFunction);
    });
    // Another module's is a function like any other.
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 8]);
    let kind = STT_GNU_IFUNC.0;
    let chosen = elf.symbol(SymbolSpec { kind, ..SymbolSpec::undefined("chosen") });
    elf.rela(data, 0, R_X86_64_64.0, chosen, 0);
    assert_eq!(load(&elf.build(), &[("chosen", 0x1234)]).field(".data", 0, 8), 0x1234);
}

#[test]
#[cfg(not(feature = "got-relaxation"))]
fn loads_go_through_the_got_whatever_is_in_reach() {
    // mov here@GOTPCREL(%rip), %rax
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0x48, 0x8b, 0x05, 0, 0, 0, 0, 0xc3]);
    let here = elf.global("here", text, 7);
    elf.rela(text, 3, R_X86_64_REX_GOTPCRELX.0, here, -4);
    let image = load(&elf.build(), &[]);
    let (code, start) = (image.section(".text"), image.section_address(".text"));
    assert_eq!(code[..3], [0x48, 0x8b, 0x05]);
    let distance = i64::from(image.word(".text", 3).cast_signed());
    assert_eq!(image.pointer(start.wrapping_add_signed(7 + distance)), start + 7);
}

#[test]
#[cfg(not(feature = "riscv-align"))]
fn padding_that_would_have_to_go_is_refused() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&[0x01, 0, 0x01, 0, 0x01, 0, 0x82, 0x80]);
    elf.edit(text).align = 8;
    elf.rela(text, 0, R_RISCV_ALIGN.0, 0, 6);
    let says = [".text", "R_RISCV_ALIGN", "-mno-relax", "riscv-align"];
    refused(&elf.build(), Phase::Plan, &says, |error| {
        let Error::UnsupportedRelocation { relocation, reason, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!((relocation.name(), reason), ("R_RISCV_ALIGN", Unsupported::Padding));
        assert_eq!(relocation.treatment(), Treatment::Refused(reason));
    });
}

#[test]
#[cfg(not(feature = "thread-locals"))]
fn thread_local_variables_are_refused_for_what_is_missing() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.section(".tdata", u64::from(SHF_ALLOC.0 | SHF_WRITE.0 | SHF_TLS.0), &[0; 8]);
    refused(&elf.build(), Phase::Plan, &[".tdata", "feature thread-locals"], |error| {
        let Error::Section { reason, .. } = error else { panic!("{error:?}") };
        assert_eq!(reason, RefusedSection::ThreadLocal);
    });
    // Another module's.
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0; 8]);
    let kind = STT_TLS.0;
    let variable = elf.symbol(SymbolSpec { kind, ..SymbolSpec::undefined("variable") });
    elf.rela(text, 0, R_X86_64_GOTTPOFF.0, variable, -4);
    let says = ["R_X86_64_GOTTPOFF", "`variable`", "feature thread-locals"];
    refused(&elf.build(), Phase::Plan, &says, |error| {
        let Error::UnsupportedRelocation { reason, .. } = error else { panic!("{error:?}") };
        assert_eq!(reason, Unsupported::ThreadLocal);
    });
}
