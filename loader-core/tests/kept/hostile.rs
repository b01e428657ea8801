//! Names that lie in one another, symbols by the thousand, bytes that lie.

use loader_core::{Name, Object, Plan, Scratch};

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
        elf.global("good", text, 0);
        let lies = [("lie1", 17), ("lie2", u64::MAX), ("lie3", 1 << 63)].map(|(name, value)| {
            let symbol = elf.global(name, text, 0);
            (symbol, value)
        });
        let mut file = elf.build();
        for (symbol, value) in lies {
            file = file.set_symbol(symbol, VALUE, value).set_symbol(symbol, SIZE, u64::MAX);
        }
        let options = keeping(Kept::Symbols, false);
        let Ok(object) = Object::parse("test.o", &file) else { continue };
        let objects = [object];
        let manager = TestManager::new();
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let Ok(plan) = Plan::with_options(&objects, &mut scratch, options) else { continue };
        let image = plan.place(&manager).unwrap();
        let Ok(image) = image.resolve(&Imports::default()) else { continue };
        let module = image.seal().unwrap();
        let table = module.table().unwrap();
        assert!(table.symbols().map(|symbol| symbol.address).is_sorted());
        assert_eq!(table.symbols().len(), 4);
        assert_eq!(table.get("lie1".into()).unwrap().size, u32::MAX);
        for at in [0, 1, u64::MAX, 1 << 63] {
            let _ = table.at(loader_core::TargetAddress::new(at));
        }
    }
}
