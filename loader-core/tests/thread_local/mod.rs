//! Thread-local variables. That code is made local-exec as other linkers do it is compared with
//! theirs by `cargo xtask test --only differential`; here is what that cannot see.

mod blocks;
mod dynamic;
mod fields;
mod refused;
mod slots;
mod words;

use loader_core::{Error, Module, PlanOptions, TlsModel};
use object::elf::STT_TLS;

use crate::support::elf::SectionSpec;
use crate::support::load::run_with;
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Imports, SymbolSpec, TestManager};

/// `SHF_ALLOC`, `SHF_WRITE` and `SHF_TLS`.
const TLS: u64 = 0x403;

/// Adds a section of initialised variables.
fn tdata(elf: &mut ElfBuilder, bytes: &[u8]) -> u32 {
    elf.section(".tdata", TLS, bytes)
}

/// Adds a section of zero variables.
fn tbss(elf: &mut ElfBuilder, size: u64, align: u64) -> u32 {
    elf.add(SectionSpec {
        name: ".tbss".into(),
        kind: object::elf::SHT_NOBITS.0,
        flags: TLS,
        align,
        nobits_size: size,
        ..SectionSpec::default()
    })
}

/// Adds a global variable of a section.
fn variable(elf: &mut ElfBuilder, name: &str, section: u32, offset: u64) -> u32 {
    elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new(name, section, offset) })
}

/// Adds a variable of somebody else.
fn outside(elf: &mut ElfBuilder, name: &str) -> u32 {
    elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::undefined(name) })
}

/// Loads one object for a client.
fn with<R>(
    elf: &ElfBuilder,
    model: TlsModel,
    client: &Client,
    then: impl FnOnce(Result<Module<'_, '_, &TestManager>, Error<'_>>) -> R,
) -> R {
    let mut options = PlanOptions::default();
    options.thread_locals = model;
    let manager = TestManager::at(0x4000_0000, 0x4010_0000, 0x4020_0000);
    let imports = Imports::of(&[("__tls_get_addr", 0x4001_0000)]);
    let file = elf.build();
    let result = run_with(&[("test.o", &file)], &manager, options, &imports, client, then);
    assert_eq!(manager.live(), 0);
    result
}
