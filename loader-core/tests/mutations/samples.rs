//! Objects made by hand, with everything that the loader looks at, and damaged.

use loader_core::Machine;
use object::elf::*;

use super::survives;
use crate::support::elf::SymbolSpec;
use crate::support::lies::file::FLAGS;
use crate::support::lies::{Elf, rela, section};
use crate::support::random::Random;
use crate::support::{ElfBuilder, Link, code};

const ROUNDS: u64 = 4000;

/// What does not depend on the architecture: data, constants, COMMON, COMDAT, lists, zeros.
fn sample(
    machine: Machine,
    text: &[u8],
    word64: RelocationType,
    word32: RelocationType,
) -> ElfBuilder {
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(text);
    let data = elf.data(&[1; 40]);
    let rodata = elf.rodata(&[2; 24]);
    let bss = elf.bss(".bss", 50, 32);
    let list = elf.section(".init_array.7", 3, &[0; 16]);
    elf.edit(list).kind = SHT_INIT_ARRAY.0;
    let inline = elf.section(".text.inline", 0x206, &[0; 16]);
    elf.section(".debug_info", 0, &[9; 8]);
    let symbols = [
        elf.global("function", text, 4), // 1
        elf.undefined("import"),         // 2
        elf.undefined("far"),            // 3
        elf.common("common", 12, 8),     // 4
        elf.undefined_weak("nowhere"),   // 5
        elf.local("local", bss, 8),      // 6
        elf.weak("inline", inline, 0),   // 7
        elf.symbol(SymbolSpec { kind: STT_OBJECT.0, ..SymbolSpec::new("object", rodata, 8) }), // 8
    ];
    elf.group(symbols[6], GRP_COMDAT.0, &[inline]);
    for (at, &symbol) in (0u64..).step_by(8).zip(&symbols[3..8]) {
        elf.rela(data, at, word64.0, symbol, at as i64);
    }
    elf.rela(rodata, 0, word64.0, symbols[0], 0);
    elf.rela(rodata, 12, word32.0, symbols[7], 4);
    elf.rela(list, 0, word64.0, symbols[0], 0);
    let image = elf.section(".tdata", 0x403, &[3; 12]);
    elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("variable", image, 4) }); // 9
    elf.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", text, 4) }); // 10
    elf.rela(image, 4, word32.0, symbols[0], 0);
    let table = elf.section("table", 3, &[4; 24]);
    for (at, name) in [(0, "__start_table"), (8, "__stop_table")] {
        let boundary = elf.undefined(name);
        elf.rela(table, at, word64.0, boundary, 0);
    }
    let linked = elf.section(".linked", 2 | SHF_LINK_ORDER.0, &[5; 4]);
    elf.edit(linked).link = Link::Raw(inline);
    elf.section(".unused", 3, &[6; 4]);
    elf
}

/// The section and symbols of `sample` that the architectures' relocations are about.
const TEXT: u32 = 1;
const FUNCTION: u32 = 1;
const IMPORT: u32 = 2;
const FAR: u32 = 3;
const VARIABLE: u32 = 9;
const CHOSEN: u32 = 10;

fn aarch64() -> Elf {
    let text = code(&[
        0x9400_0000,
        0x9000_0000,
        0x9100_0000,
        0x9000_0001,
        0xf940_0021,
        0x5400_0001,
        0xd280_0000,
        0x9000_0000, // adrp x0; ldr x1, [x0]; add x0, x0; blr x1
        0xf940_0001,
        0x9100_0000,
        0xd63f_0020,
        0x9000_0000, // adrp x0; add x0, x0; bl; nop
        0x9100_0000,
        0x9400_0000,
        0xd503_201f,
        0x9140_0000,
    ]);
    let mut elf = sample(Machine::Aarch64, &text, R_AARCH64_ABS64, R_AARCH64_PREL32);
    for (at, number, symbol) in [
        (0, R_AARCH64_CALL26, FAR),
        (4, R_AARCH64_ADR_PREL_PG_HI21, IMPORT),
        (8, R_AARCH64_ADD_ABS_LO12_NC, IMPORT),
        (12, R_AARCH64_ADR_GOT_PAGE, FAR),
        (16, R_AARCH64_LD64_GOT_LO12_NC, FAR),
        (20, R_AARCH64_CONDBR19, FUNCTION),
        (24, R_AARCH64_MOVW_UABS_G0_NC, IMPORT),
        (28, R_AARCH64_TLSDESC_ADR_PAGE21, VARIABLE),
        (32, R_AARCH64_TLSDESC_LD64_LO12, VARIABLE),
        (36, R_AARCH64_TLSDESC_ADD_LO12, VARIABLE),
        (40, R_AARCH64_TLSDESC_CALL, VARIABLE),
        (44, R_AARCH64_TLSGD_ADR_PAGE21, VARIABLE),
        (48, R_AARCH64_TLSGD_ADD_LO12_NC, VARIABLE),
        (52, R_AARCH64_CALL26, CHOSEN),
        (60, R_AARCH64_TLSLE_ADD_TPREL_HI12, VARIABLE),
    ] {
        elf.rela(TEXT, at, number.0, symbol, 0);
    }
    elf.build()
}

fn riscv64() -> Elf {
    let mut text = code(&[0x97, 0x80e7]);
    text.extend([1, 0, 1, 0, 1, 0, 1, 0]);
    text.extend(code(&[0x517, 0x0005_0513, 0x597, 0x0005_b583, 0x00b5_0063]));
    text.extend([0xa001u16.to_le_bytes(), [0x80, 0x00]].concat());
    // auipc a2; ld a3, (a2); addi a0, a2; jalr t0, (a3); lui a0; auipc ra; jalr ra, ra
    text.extend(code(&[0x617, 0x6_3683, 0x6_0513, 0x6_82e7, 0x537, 0x97, 0x80e7]));
    let mut elf = sample(Machine::Riscv64, &text, R_RISCV_64, R_RISCV_32_PCREL);
    let labels =
        [elf.local(".L0", TEXT, 16), elf.local(".L1", TEXT, 24), elf.local(".L2", TEXT, 40)];
    for (at, number, symbol, addend) in [
        (0, R_RISCV_CALL_PLT, FAR, 0),
        (0, R_RISCV_RELAX, 0, 0),
        (20, R_RISCV_PCREL_LO12_I, labels[0], 0), // out of order
        (10, R_RISCV_ALIGN, 0, 6),
        (16, R_RISCV_PCREL_HI20, IMPORT, 0),
        (16, R_RISCV_RELAX, 0, 0),
        (24, R_RISCV_GOT_HI20, FAR, 0),
        (28, R_RISCV_PCREL_LO12_I, labels[1], 0),
        (32, R_RISCV_BRANCH, FUNCTION, 0),
        (36, R_RISCV_RVC_JUMP, FUNCTION, 0),
        (38, R_RISCV_SET_ULEB128, labels[1], 0),
        (38, R_RISCV_SUB_ULEB128, labels[0], 0),
        (40, R_RISCV_TLSDESC_HI20, VARIABLE, 0),
        (40, R_RISCV_RELAX, 0, 0),
        (44, R_RISCV_TLSDESC_LOAD_LO12, labels[2], 0),
        (48, R_RISCV_TLSDESC_ADD_LO12, labels[2], 0),
        (52, R_RISCV_TLSDESC_CALL, labels[2], 0),
        (56, R_RISCV_TPREL_HI20, VARIABLE, 0),
        (56, R_RISCV_RELAX, 0, 0),
        (60, R_RISCV_CALL_PLT, CHOSEN, 0),
        (60, R_RISCV_RELAX, 0, 0),
    ] {
        elf.rela(TEXT, at, number.0, symbol, addend);
    }
    elf.build().set_file(FLAGS, 1) // compressed instructions
}

fn x86_64() -> Elf {
    let text = [
        &[0xe8, 0, 0, 0, 0][..],
        &[0x48, 0x8b, 5, 0, 0, 0, 0],
        &[0xff, 0x25, 0, 0, 0, 0],
        &[0x48, 0x3b, 5, 0, 0, 0, 0],
        &[0x66, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0],
        &[0x48, 0x8d, 5, 0, 0, 0, 0, 0xff, 0x10],
        &[0x48, 0x03, 5, 0, 0, 0, 0],
        &[0xe8, 0, 0, 0, 0],
    ]
    .concat();
    let mut elf = sample(Machine::X86_64, &text, R_X86_64_64, R_X86_64_PC32);
    for (at, number, symbol) in [
        (1, R_X86_64_PLT32, FAR),
        (8, R_X86_64_REX_GOTPCRELX, IMPORT),
        (14, R_X86_64_GOTPCRELX, FAR),
        (21, R_X86_64_REX_GOTPCRELX, FAR),
        (29, R_X86_64_TLSGD, VARIABLE),
        (37, R_X86_64_PLT32, FAR),
        (44, R_X86_64_GOTPC32_TLSDESC, VARIABLE),
        (48, R_X86_64_TLSDESC_CALL, VARIABLE),
        (53, R_X86_64_GOTTPOFF, VARIABLE),
        (58, R_X86_64_PLT32, CHOSEN),
    ] {
        elf.rela(TEXT, at, number.0, symbol, -4);
    }
    elf.build()
}

/// Damages a good object over and over, its headers with more care than its bytes.
fn mutate(good: &Elf, seed: u64) {
    assert!(survives(good, None), "the object must be good to begin with");
    let mut random = Random(seed);
    let mut loaded = 0;
    for round in 0..ROUNDS {
        let mut damaged = good.clone();
        if round % 3 != 0 {
            random.fields(good, &mut damaged);
        }
        let mut damaged = damaged.into_bytes();
        if round % 3 != 1 {
            random.bytes(&mut damaged);
        }
        let companion = (round % 4 == 0).then_some(&good[..]);
        loaded += u64::from(survives(&damaged, companion));
    }
    // Both must be common, or the mutations miss what they are for.
    assert!(loaded > ROUNDS / 20 && loaded < ROUNDS * 19 / 20, "{loaded} of {ROUNDS} loaded");
}

#[test]
fn aarch64_objects() {
    mutate(&aarch64(), 1);
}

#[test]
fn riscv64_objects() {
    mutate(&riscv64(), 2);
}

#[test]
fn x86_64_objects() {
    mutate(&x86_64(), 3);
}

#[test]
fn every_cut() {
    for good in [aarch64(), riscv64(), x86_64()] {
        for len in 0..good.len() {
            assert!(!survives(&good[..len], None), "cut to {len} bytes");
        }
    }
}

#[test]
fn every_relocation_number_on_every_field() {
    for good in [aarch64(), riscv64(), x86_64()] {
        for table in good.relocation_sections() {
            let size = good.section_field(table, section::SIZE);
            for entry in (0..size as usize).step_by(24) {
                for number in
                    (0..70).chain(255..320).chain(510..575).chain([1024, 1031, u64::from(u32::MAX)])
                {
                    let mut damaged = good.clone();
                    let at = damaged.section_at(table) + entry;
                    damaged.write(at, rela::NUMBER, number);
                    survives(&damaged, None);
                }
            }
        }
    }
}
