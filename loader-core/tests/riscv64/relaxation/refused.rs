//! What is refused, and what is left alone.

use loader_core::{Defect, Error, Object, Phase, Plan, Scratch, SegmentKind};
use object::elf::*;

use super::{CALL, TEXT, builder, compressed, load, marked, relaxed, relaxing, with};
use crate::support::{Imports, SymbolSpec, TestManager, code};

#[test]
fn a_field_in_bytes_that_may_go_is_refused() {
    for offset in 1..8 {
        let mut elf = builder();
        let text = elf.text(&[&CALL[..], &[0x55; 16]].concat());
        let (end, value) = (elf.global("end", text, 24), elf.absolute("value", 1));
        marked(&mut elf, text, 0, R_RISCV_CALL_PLT, end);
        elf.rela(text, offset, R_RISCV_SET8.0, value, 0);
        with(&compressed(&elf), relaxing(), |loaded| {
            let error = loaded.expect_err("loaded what must be refused");
            assert!(
                matches!(
                    error,
                    Error::Malformed { defect: Defect::Padding, phase: Phase::Plan, .. }
                ),
                "{error}"
            );
            assert!(error.to_string().contains(&format!("`.text`+{offset:#x}")), "{error}");
        });
    }
}

#[test]
fn sections_too_far_apart_are_refused() {
    let mut elf = builder();
    let one = elf.section(".text.one", 6, &CALL);
    let two = elf.section(".text.two", 6, &code(&[0x0000_8067]));
    let function = elf.global("function", two, 0);
    marked(&mut elf, one, 0, R_RISCV_CALL_PLT, function);
    let file = compressed(&elf);
    let objects = [Object::parse("test.o", &file).unwrap()];
    for (distance, reaches) in [(0xf_fffe, true), (0x10_0000, false)] {
        let mut scratch = vec![Scratch::ZERO; relaxing().scratch_len(&objects)];
        let manager = TestManager::new();
        let plan = Plan::with_options(&objects, &mut scratch, relaxing()).unwrap();
        let mut image = plan.place(&manager).unwrap();
        image.map_segment_address(SegmentKind::Text, TEXT.into()).unwrap();
        image.map_section_address(0, two, (TEXT + distance).into()).unwrap_or_else(|_| {
            // The section's own alignment does not allow for the last place.
            image.map_section_address(0, two, (TEXT + distance - 14).into()).unwrap();
        });
        let resolved = image.resolve(&Imports::default());
        assert_eq!(resolved.is_ok(), reaches, "{distance:#x}");
        if let Err(error) = resolved {
            let text = error.to_string();
            assert!(matches!(error, Error::OutOfRange { value: 0x10_0000, .. }), "{text}");
            assert!(text.contains("R_RISCV_JAL") && text.contains("function"), "{text}");
            assert_eq!(manager.live(), 0);
        }
    }
}

#[test]
fn other_code_than_the_psabis_is_not_relaxed() {
    // LUI instead of ADD, and an AUIPC without its JALR.
    let mut elf = builder();
    let text = elf.text(&code(&[0x0000_0537, 0x13, 0x0000_0097, 0x13]));
    let symbol = elf.absolute("symbol", 0);
    marked(&mut elf, text, 0, R_RISCV_PCREL_HI20, symbol);
    with(&compressed(&elf), relaxing(), |loaded| {
        assert!(matches!(loaded, Err(Error::Instruction { .. })));
    });
    let mut elf = builder();
    let text = elf.text(&code(&[0x0000_0097, 0x13]));
    let symbol = elf.global("symbol", text, 8);
    marked(&mut elf, text, 0, R_RISCV_CALL, symbol);
    with(&compressed(&elf), relaxing(), |loaded| {
        assert!(matches!(loaded, Err(Error::Instruction { .. })));
    });
}

#[test]
fn data_is_not_relaxed() {
    let mut elf = builder();
    let data = elf.data(&CALL);
    let text = elf.text(&code(&[0x0000_8067]));
    let symbol = elf.global("symbol", text, 0);
    marked(&mut elf, data, 0, R_RISCV_CALL_PLT, symbol);
    assert_eq!(load(&compressed(&elf), relaxing()).section(".data").len(), 8);
}

#[test]
fn calls_that_overlap_are_relaxed_once() {
    // The second CALL begins in the first one, whose JALR it takes for an AUIPC.
    let mut elf = builder();
    let text = elf.text(&[CALL, CALL].concat());
    let symbol = elf.global("symbol", text, 16);
    marked(&mut elf, text, 0, R_RISCV_CALL_PLT, symbol);
    marked(&mut elf, text, 4, R_RISCV_CALL_PLT, symbol);
    with(&compressed(&elf), relaxing(), |loaded| assert!(loaded.is_err()));
    // Two at one place: the first counts for both.
    let mut elf = builder();
    let text = elf.text(&[CALL, CALL].concat());
    let symbol = elf.global("symbol", text, 16);
    marked(&mut elf, text, 8, R_RISCV_CALL_PLT, symbol);
    assert_eq!(relaxed(&elf).section(".text").len(), 12);
}

#[test]
fn a_second_relocation_of_shortened_code_is_refused() {
    // `lui a0`, which goes, and a `lui a1` that would come into its place.
    for (number, marks) in [(R_RISCV_HI20, "an unmarked HI20"), (R_RISCV_SET32, "a SET32")] {
        let mut elf = builder();
        let text = elf.text(&code(&[0x537, 0x0000_55b7, 0x0005_0513]));
        let (short, long) = (elf.absolute("short", 0x123), elf.absolute("long", 0x1234_5000));
        elf.rela(text, 0, number.0, long, 0);
        marked(&mut elf, text, 0, R_RISCV_HI20, short);
        marked(&mut elf, text, 8, R_RISCV_LO12_I, short);
        with(&compressed(&elf), relaxing(), |loaded| {
            assert!(matches!(loaded, Err(Error::Malformed { .. })), "{marks}");
        });
    }
}

#[test]
fn parts_of_a_descriptor_are_refused_as_without() {
    // A label where there is no first part, and one where there is another high part.
    for with_high in [false, true] {
        let mut elf = builder();
        let text = elf.text(&code(&[0x517, 0x0005_3583, 0x13, 0x0000_8067]));
        let (near, label) = (elf.global("near", text, 12), elf.local(".L", text, 0));
        if with_high {
            marked(&mut elf, text, 0, R_RISCV_PCREL_HI20, near);
        }
        marked(&mut elf, text, 4, R_RISCV_TLSDESC_LOAD_LO12, label);
        with(&compressed(&elf), relaxing(), |loaded| {
            assert!(matches!(loaded, Err(Error::Unpaired { .. })), "{with_high}");
        });
    }
}

#[test]
fn an_add_for_what_is_no_variable_stays() {
    let mut elf = builder();
    let text = elf.text(&code(&[0x0000_07b7, 0x0047_87b3, 0x0007_a503]));
    let tdata = elf.section(".tdata", 0x403, &[0; 0x9000]);
    let far = elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("far", tdata, 0x8000) });
    let none = elf.absolute("none", 0);
    marked(&mut elf, text, 0, R_RISCV_TPREL_HI20, far);
    marked(&mut elf, text, 4, R_RISCV_TPREL_ADD, none);
    marked(&mut elf, text, 8, R_RISCV_TPREL_LO12_I, far);
    let image = relaxed(&elf);
    assert_eq!(image.section(".text"), code(&[0x0000_87b7, 0x0047_87b3, 0x0007_a503]));
}
