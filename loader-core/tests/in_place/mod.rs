//! Execution in place: what stays in the file takes no room, has the file's addresses, and is
//! reached from what is placed.

mod reach;
mod stays;
mod whole;

use loader_core::{Machine, Module, Object, Plan, PlanOptions, Scratch, TargetAddress, TlsModel};
use object::elf::*;

use crate::support::elf::{ALLOC, EXEC};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, TestManager, code};

/// Where files lie, on the target.
const FLASH: u64 = 0x0c00_0000;

type Loaded<'o, 's, 'm> = Module<'o, 's, &'m TestManager>;

/// A call that has a stub where it does not reach, `at` an offset in its bytes.
struct Call {
    bytes: Vec<u8>,
    at: u64,
    number: u32,
    addend: i64,
}

fn call(machine: Machine) -> Call {
    match machine {
        Machine::Aarch64 => {
            Call { bytes: code(&[0x9400_0000]), at: 0, number: R_AARCH64_CALL26.0, addend: 0 }
        }
        Machine::Riscv64 => {
            Call { bytes: code(&[0x97, 0x80e7]), at: 0, number: R_RISCV_CALL_PLT.0, addend: 0 }
        }
        _ => Call { bytes: vec![0xe8, 0, 0, 0, 0], at: 1, number: R_X86_64_PLT32.0, addend: -4 },
    }
}

/// A 64-bit address of something.
fn word(machine: Machine) -> u32 {
    match machine {
        Machine::Aarch64 => R_AARCH64_ABS64.0,
        Machine::Riscv64 => R_RISCV_64.0,
        _ => R_X86_64_64.0,
    }
}

/// What `object` puts where.
const TEXT: u32 = 1;
const LEAF: u32 = 2;
const RODATA: u32 = 3;
const TABLE: u32 = 4;
const DATA: u32 = 5;

/// `.text` that calls `leaf`, whose code has no relocations; constants without relocations, and a
/// table of addresses with; data with an address.
fn object(machine: Machine) -> ElfBuilder {
    let Call { bytes, at, number, addend } = call(machine);
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(&bytes);
    let leaf_code = match machine {
        Machine::Aarch64 => code(&[0x5280_0540, 0xd65f_03c0]),
        Machine::Riscv64 => code(&[0x02a0_0513, 0x8067]),
        _ => vec![0xb8, 42, 0, 0, 0, 0xc3],
    };
    let leaf = elf.section(".text.leaf", ALLOC | EXEC, &leaf_code);
    let rodata = elf.rodata(&[7; 100]);
    let table = elf.section(".rodata.table", ALLOC, &[0; 24]);
    let data = elf.data(&[0; 8]);
    assert_eq!([text, leaf, rodata, table, data], [TEXT, LEAF, RODATA, TABLE, DATA]);
    let entry = elf.global("entry", text, 0);
    let function = elf.symbol(crate::support::SymbolSpec {
        size: leaf_code.len() as u64,
        ..crate::support::SymbolSpec::new("leaf", leaf, 0)
    });
    let constant = elf.symbol(crate::support::SymbolSpec {
        kind: STT_OBJECT.0,
        ..crate::support::SymbolSpec::new("constant", rodata, 40)
    });
    elf.rela(text, at, number, function, addend);
    for (at, symbol) in [(0, entry), (8, function), (16, constant)] {
        elf.rela(table, at, word(machine), symbol, 0);
    }
    elf.rela(data, 0, word(machine), constant, 4);
    elf
}

fn options(in_place: &[Option<TargetAddress>]) -> PlanOptions<'_> {
    let mut options = PlanOptions::default();
    options.in_place = in_place;
    options.thread_locals = TlsModel::Static;
    options
}

/// What `then` makes of the plan of one file that lies at an address.
fn planned<R>(file: &[u8], at: u64, then: impl FnOnce(Plan<'_, '_>) -> R) -> R {
    planned_with(file, options(&[Some(TargetAddress::new(at))]), then)
}

fn planned_with<R>(
    file: &[u8],
    options: PlanOptions<'_>,
    then: impl FnOnce(Plan<'_, '_>) -> R,
) -> R {
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    then(Plan::with_options(&objects, &mut scratch, options).unwrap())
}

/// The names of the sections that stay, each with its address.
fn staying(plan: &Plan<'_, '_>) -> Vec<(String, u64)> {
    plan.in_place_sections().map(|s| (s.section.name().to_string(), s.address.value())).collect()
}

/// Where a section lies on the target that stays.
fn home(file: &Elf, index: u32) -> u64 {
    FLASH + file.section_at(index) as u64
}
