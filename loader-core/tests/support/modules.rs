//! A small object of each architecture, with every kind of segment, a stub and GOT entries.

use loader_core::Machine;
use object::elf::*;

use super::lies::Elf;
use super::{ElfBuilder, code};

pub const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

/// The function that the object calls and does not have.
pub const IMPORT: &str = "import";

/// Code that calls `import` and takes the address of `variable`; a table of both and of `constant`
/// in the constants; a pointer to `constant` in the data; zeros.
pub fn module(machine: Machine) -> Elf {
    let (bytes, word) = match machine {
        Machine::Aarch64 => {
            // bl; adrp x0; add x0, x0; ret
            (code(&[0x9400_0000, 0x9000_0000, 0x9100_0000, 0xd65f_03c0]), R_AARCH64_ABS64)
        }
        Machine::Riscv64 => {
            // auipc ra; jalr ra; auipc a0; addi a0, a0; ret
            (code(&[0x97, 0x80e7, 0x517, 0x0005_0513, 0x8067]), R_RISCV_64)
        }
        _ => {
            // call; lea rax, [rip]; ret
            (vec![0xe8, 0, 0, 0, 0, 0x48, 0x8d, 0x05, 0, 0, 0, 0, 0xc3], R_X86_64_64)
        }
    };
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&bytes);
    let rodata = elf.rodata(&[7; 40]);
    let data = elf.data(&[9; 24]);
    elf.bss(".bss", 100, 64);
    let entry = elf.global("entry", text, 0);
    let import = elf.undefined(IMPORT);
    let variable = elf.global("variable", data, 8);
    let constant = elf.local("constant", rodata, 32);
    match machine {
        Machine::Aarch64 => {
            elf.rela(text, 0, R_AARCH64_CALL26.0, import, 0);
            elf.rela(text, 4, R_AARCH64_ADR_PREL_PG_HI21.0, variable, 0);
            elf.rela(text, 8, R_AARCH64_ADD_ABS_LO12_NC.0, variable, 0);
        }
        Machine::Riscv64 => {
            let label = elf.local(".Lhigh", text, 8);
            elf.rela(text, 0, R_RISCV_CALL_PLT.0, import, 0);
            elf.rela(text, 8, R_RISCV_PCREL_HI20.0, variable, 0);
            elf.rela(text, 12, R_RISCV_PCREL_LO12_I.0, label, 0);
        }
        _ => {
            elf.rela(text, 1, R_X86_64_PLT32.0, import, -4);
            elf.rela(text, 8, R_X86_64_PC32.0, variable, -4);
        }
    }
    for (at, symbol) in [(0, entry), (8, variable), (16, import)] {
        elf.rela(rodata, at, word.0, symbol, 0);
    }
    elf.rela(data, 0, word.0, constant, 4);
    elf.build()
}
