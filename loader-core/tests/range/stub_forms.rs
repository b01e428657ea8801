//! A stub jumps by the distance where that reaches, and else through its GOT slot.

use loader_core::{Error, Machine, Phase};
use object::elf::*;

use crate::support::decode::aarch64::{adrp, imm12};
use crate::support::decode::branch_offset;
use crate::support::decode::riscv64::{i_imm, u_imm};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Image, TestManager, load_with, number, refused_with};

const TEXT: u64 = 0x10_0000_0000;
const GOT: u64 = TEXT + 0x10_0000;

/// Bytes of the call, where its field is, the relocation and its addend.
fn call(machine: Machine) -> (&'static [u8], usize, u32, i64) {
    match machine {
        Machine::Aarch64 => (&[0, 0, 0, 0x94], 0, R_AARCH64_CALL26.0, 0),
        Machine::Riscv64 => {
            (&[0x97, 0, 0, 0, 0xe7, 0x80, 0, 0], 0, R_RISCV_CALL_PLT.0, 0) // auipc ra; jalr ra
        }
        _ => (&[0xe8, 0, 0, 0, 0], 1, R_X86_64_PLT32.0, -4),
    }
}

fn object(machine: Machine) -> Elf {
    let (bytes, offset, relocation, addend) = call(machine);
    let mut elf = ElfBuilder::new(machine);
    let text = elf.text(bytes);
    let symbol = elf.undefined("symbol");
    elf.rela(text, offset as u64, relocation, symbol, addend);
    elf.build()
}

/// Where a stub's code leads: the address itself, or the slot that has it.
#[derive(Debug, PartialEq)]
enum Leads {
    To(u64),
    Through(u64),
}

/// Reads a stub apart from what wrote it.
fn follow(machine: Machine, image: &Image, stub: u64) -> Leads {
    let insn = |at: u64| number(image.at(stub + at, 4)) as u32;
    match machine {
        Machine::Aarch64 => {
            assert_eq!((insn(0) & 0x9f00_001f, insn(8)), (0x9000_0010, 0xd61f_0200));
            let page = (stub & !0xfff).wrapping_add_signed(adrp(insn(0)));
            match insn(4) & 0xffc0_03ff {
                0x9100_0210 => Leads::To(page + imm12(insn(4))), // add x16, x16, #imm
                0xf940_0210 => Leads::Through(page + imm12(insn(4)) * 8), // ldr x16, [x16, #imm]
                other => panic!("{other:#x}"),
            }
        }
        Machine::Riscv64 => {
            assert_eq!(insn(0) & 0xfff, 0xe17, "auipc t3");
            let address = stub.wrapping_add_signed(u_imm(insn(0)) + i_imm(insn(4)));
            match (insn(4) & 0xf_ffff, insn(8)) {
                (0xe_0067, 0) => Leads::To(address), // jr imm(t3); unimp
                (0xe_3e03, 0x000e_0067) => Leads::Through(address), // ld t3, imm(t3); jr t3
                other => panic!("{other:x?}"),
            }
        }
        _ => match *image.at(stub, 8) {
            [0xe9, a, b, c, d, 0xcc, 0xcc, 0xcc] => {
                let distance = i32::from_le_bytes([a, b, c, d]);
                Leads::To((stub + 5).wrapping_add_signed(distance.into()))
            }
            [0xff, 0x25, a, b, c, d, 0xcc, 0xcc] => {
                let distance = i32::from_le_bytes([a, b, c, d]);
                Leads::Through((stub + 6).wrapping_add_signed(distance.into()))
            }
            ref other => panic!("{other:x?}"),
        },
    }
}

/// Where the call goes.
fn called(machine: Machine, image: &Image) -> u64 {
    let (bytes, offset, ..) = call(machine);
    let field = &image.section(".text")[offset..bytes.len()];
    let from = TEXT + offset as u64 + if machine == Machine::X86_64 { 4 } else { 0 };
    from.wrapping_add_signed(branch_offset(machine, field).unwrap())
}

/// The distances from the text at which a call is direct, and at which its stub is.
fn reaches(machine: Machine) -> [(i64, i64); 2] {
    match machine {
        Machine::Aarch64 => [(-(1 << 27), (1 << 27) - 4), (-(1 << 32), (1 << 32) - 1)],
        // The stub lies 8 bytes on.
        Machine::Riscv64 => [(-0x8000_0800, 0x7fff_f7fe), (-0x8000_07f8, 0x7fff_f806)],
        // The call ends at 5; the stub lies 8 bytes on, and its jump ends at 13.
        _ => [(5 - (1 << 31), (1 << 31) + 4), (13 - (1 << 31), (1 << 31) + 12)],
    }
}

const MACHINES: [Machine; 3] = [Machine::Aarch64, Machine::Riscv64, Machine::X86_64];

#[test]
fn the_nearest_form_that_reaches_is_chosen() {
    for machine in MACHINES {
        let file = object(machine);
        let [direct, stub] = reaches(machine);
        let near = [direct.0, direct.1, stub.0, stub.1];
        let steps =
            near.iter().flat_map(|at| [at - 8, at - 4, at - 2, *at, at + 2, at + 4, at + 8]);
        let mut forms = [0; 3];
        for distance in steps.chain([0x40, 1 << 40, -(1 << 35)]) {
            // What a machine's code cannot begin at is no target.
            let align = if machine == Machine::Aarch64 { 4 } else { 2 };
            let distance = distance & -align;
            let symbol = TEXT.wrapping_add_signed(distance);
            let manager = TestManager::at(TEXT, GOT, 0);
            let image = load_with(&[("test.o", &file)], &manager, &[("symbol", symbol)]);
            let at = called(machine, &image);
            if (direct.0..=direct.1).contains(&distance) {
                assert_eq!(at, symbol, "{machine:?} {distance:#x}");
                forms[0] += 1;
                continue;
            }
            let leads = follow(machine, &image, at);
            if (stub.0..=stub.1).contains(&distance) {
                assert_eq!(leads, Leads::To(symbol), "{machine:?} {distance:#x}");
                forms[1] += 1;
            } else {
                let Leads::Through(slot) = leads else { panic!("{machine:?} {leads:?}") };
                assert_eq!(image.pointer(slot), symbol, "{machine:?} {distance:#x}");
                forms[2] += 1;
            }
        }
        assert!(forms.iter().all(|&count| count >= 2), "{machine:?}: {forms:?}");
    }
}

#[test]
fn a_stub_that_reaches_its_symbol_needs_no_slot_in_reach() {
    for machine in MACHINES {
        let file = object(machine);
        let [_, stub] = reaches(machine);
        let files: [(&str, &[u8]); 1] = [("test.o", &file)];
        let far_got = || TestManager::at(TEXT, TEXT + (1 << 33), 0);
        let symbol = TEXT.wrapping_add_signed(stub.1 & -4);
        let image = load_with(&files, &far_got(), &[("symbol", symbol)]);
        let leads = follow(machine, &image, called(machine, &image));
        assert_eq!(leads, Leads::To(symbol), "{machine:?}");
        let imports = [("symbol", symbol + 16)];
        refused_with(&files, &far_got(), &imports, Phase::Resolve, &["symbol"], |error| {
            assert!(matches!(error, Error::StubReach { .. }), "{error:?}");
        });
    }
}
