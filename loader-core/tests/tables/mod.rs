//! What the loader made itself, as a map of a module shows it: GOT slots, call stubs, deletions.
//! The stubs of a long text are in `range::islands`.

use loader_core::{CallStub, Deletion, GotWord, Machine, PlanOptions, TlsModel};
use object::elf::*;

use crate::support::load::run_with;
use crate::support::threads::{Client, DESCRIPTOR, MODULE};
use crate::support::{ElfBuilder, Imports, SymbolSpec, TestManager, code, number};

type Module<'o, 's, 'm> = loader_core::Module<'o, 's, &'m TestManager>;

/// Where `with` loads code and constants.
const TEXT: u64 = 0x4000_0000;
const CONSTANTS: u64 = 0x4010_0000;
/// Out of reach of every call.
const FAR: u64 = 0x7f_0000_0000;

fn with(
    files: &[&ElfBuilder],
    options: PlanOptions<'_>,
    then: impl FnOnce(&mut Module<'_, '_, '_>),
) {
    let files: Vec<_> = files.iter().map(|elf| elf.build()).collect();
    let names = ["a.o", "b.o"];
    let files: Vec<_> = names.into_iter().zip(files.iter().map(|file| &file[..])).collect();
    let manager = TestManager::at(TEXT, CONSTANTS, TEXT + 0x20_0000);
    let imports = Imports::of(&[("far", FAR), ("other", FAR + 0x100)]);
    let client = Client::at(0x40);
    run_with(&files, &manager, options, &imports, &client, |loaded| then(&mut loaded.unwrap()));
}

/// A call, the relocation type that it has, and that of a word in data that speaks of a GOT slot.
fn types(machine: Machine) -> (&'static [u8], u32, u64, i64, u32) {
    match machine {
        Machine::Aarch64 => (&[0, 0, 0, 0x94], R_AARCH64_CALL26.0, 0, 0, R_AARCH64_GOTPCREL32.0),
        Machine::Riscv64 => {
            let call = &[0x97, 0, 0, 0, 0xe7, 0x80, 0, 0];
            (call, R_RISCV_CALL_PLT.0, 0, 0, R_RISCV_GOT32_PCREL.0)
        }
        Machine::X86_64 => (&[0xe8, 0, 0, 0, 0], R_X86_64_PLT32.0, 1, -4, R_X86_64_GOTPCREL.0),
        other => panic!("{other:?}"),
    }
}

fn stubs(module: &mut Module<'_, '_, '_>) -> Vec<(usize, String, u64, Option<u64>)> {
    let mut all = Vec::new();
    module.for_each_stub(|CallStub { object, symbol, address, target }| {
        let target = target.map(|target| target.value());
        all.push((object, symbol.to_string(), address.value(), target));
    });
    all
}

#[test]
fn every_slot_and_stub_has_its_symbol() {
    for machine in [Machine::Aarch64, Machine::Riscv64, Machine::X86_64] {
        let (call, branch, at, addend, slot) = types(machine);
        let mut first = ElfBuilder::new(machine);
        let text = first.text(&[call, call].concat());
        let data = first.data(&[0; 16]);
        let (other, far) = (first.undefined("other"), first.undefined("far"));
        let second_call = call.len() as u64 + at;
        first.rela(text, at, branch, other, addend);
        first.rela(text, second_call, branch, far, addend);
        let own = first.undefined("own");
        first.rela(data, 4, slot, own, 0);
        first.rela(data, 8, slot, far, 0);
        let mut second = ElfBuilder::new(machine);
        let text = second.text(&[call, &[0; 8]].concat());
        second.global("own", text, 8);
        let far = second.undefined("far");
        second.rela(text, at, branch, far, addend);
        with(&[&first, &second], PlanOptions::default(), |module| {
            let own = module.symbol("own").unwrap().value();
            let slots: Vec<_> = module.got().collect();
            assert_eq!(slots.len() as u32, module.plan().got_entries());
            for slot in &slots {
                assert_eq!(slot.word, GotWord::Address);
                let bytes = module.segments().find(|s| s.target().value() == CONSTANTS).unwrap();
                let offset = (slot.address.value() - CONSTANTS) as usize;
                // SAFETY: nothing of the module runs.
                let bytes = unsafe { bytes.bytes() };
                assert_eq!(number(&bytes[offset..offset + 8]), slot.value, "{machine:?}");
            }
            let mut known: Vec<_> =
                slots.iter().map(|s| (s.object, s.symbol.to_string(), s.value)).collect();
            known.sort();
            let expected = [(0, "far", FAR), (0, "other", FAR + 0x100), (1, "own", own)];
            let expected = expected.map(|(object, name, value)| (object, name.to_owned(), value));
            assert_eq!(known, expected, "the object that defines it, or the first that needs it");
            let all = stubs(module);
            assert_eq!(all.len() as u32, module.plan().stubs());
            let told: Vec<_> = all.iter().map(|(o, name, _, to)| (*o, &name[..], *to)).collect();
            assert_eq!(told, [(0, "other", Some(FAR + 0x100)), (0, "far", Some(FAR))]);
            let end = module.sections().map(|s| s.address.value() + s.planned.size);
            let end = end.filter(|end| *end < CONSTANTS).max().unwrap();
            assert!(all[0].2 >= end && all[1].2 > all[0].2, "{all:x?} lie behind {end:#x}");
            assert_eq!(stubs(module), all, "and again");
        });
    }
}

#[test]
fn the_stub_of_an_ifunc_leads_nowhere_yet() {
    for machine in [Machine::Aarch64, Machine::Riscv64, Machine::X86_64] {
        let (call, branch, at, addend, _) = types(machine);
        let mut elf = ElfBuilder::new(machine);
        let text = elf.text(&[call, call].concat());
        let kind = STT_GNU_IFUNC.0;
        let chosen = elf.symbol(SymbolSpec { kind, ..SymbolSpec::new("chosen", text, 4) });
        elf.rela(text, at, branch, chosen, addend);
        with(&[&elf], PlanOptions::default(), |module| {
            let address = module.symbol("chosen").unwrap().value();
            assert_eq!(stubs(module), [(0, "chosen".to_owned(), address, None)]);
        });
    }
}

#[test]
fn thread_local_entries_are_told_word_by_word() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&code(&[0xd2a0_0000; 3]));
    let image = elf.section(".tdata", 0x403, &[0; 32]);
    let spec = SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("own", image, 0x18) };
    let own = elf.symbol(spec);
    let types = [R_AARCH64_TLSLD_MOVW_G1, R_AARCH64_TLSGD_MOVW_G1];
    for (at, kind) in types.into_iter().chain([R_AARCH64_TLSIE_MOVW_GOTTPREL_G1]).enumerate() {
        elf.rela(text, 4 * at as u64, kind.0, own, 0);
    }
    let expected = [
        ("_TLS_MODULE_BASE_", GotWord::ThreadLocalModule, MODULE),
        ("_TLS_MODULE_BASE_", GotWord::ThreadLocalOffset, 0),
        ("own", GotWord::ThreadLocalModule, MODULE),
        ("own", GotWord::ThreadLocalOffset, 0x18),
        ("own", GotWord::ThreadPointerOffset, 0x58),
    ];
    check_words(&elf, &expected);
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xd5, 0x48, 0x8d, 0x05, 0, 0, 0, 0]);
    let image = elf.section(".tdata", 0x403, &[0; 32]);
    let own = elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("own", image, 0x18) });
    elf.rela(text, 4, R_X86_64_CODE_4_GOTPC32_TLSDESC.0, own, -4);
    let expected = [
        ("own", GotWord::DescriptorFunction, DESCRIPTOR),
        ("own", GotWord::DescriptorArgument, MODULE << 32 | 0x18),
    ];
    check_words(&elf, &expected);
}

fn check_words(elf: &ElfBuilder, expected: &[(&str, GotWord, u64)]) {
    let mut options = PlanOptions::default();
    options.thread_locals = TlsModel::Dynamic;
    with(&[elf], options, |module| {
        let words: Vec<_> = module.got().map(|s| (s.symbol.to_string(), s.word, s.value)).collect();
        let words: Vec<_> = words.iter().map(|(name, word, v)| (&name[..], *word, *v)).collect();
        assert_eq!(words, expected);
        let mut addresses: Vec<_> = module.got().map(|slot| slot.address.value()).collect();
        addresses.sort_unstable();
        let first = addresses[0];
        let row: Vec<_> = (0..expected.len() as u64).map(|at| first + 8 * at).collect();
        assert_eq!(addresses, row, "every word once");
    });
}

#[test]
fn deletions_are_what_is_missing() {
    // 6 bytes of padding at 8, of which an alignment to 8 needs none; and a call that gets shorter.
    let object = || {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        let (call, ..) = types(Machine::Riscv64);
        let text = elf.text(&[call, &[1, 0, 1, 0, 1, 0], call, &[0xee; 4]].concat());
        elf.edit(text).align = 8;
        elf.rela(text, 8, R_RISCV_ALIGN.0, 0, 6);
        let near = elf.global("near", text, 22);
        elf.rela(text, 14, R_RISCV_CALL_PLT.0, near, 0);
        elf.rela(text, 14, R_RISCV_RELAX.0, 0, 0);
        (elf, text)
    };
    let ((first, text), (second, _)) = (object(), {
        let mut elf = ElfBuilder::new(Machine::Riscv64);
        elf.rodata(&[0; 4]);
        let text = elf.text(&[0x13; 12]);
        elf.edit(text).align = 8;
        elf.rela(text, 6, R_RISCV_ALIGN.0, 0, 6);
        (elf, text)
    });
    let all = |options| {
        let mut all = Vec::new();
        with(&[&first, &second], options, |module| all.extend(module.deletions()));
        all
    };
    let deletion = |object, section, offset, bytes| Deletion { object, section, offset, bytes };
    let padding = deletion(0, text, 8, 6);
    // Of the second's padding, from 6 to 12, 2 bytes stay.
    let other = deletion(1, text + 1, 8, 4);
    assert_eq!(all(PlanOptions::default()), [padding, other]);
    let mut options = PlanOptions::default();
    options.relaxation = true;
    assert_eq!(all(options), [padding, deletion(0, text, 18, 4), other]);
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0x90; 8]);
    with(&[&elf], options, |module| assert_eq!(module.deletions().count(), 0));
}
