//! IFUNCs, which are called through a slot that the client fills, and thread-local symbols.

use loader_core::{Error, Machine, Phase, Segment, SegmentKind, TargetAddress};
use object::elf::*;

use super::user;
use crate::support::load::{Imports, run};
use crate::support::{ElfBuilder, SymbolSpec, TestManager, load, number, refused};

const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

/// An object with an IFUNC whose resolver lies 8 bytes into the code, and a pointer to it.
fn chooser(machine: Machine) -> ElfBuilder {
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&[0; 16]);
    let data = elf.data(&[0; 8]);
    let spec = SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 8) };
    let symbol = elf.symbol(spec);
    let word64 = match machine {
        Machine::Aarch64 => R_AARCH64_ABS64,
        Machine::Riscv64 => R_RISCV_64,
        _ => R_X86_64_64,
    };
    elf.rela(data, 0, word64.0, symbol, 0);
    elf
}

/// Where the stub at an address goes, read apart from what wrote it.
fn stub_slot(machine: Machine, code: &[u8], at: u64) -> u64 {
    let word = |offset: usize| number(&code[offset..offset + 4]) as u32;
    use crate::support::decode::{aarch64, riscv64};
    match machine {
        Machine::Aarch64 => {
            assert_eq!(word(8), 0xd61f_0200, "br x16");
            (at & !0xfff).wrapping_add_signed(aarch64::adrp(word(0))) + aarch64::imm12(word(4)) * 8
        }
        Machine::Riscv64 => {
            assert_eq!(word(8), 0x000e_0067, "jr t3");
            let offset = riscv64::u_imm(word(0)) + riscv64::i_imm(word(4));
            at.wrapping_add_signed(offset)
        }
        _ => {
            assert_eq!(code[..2], [0xff, 0x25], "jmp *...(%rip)");
            (at + 6).wrapping_add_signed(i64::from(word(2).cast_signed()))
        }
    }
}

#[test]
fn an_ifunc_is_called_through_a_slot_that_the_client_fills() {
    for machine in MACHINES {
        let file = chooser(machine).build();
        run(&[("test.o", &file)], &TestManager::new(), &Imports::default(), |loaded| {
            let mut module = loaded.unwrap();
            let [resolution] = module.resolutions().collect::<Vec<_>>()[..] else {
                panic!("one IFUNC")
            };
            let text = module.sections().next().unwrap().address.value();
            assert_eq!(resolution.name.as_bytes(), b"chosen");
            assert_eq!(resolution.resolver.value(), text + 8);
            let address = module.symbol("chosen").unwrap().value();
            let segment = |kind| module.segments().find(|s| s.kind() == kind).unwrap();
            let (code, data) = (segment(SegmentKind::Text), segment(SegmentKind::Data));
            // SAFETY: nothing of the module runs.
            let bytes = |segment: &Segment| unsafe { segment.bytes() }.to_vec();
            // The pointer, the export and the stub are one.
            assert_eq!(number(&bytes(data)[..8]), address);
            let code_bytes = bytes(code);
            let stub = &code_bytes[(address - code.target().value()) as usize..];
            assert_eq!(stub_slot(machine, stub, address), resolution.slot.value());
            let at = (resolution.slot.value() - data.target().value()) as usize;
            assert_eq!(number(&bytes(data)[at..at + 8]), 0);
            module.set_resolved(&resolution, TargetAddress::new(0x1234_5678_9abc));
            let data = module.segments().find(|s| s.kind() == SegmentKind::Data).unwrap();
            assert_eq!(number(&bytes(data)[at..at + 8]), 0x1234_5678_9abc);
        });
    }
}

#[test]
fn an_ifunc_of_another_object_has_the_same_address() {
    // A call to it must not go to its resolver function, and get an address for a result.
    let (owner, user) = (chooser(Machine::X86_64).build(), user("chosen"));
    let (owner, user) = (("owner.o", &owner[..]), ("user.o", &user[..]));
    for files in [[owner, user], [user, owner]] {
        run(&files, &TestManager::new(), &Imports::default(), |loaded| {
            let module = loaded.unwrap();
            assert_eq!(module.resolutions().count(), 1);
            let address = module.symbol("chosen").unwrap();
            let all: Vec<_> =
                module.symbols().filter(|s| s.symbol.name().as_bytes() == b"chosen").collect();
            assert!(!all.is_empty());
            assert!(all.iter().all(|symbol| symbol.address == address));
        });
    }
}

#[test]
fn an_ifunc_that_nothing_uses_is_given_out_with_its_stub() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xc3; 16]);
    elf.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 0) });
    elf.global("plain", text, 8);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.stubs, 1);
    assert_eq!(image.at(image.exports["chosen"], 2), [0xff, 0x25]);
    assert_ne!(image.exports["chosen"], image.exports["plain"]);
}

#[test]
fn a_thread_local_symbol_has_no_address() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 8]);
    let spec = SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::undefined("errno") };
    let symbol = elf.symbol(spec);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    refused(&elf.build(), Phase::Plan, &["`errno`", "R_X86_64_64", "thread-local"], |error| {
        assert!(matches!(error, Error::WrongSymbol { .. }), "{error:?}");
    });
}
