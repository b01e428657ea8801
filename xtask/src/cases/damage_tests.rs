use super::*;
use crate::cases::damage_sample::sample;

fn apply(text: &str) -> Result<Vec<Vec<u8>>> {
    Damage::parse(text)?.apply(&sample())
}

fn one(text: &str) -> Vec<u8> {
    let [copy] = apply(text).unwrap().try_into().unwrap();
    copy
}

/// The bytes that `text` changes, with their places in the file.
fn changes(text: &str) -> Vec<(usize, u8)> {
    let pairs = sample().into_iter().zip(one(text)).enumerate();
    pairs.filter(|(_, (old, new))| old != new).map(|(at, (_, new))| (at, new)).collect()
}

#[test]
fn the_header_is_patched() {
    assert_eq!(changes("header e_machine = 0x28"), [(18, 0x28)]);
    assert_eq!(changes("header e_type = 2"), [(16, 2)]);
}

#[test]
fn a_section_header_is_patched() {
    let damaged = one("section .data sh_addralign = 0x1122334455667788");
    let table = sections(&damaged).unwrap();
    let (_, section) = named(&table, ".data").unwrap();
    assert_eq!(section.sh_addralign(LE), 0x1122_3344_5566_7788);
}

#[test]
fn a_symbol_is_patched() {
    let damaged = one("symbol main st_value = -2");
    let table = sections(&damaged).unwrap();
    let symbols = table.symbols(LE, damaged.as_slice(), SHT_SYMTAB).unwrap();
    assert!(symbols.iter().any(|symbol| symbol.st_value(LE) == u64::MAX - 1));
}

#[test]
fn a_relocation_is_patched_relative_to_the_end_of_its_section() {
    use object::read::elf::Rela;
    let damaged = one("relocation .rela.data 0 r_offset = end-7");
    let table = sections(&damaged).unwrap();
    let (_, section) = named(&table, ".rela.data").unwrap();
    let (relocations, _) = section.rela(LE, damaged.as_slice()).unwrap().unwrap();
    assert_eq!(relocations[0].r_offset(LE), 1);
    assert_eq!(relocations[0].r_type(LE, false), object::elf::R_X86_64_64);
}

#[test]
fn contents_are_patched() {
    let changed = changes("byte .text end-1 = 0x90");
    assert_eq!(changed.len(), 1);
    assert_eq!(sample()[changed[0].0], 0xc3);
    assert_eq!(changes("word .text 1 = 0x90c3c390").len(), 2);
}

#[test]
fn files_are_cut() {
    let size = sample().len();
    assert_eq!(one("truncate 10").len(), 10);
    assert_eq!(one("truncate end-3").len(), size - 3);
    let lengths: Vec<usize> = apply("truncate evenly 4").unwrap().iter().map(Vec::len).collect();
    assert_eq!(lengths, [0, size / 4, size * 2 / 4, size * 3 / 4]);
}

#[test]
fn damage_that_would_be_none_is_a_mistake() {
    let error = apply("header e_machine = 62").unwrap_err();
    assert!(error.to_string().contains("would be none"), "{error}");
    assert!(apply("truncate 100000").is_err());
    assert!(apply("section .nothing sh_size = 1").is_err());
    assert!(apply("symbol nobody st_size = 1").is_err());
    assert!(apply("relocation .rela.data 1 r_type = 1").is_err());
    assert!(apply("word .text 4 = 1").is_err());
}

#[test]
fn nonsense_is_refused() {
    for text in ["", "bend", "header e_beard = 1", "header e_type = x", "truncate end+1", "mutate"]
    {
        assert!(Damage::parse(text).is_err(), "{text}");
    }
}
