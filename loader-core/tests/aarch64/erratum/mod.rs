//! Cortex-A53 erratum 843419: affected code is mended, wherever it is mapped, and nothing else is
//! touched. Which sequences are affected is compared with linkers by `cargo xtask test --only
//! differential`; here is what that cannot see.

mod contents;
mod hostile;
mod mends;
mod places;

use loader_core::{Error, Machine, Phase, PlanOptions};
use object::elf::*;

use crate::support::elf::{ALLOC, EXEC, SectionSpec};
use crate::support::lies::Elf;
use crate::support::load::run_with;
use crate::support::{ElfBuilder, Image, Imports, SymbolSpec, TestManager};

/// `adrp x3, 0`
const ADRP: u32 = 0x9000_0003;
/// `ldr x1, [x2]`
const SECOND: u32 = 0xf940_0041;
/// `ldr x4, [x3]`
const LAST: u32 = 0xf940_0064;
const NOP: u32 = 0xd503_201f;
const RET: u32 = 0xd65f_03c0;

/// A page, in bytes.
const PAGE: u64 = 0x1000;
const TEXT: u64 = 0x4000_0000;
/// Out of reach of ADR from there, and within.
const FAR: u64 = TEXT + 0x100_0000;
const NEAR: u64 = TEXT + 0x1_0000;

fn options() -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    options.erratum_843419 = true;
    options
}

fn manager(text: u64, data: u64) -> TestManager {
    TestManager::at(text, data + 0x10_0000, data)
}

/// A section of `size` bytes of NOPs, with code at some offsets.
fn section(elf: &mut ElfBuilder, size: u64, parts: &[(u64, &[u32])]) -> u32 {
    let mut words = vec![NOP; size as usize / 4];
    for (offset, code) in parts {
        let start = *offset as usize / 4;
        words[start..start + code.len()].copy_from_slice(code);
    }
    elf.add(SectionSpec {
        name: ".text".into(),
        kind: SHT_PROGBITS.0,
        flags: ALLOC | EXEC,
        align: 4,
        bytes: words.iter().flat_map(|word| word.to_le_bytes()).collect(),
        ..SectionSpec::default()
    })
}

/// Adds a mapping symbol.
fn mapping(elf: &mut ElfBuilder, name: &str, section: u32, offset: u64) {
    let binding = STB_LOCAL.0;
    let spec = SymbolSpec::new(name, section, offset);
    elf.symbol(SymbolSpec { binding, kind: STT_NOTYPE.0, ..spec });
}

/// Adds the variable, 16 bytes into its section, that code uses.
fn variable(elf: &mut ElfBuilder) -> u32 {
    let data = elf.data(&[0; 64]);
    elf.global("variable", data, 0x10)
}

/// Makes the instructions at two offsets, ADRP and a load of 64 bits, speak of a symbol.
fn speak(elf: &mut ElfBuilder, section: u32, [adrp, load]: [u64; 2], symbol: u32) {
    elf.rela(section, adrp, R_AARCH64_ADR_PREL_PG_HI21.0, symbol, 8);
    elf.rela(section, load, R_AARCH64_LDST64_ABS_LO12_NC.0, symbol, 8);
}

/// A section of code with `parts`, each of which begins with an ADRP to `variable` + 8 and ends in
/// a load from there.
fn object(size: u64, parts: &[(u64, &[u32])]) -> Elf {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, size, parts);
    mapping(&mut elf, "$x", text, 0);
    let variable = variable(&mut elf);
    for (offset, code) in parts {
        speak(&mut elf, text, [*offset, offset + 4 * (code.len() as u64 - 1)], variable);
    }
    elf.build()
}

fn load(file: &[u8], manager: &TestManager, options: PlanOptions<'_>) -> Image {
    run_with(&[("test.o", file)], manager, options, &Imports::default(), &(), |loaded| match loaded
    {
        Ok(module) => Image::of(&module),
        Err(error) => panic!("refused: {error}"),
    })
}

/// Loads with the option, text and data at these addresses.
fn mended(file: &[u8], text: u64, data: u64) -> Image {
    load(file, &manager(text, data), options())
}

/// Has an object refused; nothing is kept.
fn refused(file: &[u8], manager: &TestManager, words: &[&str], check: impl FnOnce(Error<'_>)) {
    run_with(&[("test.o", file)], manager, options(), &Imports::default(), &(), |loaded| {
        let error = loaded.expect_err("loaded what must be refused");
        assert_eq!((error.phase(), manager.live()), (Phase::Resolve, 0), "{error}");
        let text = error.to_string();
        for word in words {
            assert!(text.contains(word), "`{text}` does not say {word}");
        }
        check(error);
    });
}
