//! What cannot be: typed errors that name the place, and nothing kept.

use loader_core::{Error, Machine, Phase, TlsModel};
use object::elf::*;

use super::{outside, tdata, variable, with};
use crate::support::threads::Client;
use crate::support::{ElfBuilder, SymbolSpec, code, refused};

/// An object whose code uses a variable by one relocation.
fn user(number: RelocationType, insn: u32, own: bool) -> ElfBuilder {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[insn]));
    let image = tdata(&mut elf, &[0; 32]);
    let own_symbol = variable(&mut elf, "own", image, 8);
    let symbol = if own { own_symbol } else { outside(&mut elf, "outside") };
    elf.rela(text, 0, number.0, symbol, 0);
    elf
}

fn refusal(elf: &ElfBuilder, model: TlsModel, client: &Client, check: impl FnOnce(Error<'_>)) {
    with(elf, model, client, |loaded| check(loaded.expect_err("must be refused")));
}

#[test]
fn a_plan_without_thread_locals() {
    let elf = user(R_AARCH64_TLSLE_ADD_TPREL_LO12, 0x9100_0000, true);
    refused(&elf.build(), Phase::Plan, &[".tdata", "TlsModel::None"], |error| {
        assert!(matches!(error, Error::Section { .. }), "{error:?}");
    });
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9100_0000]));
    let symbol = outside(&mut elf, "outside");
    elf.rela(text, 0, R_AARCH64_TLSLE_ADD_TPREL_LO12.0, symbol, 0);
    let words = ["R_AARCH64_TLSLE_ADD_TPREL_LO12", "`outside`", ".text", "TlsModel::None"];
    refused(&elf.build(), Phase::Plan, &words, |error| {
        assert!(matches!(error, Error::UnsupportedRelocation { .. }), "{error:?}");
    });
}

#[test]
fn a_block_that_is_nowhere_or_misaligned() {
    let elf = user(R_AARCH64_TLSLE_ADD_TPREL_LO12, 0x9100_0000, true);
    for client in [Client::dynamic(), Client::at(8)] {
        refusal(&elf, TlsModel::Static, &client, |error| {
            assert_eq!(error, Error::ThreadLocalBlock { size: 32, align: 16 });
            assert_eq!(error.phase(), Phase::Resolve);
            assert!(error.to_string().contains("32 bytes, aligned to 16"), "{error}");
        });
    }
}

#[test]
fn a_distance_that_differs_from_thread_to_thread() {
    for (number, insn) in [
        (R_AARCH64_TLSLE_ADD_TPREL_LO12, 0x9100_0000),
        (R_AARCH64_TLSIE_LD64_GOTTPREL_LO12_NC, 0xf940_0000),
    ] {
        for own in [true, false] {
            let elf = user(number, insn, own);
            refusal(&elf, TlsModel::Dynamic, &Client::dynamic(), |error| {
                let Error::ThreadPointer { place, symbol, .. } = error else { panic!("{error:?}") };
                assert_eq!((place.index, place.offset), (1, 0));
                let name = if own { "own" } else { "outside" };
                assert_eq!(symbol.to_string(), name);
                assert!(error.to_string().contains("thread pointer"), "{error}");
            });
        }
    }
    // Another module's variable is at no distance from this one's block.
    let elf = user(R_AARCH64_TLSLD_ADD_DTPREL_LO12, 0x9100_0000, false);
    refusal(&elf, TlsModel::Static, &Client::at(16), |error| {
        assert!(matches!(error, Error::ThreadPointer { .. }), "{error:?}");
    });
}

#[test]
fn descriptors_that_the_client_does_not_have() {
    let elf = user(R_AARCH64_TLSDESC_ADR_PAGE21, 0x9000_0000, true);
    let client = Client { descriptors: false, ..Client::dynamic() };
    refusal(&elf, TlsModel::Dynamic, &client, |error| {
        let Error::Descriptor { symbol } = error else { panic!("{error:?}") };
        assert_eq!(symbol.to_string(), "own");
        assert!(error.to_string().contains("`own`"), "{error}");
    });
}

#[test]
fn a_hidden_variable_of_another_module() {
    for (binding, is_weak) in [(STB_GLOBAL, false), (STB_WEAK, true)] {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let text = elf.text(&code(&[0x9100_0000]));
        let (binding, other) = (binding.0, STV_HIDDEN.0);
        let spec =
            SymbolSpec { binding, other, kind: STT_TLS.0, ..SymbolSpec::undefined("outside") };
        let symbol = elf.symbol(spec);
        elf.rela(text, 0, R_AARCH64_TLSLE_ADD_TPREL_LO12.0, symbol, 4);
        with(&elf, TlsModel::Static, &Client::at(16), |loaded| match loaded {
            Ok(module) => {
                let image = crate::support::Image::of(&module);
                assert_eq!(image.word(".text", 0), 0x9100_1000, "the addend alone");
                assert!(is_weak);
            }
            Err(error) => assert!(matches!(error, Error::Undefined { .. }) && !is_weak, "{error}"),
        });
    }
}

#[test]
fn variables_that_nobody_has() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9100_0000]));
    let symbol = outside(&mut elf, "missing");
    elf.rela(text, 0, R_AARCH64_TLSLE_ADD_TPREL_LO12.0, symbol, 0);
    refusal(&elf, TlsModel::Static, &Client::at(16), |error| {
        let Error::Undefined { place, symbol } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset), (1, 0));
        assert_eq!(symbol.to_string(), "missing");
    });
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9100_0000]));
    let spec = SymbolSpec { binding: STB_WEAK.0, kind: STT_TLS.0, ..SymbolSpec::undefined("weak") };
    let symbol = elf.symbol(spec);
    elf.rela(text, 0, R_AARCH64_TLSLE_ADD_TPREL_LO12.0, symbol, 4);
    with(&elf, TlsModel::Static, &Client::at(16), |loaded| {
        let image = crate::support::Image::of(&loaded.unwrap());
        assert_eq!(image.word(".text", 0), 0x9100_1000, "the addend alone, as ld.lld has it");
    });
}

#[test]
fn kinds_that_do_not_go_together() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9100_0000, 0x9100_0000]));
    let plain = elf.global("plain", text, 0);
    elf.rela(text, 4, R_AARCH64_TLSLE_ADD_TPREL_LO12.0, plain, 0);
    refusal(&elf, TlsModel::Static, &Client::at(16), |error| {
        let Error::WrongSymbol { place, relocation, symbol } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset), (1, 4));
        assert_eq!(relocation.name(), "R_AARCH64_TLSLE_ADD_TPREL_LO12");
        assert_eq!(symbol.to_string(), "plain");
    });
    let elf = user(R_AARCH64_ADD_ABS_LO12_NC, 0x9100_0000, true);
    refusal(&elf, TlsModel::Static, &Client::at(16), |error| {
        assert!(matches!(error, Error::WrongSymbol { .. }), "{error:?}");
    });
}

#[test]
fn sequences_that_are_not_what_they_must_be() {
    // Two registers: MOVZ and MOVK cannot be made of it.
    let elf = user(R_AARCH64_TLSIE_LD64_GOTTPREL_LO12_NC, 0xf940_0020, true);
    refusal(&elf, TlsModel::Static, &Client::at(16), |error| {
        let Error::Instruction { place, found, .. } = error else { panic!("{error:?}") };
        assert_eq!((place.index, place.offset, found), (1, 0, 0xf940_0020));
    });
    // A part of a descriptor's sequence whose label is no descriptor's, and the other way round.
    for (high, low) in [
        (R_RISCV_PCREL_HI20, R_RISCV_TLSDESC_ADD_LO12),
        (R_RISCV_TLSDESC_HI20, R_RISCV_PCREL_LO12_I),
    ] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let text = elf.text(&code(&[0x617, 0x6_0513]));
        let image = tdata(&mut elf, &[0; 32]);
        let own = variable(&mut elf, "own", image, 8);
        let function = elf.global("function", text, 0);
        let label = elf.local(".L0", text, 0);
        let symbol = if high == R_RISCV_PCREL_HI20 { function } else { own };
        elf.rela(text, 0, high.0, symbol, 0);
        elf.rela(text, 4, low.0, label, 0);
        for model in [TlsModel::Static, TlsModel::Dynamic] {
            refusal(&elf, model, &Client::at(16), |error| {
                assert!(matches!(error, Error::Unpaired { .. }), "{error:?}");
            });
        }
    }
}

#[test]
fn offsets_that_do_not_fit() {
    let elf = user(R_AARCH64_TLSLE_ADD_TPREL_LO12, 0x9100_0000, true);
    refusal(&elf, TlsModel::Static, &Client::at(0x1000), |error| {
        assert!(matches!(error, Error::OutOfRange { value: 0x1008, .. }), "{error:?}");
    });
    let elf = user(R_AARCH64_TLSDESC_ADR_PAGE21, 0x9000_0000, true);
    refusal(&elf, TlsModel::Static, &Client::at(-16), |error| {
        assert!(matches!(error, Error::OutOfRange { value: -8, .. }), "{error:?}");
    });
}
