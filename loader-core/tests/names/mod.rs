//! Which definition of a name counts, among the objects of one module and its client.

mod absolute;
mod comdat;
mod common;
mod kinds;
mod strength;
mod visibility;

use loader_core::Machine;
use object::elf::R_X86_64_64;

use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Image, TestManager, load_with};

/// An object whose `.data.user` points to `name`, undefined in it.
fn user(name: &str) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.section(".data.user", 3, &[0; 8]);
    let symbol = elf.undefined(name);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    elf.build()
}

/// An object that defines `name` with `define`, and points to it from `.data.TAG`.
fn definer(tag: &str, define: impl FnOnce(&mut ElfBuilder, u32) -> u32) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let home = elf.section(&format!(".rodata.{tag}"), 2, &[0x11; 16]);
    let data = elf.section(&format!(".data.{tag}"), 3, &[0; 8]);
    let symbol = define(&mut elf, home);
    elf.rela(data, 0, R_X86_64_64.0, symbol, 0);
    elf.build()
}

/// Loads two objects in both orders, and hands each image to `check`.
fn both_orders(a: &Elf, b: &Elf, imports: &[(&str, u64)], check: impl Fn(&Image, &str)) {
    check(&load_with(&[("a.o", a), ("b.o", b)], &TestManager::new(), imports), "a first");
    check(&load_with(&[("b.o", b), ("a.o", a)], &TestManager::new(), imports), "b first");
}
