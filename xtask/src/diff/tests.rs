//! The comparison sees what it is for: every changed bit, and nothing else.

use object::write::{Object, Relocation, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SymbolFlags, SymbolKind, SymbolScope,
    elf,
};

use super::compare::compare;
use super::corpus::Module;
use super::link::Linked;
use super::linker::Linker;
use super::load::{Loaded, load};
use super::prepare::Sites;
use super::relocations::{File, Relocations, Target};
use super::told::Told;
use super::write::{Change, Changes, Given, ZERO, neutralised, section_name};
use crate::arch::Arch;
use crate::archive::NamedBytes;

/// `call outside`, `mov outside@GOTPCREL(%rip), %rcx` where nothing relaxes it, and a pointer.
fn sample() -> NamedBytes {
    let mut object = Object::new(BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
    let symbol = |name: &str, section| Symbol {
        name: name.into(),
        value: 0,
        size: 0,
        kind: SymbolKind::Text,
        scope: SymbolScope::Dynamic,
        weak: false,
        section,
        flags: SymbolFlags::None,
    };
    let text = object.section_id(StandardSection::Text);
    let data = object.section_id(StandardSection::Data);
    object.append_section_data(text, &[0xe8, 0, 0, 0, 0, 0xff, 0x35, 0, 0, 0, 0], 16);
    object.append_section_data(data, &[0; 8], 8);
    let start = object.add_symbol(symbol("start", SymbolSection::Section(text)));
    let outside = object.add_symbol(symbol("outside", SymbolSection::Undefined));
    let mut relocate = |section, offset, symbol, addend, r_type| {
        let flags = RelocationFlags::Elf { r_type };
        object.add_relocation(section, Relocation { offset, symbol, addend, flags }).unwrap();
    };
    relocate(text, 1, outside, -4, elf::R_X86_64_PLT32);
    relocate(text, 7, outside, -4, elf::R_X86_64_GOTPCREL);
    relocate(data, 0, start, 3, elf::R_X86_64_64);
    NamedBytes { name: "sample.o".into(), bytes: object.write().unwrap() }
}

/// The sample, loaded, and what ld.lld would make of it if it made the same.
fn both(files: &[NamedBytes]) -> (Vec<Relocations>, Loaded, Linked) {
    let module = Module::new(Arch::X86_64, "sample".into(), files.to_vec());
    let parsed = File::parse(&files[0].bytes).unwrap();
    let relocations = vec![Relocations::read(&parsed).unwrap()];
    let loaded = load(&module, &relocations, false).unwrap().unwrap();
    let linked = Linked::like(&loaded);
    (relocations, loaded, linked)
}

fn differences(
    files: &[NamedBytes],
    relocations: &[Relocations],
    loaded: &Loaded,
    linked: &Linked,
) -> Vec<String> {
    let parsed = [File::parse(&files[0].bytes).unwrap()];
    let sites = Sites::new(Arch::X86_64, vec!["sample.o"], loaded, &parsed, relocations);
    let linker = Linker::that_knows_all(Arch::X86_64);
    compare(&sites, &linker, linked, &Told::default()).1
}

#[test]
fn the_same_is_the_same_and_any_changed_bit_is_not() {
    let files = [sample()];
    let (relocations, mut loaded, linked) = both(&files);
    assert_eq!(differences(&files, &relocations, &loaded, &linked), [""; 0]);
    for section in 0..loaded.sections.len() {
        for byte in 0..loaded.sections[section].bytes.len() {
            for bit in 0..8 {
                loaded.sections[section].bytes[byte] ^= 1 << bit;
                let found = differences(&files, &relocations, &loaded, &linked);
                assert_eq!(found.len(), 1, "section {section}, byte {byte}, bit {bit}: {found:?}");
                loaded.sections[section].bytes[byte] ^= 1 << bit;
            }
        }
    }
}

#[test]
fn slots_are_compared_by_what_they_hold() {
    let files = [sample()];
    let (relocations, mut loaded, mut linked) = both(&files);
    // The slot may lie elsewhere, if the field says so.
    linked.got.address += 0x80;
    let text = linked.sections.values_mut().find(|section| section.bytes[0] == 0xe8).unwrap();
    text.bytes[7] = text.bytes[7].wrapping_add(0x80);
    text.bytes[8] += u8::from(text.bytes[7] < 0x80);
    assert_eq!(differences(&files, &relocations, &loaded, &linked), [""; 0]);
    loaded.got.bytes[0] ^= 1;
    let found = differences(&files, &relocations, &loaded, &linked);
    assert!(found[0].contains("R_X86_64_GOTPCREL against outside"), "{found:?}");
}

#[test]
fn what_is_missing_or_elsewhere_is_seen() {
    let files = [sample()];
    let (relocations, loaded, linked) = both(&files);
    let mut other = Linked::like(&loaded);
    other.symbols[0].2 += 1;
    assert!(differences(&files, &relocations, &loaded, &other)[0].contains("start is at"));
    let mut other = Linked::like(&loaded);
    other.sections.pop_first();
    assert!(differences(&files, &relocations, &loaded, &other)[0].contains("leaves it out"));
    let mut other = linked;
    other.sections.first_entry().unwrap().get_mut().address += 16;
    assert!(differences(&files, &relocations, &loaded, &other)[0].contains("bytes at"));
}

#[test]
fn a_stub_must_lead_to_what_is_called() {
    let files = [sample()];
    let (relocations, mut loaded, _) = both(&files);
    // Lead the call through a stub that is made up: jmp *slot(%rip).
    let text = loaded.sections.iter_mut().find(|section| section.bytes[0] == 0xe8).unwrap();
    loaded.stubs.address = text.address + 0x100;
    text.bytes[1..5].copy_from_slice(&(0x100_i32 - 5).to_le_bytes());
    let distance = loaded.got.address.wrapping_sub(loaded.stubs.address + 6) as u32;
    let [a, b, c, d] = distance.to_le_bytes();
    loaded.stubs.bytes = vec![0xff, 0x25, a, b, c, d, 0xcc, 0xcc];
    let outside = (b"outside".to_vec(), Some(loaded.imports[&b"outside"[..]]));
    loaded.stub_targets = [(loaded.stubs.address, outside)].into();
    let parsed = [File::parse(&files[0].bytes).unwrap()];
    let told = |loaded: &Loaded| {
        Sites::new(Arch::X86_64, vec!["sample.o"], loaded, &parsed, &relocations)
            .told(&Linker::that_knows_all(Arch::X86_64))
    };
    let found = told(&loaded);
    assert_eq!((found.by_meaning, found.stubs.len(), found.differences.len()), (1, 1, 0));
    loaded.got.bytes[2] ^= 1;
    assert_eq!(told(&loaded).differences.len(), 1);
    loaded.got.bytes[2] ^= 1;
    loaded.stub_targets.values_mut().for_each(|(_, target)| *target = Some(1));
    assert_eq!(told(&loaded).differences.len(), 1, "the map says something else");
}

#[test]
fn a_neutralised_object_keeps_all_but_names_and_flags() {
    let NamedBytes { bytes, .. } = sample();
    let before = File::parse(&bytes).unwrap();
    let section = |name: &str| (1..10).find(|index| before.section_name(*index) == name).unwrap();
    let (text, data) = (section(".text"), section(".data"));
    let own = Relocations::read(&before).unwrap().all;
    let call = own.iter().find(|relocation| relocation.number == 4).unwrap();
    let (kind, addend) = (call.number, call.addend);
    let change = Change::Given(Given { kind, addend, symbol: Some(ZERO.to_vec()) });
    let changes = Changes::from([((call.table, call.entry), change)]);
    let names = [text, data].map(|section| (section, section_name(7, section)));
    let copy = neutralised(&bytes, &names.into(), &changes).unwrap();
    let after = File::parse(&copy).unwrap();
    assert_eq!(after.section_name(data), section_name(7, data));
    assert_eq!(after.sections.len(), before.sections.len() + 1);
    let changed = Relocations::read(&after).unwrap().all;
    for (own, changed) in own.iter().zip(&changed) {
        assert_eq!((own.offset, own.addend), (changed.offset, changed.addend));
        let is_call = (own.table, own.entry) == (call.table, call.entry);
        assert_eq!(is_call, changed.name == ZERO);
    }
    assert!(changed.iter().any(|relocation| relocation.target == Target::Section(text, 0)));
}
