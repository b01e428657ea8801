//! The two ways to mend, and what relocations make of a sequence before.

use loader_core::{Machine, PlanOptions, TlsModel};
use object::elf::*;

use super::*;
use crate::support::decode::aarch64::{adr, adrp, imm12, imm26};
use crate::support::threads::Client;

/// The sequence in both lengths.
const SEQUENCES: [&[u32]; 2] = [&[ADRP, SECOND, LAST], &[ADRP, SECOND, NOP, LAST]];
/// Bytes of the section that it is in, and so where its patches begin.
const SIZE: u64 = 2 * PAGE;

#[test]
fn a_load_moves_behind_the_section() {
    for code in SEQUENCES {
        for start in [0xff8, 0xffc] {
            let image = mended(&object(SIZE, &[(start, code)]), TEXT, FAR);
            let word = |offset: u64| image.word(".text", offset as usize);
            let last = start + 4 * (code.len() as u64 - 1);
            // ADRP makes the page of the variable, and the second instruction is as it was.
            assert_eq!(((TEXT + start) & !0xfff).wrapping_add_signed(adrp(word(start))), FAR);
            assert_eq!(word(start) & 0x9f00_001f, ADRP);
            assert_eq!(word(start + 4), SECOND);
            // There and back.
            assert_eq!(word(last) >> 26, 0b000101, "b");
            assert_eq!(last.wrapping_add_signed(imm26(word(last))), SIZE);
            assert_eq!(word(SIZE) & !0x3f_fc00, LAST, "the load itself");
            assert_eq!(imm12(word(SIZE)) * 8, 0x18, "of variable + 8");
            assert_eq!(word(SIZE + 4) >> 26, 0b000101, "b");
            assert_eq!((SIZE + 4).wrapping_add_signed(imm26(word(SIZE + 4))), last + 4);
            // All else is as it was, and the second patch, for which there is no use, a trap.
            let touched = [start, start + 4, last];
            let others = (0..SIZE).step_by(4).filter(|at| !touched.contains(at));
            assert!(others.map(word).all(|word| word == NOP));
            assert_eq!([word(SIZE + 8), word(SIZE + 12)], [0; 2]);
        }
    }
}

#[test]
fn an_adrp_becomes_adr_where_that_reaches() {
    for code in SEQUENCES {
        for start in [0xff8, 0xffc] {
            let image = mended(&object(SIZE, &[(start, code)]), TEXT, NEAR);
            let word = |offset: u64| image.word(".text", offset as usize);
            let last = start + 4 * (code.len() as u64 - 1);
            assert_eq!(word(start) & 0x9f00_001f, 0x1000_0003, "adr x3");
            assert_eq!((TEXT + start).wrapping_add_signed(adr(word(start))), NEAR, "the page");
            assert_eq!(word(last) & !0x3f_fc00, LAST, "the load stays");
            assert_eq!(imm12(word(last)) * 8, 0x18);
            assert!((SIZE..SIZE + 16).step_by(4).all(|at| word(at) == 0), "no patch is used");
        }
    }
}

#[test]
fn elsewhere_in_a_page_nothing_is_done() {
    for (offset, data) in [(0xff4, FAR), (0x1000, FAR), (0, FAR), (0xff4, NEAR)] {
        let file = object(SIZE, &[(offset, SEQUENCES[0])]);
        let (with, without) =
            (mended(&file, TEXT, data), load(&file, &manager(TEXT, data), PlanOptions::default()));
        assert_eq!(with.section(".text")[..SIZE as usize], *without.section(".text"));
        assert_eq!(with.section(".text")[SIZE as usize..], [0; 16]);
    }
}

#[test]
fn without_the_option_nothing_is_done() {
    let file = object(SIZE, &[(0xff8, SEQUENCES[0])]);
    let image = load(&file, &manager(TEXT, FAR), PlanOptions::default());
    assert_eq!(image.section(".text").len() as u64, SIZE);
    assert_eq!(image.word(".text", 0x1000) & !0x3f_fc00, LAST);
}

#[test]
fn each_page_has_a_patch_of_its_own() {
    let starts = [0xff8, 0x1ffc, 0x2ff8];
    let parts = starts.map(|start| (start, SEQUENCES[0]));
    let image = mended(&object(0x3010, &parts), TEXT, FAR);
    assert_eq!(image.section(".text").len(), 0x3010 + 4 * 8);
    for (start, patch) in starts.into_iter().zip((0x3010..).step_by(8)) {
        let last = start + 8;
        let goes = |at: u64| at.wrapping_add_signed(imm26(image.word(".text", at as usize)));
        assert_eq!((goes(last), goes(patch + 4)), (patch, last + 4));
        assert_eq!(image.word(".text", patch as usize) & !0x3f_fc00, LAST);
    }
    assert_eq!(image.word(".text", 0x3010 + 24), 0, "the fourth is not used");
}

#[test]
fn a_page_may_end_with_the_first_word_or_the_last_sequence() {
    // At 0xffc of a page, the first word of the section; its last three; and both.
    let whole = object(12, &[(0, SEQUENCES[0])]);
    for text in [TEXT + 0xff8, TEXT + 0xffc] {
        let image = mended(&whole, text, FAR);
        assert_eq!(image.section(".text").len(), 20);
        assert_eq!(image.word(".text", 8), 0x1400_0001, "b .+4");
        assert_eq!(image.word(".text", 16), 0x17ff_ffff, "b .-4");
    }
    let both = object(0x1008, &[(0, SEQUENCES[0]), (0xffc, SEQUENCES[0])]);
    let image = mended(&both, TEXT + 0xffc, FAR);
    assert_eq!(image.section(".text").len(), 0x1008 + 16);
    assert_eq!([8, 0x1004].map(|at| image.word(".text", at) >> 26), [0b000101; 2]);
}

#[test]
fn code_that_a_relocation_takes_an_adrp_from_is_left_alone() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, SIZE, &[(0xff8, SEQUENCES[0])]);
    mapping(&mut elf, "$x", text, 0);
    let weak = elf.undefined_weak("weak");
    speak(&mut elf, text, [0xff8, 0x1000], weak);
    // Where ADRP does not reach 0, it becomes a MOVZ.
    let image = mended(&elf.build(), 0x40_0000_0000, 0x41_0000_0000);
    assert_eq!(image.word(".text", 0xff8), 0xd280_0003, "mov x3, #0");
    assert_eq!(image.word(".text", 0x1000) & !0x3f_fc00, LAST);
}

#[test]
fn code_that_a_relocation_takes_a_branch_from_is_mended() {
    // Behind the load a call by TLS descriptor, which becomes a NOP.
    let call = 0xd63f_0020; // blr x1
    let descriptor = [0x9000_0000, 0xf940_0001, 0x9100_0000]; // adrp x0; ldr x1, [x0]; add x0, x0
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let parts: [(u64, &[u32]); 2] = [(0, &descriptor), (0xff8, &[ADRP, SECOND, call, LAST])];
    let text = section(&mut elf, SIZE, &parts);
    mapping(&mut elf, "$x", text, 0);
    let variable = variable(&mut elf);
    speak(&mut elf, text, [0xff8, 0x1004], variable);
    let tdata = elf.section(".tdata", 0x403, &[0; 8]);
    let spec = SymbolSpec::new("thread_local", tdata, 0);
    let local = elf.symbol(SymbolSpec { kind: STT_TLS.0, ..spec });
    for (offset, number) in [
        (0, R_AARCH64_TLSDESC_ADR_PAGE21),
        (4, R_AARCH64_TLSDESC_LD64_LO12),
        (8, R_AARCH64_TLSDESC_ADD_LO12),
        (0x1000, R_AARCH64_TLSDESC_CALL),
    ] {
        elf.rela(text, offset, number.0, local, 0);
    }
    for (model, is_mended) in [(TlsModel::Static, true), (TlsModel::Dynamic, false)] {
        let mut options = options();
        options.thread_locals = model;
        let (file, manager, client) = (elf.build(), manager(TEXT, FAR), Client::at(16));
        let image =
            run_with(&[("test.o", &file)], &manager, options, &Imports::default(), &client, |m| {
                Image::of(&m.unwrap())
            });
        assert_eq!(image.word(".text", 0x1000) == call, !is_mended);
        assert_eq!(image.word(".text", 0x1004) >> 26 == 0b000101, is_mended);
    }
}

#[test]
fn code_that_a_relocation_puts_an_instruction_into_is_mended() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, SIZE, &[(0xff8, &[ADRP, NOP, LAST])]);
    mapping(&mut elf, "$x", text, 0);
    let variable = variable(&mut elf);
    speak(&mut elf, text, [0xff8, 0x1000], variable);
    // R_AARCH64_PATCHINST
    let instruction = elf.absolute("instruction", SECOND.into());
    elf.rela(text, 0xffc, 316, instruction, 0);
    let image = mended(&elf.build(), TEXT, FAR);
    assert_eq!(image.word(".text", 0xffc), SECOND);
    assert_eq!(image.word(".text", 0x1000) >> 26, 0b000101, "b");
}
