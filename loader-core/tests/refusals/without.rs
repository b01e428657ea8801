//! What a loader does that was built without some of its features: it refuses, or asks the client.

use loader_core::{Error, Machine, Phase};
use object::elf::{R_X86_64_64, STB_GLOBAL, STB_WEAK};

use crate::support::{ElfBuilder, SymbolSpec, TestManager, load, refused_with};

#[test]
#[cfg(not(feature = "several-objects"))]
fn a_second_object_is_refused() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0; 4]);
    let file = elf.build();
    let files: [(&str, &[u8]); 2] = [("one.o", &file), ("two.o", &file)];
    let (manager, says) = (TestManager::new(), ["two.o", "several-objects"]);
    refused_with(&files, &manager, &[], Phase::Plan, &says, |error| {
        assert_eq!(error, Error::SeveralObjects { object: "two.o".into() });
    });
}

#[test]
#[cfg(not(feature = "boundaries"))]
fn the_client_is_asked_for_boundaries() {
    // Hidden as well, as the tables of coverage and profiles have them.
    for (binding, other) in [(STB_GLOBAL, 0), (STB_GLOBAL, 2), (STB_WEAK, 0), (STB_WEAK, 2)] {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        let data = elf.data(&[0; 8]);
        let start = elf.symbol(SymbolSpec {
            binding: binding.0,
            other,
            ..SymbolSpec::undefined("__start_list")
        });
        elf.rela(data, 0, R_X86_64_64.0, start, 1);
        let image = load(&elf.build(), &[("__start_list", 0x1234)]);
        assert_eq!(image.field(".data", 0, 8), 0x1235, "{binding:?} {other}");
    }
}
