//! Code and data: mapping symbols tell which is which.

use loader_core::Unmended;

use super::*;

/// The words of a section, with the sequence at the end of its first page and the mapping symbols
/// given, as they are without the option and with it.
fn with(symbols: &[(&str, u64)]) -> [Vec<u8>; 2] {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, 2 * PAGE, &[(0xff8, &[ADRP, SECOND, NOP, LAST, RET])]);
    for (name, offset) in symbols {
        mapping(&mut elf, name, text, *offset);
    }
    let variable = variable(&mut elf);
    speak(&mut elf, text, [0xff8, 0x1004], variable);
    let file = elf.build();
    [PlanOptions::default(), options()].map(|options| {
        let image = load(&file, &manager(TEXT, FAR), options);
        image.section(".text")[..2 * PAGE as usize].to_vec()
    })
}

fn is_mended(symbols: &[(&str, u64)]) -> bool {
    let [without, with] = with(symbols);
    without != with
}

#[test]
fn data_stays_as_it_is() {
    assert!(is_mended(&[("$x", 0)]));
    assert!(!is_mended(&[("$d", 0)]));
    assert!(!is_mended(&[("$x", 0), ("$d", 0xff8)]));
    assert!(!is_mended(&[("$x", 0), ("$d", 0xff0), ("$x", 0x1008)]));
    assert!(is_mended(&[("$x", 0), ("$d", 0xff0), ("$x", 0xff8), ("$d", 0x1008)]));
    assert!(is_mended(&[("$d", 0), ("$x", 4), ("$d", 0x1800)]));
}

#[test]
fn a_sequence_is_code_from_its_first_word_to_its_last() {
    for data in [0xff8, 0xffc, 0x1000, 0x1004, 0x1007] {
        assert!(!is_mended(&[("$x", 0), ("$d", data)]), "data from {data:#x}");
        let word = data & !3;
        assert!(!is_mended(&[("$x", 0), ("$d", word), ("$x", word + 4)]), "a word at {word:#x}");
    }
    assert!(!is_mended(&[("$d", 0), ("$x", 0xffc)]));
    assert!(!is_mended(&[("$x", 0xffc)]), "before the first symbol is no code");
    assert!(is_mended(&[("$x", 0xff8)]));
    // More symbols that say the same change nothing.
    assert!(is_mended(&[("$x", 0), ("$x", 0xffc), ("$x.2", 0x1000), ("$x", 0x1004)]));
}

#[test]
fn the_order_of_symbols_does_not_matter_but_at_one_place() {
    assert!(!is_mended(&[("$x", 0x1008), ("$d", 0xff0), ("$x", 0)]));
    assert!(is_mended(&[("$d", 0x1008), ("$x", 0xff8), ("$d", 0xff0), ("$x", 0)]));
    // The last of several counts, as an assembler leaves them for an empty piece.
    for count in 0..20 {
        let others = (0..count).map(|at| ("$x", 0x1800 - 4 * at));
        let several = |pair: [&'static str; 2]| {
            let pairs = (0..count).flat_map(|_| pair).chain(pair).map(|name| (name, 0xff8));
            others.clone().chain(pairs).collect::<Vec<_>>()
        };
        assert!(is_mended(&several(["$d", "$x"])), "{count} before");
        assert!(!is_mended(&several(["$x", "$d"])), "{count} before");
    }
}

#[test]
fn only_names_of_mapping_symbols_count() {
    assert!(is_mended(&[("$x.any", 0), ("$dx", 0xff8), ("d", 0xff8), ("$", 0xff8)]));
    assert!(!is_mended(&[("$x.any", 0), ("$d.any", 0xff8)]));
    // Past the end, as a local label may be.
    assert!(is_mended(&[("$x", 0), ("$d", u64::MAX), ("$d", 3 * PAGE)]));
    // A function may have such a name, or a symbol that is not local.
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, 2 * PAGE, &[(0xff8, &[ADRP, SECOND, LAST])]);
    mapping(&mut elf, "$x", text, 0);
    elf.local("$d", text, 0);
    let spec = SymbolSpec::new("$d", text, 0xff8);
    elf.symbol(SymbolSpec { kind: STT_NOTYPE.0, ..spec });
    let variable = variable(&mut elf);
    speak(&mut elf, text, [0xff8, 0x1000], variable);
    let image = mended(&elf.build(), TEXT, FAR);
    assert_eq!(image.word(".text", 0x1000) >> 26, 0b000101);
}

#[test]
fn each_section_has_its_own_symbols() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let code: &[u32] = &[ADRP, SECOND, LAST];
    let texts = [1, 2, 3].map(|_| section(&mut elf, PAGE, &[(0, code)]));
    for text in texts {
        elf.edit(text).align = PAGE;
        elf.edit(text).bytes.splice(0..0, [0; 0xff8]);
    }
    mapping(&mut elf, "$d", texts[1], 0);
    mapping(&mut elf, "$x", texts[2], 0);
    mapping(&mut elf, "$x", texts[0], 0);
    let data = elf.data(&[0; 64]);
    let variable = elf.local("variable", data, 0x10);
    for text in texts {
        speak(&mut elf, text, [0xff8, 0x1000], variable);
    }
    let file = elf.build();
    let two = run_with(
        &[("first.o", &file), ("second.o", &file)],
        &manager(TEXT, FAR),
        options(),
        &Imports::default(),
        &(),
        |loaded| Image::of(&loaded.unwrap()),
    );
    let is_mended = |bytes: &[u8]| bytes[0x1003] >> 2 == 0b000101;
    let texts = two.sections.iter().filter(|(_, name, ..)| name == ".text");
    let mended: Vec<bool> = texts.map(|(.., bytes)| is_mended(bytes)).collect();
    assert_eq!(mended, [true, false, true, true, false, true]);
}

#[test]
fn what_may_be_data_is_refused_where_it_would_be_mended() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = section(&mut elf, 2 * PAGE, &[(0xff8, &[ADRP, SECOND, LAST])]);
    let variable = variable(&mut elf);
    speak(&mut elf, text, [0xff8, 0x1000], variable);
    let file = elf.build();
    let words = ["test.o", ".text", "+0xff8", "0x40000ff8", "843419", "$x"];
    refused(&file, &manager(TEXT, FAR), &words, |error| {
        let reason = Unmended::NoMappingSymbols;
        assert!(matches!(error, Error::Erratum { reason: r, .. } if r == reason), "{error:?}");
    });
    // Elsewhere in a page it is as good as any.
    let image = mended(&file, TEXT + 4 * 4, FAR);
    assert_eq!(image.word(".text", 0x1000) & !0x3f_fc00, LAST);
}
