//! The closest symbol; symbols that moved.

use loader_core::{Name, Object, Plan, Scratch, SegmentKind, TargetAddress};

use super::*;
use crate::support::lies::file::FLAGS;

#[test]
fn the_closest_symbol_is_the_one_that_a_search_of_all_finds() {
    for machine in MACHINES {
        let file = sample(machine).build();
        with(&[&file], keeping(Kept::Symbols, false), |module| {
            let table = module.table().unwrap();
            let addresses: Vec<_> = table.symbols().map(|s| s.address).collect();
            assert!(addresses.is_sorted());
            let ends = module.segments().flat_map(|segment| {
                let start = segment.target().value();
                start..start + segment.size() as u64
            });
            for address in ends.chain([0, 0x1233, 0x1234, 0x1235, u64::MAX]) {
                let closest = addresses.iter().rev().find(|at| at.value() <= address);
                let found = table.at(TargetAddress::new(address));
                let found = found.map(|(symbol, behind)| {
                    assert_eq!(symbol.address.value() + behind, address);
                    symbol.address
                });
                assert_eq!(found, closest.copied(), "{machine:?} {address:#x}");
            }
            // Within a section it is what the module finds with its objects at hand.
            for symbol in module.symbols().filter(|s| s.symbol.kind() == SymbolKind::Function) {
                for behind in [0, 1, 7] {
                    let address = symbol.address.wrapping_add(behind);
                    let (by_module, _) = module.symbol_at(address).unwrap();
                    let (by_table, _) = table.at(address).unwrap();
                    assert_eq!(by_table.address, by_module.address, "{}", by_table.name);
                }
            }
        });
    }
}

#[test]
fn relaxation_moves_symbols_and_shortens_them() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    // Two calls of 8 bytes become 4 each; then `callee`.
    let call = [0x97, 0, 0, 0, 0xe7, 0x80, 0, 0];
    let text = elf.text(&[&call[..], &call, &[0x13, 0, 0, 0].repeat(2)].concat());
    let callee = elf.symbol(SymbolSpec { size: 8, ..SymbolSpec::new("callee", text, 16) });
    elf.symbol(SymbolSpec { size: 16, ..SymbolSpec::new("caller", text, 0) });
    for offset in [0, 8] {
        elf.rela(text, offset, elf::R_RISCV_CALL_PLT.0, callee, 0);
        elf.rela(text, offset, elf::R_RISCV_RELAX.0, 0, 0);
    }
    list(&mut elf, Machine::Riscv64, ".fini_array", elf::SHT_FINI_ARRAY.0, &[callee]);
    let file = elf.build().set_file(FLAGS, 1); // EF_RISCV_RVC
    for (relaxation, caller, place) in [(false, 16, 16), (true, 8, 8)] {
        let mut options = keeping(Kept::Symbols, false);
        options.relaxation = relaxation;
        with(&[&file], options, |module| {
            let start = module.segments().next().unwrap().target();
            let table = module.table().unwrap();
            let (caller_is, callee_is) =
                (table.get("caller".into()).unwrap(), table.get("callee".into()).unwrap());
            assert_eq!((caller_is.address, caller_is.size), (start, caller));
            assert_eq!((callee_is.address, callee_is.size), (start.wrapping_add(place), 8));
            assert_eq!(rows(table), expected(&module, Kept::Symbols));
            assert!(table.finalisers().eq([callee_is.address]));
            let (symbol, behind) = table.at(start.wrapping_add(place + 4)).unwrap();
            assert_eq!((symbol.name, behind), (Name::from("callee"), 4));
        });
    }
}

#[test]
fn a_module_that_is_resolved_again_elsewhere_has_the_later_addresses() {
    for machine in MACHINES {
        let mut elf = sample(machine);
        let perhaps = elf.undefined_weak("perhaps");
        list(&mut elf, machine, ".fini_array.1", elf::SHT_FINI_ARRAY.0, &[perhaps]);
        let file = elf.build();
        let objects = [Object::parse("test.o", &file).unwrap()];
        let options = keeping(Kept::Symbols, false);
        let load = |places: &[(u64, bool)]| {
            let manager = TestManager::new();
            let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
            let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
            let mut image = plan.place(&manager).unwrap();
            let (last, before) = places.split_last().unwrap();
            let resolver = |there: bool| {
                move |name: Name<'_>| match name.as_bytes() {
                    b"perhaps" if !there => None,
                    _ => Some(TargetAddress::new(0x2000_0000)),
                }
            };
            for (place, there) in before {
                image.map_segment_address(SegmentKind::Text, TargetAddress::new(*place)).unwrap();
                image = image.resolve(&resolver(*there)).unwrap().unresolve();
            }
            let (place, there) = *last;
            image.map_segment_address(SegmentKind::Text, TargetAddress::new(place)).unwrap();
            let module = image.resolve(&resolver(there)).unwrap().seal().unwrap();
            let table = module.table().unwrap();
            assert_eq!(rows(table), expected(&module, Kept::Symbols));
            assert!(table.finalisers().eq(module.finalisers()));
            assert_eq!(table.finalisers().count(), 2 + usize::from(there));
            let main = table.get("main".into()).unwrap().address.value();
            assert_eq!(main, place);
            let (at, behind) = table.at(TargetAddress::new(place + 17)).unwrap();
            assert_eq!((at.name, behind), (Name::from("helper"), 1));
            (rows(table), table.finalisers().collect::<Vec<_>>())
        };
        let (here, there) = (0x1000_0000, 0x1400_0000);
        for present in [false, true] {
            let once = load(&[(here, present)]);
            assert_eq!(load(&[(there, !present), (here, present)]), once, "{machine:?}");
            assert_eq!(load(&[(here, true), (there, false), (here, present)]), once);
        }
    }
}
