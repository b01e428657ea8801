//! The block: its layout, its image, what the client is told of it.

use loader_core::{Machine, PlanOptions, TlsBlock, TlsModel};
use object::elf::{STB_LOCAL, STT_TLS};

use super::{tbss, tdata, variable, with};
use crate::support::load::run_with;
use crate::support::threads::{Client, MODULE};
use crate::support::{ElfBuilder, Image, Imports, SymbolSpec, TestManager};

#[test]
fn the_image_comes_first_and_zeros_take_no_memory() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.rodata(&[9; 5]);
    let zero = tbss(&mut elf, 0x5000, 64);
    let image = tdata(&mut elf, &[1, 2, 3, 4, 5]);
    variable(&mut elf, "zero", zero, 8);
    variable(&mut elf, "four", image, 3);
    let own = SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("own", image, 1) };
    elf.symbol(SymbolSpec { binding: STB_LOCAL.0, ..own });
    let client = Client::at(-0x5040);
    with(&elf, TlsModel::Static, &client, |loaded| {
        let module = loaded.unwrap();
        let block = TlsBlock { size: 0x5040, image_size: 5, align: 64 };
        assert_eq!(client.asked.get(), Some(block));
        let locals = module.thread_locals().unwrap();
        assert_eq!((locals.block, locals.location.module), (block, MODULE));
        assert!(locals.image.is_aligned_to(64));
        let loaded = Image::of(&module);
        assert_eq!(loaded.at(locals.image.value(), 5), [1, 2, 3, 4, 5]);
        assert!(loaded.segments.iter().all(|(.., bytes)| bytes.len() < 0x1000));
        let variables: Vec<_> =
            module.exported_thread_locals().map(|(name, v)| (name.to_string(), v.offset)).collect();
        assert_eq!(variables, [("zero".into(), 0x48), ("four".into(), 3)]);
        assert!(module.symbol("zero").is_none(), "it has no address");
        let mut all: Vec<_> = module
            .thread_local_symbols()
            .map(|found| (found.symbol.name().to_string(), found.offset))
            .collect();
        all.sort();
        assert_eq!(all, [("four".into(), 3), ("own".into(), 1), ("zero".into(), 0x48)]);
    });
}

#[test]
fn objects_share_one_block() {
    let object = |bytes: &[u8], name: &str| {
        let mut elf = ElfBuilder::new(Machine::Aarch64);
        let image = tdata(&mut elf, bytes);
        variable(&mut elf, name, image, 0);
        elf.build()
    };
    let (one, two) = (object(&[1; 3], "one"), object(&[2; 4], "two"));
    let mut options = PlanOptions::default();
    options.thread_locals = TlsModel::Static;
    let (client, manager) = (Client::at(16), TestManager::new());
    let files: [(&str, &[u8]); 2] = [("one.o", &one), ("two.o", &two)];
    run_with(&files, &manager, options, &Imports::default(), &client, |loaded| {
        let module = loaded.unwrap();
        let locals = module.thread_locals().unwrap();
        assert_eq!(locals.block, TlsBlock { size: 20, image_size: 20, align: 16 });
        let bytes = Image::of(&module).at(locals.image.value(), 20).to_vec();
        assert_eq!(bytes, [&[1; 3][..], &[0; 13], &[2; 4]].concat());
    });
}

#[test]
fn a_module_without_variables_asks_for_nothing() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    elf.text(&[1, 0]);
    let client = Client::at(0);
    with(&elf, TlsModel::Static, &client, |loaded| {
        assert!(loaded.unwrap().thread_locals().is_none());
    });
    assert_eq!(client.asked.get(), None);
}
