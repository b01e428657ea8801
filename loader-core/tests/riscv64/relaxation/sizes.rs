//! What a plan says of code that gets shorter, and where things are then.

use loader_core::{Error, Object, Plan, PlanOptions, Scratch, SegmentKind, TargetAddress};
use object::elf::*;

use super::{CALL, TAIL, TEXT, builder, compressed, load, marked, relaxed, relaxing, with};
use crate::support::decode::riscv64::{b_imm, call, cj_imm, j_imm};
use crate::support::{ElfBuilder, Imports, SymbolSpec, TestManager, code};

/// `count` calls of their own section's end and one of an import.
fn calls(count: u64) -> (ElfBuilder, u32) {
    let mut elf = builder();
    let text = elf.text(&CALL.repeat(count as usize + 1));
    let (end, near) = (elf.global("end", text, 8 * (count + 1)), elf.undefined("near"));
    for at in 0..=count {
        let symbol = if at == count { near } else { end };
        marked(&mut elf, text, 8 * at, R_RISCV_CALL_PLT, symbol);
    }
    (elf, text)
}

fn planned_text(file: &[u8], options: PlanOptions<'_>) -> u64 {
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
    let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
    plan.segment(SegmentKind::Text).size
}

#[test]
fn a_plan_counts_what_the_modules_own_calls_lose() {
    let file = compressed(&calls(10).0);
    let stub = 12;
    assert_eq!(planned_text(&file, PlanOptions::default()), 88 + stub);
    // That of the import may stay long; 4 bytes of alignment are before the stub.
    assert_eq!(planned_text(&file, relaxing()), 10 * 4 + 8 + stub);
    let image = relaxed(&calls(10).0);
    let text = &image.segments.iter().find(|(kind, ..)| *kind == SegmentKind::Text).unwrap().2;
    assert_eq!(text.len() as u64, 10 * 4 + 8 + stub);
    assert_eq!(image.section(".text").len(), 11 * 4);
    assert_eq!(text[44..48], [0; 4], "what is free traps");
}

#[test]
fn a_long_texts_calls_get_shorter_in_their_place() {
    let (mut elf, _) = calls(10);
    elf.section(".text.long", 6, &vec![0; 1 << 20]);
    let file = compressed(&elf);
    let plain = planned_text(&file, PlanOptions::default());
    assert_eq!(planned_text(&file, relaxing()), plain);
    let image = relaxed(&elf);
    assert_eq!(image.section(".text").len(), 11 * 4);
    assert_eq!(image.section_address(".text.long"), TEXT + 96, "behind what the plan had");
}

#[test]
fn working_memory_is_counted_exactly() {
    let file = compressed(&calls(10).0);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let needed = relaxing().scratch_len(&objects);
    assert_eq!(needed, PlanOptions::default().scratch_len(&objects) + 11);
    let mut scratch = vec![Scratch::ZERO; needed - 1];
    let refused = Plan::with_options(&objects, &mut scratch, relaxing());
    assert!(matches!(refused, Err(Error::Scratch { .. })));
}

#[test]
fn symbols_tables_and_padding_follow() {
    let mut elf = builder();
    // A call, a function of two jumps, padding to 16, and a function behind it.
    let mut bytes = [&CALL[..], &TAIL, &TAIL].concat();
    bytes.extend([0x01, 0].repeat(7));
    bytes.extend(CALL);
    let text = elf.text(&bytes);
    let [middle, last] = [("middle", 8, 16), ("last", 38, 8)]
        .map(|(name, at, size)| elf.symbol(SymbolSpec { size, ..SymbolSpec::new(name, text, at) }));
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, last);
    marked(&mut elf, text, 8, R_RISCV_CALL_PLT, middle);
    marked(&mut elf, text, 16, R_RISCV_CALL_PLT, last);
    elf.rela(text, 24, R_RISCV_ALIGN.0, 0, 14);
    marked(&mut elf, text, 38, R_RISCV_CALL_PLT, middle);
    let data = elf.data(&[0; 16]);
    elf.rela(data, 0, R_RISCV_ADD32.0, last, 0);
    elf.rela(data, 0, R_RISCV_SUB32.0, middle, 0);
    elf.rela(data, 8, R_RISCV_64.0, last, 0);
    with(&compressed(&elf), relaxing(), |loaded| {
        let module = loaded.unwrap();
        let image = crate::support::Image::of(&module);
        // jal; c.j, c.j; 8 bytes of padding; jal
        assert_eq!(image.section(".text").len(), 20);
        assert_eq!(j_imm(image.word(".text", 0)), 16);
        assert_eq!(cj_imm(image.field(".text", 4, 2) as u16), 0);
        assert_eq!(cj_imm(image.field(".text", 6, 2) as u16), 10);
        assert_eq!(image.section(".text")[8..16], [0x13, 0, 0, 0, 0x13, 0, 0, 0]);
        assert_eq!(j_imm(image.word(".text", 16)), -12);
        assert_eq!(image.word(".data", 0), 12);
        assert_eq!(image.field(".data", 8, 8), TEXT + 16);
        let size =
            |name: &str| module.symbols().find(|s| s.symbol.name() == name.into()).unwrap().size;
        assert_eq!((size("middle"), size("last")), (4, 4));
        let found = module.symbol_at((TEXT + 6).into()).unwrap();
        assert_eq!((found.0.symbol.name(), found.1), ("middle".into(), 2));
        let address = |offset| module.address_of(0, text, offset).map(TargetAddress::value);
        for (offset, moved) in [(0, 0), (8, 4), (16, 6), (24, 8), (38, 16), (46, 20)] {
            assert_eq!(address(offset), Some(TEXT + moved), "at {offset}");
        }
        assert_eq!(module.address_of(0, 99, 0), None);
    });
}

#[test]
fn mapped_and_resolved_again_it_is_a_first_load() {
    let file = compressed(&calls(10).0);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; relaxing().scratch_len(&objects)];
    let manager = TestManager::new();
    let plan = Plan::with_options(&objects, &mut scratch, relaxing()).unwrap();
    let mut image = plan.place(&manager).unwrap();
    // Where the import is in a JAL's reach, where it is not, and again.
    for (text, long) in [(TEXT, false), (0x5000_0000, true), (TEXT, false), (0x5000_0000, true)] {
        image.map_segment_address(SegmentKind::Text, text.into()).unwrap();
        let resolved = image.resolve(&Imports::of(&super::IMPORTS)).unwrap();
        let bytes = resolved.segment_bytes(SegmentKind::Text);
        let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        if long {
            assert_eq!(text.wrapping_add_signed(40 + call(word(40), word(44))), TEXT + 0x1_0000);
        } else {
            assert_eq!(text.wrapping_add_signed(40 + j_imm(word(40))), TEXT + 0x1_0000);
            assert_eq!(word(44), 0);
        }
        assert_eq!(j_imm(word(0)), if long { 48 } else { 44 });
        image = resolved.unresolve();
    }
}

#[test]
fn an_alignment_that_shorter_code_misses_keeps_it_as_planned() {
    // Code with compressed instructions, and padding for an alignment to 8 without: 4 bytes.
    let mut elf = builder();
    let mut bytes = [&CALL[..], &CALL, &TAIL].concat();
    bytes.extend([0x13, 0, 0, 0]);
    bytes.extend(CALL);
    let text = elf.text(&bytes);
    let end = elf.global("end", text, 36);
    for offset in [0, 8, 16, 28] {
        marked(&mut elf, text, offset, R_RISCV_CALL_PLT, end);
    }
    elf.rela(text, 24, R_RISCV_ALIGN.0, 0, 4);
    let image = load(&compressed(&elf), relaxing());
    // A C.J would leave 6 bytes to the next multiple of 8. ld.lld refuses this.
    assert_eq!(image.section(".text").len(), 20);
    assert_eq!(j_imm(image.word(".text", 8)), 12);
}

#[test]
fn padding_of_no_bytes_hides_nothing() {
    let mut elf = builder();
    // auipc a0, which goes; auipc a1; the low parts of both
    let text = elf.text(&code(&[0x517, 0x597, 0x0005_0513, 0x0005_8593]));
    let (nothing, end) = (elf.undefined_weak("nothing"), elf.global("end", text, 16));
    let labels = [elf.local(".L0", text, 0), elf.local(".L1", text, 4)];
    elf.rela(text, 0, R_RISCV_ALIGN.0, 0, 0);
    marked(&mut elf, text, 0, R_RISCV_PCREL_HI20, nothing);
    marked(&mut elf, text, 4, R_RISCV_PCREL_HI20, end);
    marked(&mut elf, text, 8, R_RISCV_PCREL_LO12_I, labels[0]);
    marked(&mut elf, text, 12, R_RISCV_PCREL_LO12_I, labels[1]);
    // auipc a1, 0; li a0, 0; addi a1, a1, 12
    assert_eq!(relaxed(&elf).section(".text"), code(&[0x597, 0x513, 0x00c5_8593]));
}

#[test]
fn an_alignment_that_a_near_call_misses_keeps_the_call() {
    let mut elf = builder();
    let mut bytes = CALL.to_vec();
    bytes.extend([1, 0, 1, 0, 1, 0]);
    bytes.extend([0x13, 0, 0, 0]);
    bytes.extend([0x67, 0x80, 0, 0]);
    let text = elf.text(&bytes);
    let function = elf.global("function", text, 18);
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, function);
    elf.rela(text, 14, R_RISCV_ALIGN.0, 0, 4); // of which 2 stay, and shorter code would need 6
    let file = compressed(&elf);
    assert_eq!(planned_text(&file, relaxing()), planned_text(&file, PlanOptions::default()));
    let image = load(&file, relaxing());
    assert_eq!(call(image.word(".text", 0), image.word(".text", 4)), 16);
}

#[test]
fn a_branch_that_shorter_code_leaves_out_of_reach_keeps_it_long() {
    let mut elf = builder();
    let mut bytes = [&CALL[..], &[0x63, 0, 0, 0]].concat();
    bytes.resize(4096, 0x01);
    let (one, two) = (elf.section(".text.one", 6, &bytes), elf.section(".text.two", 6, &[1; 16]));
    let (near, target) = (elf.undefined("near"), elf.global("target", two, 4));
    let data = elf.data(&[0; 8]);
    elf.rela(data, 0, R_RISCV_64.0, target, 0);
    marked(&mut elf, one, 0, R_RISCV_CALL_PLT, near);
    elf.rela(one, 8, R_RISCV_BRANCH.0, target, 0); // 4092 bytes, of 4094
    let image = relaxed(&elf);
    assert_eq!(image.section(".text.one").len(), 4096);
    assert_eq!(b_imm(image.word(".text.one", 8)), 4092);
    assert_eq!(
        TEXT.wrapping_add_signed(call(image.word(".text.one", 0), image.word(".text.one", 4))),
        TEXT + 0x1_0000
    );
    assert_eq!(image.field(".data", 0, 8), image.exports["target"]);
}

#[test]
fn a_section_has_the_plans_size_again_once_it_is_to_be_mapped() {
    let mut elf = builder();
    let mut bytes = CALL.to_vec();
    bytes.resize(32, 0x01);
    let text = elf.text(&bytes);
    let near = elf.undefined("near");
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, near);
    let file = compressed(&elf);
    let objects = [Object::parse("test.o", &file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; relaxing().scratch_len(&objects)];
    let manager = TestManager::new();
    let plan = Plan::with_options(&objects, &mut scratch, relaxing()).unwrap();
    let mut image = plan.place(&manager).unwrap();
    let edge = TargetAddress::new(0u64.wrapping_sub(32));
    for _ in 0..2 {
        assert!(matches!(image.map_section_address(0, text, edge), Err(Error::Misplaced { .. })));
        image.map_segment_address(SegmentKind::Text, TEXT.into()).unwrap();
        let resolved = image.resolve(&Imports::of(&super::IMPORTS)).unwrap();
        assert_eq!(resolved.plan().sections().next().unwrap().size, 28);
        image = resolved.unresolve();
        assert_eq!(image.plan().sections().next().unwrap().size, 32);
    }
}

#[test]
fn offsets_of_bytes_that_are_gone_stay_in_their_place() {
    let mut elf = builder();
    let text = elf.text(&[&TAIL[..], &[1, 0]].concat());
    let end = elf.global("end", text, 8);
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, end);
    with(&compressed(&elf), relaxing(), |loaded| {
        let module = loaded.unwrap();
        let moved = |offset| module.address_of(0, text, offset).unwrap().value() - TEXT;
        let offsets: Vec<u64> = (0..=10).map(moved).collect();
        assert_eq!(offsets, [0, 1, 2, 2, 2, 2, 2, 2, 2, 3, 4]); // a C.J, and what is behind it
    });
}
