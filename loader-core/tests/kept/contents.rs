//! Which symbols are kept, and what is said of each.

use loader_core::{Name, NoteKind, interface_hash};

use super::*;

#[test]
fn what_is_asked_for_is_kept_and_nothing_else() {
    for machine in MACHINES {
        let file = sample(machine).build();
        for kept in ALL {
            with(&[&file], keeping(kept, false), |module| {
                if kept == Kept::Nothing {
                    return assert!(module.table().is_none());
                }
                let table = module.table().unwrap();
                assert_eq!(rows(table), expected(&module, kept), "{machine:?} {kept:?}");
                let counts = [0, 0, 11, 13];
                assert_eq!(table.symbols().len(), counts[kept as usize], "{machine:?} {kept:?}");
            });
        }
    }
}

#[test]
fn exports_are_found_by_name_and_nothing_else_is() {
    for machine in MACHINES {
        let file = sample(machine).build();
        for kept in [Kept::Exports, Kept::Symbols] {
            with(&[&file], keeping(kept, false), |module| {
                let table = module.table().unwrap();
                let mut count = 0;
                for export in module.exports() {
                    let found = table.get(export.symbol.name()).unwrap();
                    assert_eq!(found.address, export.address, "{}", export.symbol.name());
                    assert_eq!(module.symbol(&found.name.to_string()), Some(found.address));
                    assert!(found.exported);
                    count += 1;
                }
                assert_eq!(count, 11);
                for name in ["inside", "secret", "outside", "$x", "", "mai", "main\0", "mainn"] {
                    assert!(table.get(Name::from(name)).is_none(), "{name}");
                    assert_eq!(module.symbol(name), None, "{name}");
                }
                assert_eq!(table.get("limit".into()).unwrap().address.value(), 0x1234);
            });
        }
    }
}

#[test]
fn finalisers_are_those_of_the_module_in_their_order() {
    for machine in MACHINES {
        let mut elf = sample(machine);
        let text = elf.section(".text.late", ALLOC | EXEC, &[0; 32]);
        let late = [elf.local("late1", text, 0), elf.local("late2", text, 16)];
        let missing = elf.undefined_weak("missing");
        let functions = [late[0], missing, late[1]];
        list(&mut elf, machine, ".fini_array.5", elf::SHT_FINI_ARRAY.0, &functions);
        list(&mut elf, machine, ".dtors", elf::SHT_PROGBITS.0, &[late[1]]);
        let file = elf.build();
        for kept in ALL {
            with(&[&file], keeping(kept, false), |module| {
                let of_module: Vec<_> = module.finalisers().collect();
                assert_eq!(of_module.len(), 5, "but for the missing one");
                let table = module.table();
                assert_eq!(table.is_none(), kept == Kept::Nothing);
                if let Some(table) = table {
                    assert!(table.finalisers().eq(of_module), "{machine:?} {kept:?}");
                }
            });
        }
    }
}

#[test]
fn of_several_objects_each_export_is_kept_once() {
    for machine in MACHINES {
        let other = {
            let mut elf = ElfBuilder::new(machine);
            let text = elf.text(&[0; 32]);
            elf.global("other", text, 0);
            elf.weak("main", text, 16); // loses to the sample's
            elf.common("shared", 64, 16); // larger
            elf.local("inside", text, 8); // the same name, and another symbol
            elf.build()
        };
        let file = sample(machine).build();
        for (kept, files) in [
            (Kept::Exports, [&*file, &*other]),
            (Kept::Exports, [&*other, &*file]),
            (Kept::Symbols, [&*file, &*other]),
        ] {
            with(&files, keeping(kept, false), |module| {
                let table = module.table().unwrap();
                assert_eq!(rows(table), expected(&module, kept), "{machine:?} {kept:?}");
                let exports = table.symbols().filter(|symbol| symbol.exported).count();
                assert_eq!(exports, 12);
                for export in module.exports() {
                    let found = table.get(export.symbol.name()).unwrap();
                    assert_eq!(found.address, export.address);
                }
            });
        }
    }
}

#[test]
fn interface_hashes_stand_with_the_exports_that_they_are_of() {
    for machine in MACHINES {
        let mut notes = Vec::new();
        let hashes = [
            ("main", interface_hash("int main(void)")),
            ("limit", 0),
            ("shared", u64::MAX),
            ("secret", 1), // no export
            ("outside", 2),
            ("nowhere", 3),
        ];
        for (name, hash) in hashes {
            let descriptor = [&u64::to_le_bytes(hash)[..], name.as_bytes()].concat();
            for word in [12, descriptor.len() as u32, NoteKind::Interface.number()] {
                notes.extend(word.to_le_bytes());
            }
            notes.extend(b"loader-core\0");
            notes.extend(&descriptor);
            notes.resize(notes.len().next_multiple_of(4), 0);
        }
        let mut elf = sample(machine);
        elf.add(SectionSpec {
            name: ".note.loader-core".into(),
            kind: elf::SHT_NOTE.0,
            align: 4,
            bytes: notes,
            ..SectionSpec::default()
        });
        with(&[&elf.build()], keeping(Kept::Symbols, false), |module| {
            let table = module.table().unwrap();
            for symbol in table.symbols() {
                let hash = hashes.iter().find(|(name, _)| symbol.name == Name::from(*name));
                let hash = hash.map(|(_, hash)| *hash).filter(|_| symbol.exported);
                assert_eq!(symbol.interface, hash, "{}", symbol.name);
            }
            assert_eq!(table.get("limit".into()).unwrap().interface, Some(0));
        });
    }
}
