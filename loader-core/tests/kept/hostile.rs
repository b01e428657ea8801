//! Names that lie in one another, symbols by the thousand, bytes that lie.

use loader_core::{Name, TargetAddress};

use super::*;
use crate::support::lies::symbol::{NAME, SIZE, VALUE};
use crate::support::number;

#[test]
fn names_that_share_bytes_are_kept_whole_each() {
    for machine in MACHINES {
        let mut elf = ElfBuilder::new(machine);
        let text = elf.text(&[0; 64]);
        let long = elf.global("a_long_name", text, 0);
        let tails = [1, 6, 10].map(|tail| {
            let symbol = elf.global(&format!("tail{tail}"), text, 4 * tail);
            (tail as usize, symbol)
        });
        let mut file = elf.build();
        let at = file.section_at(file.symtab()) + 24 * file.symbol(long) as usize;
        let start = number(&file[at..at + 4]);
        for (tail, symbol) in tails {
            file = file.set_symbol(symbol, NAME, start + tail as u64);
        }
        for lent in [false, true] {
            with(&[&file], keeping(Kept::Exports, lent), |module| {
                let table = module.table().unwrap();
                assert_eq!(rows(table), expected(&module, Kept::Exports));
                for (tail, _) in tails {
                    let name = Name::from(&"a_long_name"[tail..]);
                    let found = table.get(name).unwrap();
                    assert_eq!((found.name, found.address.value() & 0xff), (name, 4 * tail as u64));
                }
            });
        }
    }
}

#[test]
fn tens_of_thousands_of_symbols_are_all_found() {
    const COUNT: u32 = 30_000;
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let text = elf.text(&vec![0; 4 * COUNT as usize]);
    let place = |n: u32| u64::from(n.wrapping_mul(7919) % COUNT) * 4; // in no order
    for n in 0..COUNT {
        elf.global(&format!("f{n}"), text, place(n));
    }
    with(&[&elf.build()], keeping(Kept::Exports, false), |module| {
        let table = module.table().unwrap();
        let start = module.segments().next().unwrap().target().value();
        for n in 0..COUNT {
            let name = format!("f{n}");
            let found = table.get(Name::from(&*name)).unwrap();
            assert_eq!(found.address.value(), start + place(n));
            let (at, behind) = table.at(found.address.wrapping_add(3)).unwrap();
            assert_eq!((at.name, behind), (Name::from(&*name), 3));
        }
    });
}

#[test]
fn values_that_lie_are_kept_as_they_are_and_hurt_nobody() {
    for machine in MACHINES {
        let mut elf = ElfBuilder::new(machine);
        let text = elf.text(&[0; 16]);
        let good = elf.global("good", text, 0);
        // Absolute symbols may have any value, and any symbol any size.
        for (name, value) in [("lie1", u64::MAX), ("lie2", 1 << 63), ("lie3", 0)] {
            elf.absolute(name, value);
        }
        let file = elf.build().set_symbol(good, SIZE, (5 << 32) + 7);
        with(&[&file], keeping(Kept::Symbols, false), |module| {
            let table = module.table().unwrap();
            assert!(table.symbols().map(|symbol| symbol.address).is_sorted());
            assert_eq!(table.symbols().len(), 4);
            assert_eq!(table.get("good".into()).unwrap().size, u32::MAX);
            for (address, name) in [(0, "lie3"), (1 << 63, "lie2"), (u64::MAX, "lie1")] {
                let (symbol, behind) = table.at(TargetAddress::new(address)).unwrap();
                assert_eq!((symbol.name, behind), (Name::from(name), 0));
            }
        });
    }
}

#[test]
fn a_symbol_past_the_end_of_its_section_is_refused_or_kept_and_hurts_nobody() {
    for machine in MACHINES {
        for value in [16, 17, 1 << 32, 1 << 63, u64::MAX] {
            let mut elf = ElfBuilder::new(machine);
            let text = elf.text(&[0; 16]);
            let lie = elf.global("lie", text, 0);
            elf.global("good", text, 0);
            let file = elf.build().set_symbol(lie, VALUE, value);
            let manager = TestManager::new();
            let (files, none) = ([("test.o", &*file)], Imports::default());
            let options = keeping(Kept::Symbols, false);
            let loaded = run_with(&files, &manager, options, &none, &(), |loaded| {
                let module = loaded.ok()?;
                let table = module.table().unwrap();
                assert_eq!(rows(table), expected(&module, Kept::Symbols));
                assert!(table.symbols().map(|symbol| symbol.address).is_sorted());
                Some(())
            });
            // One at the end is what a linker makes of an end marker.
            assert!(loaded.is_some() || value > 16, "{machine:?} {value:#x}");
        }
    }
}
