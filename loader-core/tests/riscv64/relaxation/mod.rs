//! Linker relaxation (RISC-V ELF psABI, "Linker relaxation"). That the result is what
//! `ld.lld --relax` makes is compared by `cargo xtask test --only differential`; here is what
//! that cannot see.

mod addresses;
mod calls;
mod refused;
mod sizes;

use loader_core::{Error, Machine, Module, PlanOptions, TlsModel};
use object::elf::*;

use crate::support::lies::file::FLAGS;
use crate::support::load::run_with;
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Image, Imports, TestManager};

/// `call`: AUIPC and JALR with `ra`.
const CALL: [u8; 8] = [0x97, 0, 0, 0, 0xe7, 0x80, 0, 0];
/// `tail`: AUIPC with `t1` and a JALR that returns nowhere.
const TAIL: [u8; 8] = [0x17, 0x03, 0, 0, 0x67, 0x00, 0x03, 0];
/// `EF_RISCV_RVC`
const COMPRESSED: u64 = 1;

/// Where the text lies.
const TEXT: u64 = 0x4000_0000;
/// Where imports lie: near the text, and out of every reach but that of a stub.
const IMPORTS: [(&str, u64); 3] =
    [("beside", TEXT - 0x100), ("near", TEXT + 0x1_0000), ("far", 0x7f_0000_0000)];

fn relaxing() -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    options.relaxation = true;
    options.thread_locals = TlsModel::Static;
    options
}

/// Adds a relocation that may be relaxed.
fn marked(elf: &mut ElfBuilder, section: u32, offset: u64, number: RelocationType, symbol: u32) {
    elf.rela(section, offset, number.0, symbol, 0);
    elf.rela(section, offset, R_RISCV_RELAX.0, 0, 0);
}

/// The file of an object with compressed instructions.
fn compressed(elf: &ElfBuilder) -> Vec<u8> {
    elf.build().set_file(FLAGS, COMPRESSED).into_bytes()
}

/// Loads one object for a client with its blocks at the thread pointer.
fn with<R>(
    file: &[u8],
    options: PlanOptions<'_>,
    then: impl FnOnce(Result<Module<'_, '_, &TestManager>, Error<'_>>) -> R,
) -> R {
    let manager = TestManager::at(TEXT, TEXT + 0x10_0000, TEXT + 0x20_0000);
    let (client, imports) = (Client::at(0), Imports::of(&IMPORTS));
    let result = run_with(&[("test.o", file)], &manager, options, &imports, &client, then);
    assert_eq!(manager.live(), 0);
    result
}

fn load(file: &[u8], options: PlanOptions<'_>) -> Image {
    with(file, options, |loaded| Image::of(&loaded.unwrap_or_else(|error| panic!("{error}"))))
}

/// Loads an object whose code may be shorter then.
fn relaxed(elf: &ElfBuilder) -> Image {
    load(&compressed(elf), relaxing())
}

fn builder() -> ElfBuilder {
    ElfBuilder::new(Machine::Riscv64)
}
