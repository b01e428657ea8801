//! What is in an image.

use loader_core::{DebugSections, Machine};
use object::elf;

use super::reader::{Section, find, section, sections, symbol};
use super::{Described, MACHINES, Same, image, options, with_module, words};
use crate::support::{ElfBuilder, SymbolSpec, TestManager, number};

/// The address of the first text segment, and so of the function.
const TEXT: u64 = 0x1000_0000;

#[test]
fn it_is_an_executable_with_addresses_and_no_code() {
    for machine in MACHINES {
        let mut described = Described::new(machine, "function");
        described.debug(".debug_info", 16);
        described.elf.section(".comment", 0, b"not for debuggers\0");
        let built = described.elf.build();
        let image = image(&[("test.o", &built)]);
        let (kind, entry, segments) = (&image[16..18], &image[24..32], &image[56..58]);
        assert_eq!([kind, entry, segments].map(number), [elf::ET_EXEC.0.into(), 0, 0]);
        let Section { kind, address, size, .. } = find(&image, ".text.function").unwrap();
        assert_eq!((kind, address, size), (elf::SHT_NOBITS.0, TEXT, 32));
        assert!(find(&image, ".comment").is_none());
        assert_eq!(symbol(&image, "function"), Some(TEXT));
        // No two sections share a byte of the image, and none is outside.
        let mut ends = vec![64 + 64 * sections(&image).len() as u64];
        for Section { kind, offset, size, .. } in sections(&image) {
            if kind != elf::SHT_NOBITS.0 && kind != elf::SHT_NULL.0 {
                assert!(offset >= ends[ends.len() - 1]);
                ends.push(offset + size);
            }
        }
        assert!(ends[ends.len() - 1] <= image.len() as u64);
    }
}

#[test]
fn debug_sections_count_from_nothing_and_code_from_its_address() {
    for machine in MACHINES {
        let (word, long) = words(machine);
        let mut described = Described::new(machine, "function");
        let strings = described.debug(".debug_str", 64);
        let info = described.debug(".debug_info", 32);
        let elf = &mut described.elf;
        let (begin, label) = (elf.section_symbol(strings), elf.local(".L", strings, 8));
        elf.rela(info, 0, word, begin, 0x21);
        elf.rela(info, 4, word, label, 3);
        elf.rela(info, 8, long, described.function, 4);
        let built = elf.build();
        let info = section(&image(&[("test.o", &built)]), ".debug_info");
        let fields = [&info[..4], &info[4..8], &info[8..16]].map(number);
        assert_eq!(fields, [0x21, 8 + 3, TEXT + 4]);
    }
}

#[test]
fn what_is_left_out_has_tombstones() {
    for machine in MACHINES {
        let (_, long) = words(machine);
        let object = |name: &str| {
            let mut described = Described::new(machine, "function");
            let local = described.elf.local(".Lfunction", described.text, 0);
            for section in [".debug_info", ".debug_loc", ".debug_ranges", ".debug_names"] {
                let section = described.debug(section, 16);
                described.elf.rela(section, 0, long, local, 4);
                described.elf.rela(section, 8, long, described.function, 4);
            }
            let members = [described.text];
            described.elf.group(described.function, elf::GRP_COMDAT.0, &members);
            described.elf.section(&format!(".rodata.{name}"), 2, &[0; 8]);
            described.elf.build()
        };
        let (winner, loser) = (object("winner"), object("loser"));
        let image = with_module(
            &[("winner.o", &winner), ("loser.o", &loser)],
            options(DebugSections::Plain),
            |module| {
                let mut image = vec![0; module.plan().debug_size(1) as usize];
                module.write_debug_image(1, &mut image, &()).unwrap();
                image
            },
        );
        let tombstones = [
            (".debug_info", 0),
            (".debug_loc", 1),
            (".debug_ranges", 1),
            (".debug_names", u64::MAX),
        ];
        for (name, tombstone) in tombstones {
            let bytes = section(&image, name);
            // By its global name, it is the function that was there first.
            let found = [number(&bytes[..8]), number(&bytes[8..])];
            assert_eq!(found, [tombstone, TEXT + 4], "{machine:?} {name}");
        }
    }
}

#[test]
fn compressed_sections_are_uncompressed_and_relocated() {
    for machine in MACHINES {
        let (_, long) = words(machine);
        let mut described = Described::new(machine, "function");
        let info = described.compressed(".debug_info", 2, 24, &[7; 24]);
        described.elf.rela(info, 8, long, described.function, 0);
        let built = described.elf.build();
        let bytes = section(&image(&[("test.o", &built)]), ".debug_info");
        assert_eq!(bytes.len(), 24);
        assert_eq!((number(&bytes[..8]), number(&bytes[8..16])), (0x0707_0707_0707_0707, TEXT));
        // A client that asks for plain ones gets the others alone, and need not uncompress.
        with_module(&[("test.o", &built)], options(DebugSections::Plain), |module| {
            let mut image = vec![0; module.plan().debug_size(0) as usize];
            module.write_debug_image(0, &mut image, &()).unwrap();
            assert!(find(&image, ".debug_info").is_none());
        });
    }
}

#[test]
fn riscv_differences_are_those_of_where_code_is() {
    let mut described = Described::new(Machine::Riscv64, "function");
    let line = described.elf.section(".debug_line", 0, &[0, 0, 0, 0, 0x80, 0x00, 5, 0]);
    let (from, to) = (
        described.elf.local(".Lfrom", described.text, 4),
        described.elf.local(".Lto", described.text, 28),
    );
    let (add32, sub32, set_uleb128, sub_uleb128) = (35, 39, 60, 61);
    described.elf.rela(line, 0, add32, to, 0);
    described.elf.rela(line, 0, sub32, from, 0);
    described.elf.rela(line, 4, set_uleb128, to, 0);
    described.elf.rela(line, 4, sub_uleb128, from, 0);
    let built = described.elf.build();
    let bytes = section(&image(&[("test.o", &built)]), ".debug_line");
    assert_eq!(bytes, [24, 0, 0, 0, 0x80 | 24, 0, 5, 0]);
}

#[test]
fn without_the_option_there_is_nothing() {
    let mut described = Described::new(Machine::X86_64, "function");
    described.debug(".debug_info", 16);
    let built = described.elf.build();
    with_module(&[("test.o", &built)], options(DebugSections::None), |module| {
        assert_eq!(module.plan().debug_size(0), 0);
        let manager = TestManager::new();
        let images = module.debug_images(&manager, &Same).unwrap();
        assert_eq!((images.count(), manager.calls()), (0, 0));
    });
}

#[test]
#[cfg(all(feature = "several-objects", feature = "thread-locals"))]
fn what_lost_to_another_object_is_where_that_is() {
    for machine in MACHINES {
        let block = |elf: &mut ElfBuilder, binding: elf::SymbolBind| {
            let section = elf.section(".tdata", elf::SHF_TLS.0 | 3, &[7; 32]);
            elf.symbol(SymbolSpec {
                binding: binding.0,
                kind: elf::STT_TLS.0,
                ..SymbolSpec::new("each", section, 24)
            });
        };
        let mut loser = Described::new(machine, "function");
        loser.elf.common("one", 8, 8);
        block(&mut loser.elf, elf::STB_WEAK);
        let mut winner = Described::new(machine, "other");
        let data = winner.elf.section(".data", 3, &[1; 32]);
        winner.elf.global("one", data, 16);
        block(&mut winner.elf, elf::STB_GLOBAL);
        let (loser, winner) = (loser.elf.build(), winner.elf.build());
        let mut options = options(DebugSections::All);
        options.thread_locals = loader_core::TlsModel::Static;
        with_module(&[("a.o", &loser), ("b.o", &winner)], options, |module| {
            let mut image = vec![0xaa; module.plan().debug_size(0) as usize];
            module.write_debug_image(0, &mut image, &Same).unwrap();
            assert_eq!(symbol(&image, "one"), module.symbol("one").map(|at| at.value()));
            let each = module.thread_local_symbols().next().unwrap();
            assert_eq!(each.offset, 32 + 24, "the other object's");
            assert_eq!(symbol(&image, "each"), Some(each.offset));
        });
    }
}
