//! Relocations that cannot be applied, by number, place or symbol.

use loader_core::{Defect, Error, Machine, Phase, SegmentKind, Unsupported};
use object::elf::*;

use super::malformed;
use crate::support::{ElfBuilder, TestManager, load, refused, refused_with};

const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

/// Two sections, the second with one relocation at `offset` of its 32 bytes.
fn object(machine: Machine, number: u32, offset: u64, symbol: u32) -> ElfBuilder {
    let mut elf = ElfBuilder::new(machine);
    elf.text(&[0; 16]);
    let data = elf.data(&[0; 32]);
    elf.undefined("import");
    elf.rela(data, offset, number, symbol, 0);
    elf
}

#[test]
fn numbers_that_no_psabi_has() {
    for machine in MACHINES {
        for number in [66, 250, 1000, 5000, 0x00ff_ffff, u32::MAX] {
            if machine.relocation(number).is_some() {
                continue;
            }
            let text = number.to_string();
            let words = ["test.o", "section 2 `.data`+0x8", &text, "psABI"];
            refused(&object(machine, number, 8, 1).build(), Phase::Plan, &words, |error| {
                let Error::UnknownRelocation { place, number: found } = error else {
                    panic!("{error:?}")
                };
                assert_eq!((place.index, place.offset, found), (2, 8, number));
            });
        }
    }
}

#[test]
fn every_refused_type_is_refused_by_name() {
    let mut reasons = Vec::new();
    for machine in MACHINES {
        for row in machine.relocations() {
            let Some(expected) = row.unsupported() else { continue };
            reasons.push(expected);
            let file = object(machine, row.number(), 8, 1).build();
            let words = ["test.o", "section 2 `.data`+0x8", row.name()];
            refused(&file, Phase::Plan, &words, |error| {
                let Error::UnsupportedRelocation { place, relocation, reason, .. } = error else {
                    panic!("{error:?}")
                };
                assert_eq!((place.index, place.offset), (2, 8));
                assert_eq!((relocation, reason), (row, expected));
            });
        }
    }
    use Unsupported::*;
    for reason in [Dynamic, PointerAuthentication, Reserved, Vendor] {
        assert!(reasons.contains(&reason), "{reason:?}");
    }
}

#[test]
fn every_applied_type_is_checked_against_the_end_of_its_section() {
    for machine in MACHINES {
        for row in machine.relocations().iter().filter(|row| row.range().is_some()) {
            for offset in [32, 33, 1 << 32, u64::MAX, u64::MAX - 7] {
                let file = object(machine, row.number(), offset, 1).build();
                let at = (".data", 2, offset);
                malformed(&file, Phase::Plan, at, Defect::RelocationOffset, offset);
            }
        }
    }
}

#[test]
fn the_whole_field_must_lie_in_the_section() {
    for (machine, number, width) in [
        (Machine::X86_64, R_X86_64_64.0, 8),
        (Machine::X86_64, R_X86_64_PC32.0, 4),
        (Machine::X86_64, R_X86_64_16.0, 2),
        (Machine::Aarch64, R_AARCH64_ABS64.0, 8),
        (Machine::Aarch64, R_AARCH64_CALL26.0, 4),
        (Machine::Riscv64, R_RISCV_CALL_PLT.0, 8),
        (Machine::Riscv64, R_RISCV_PCREL_LO12_I.0, 4),
        (Machine::Riscv64, R_RISCV_RVC_JUMP.0, 2),
        (Machine::Riscv64, R_RISCV_ADD16.0, 2),
    ] {
        for offset in 32 - width + 1..32 {
            let file = object(machine, number, offset, 1).build();
            let at = (".data", 2, offset);
            malformed(&file, Phase::Plan, at, Defect::RelocationOffset, offset);
        }
    }
    let mut elf = object(Machine::X86_64, R_X86_64_64.0, 24, 1);
    elf.global("unused", 1, 0);
    let image = load(&elf.build(), &[("import", 0x1234)]);
    assert_eq!(image.field(".data", 24, 8), 0x1234, "the last place that there is");
}

#[test]
fn symbols_that_do_not_exist() {
    let none = [R_AARCH64_NONE.0, R_RISCV_NONE.0, R_X86_64_NONE.0];
    let absolute = [R_AARCH64_ABS64.0, R_RISCV_64.0, R_X86_64_64.0];
    for (machine, numbers) in MACHINES.into_iter().zip(none.into_iter().zip(absolute)) {
        for number in [numbers.0, numbers.1] {
            for symbol in [2, 3, 0xff_ffff, u32::MAX] {
                let file = object(machine, number, 8, symbol).build();
                let at = (".data", 2, 8);
                malformed(&file, Phase::Plan, at, Defect::SymbolIndex, symbol.into());
            }
        }
    }
}

#[test]
fn undefined_symbols() {
    let file = object(Machine::X86_64, R_X86_64_64.0, 8, 1).build();
    let words = ["test.o", "section 2 `.data`+0x8", "`import`", "undefined", "export"];
    refused(&file, Phase::Resolve, &words, |error| {
        let Error::Undefined { place, symbol } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset, symbol.as_bytes()), (2, 8, &b"import"[..]));
    });
}

#[test]
fn undefined_symbols_that_nothing_needs_may_stay() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0xc3]);
    elf.undefined("unused");
    load(&elf.build(), &[]);
}

#[test]
fn symbols_of_sections_that_are_not_loaded() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.data(&[0; 8]);
    let debug = elf.section(".debug_info", 0, &[0; 8]);
    let symbol = elf.section_symbol(debug);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    let words = ["test.o", "section 1 `.data`+0x0", "R_X86_64_64", "`.debug_info`"];
    refused(&elf.build(), Phase::Plan, &words, |error| {
        let Error::Discarded { place, relocation, symbol } = error else { panic!("{error:?}") };
        assert_eq!((place.index, relocation.name()), (1, "R_X86_64_64"));
        assert_eq!(symbol.as_bytes(), b".debug_info");
    });
}

#[test]
fn out_of_range_says_what_is_too_far_from_what() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0xc3]);
    let data = elf.data(&[0; 16]);
    let symbol = elf.undefined("import");
    elf.rela(data, 8, R_X86_64_PC32.0, symbol, -4);
    let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
    let imports = [("import", 0x1_1200_0008)];
    let words = [
        "test.o: section 2 `.data`+0x8",
        "R_X86_64_PC32",
        "`import`",
        "0xfffffffc",
        "-0x80000000..=0x7fffffff",
        "data segment",
        "0x12000008",
        "0x112000008",
    ];
    refused_with(&files, &TestManager::new(), &imports, Phase::Resolve, &words, |error| {
        let Error::OutOfRange { place, relocation, symbol, value, segment, from, to } = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((place.index, place.offset, symbol.as_bytes()), (2, 8, &b"import"[..]));
        assert_eq!(
            (relocation.name(), value, segment),
            ("R_X86_64_PC32", 0xffff_fffc, SegmentKind::Data)
        );
        assert_eq!((from.value(), to.value()), (0x1200_0008, 0x1_1200_0008));
    });
}

#[test]
fn misaligned_addends_and_instructions_say_where() {
    type Check = fn(Error<'_>);
    let cases: [(RelocationType, u32, u64, i64, &str, Check); 3] = [
        (R_AARCH64_CALL26, 0x9400_0000, 0x1000_0002, 0, "0x2", |error| {
            assert!(matches!(error, Error::Misaligned { value: 2, .. }), "{error:?}");
        }),
        (R_AARCH64_ADR_GOT_PAGE, 0x9000_0000, 0x1000_0000, 16, "0x10", |error| {
            assert!(matches!(error, Error::Addend { addend: 16, .. }), "{error:?}");
        }),
        (R_AARCH64_CALL26, 0x1234_5678, 0x1000_0000, 0, "0x12345678", |error| {
            assert!(matches!(error, Error::Instruction { found: 0x1234_5678, .. }), "{error:?}");
        }),
    ];
    for (number, insn, symbol, addend, word, check) in cases {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = elf.text(&insn.to_le_bytes());
        let import = elf.undefined("import");
        elf.rela(text, 0, number.0, import, addend);
        let name = Machine::Aarch64.relocation(number.0).unwrap().name();
        let words = ["test.o: section 1 `.text`+0x0", name, word];
        let files: [(&str, &[u8]); 1] = [("test.o", &elf.build())];
        let imports = [("import", symbol)];
        refused_with(&files, &TestManager::new(), &imports, Phase::Resolve, &words, check);
    }
}
