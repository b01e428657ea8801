//! `__start_SECTION` and `__stop_SECTION`: what linkers define, and sections that lie together.

mod forms;
mod refused;
mod scratch;
mod sets;

use loader_core::Machine;
use object::elf::R_X86_64_64;

use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Image, TestManager, load_with};

/// Allocated, and allocated and writable.
const CONSTANT: u64 = 2;
const WRITABLE: u64 = 3;
const CODE: u64 = 6;

/// An object whose `.data.user` points to the boundaries of the sections `name`.
fn user(name: &str) -> ElfBuilder {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let data = elf.section(".data.user", WRITABLE, &[0; 16]);
    for (at, prefix) in [(0, "__start_"), (8, "__stop_")] {
        let symbol = elf.undefined(&format!("{prefix}{name}"));
        elf.rela(data, at, R_X86_64_64.0, symbol, 0);
    }
    elf
}

/// An object with a section of this name, and others around it.
fn part(name: &str, flags: u64, bytes: &[u8]) -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.section(".data.before", flags, &[0xbb; 5]);
    elf.section(name, flags, bytes);
    elf.section(".data.after", flags, &[0xaa; 3]);
    elf.build()
}

/// What the user's two pointers hold.
fn boundaries(image: &Image) -> (u64, u64) {
    (image.field(".data.user", 0, 8), image.field(".data.user", 8, 8))
}

fn linked(files: &[(&str, &[u8])]) -> Image {
    load_with(files, &TestManager::new(), &[])
}

/// All that lies between the user's two pointers.
fn between(image: &Image) -> Vec<u8> {
    let (start, stop) = boundaries(image);
    image.at(start, (stop - start) as usize).to_vec()
}
