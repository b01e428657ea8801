//! Modules that stay in their files, in part: they are found there.

use loader_core::{Kept, Machine, PlanOptions, RegistryError};
use object::elf;

use super::*;
use crate::support::ElfBuilder;
use crate::support::elf::SymbolSpec;

/// Where files lie, on the target.
const FLASH: u64 = 0x0c00_0000;

/// A file with a function and a constant, none of which needs a change, and a variable.
fn file() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let homes = [elf.text(&[0xc3; 16]), elf.rodata(&[7; 16]), elf.data(&[1; 8])];
    for (name, home) in ["function", "constant", "variable"].into_iter().zip(homes) {
        let (binding, size) = (elf::STB_LOCAL.0, 8);
        elf.symbol(SymbolSpec { binding, size, ..SymbolSpec::new(name, home, 0) });
    }
    elf.build()
}

/// Loads files that lie at these addresses.
fn load_in_place<'g, 'r>(
    registry: &'g TestRegistry<'r>,
    manager: Manager,
    name: &'static str,
    files: &[u64],
) -> Result<Prepared<'g, 'r>, Refused> {
    let file = file().to_vec().leak();
    let objects: Vec<_> = files.iter().map(|_| Object::parse("test.o", file).unwrap()).collect();
    let at: Vec<_> = files.iter().map(|&at| Some(TargetAddress::new(at))).collect();
    let mut options = PlanOptions::default();
    options.kept = Kept::Symbols;
    options.in_place = at.leak();
    let scratch = vec![Scratch::ZERO; options.scratch_len(&objects)].leak();
    let request = LoadRequest::new(objects.leak(), scratch).named(name).with_options(options);
    registry.load(request, manager)
}

/// What the registry finds at an address: the module, and the symbol.
fn at(registry: &TestRegistry<'_>, address: u64) -> Option<(String, String)> {
    let reader = registry.reader();
    let found = reader.find(TargetAddress::new(address))?;
    let symbol = found.symbol.map(|(symbol, _)| symbol.name.to_string());
    Some((found.module.to_owned(), symbol.unwrap_or_default()))
}

#[test]
fn code_and_constants_that_stay_in_their_files_are_found() {
    with_registry(|registry, manager| {
        // The files of two modules, and of one of them, lie one behind the other and in no order.
        let gap = file().len() as u64;
        let files = [[FLASH + 4 * gap, FLASH], [FLASH + 2 * gap, FLASH + 6 * gap]];
        let modules: Vec<_> = ["one", "two"]
            .into_iter()
            .zip(&files)
            .map(|(name, files)| load_in_place(registry, manager, name, files).unwrap())
            .collect();
        for module in &modules {
            assert_eq!(module.plan().in_place_sections().count(), 4);
        }
        for (module, name) in modules.iter().zip(["one", "two"]) {
            let mut seen = 0;
            for symbol in module.table().unwrap().symbols() {
                let found = at(registry, symbol.address.value() + 1);
                assert_eq!(found, Some((name.into(), symbol.name.to_string())));
                seen += 1;
            }
            assert_eq!(seen, 6);
        }
        for file in files.as_flattened() {
            assert_eq!(at(registry, file + gap), None, "behind the file");
            assert_eq!(at(registry, file - 1), None, "before the file");
        }
        let [one, two] = <[_; 2]>::try_from(modules).unwrap();
        drop(one);
        let [of_one, of_two] = files.map(|[file, _]| at(registry, file + 64).map(|at| at.0));
        assert_eq!((of_one, of_two.as_deref()), (None, Some("two")));
        drop(two);
    });
}

#[test]
fn modules_that_share_a_file_are_found_as_long_as_one_is_there() {
    with_registry(|registry, manager| {
        let [a, b] =
            ["a", "b"].map(|name| load_in_place(registry, manager, name, &[FLASH]).unwrap());
        let found = || at(registry, FLASH + 64).map(|at| at.0);
        assert!(found().is_some());
        drop(a);
        assert_eq!(found().as_deref(), Some("b"));
        drop(b);
        assert_eq!(found(), None);
    });
}

#[test]
fn a_registry_may_lack_ranges() {
    with_registry(|registry, manager| {
        const ROOM: usize = 8 * 5;
        let gap = (file().len() as u64).next_multiple_of(16);
        let files: Vec<u64> = (0..ROOM as u64).map(|n| FLASH + n * gap).collect();
        let (before, used) = (state(registry), manager.used());
        // One segment for data, one for the table of symbols; the code is in the files.
        let error = load_in_place(registry, manager, "large", &files[..ROOM - 1]);
        let error = error.map(drop).unwrap_err();
        assert_eq!(error, RegistryError::TooManyRanges { needed: ROOM + 1, free: ROOM });
        assert_eq!((state(registry), manager.used()), (before, used));
        let large = load_in_place(registry, manager, "large", &files[..ROOM - 2]).unwrap();
        let error = refused(registry, manager, "small", &object(&["f"], &[]));
        assert!(matches!(error, RegistryError::TooManyRanges { free: 0, .. }), "{error}");
        for file in &files[..ROOM - 2] {
            assert_eq!(at(registry, file + 64).unwrap().0, "large");
        }
        drop(large);
        load(registry, manager, "small", &object(&["f"], &[])).unwrap();
    });
}
