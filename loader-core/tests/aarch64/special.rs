//! Types that do more than write a value into a field: AAELF64, "Static miscellaneous relocations".

use loader_core::{Machine, TargetAddress};
use object::elf::*;

use crate::support::load::run;
use crate::support::{ElfBuilder, Image, Imports, TestManager, code, load};

// Newer than the lists at hand.
const R_AARCH64_PATCHINST: u32 = 316;
const R_AARCH64_FUNCINIT64: u32 = 317;

#[test]
fn a_word_is_what_a_function_returns() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0xd503_201f, 0xd65f_03c0]));
    let data = elf.data(&[0; 24]);
    let function = elf.global("function", text, 0);
    elf.rela(data, 8, R_AARCH64_FUNCINIT64, function, 4);
    let manager = TestManager::new();
    run(&[("test.o", &elf.build())], &manager, &Imports::of(&[]), |loaded| {
        let mut module = loaded.unwrap();
        let image = Image::of(&module);
        let (text, data) = (image.section_address(".text"), image.section_address(".data"));
        let [resolution] = module.resolutions().collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(resolution.name.as_bytes(), b"function");
        assert_eq!(resolution.resolver.value(), text + 4);
        assert_eq!(resolution.slot.value(), data + 8);
        module.set_resolved(&resolution, TargetAddress::new(0x1122_3344_5566_7788));
        let image = Image::of(&module);
        assert_eq!(image.pointer(data + 8), 0x1122_3344_5566_7788);
        assert_eq!([image.pointer(data), image.pointer(data + 16)], [0, 0]);
    });
}

/// The instruction stands for whatever else was applied there; the symbol is its number.
#[test]
fn an_instruction_is_another_where_its_symbol_is_defined() {
    const HINT: u32 = 0xd503_233f; // paciasp
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0x9400_0000, 0x9400_0000, 0xd503_201f]));
    let there = elf.global("there", text, 8);
    let hint = elf.absolute("hint", HINT.into());
    let absent = elf.undefined_weak("absent");
    elf.rela(text, 0, R_AARCH64_PATCHINST, hint, 0);
    elf.rela(text, 0, R_AARCH64_CALL26.0, there, 0);
    elf.rela(text, 4, R_AARCH64_PATCHINST, absent, 0);
    elf.rela(text, 4, R_AARCH64_CALL26.0, there, 0);
    let image = load(&elf.build(), &[]);
    let words = [0, 4, 8].map(|at| image.word(".text", at));
    assert_eq!(words, [HINT, 0x9400_0001, 0xd503_201f]); // bl there
}
