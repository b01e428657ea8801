//! What moves when padding is deleted: symbols, relocations, branch offsets, differences.

use loader_core::Machine;
use object::elf::*;

use crate::support::decode::riscv64::{b_imm, i_imm, j_imm, u_imm};
use crate::support::load::run;
use crate::support::{ElfBuilder, Image, Imports, SymbolSpec, TestManager, code, load};

#[test]
fn branches_over_a_padding_shrink() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    // jal forward; padding of 6 of which 4 stay; beq back
    let mut bytes = code(&[0x0000_00ef]);
    bytes.extend([1, 0, 1, 0, 1, 0]);
    bytes.extend(code(&[0x00b5_0063]));
    let text = elf.text(&bytes);
    let (start, behind) = (elf.local("start", text, 0), elf.local("behind", text, 10));
    elf.rela(text, 0, R_RISCV_JAL.0, behind, 0);
    elf.rela(text, 4, R_RISCV_ALIGN.0, 0, 6);
    elf.rela(text, 10, R_RISCV_BRANCH.0, start, 0);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.section(".text").len(), 12);
    assert_eq!(j_imm(image.word(".text", 0)), 8);
    assert_eq!(b_imm(image.word(".text", 8)), -8);
}

#[test]
fn pairs_around_a_padding_stay_pairs() {
    for backwards in [false, true] {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        // 4 bytes; padding of 6 of which 4 stay; auipc at 10 -> 8, addi at 14 -> 12
        let mut bytes = code(&[0x13]);
        bytes.extend([1, 0, 1, 0, 1, 0]);
        bytes.extend(code(&[0x0000_0517, 0x0005_0513]));
        let text = elf.text(&bytes);
        let (symbol, label) = (elf.undefined("symbol"), elf.local(".L", text, 10));
        let mut rows = [
            (4, R_RISCV_ALIGN, 0, 6),
            (10, R_RISCV_PCREL_HI20, symbol, 0),
            (14, R_RISCV_PCREL_LO12_I, label, 0),
        ];
        if backwards {
            rows.reverse();
        }
        for (offset, number, symbol, addend) in rows {
            elf.rela(text, offset, number.0, symbol, addend);
        }
        let image = load(&elf.build(), &[("symbol", 0x1001_2824)]);
        let (high, low) = (image.word(".text", 8), image.word(".text", 12));
        let place = image.section_address(".text") + 8;
        assert_eq!(place.wrapping_add_signed(u_imm(high) + i_imm(low)), 0x1001_2824);
    }
}

#[test]
fn symbols_before_at_and_behind_paddings() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    // Paddings of 6: at 4 (keeps 4, loses 2), at 16 (now 14: keeps 2, loses 4).
    let text = elf.text(&[0; 40]);
    elf.rela(text, 4, R_RISCV_ALIGN.0, 0, 6);
    elf.rela(text, 16, R_RISCV_ALIGN.0, 0, 6);
    let expected =
        [(0, 0), (2, 2), (4, 4), (10, 8), (14, 12), (16, 14), (22, 16), (30, 24), (40, 34)];
    for (offset, _) in expected {
        elf.global(&format!("at{offset}"), text, offset);
    }
    let image = load(&elf.build(), &[]);
    let start = image.section_address(".text");
    for (offset, shifted) in expected {
        assert_eq!(image.exports[&format!("at{offset}")] - start, shifted, "at {offset}");
    }
}

#[test]
fn differences_and_tables_count_what_is_left() {
    // The size of a function with a padding in it: .eh_frame, line tables, jump tables.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&[0; 40]);
    elf.rela(text, 4, R_RISCV_ALIGN.0, 0, 6);
    let data = elf.data(&[0; 16]);
    let (start, end) = (elf.local("start", text, 0), elf.local("end", text, 40));
    elf.rela(data, 0, R_RISCV_ADD32.0, end, 0);
    elf.rela(data, 0, R_RISCV_SUB32.0, start, 0);
    elf.rela(data, 4, R_RISCV_SET_ULEB128.0, end, 0);
    elf.rela(data, 4, R_RISCV_SUB_ULEB128.0, start, 0);
    elf.rela(data, 8, R_RISCV_64.0, end, 0);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.word(".data", 0), 38);
    assert_eq!(image.section(".data")[4], 38);
    assert_eq!(image.field(".data", 8, 8), image.section_address(".text") + 38);
}

#[test]
fn other_sections_move_up_and_keep_their_alignment() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let first = elf.section(".text.a", 6, &[0x11; 32]);
    elf.rela(first, 16, R_RISCV_ALIGN.0, 0, 14);
    let second = elf.section(".text.b", 6, &[0x22; 10]);
    elf.edit(second).align = 2;
    elf.section(".text.c", 6, &[0x33; 4]);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.section_address(".text.a"), 0x1000_0000);
    assert_eq!(image.section_address(".text.b"), 0x1000_0012, "18 bytes were left");
    assert_eq!(image.section_address(".text.c"), 0x1000_0020);
    assert_eq!(image.section(".text.b"), [0x22; 10]);
}

#[test]
fn a_field_in_a_padding_that_is_gone_writes_nowhere_else() {
    for offset in 16..36 {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let text = elf.text(&[0x55; 48]);
        let symbol = elf.absolute("symbol", 0x7777_7777);
        elf.rela(text, 16, R_RISCV_ALIGN.0, 0, 14);
        elf.rela(text, offset, R_RISCV_SET32.0, symbol, 0);
        let file = elf.build();
        // Refused or not, nothing outside of the section is written, which the manager checks;
        // and what lies before the padding stays.
        run(&[("test.o", &file)], &TestManager::new(), &Imports::default(), |loaded| {
            if let Ok(module) = loaded {
                let image = Image::of(&module);
                let kept = if offset < 30 { 16 } else { offset as usize - 14 };
                assert_eq!(image.section(".text")[..kept], [0x55; 48][..kept], "at {offset}");
            }
        });
    }
}

#[test]
fn symbol_at_knows_the_function_behind_a_padding() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&[0; 40]);
    elf.rela(text, 4, R_RISCV_ALIGN.0, 0, 6);
    elf.symbol(SymbolSpec { size: 4, ..SymbolSpec::new("first", text, 0) });
    elf.symbol(SymbolSpec { size: 30, ..SymbolSpec::new("second", text, 10) });
    let file = elf.build();
    run(&[("test.o", &file)], &TestManager::new(), &Imports::default(), |loaded| {
        let module = loaded.unwrap();
        let start = module.sections().next().unwrap().address;
        let found = |offset| {
            let (symbol, distance) = module.symbol_at(start.wrapping_add(offset)).unwrap();
            (symbol.symbol.name().to_string(), distance)
        };
        assert_eq!(found(0), ("first".into(), 0));
        assert_eq!(found(7), ("first".into(), 7));
        assert_eq!(found(8), ("second".into(), 0));
        assert_eq!(found(37), ("second".into(), 29));
        assert!(module.symbol_at(start.wrapping_add(38)).is_none());
    });
}
