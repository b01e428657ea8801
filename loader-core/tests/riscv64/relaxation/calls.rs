//! Calls and jumps.

use loader_core::{PlanOptions, TlsModel};
use object::elf::*;

use super::{CALL, IMPORTS, TAIL, TEXT, builder, compressed, load, marked, relaxed, relaxing};
use crate::support::decode::riscv64::{call, cj_imm, j_imm};
use crate::support::lies::file::FLAGS;
use crate::support::load::run_with;
use crate::support::{ElfBuilder, Image, Imports, TestManager, code};

/// `ret`
const RET: [u8; 4] = [0x67, 0x80, 0, 0];

/// A function that calls and jumps to `target`, and one behind it.
fn caller(target: impl FnOnce(&mut ElfBuilder, u32) -> u32) -> ElfBuilder {
    let mut elf = builder();
    let text = elf.text(&[&CALL[..], &TAIL, &RET].concat());
    let symbol = target(&mut elf, text);
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, symbol);
    marked(&mut elf, text, 8, R_RISCV_CALL, symbol);
    elf.global("end", text, 20);
    elf
}

#[test]
fn calls_and_jumps_get_shorter() {
    let image = relaxed(&caller(|elf, text| elf.global("behind", text, 16)));
    let mut expected = 0x0060_00ef_u32.to_le_bytes().to_vec(); // jal ra, .+6
    expected.extend(0xa009_u16.to_le_bytes()); // c.j .+2
    expected.extend(RET);
    assert_eq!(image.section(".text"), expected);
    assert_eq!(image.exports["behind"], TEXT + 6);
    assert_eq!(image.exports["end"], TEXT + 10);
}

#[test]
fn calls_of_imports_go_by_the_distance() {
    for (name, target) in IMPORTS {
        let image = relaxed(&caller(|elf, _| elf.undefined(name)));
        let word = image.word(".text", 0);
        let half = |at| image.field(".text", at, 2) as u16;
        match name {
            "beside" => {
                assert_eq!(TEXT.wrapping_add_signed(j_imm(word)), target);
                assert_eq!((TEXT + 4).wrapping_add_signed(cj_imm(half(4))), target);
            }
            "near" => {
                assert_eq!(TEXT.wrapping_add_signed(j_imm(word)), target);
                let jump = image.word(".text", 4);
                assert_eq!((jump & 0xfff, j_imm(jump)), (0x06f, 0x1_0000 - 4));
            }
            _ => {
                // The stub is near.
                let stub = TEXT.wrapping_add_signed(j_imm(word));
                assert_eq!((TEXT + 4).wrapping_add_signed(cj_imm(half(4))), stub);
                assert_eq!(image.stubs, 1);
                assert_eq!(image.at(stub, 2), [0x17, 0x0e], "no auipc t3");
            }
        }
    }
}

#[test]
fn nothing_is_relaxed_that_nobody_asked_for() {
    let elf = caller(|elf, text| elf.global("behind", text, 16));
    let mut unasked = PlanOptions::default();
    unasked.thread_locals = TlsModel::Static;
    let image = load(&compressed(&elf), unasked);
    assert_eq!(image.section(".text").len(), 20);
    assert_eq!(call(image.word(".text", 0), image.word(".text", 4)), 16);
    // Asked for by the client, but not by the object.
    let mut elf = builder();
    let text = elf.text(&[&CALL[..], &TAIL, &RET].concat());
    let symbol = elf.global("behind", text, 16);
    elf.rela(text, 0, R_RISCV_CALL_PLT.0, symbol, 0);
    elf.rela(text, 8, R_RISCV_CALL_PLT.0, symbol, 0);
    elf.rela(text, 16, R_RISCV_RELAX.0, 0, 0);
    let image = relaxed(&elf);
    assert_eq!(call(image.word(".text", 0), image.word(".text", 4)), 16);
    assert_eq!(call(image.word(".text", 8), image.word(".text", 12)), 8);
}

#[test]
fn code_without_compressed_instructions_gets_none() {
    let elf = caller(|elf, text| elf.global("behind", text, 16));
    let image = load(&elf.build().set_file(FLAGS, 0).into_bytes(), relaxing());
    let expected = code(&[0x0080_00ef, 0x0040_006f, 0x0000_8067]); // jal .+8; j .+4; ret
    assert_eq!(image.section(".text"), expected);
}

#[test]
fn a_distance_that_is_odd_stays_a_call() {
    let image = relaxed(&caller(|elf, text| elf.global("odd", text, 17)));
    assert_eq!(image.section(".text").len(), 20);
    assert_eq!(call(image.word(".text", 0), image.word(".text", 4)), 17);
}

#[test]
fn a_call_of_nothing_goes_to_itself() {
    // Address 0 is out of JAL's reach, so that both stay, as in ld.lld.
    let image = relaxed(&caller(|elf, _| elf.undefined_weak("nothing")));
    assert_eq!(call(image.word(".text", 0), image.word(".text", 4)), 0);
    assert_eq!(call(image.word(".text", 8), image.word(".text", 12)), 0);
}

#[test]
fn a_call_of_nothing_from_far_away_stays_as_well() {
    let file = compressed(&caller(|elf, _| elf.undefined_weak("nothing")));
    // From here neither reaches 0, and the stub is no way to it.
    let manager = TestManager::at(0x60_0000_0000, 0x60_0010_0000, 0x60_0020_0000);
    let imports = Imports::default();
    run_with(&[("test.o", &file)], &manager, relaxing(), &imports, &(), |loaded| {
        let image = Image::of(&loaded.unwrap());
        assert_eq!(image.section(".text").len(), 20);
        assert_eq!(call(image.word(".text", 0), image.word(".text", 4)), 0);
        assert_eq!(call(image.word(".text", 8), image.word(".text", 12)), 0);
    });
}

#[test]
fn tables_out_of_order_give_the_same() {
    let mut elf = builder();
    let text = elf.text(&[&CALL[..], &TAIL, &RET].concat());
    let behind = elf.global("behind", text, 16);
    marked(&mut elf, text, 8, R_RISCV_CALL, behind);
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, behind);
    let ordered = relaxed(&caller(|elf, text| elf.global("behind", text, 16)));
    assert_eq!(relaxed(&elf).section(".text"), ordered.section(".text"));
}
