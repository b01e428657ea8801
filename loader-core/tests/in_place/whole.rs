//! Modules with parts in a file are modules as any other: look-ups, lists, unloading, several
//! objects, and damage.

use loader_core::{Machine, Object, Plan, Scratch, SegmentKind, TargetAddress};
use object::elf::*;

use super::{FLASH, LEAF, Loaded, RODATA, TEXT, home, object, options, planned};
use crate::support::load::run_with;
use crate::support::modules::MACHINES;
use crate::support::threads::Client;
use crate::support::{ElfBuilder, Image, Imports, SymbolSpec, TestManager};

fn with_module(file: &[u8], then: impl FnOnce(&Loaded<'_, '_, '_>)) {
    let list = [Some(TargetAddress::new(FLASH))];
    let manager = TestManager::new();
    let files: [(&str, &[u8]); 1] = [("test.o", file)];
    run_with(&files, &manager, options(&list), &Imports::default(), &(), |loaded| {
        then(&loaded.unwrap_or_else(|error| panic!("refused: {error}")));
    });
}

#[test]
fn names_and_addresses_go_both_ways() {
    for machine in MACHINES {
        let file = object(machine).build();
        let (leaf, rodata) = (home(&file, LEAF), home(&file, RODATA));
        with_module(&file, |module| {
            let at = |address: u64| {
                let (symbol, offset) = module.symbol_at(TargetAddress::new(address))?;
                Some((symbol.symbol.name().to_string(), offset))
            };
            assert_eq!(module.symbol("leaf"), Some(TargetAddress::new(leaf)));
            assert_eq!(at(leaf + 4), Some(("leaf".into(), 4)));
            assert_eq!(at(rodata + 50), Some(("constant".into(), 10)));
            assert_eq!(at(rodata + 39), None, "nothing before the first");
            assert_eq!(at(rodata + 100), None, "behind the section");
            let entry = module.symbol("entry").unwrap();
            assert_eq!(at(entry.value()), Some(("entry".into(), 0)));
            assert!(module.symbols().any(|symbol| symbol.address.value() == rodata + 40));
            let address_of = |index, offset| module.address_of(0, index, offset);
            assert_eq!(address_of(RODATA, 99), Some(TargetAddress::new(rodata + 99)));
            assert_eq!(address_of(LEAF, 0), Some(TargetAddress::new(leaf)));
            assert_eq!(address_of(TEXT, 0), Some(entry));
            let size = file.section_field(LEAF, crate::support::lies::section::SIZE);
            for (address, inside) in [
                (leaf, true),
                (leaf - 1, false),
                (leaf + size - 1, true),
                (rodata + 99, true),
                (rodata + 100, false),
                (entry.value(), true),
            ] {
                assert_eq!(module.contains(address.into()), inside, "{address:#x}");
            }
            assert!(module.sections().all(|section| section.planned.index != LEAF));
            assert_eq!(module.plan().in_place_sections().count(), 2);
        });
    }
}

#[test]
fn a_module_may_stay_as_a_whole() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&crate::support::code(&[0xd65f_03c0]));
    elf.rodata(&[1; 8]);
    elf.global("function", text, 0);
    let file = elf.build();
    planned(&file, FLASH, |plan| {
        assert!(SegmentKind::ALL.iter().all(|&kind| plan.segment(kind).size == 0));
    });
    with_module(&file, |module| {
        assert_eq!(module.segments().count(), 0);
        let function = module.symbol("function").unwrap();
        assert_eq!(function.value(), home(&file, text));
        assert!(module.contains(function));
    });
}

#[test]
fn lists_call_what_stays() {
    for machine in MACHINES {
        let mut elf = object(machine);
        for (name, kind) in [(".init_array", SHT_INIT_ARRAY), (".fini_array", SHT_FINI_ARRAY)] {
            let list = elf.section(name, 3, &[0; 8]);
            elf.edit(list).kind = kind.0;
            elf.rela(list, 0, super::word(machine), 2, 0);
        }
        let file = elf.build();
        let list = [Some(TargetAddress::new(FLASH))];
        let (manager, files) = (TestManager::new(), [("test.o", &file[..])]);
        run_with(&files, &manager, options(&list), &Imports::default(), &(), |loaded| {
            let module = loaded.unwrap();
            let image = Image::of(&module);
            assert_eq!(
                (image.initialisers, image.finalisers),
                (vec![home(&file, LEAF)], vec![home(&file, LEAF)])
            );
            let resident = module.detach();
            assert_eq!(resident.segments().count(), 3);
            resident.unload();
        });
        assert_eq!(manager.live(), 0);
    }
}

#[test]
fn the_resolver_of_an_ifunc_may_stay() {
    for machine in MACHINES {
        let mut elf = object(machine);
        elf.symbol(SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new("chosen", LEAF, 0) });
        let file = elf.build();
        with_module(&file, |module| {
            let resolutions: Vec<_> = module.resolutions().collect();
            assert_eq!(resolutions.len(), 1);
            assert_eq!(resolutions[0].resolver.value(), home(&file, LEAF));
            assert!(module.symbol("chosen").unwrap().value() != home(&file, LEAF), "its stub");
        });
    }
}

#[test]
fn thread_local_variables_are_copied() {
    let mut elf = object(Machine::X86_64);
    let image = elf.section(".tdata", 0x403, &[5; 8]);
    elf.symbol(SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new("variable", image, 0) });
    let file = elf.build();
    let list = [Some(TargetAddress::new(FLASH))];
    let manager = TestManager::new();
    let threads = Client::at(64);
    let files: [(&str, &[u8]); 1] = [("test.o", &file)];
    run_with(&files, &manager, options(&list), &Imports::default(), &threads, |loaded| {
        let module = loaded.unwrap();
        let image = module.thread_locals().unwrap().image;
        assert!(module.segments().any(|s| s.kind() == SegmentKind::ReadOnly));
        assert!(module.contains(image) && image.value() != home(&file, 6));
    });
}

#[test]
fn objects_share_what_stays() {
    // One object lies in flash and another does not; the definition that counts is the strong one.
    for machine in MACHINES {
        let in_flash = object(machine).build();
        let mut elf = ElfBuilder::new(machine);
        let text = elf.section(".text.leaf", 6, &[0; 32]);
        elf.weak("leaf", text, 16);
        let constant = elf.undefined("constant");
        let data = elf.data(&[0; 8]);
        elf.rela(data, 0, super::word(machine), constant, 0);
        let copied = elf.build();
        let files: [(&str, &[u8]); 2] = [("copied.o", &copied), ("flash.o", &in_flash)];
        let list = [None, Some(TargetAddress::new(FLASH))];
        let manager = TestManager::new();
        run_with(&files, &manager, options(&list), &Imports::default(), &(), |loaded| {
            let module = loaded.unwrap();
            let image = Image::of(&module);
            assert_eq!(image.exports["leaf"], home(&in_flash, LEAF), "{machine:?}");
            let first = image.sections.iter().find(|s| s.0 == 0 && s.1 == ".data").unwrap();
            assert_eq!(crate::support::number(&first.3), home(&in_flash, RODATA) + 40);
            // The weak one is still where it is.
            let lost =
                module.symbols().find(|s| s.object == 0 && s.symbol.name().as_bytes() == b"leaf");
            assert_eq!(lost.unwrap().address.value(), 0x1000_0010, "{machine:?}");
        });
    }
}

#[test]
fn resolving_again_changes_nothing() {
    for machine in MACHINES {
        let file = object(machine).build();
        let list = [Some(TargetAddress::new(FLASH))];
        let objects = [Object::parse("test.o", &file).unwrap()];
        let mut scratch = vec![Scratch::ZERO; options(&list).scratch_len(&objects)];
        let manager = TestManager::new();
        let plan = Plan::with_options(&objects, &mut scratch, options(&list)).unwrap();
        let image = plan.place(&manager).unwrap().resolve(&Imports::default()).unwrap();
        let bytes: Vec<_> =
            SegmentKind::ALL.map(|kind| image.segment_bytes(kind).to_vec()).into_iter().collect();
        let mut image = image.unresolve();
        let away = TargetAddress::new(0x66_0000_0000);
        image.map_segment_address(SegmentKind::Text, away).unwrap();
        image.map_segment_address(SegmentKind::ReadOnly, away.wrapping_add(0x1000)).unwrap();
        let image = image.resolve(&Imports::default()).unwrap();
        assert_ne!(image.segment_bytes(SegmentKind::Text), bytes[0]);
        let mut image = image.unresolve();
        for (kind, at) in
            [(SegmentKind::Text, 0x1000_0000u64), (SegmentKind::ReadOnly, 0x1100_0000)]
        {
            image.map_segment_address(kind, at.into()).unwrap();
        }
        let image = image.resolve(&Imports::default()).unwrap();
        for (kind, bytes) in SegmentKind::ALL.into_iter().zip(bytes) {
            assert_eq!(image.segment_bytes(kind), bytes, "{machine:?} {kind}");
        }
    }
}

#[test]
fn damaged_files_are_refused_or_stay_within_bounds() {
    for machine in MACHINES {
        let file = object(machine).build().into_bytes();
        // Every byte of the header table and of the tables, some other value each.
        for at in 0..file.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut damaged = file.clone();
                damaged[at] ^= change;
                let list = [Some(TargetAddress::new(FLASH))];
                let Ok(object) = Object::parse("test.o", &damaged) else { continue };
                let objects = [object];
                let mut scratch = vec![Scratch::ZERO; options(&list).scratch_len(&objects)];
                let plan = Plan::with_options(&objects, &mut scratch, options(&list));
                let Ok(plan) = plan else { continue };
                for section in plan.in_place_sections() {
                    let end = section.address.value() - FLASH + section.section.size();
                    assert!(end <= damaged.len() as u64, "byte {at}");
                }
                let manager = TestManager::new();
                let Ok(image) = plan.place(&manager) else { continue };
                let Ok(image) = image.resolve(&Imports::default()) else { continue };
                let module = image.seal().unwrap();
                for symbol in module.symbols() {
                    module.symbol_at(symbol.address);
                }
            }
        }
    }
}
