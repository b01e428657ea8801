//! Mapping any number of times and resolving again gives what a first load there would give.

use loader_core::{
    Error, Machine, Object, ObjectImage, Phase, Plan, RelocatedImage, Scratch, SegmentKind,
    TargetAddress, scratch_len,
};
use object::elf::*;

use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Imports, TestManager, code};

type Relocated<'o, 's, 'm> = RelocatedImage<'o, 's, &'m TestManager>;

/// Objects with everything whose value depends on an address, per architecture.
pub fn objects() -> [Elf; 3] {
    [aarch64(), riscv64(), x86_64()]
}

fn aarch64() -> Elf {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let insns = [0x9400_0000, 0x9000_0000, 0x9100_0000, 0x9000_0001, 0xf940_0021, 0x9400_0000];
    let text = elf.text(&code(&insns));
    let (data, far) = finish(&mut elf, R_AARCH64_ABS64, R_AARCH64_PREL32);
    for (at, number) in [(4, R_AARCH64_ADR_PREL_PG_HI21), (8, R_AARCH64_ADD_ABS_LO12_NC)] {
        elf.rela(text, at, number.0, data, 5);
    }
    for (at, number) in [
        (0, R_AARCH64_CALL26),
        (12, R_AARCH64_ADR_GOT_PAGE),
        (16, R_AARCH64_LD64_GOT_LO12_NC),
        (20, R_AARCH64_CALL26),
    ] {
        elf.rela(text, at, number.0, far, 0);
    }
    elf.build()
}

fn riscv64() -> Elf {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let mut bytes = code(&[0x0000_0097, 0x0000_80e7]);
    bytes.extend([0x01, 0x00, 1, 0, 1, 0, 1, 0]); // c.nop, padding of 6 that goes at 10
    bytes.extend(code(&[0x517, 0x0005_0513, 0x597, 0x0005_b583]));
    let text = elf.text(&bytes);
    let (data, far) = finish(&mut elf, R_RISCV_64, R_RISCV_32_PCREL);
    let labels = [elf.local(".L0", text, 16), elf.local(".L1", text, 24)];
    elf.rela(text, 0, R_RISCV_CALL_PLT.0, far, 0);
    elf.rela(text, 20, R_RISCV_PCREL_LO12_I.0, labels[0], 0);
    let padding = if cfg!(feature = "riscv-align") { R_RISCV_ALIGN } else { R_RISCV_NONE };
    elf.rela(text, 10, padding.0, 0, 6);
    elf.rela(text, 16, R_RISCV_PCREL_HI20.0, data, 5);
    elf.rela(text, 24, R_RISCV_GOT_HI20.0, far, 0);
    elf.rela(text, 28, R_RISCV_PCREL_LO12_I.0, labels[1], 0);
    elf.build()
}

fn x86_64() -> Elf {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let text = elf.text(&[0xe8, 0, 0, 0, 0, 0x48, 0x8d, 5, 0, 0, 0, 0, 0x48, 0x8b, 5, 0, 0, 0, 0]);
    let (data, far) = finish(&mut elf, R_X86_64_64, R_X86_64_PC32);
    elf.rela(text, 1, R_X86_64_PLT32.0, far, -4);
    elf.rela(text, 8, R_X86_64_PC32.0, data, -4);
    elf.rela(text, 15, R_X86_64_REX_GOTPCRELX.0, far, -4);
    elf.build()
}

/// Data, constants, COMMON and zeros that point to each other; returns a symbol of the data and
/// an imported one.
fn finish(elf: &mut ElfBuilder, word64: RelocationType, relative: RelocationType) -> (u32, u32) {
    let data = elf.data(&[7; 24]);
    let rodata = elf.rodata(&[8; 16]);
    let bss = elf.bss(".bss", 40, 8);
    let symbols = [
        elf.global("in_data", data, 3),
        elf.undefined("far"),
        match cfg!(feature = "common-symbols") {
            true => elf.common("common", 16, 16),
            false => elf.local("no_common", bss, 16),
        },
        elf.local("in_bss", bss, 8),
    ];
    elf.rela(data, 0, word64.0, symbols[2], 0);
    elf.rela(data, 8, word64.0, symbols[3], 1);
    elf.rela(data, 16, relative.0, symbols[0], 0);
    elf.rela(rodata, 0, word64.0, symbols[0], 0);
    elf.rela(rodata, 8, word64.0, symbols[1], 0);
    (symbols[0], symbols[1])
}

/// Bytes of all three segments.
fn bytes(image: &Relocated<'_, '_, '_>) -> Vec<Vec<u8>> {
    SegmentKind::ALL.map(|kind| image.segment_bytes(kind).to_vec()).into()
}

/// Plans and places an object, and hands the image over.
fn placed<R>(
    file: &[u8],
    manager: &TestManager,
    then: impl FnOnce(ObjectImage<'_, '_, &TestManager>) -> R,
) -> R {
    let objects = [Object::parse("test.o", file).unwrap()];
    let mut scratch = vec![Scratch::ZERO; scratch_len(&objects)];
    then(Plan::new(&objects, &mut scratch).unwrap().place(manager).unwrap())
}

const FAR: u64 = 0x7f00_0000_0000;

pub fn imports() -> Imports {
    Imports::of(&[("far", FAR)])
}

/// What a first load at these addresses gives.
pub fn first_load(file: &[u8], [text, read_only, data]: [u64; 3]) -> Vec<Vec<u8>> {
    let manager = TestManager::at(text, read_only, data);
    placed(file, &manager, |image| bytes(&image.resolve(&imports()).unwrap()))
}

const PLACES: [[u64; 3]; 5] = [
    [0x8000_0000, 0x8010_0000, 0x8020_0000],
    [0x7eff_f000_0000, 0x7eff_f100_0000, 0x7eff_f200_0000], // where `far` is near
    [0x10_0000, 0x20_0000, 0x30_0000],
    [0x4000_0000, 0x3000_0000, 0x5000_0000],
    [0xffff_ffff_8000_0000, 0xffff_ffff_9000_0000, 0xffff_ffff_a000_0000],
];

#[test]
fn segments_mapped_and_resolved_again_are_a_first_load() {
    for file in objects() {
        let manager = TestManager::new();
        placed(&file, &manager, |mut image| {
            for _ in 0..2 {
                for places in PLACES {
                    for (kind, address) in SegmentKind::ALL.into_iter().zip(places) {
                        // Somewhere else first: only the last address counts.
                        let elsewhere = TargetAddress::new(address ^ 0x100_0000);
                        image.map_segment_address(kind, elsewhere).unwrap();
                        image.map_segment_address(kind, address.into()).unwrap();
                    }
                    let relocated = image.resolve(&imports()).unwrap();
                    assert!(bytes(&relocated) == first_load(&file, places), "{places:x?}");
                    image = relocated.unresolve();
                }
            }
        });
        assert_eq!(manager.calls(), 3, "memory is taken once");
    }
}

#[test]
fn sections_mapped_one_by_one_are_a_segment_mapped_whole() {
    for file in objects() {
        let manager = TestManager::new();
        placed(&file, &manager, |mut image| {
            for places in PLACES {
                let sections: Vec<_> = image
                    .plan()
                    .sections()
                    .map(|s| (s.object, s.index, s.segment, s.offset))
                    .collect();
                for (kind, address) in SegmentKind::ALL.into_iter().zip(places) {
                    image.map_segment_address(kind, address.into()).unwrap();
                }
                for (object, index, kind, offset) in sections {
                    let address = places[kind as usize] + offset;
                    image.map_section_address(object, index, 0x100.into()).unwrap();
                    image.map_section_address(object, index, address.into()).unwrap();
                }
                let relocated = image.resolve(&imports()).unwrap();
                assert!(bytes(&relocated) == first_load(&file, places), "{places:x?}");
                image = relocated.unresolve();
            }
        });
    }
}

#[test]
fn any_order_of_mapping_is_a_first_load_at_the_last_addresses() {
    let mut seed = 1u64;
    let mut random = |limit: u64| {
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (seed >> 33) % limit
    };
    for file in objects() {
        let manager = TestManager::new();
        placed(&file, &manager, |mut image| {
            let sections: Vec<_> =
                image.plan().sections().map(|s| (s.object, s.index, s.segment, s.offset)).collect();
            for _ in 0..200 {
                // Near each other, as what is apart needs stubs that the plan has no room for.
                let mut place = || 0x4000_0000 + random(0x100) * 0x1000;
                let mut last = SegmentKind::ALL.map(|_| TargetAddress::new(place()));
                let mut apart = Vec::new();
                for (kind, at) in SegmentKind::ALL.into_iter().zip(last) {
                    image.map_segment_address(kind, at).unwrap();
                }
                for _ in 0..6 {
                    let at = TargetAddress::new(place());
                    let &(object, index, kind, _) =
                        &sections[place() as usize / 0x1000 % sections.len()];
                    if at.value() & 0x1000 == 0 {
                        image.map_segment_address(kind, at).unwrap();
                        last[kind as usize] = at;
                        apart.retain(|(_, _, moved, _)| *moved != kind);
                    } else {
                        image.map_section_address(object, index, at).unwrap();
                        apart.retain(|(o, i, ..)| (*o, *i) != (object, index));
                        apart.push((object, index, kind, at));
                    }
                }
                let relocated = image.resolve(&imports()).unwrap();
                let fresh = TestManager::new();
                placed(&file, &fresh, |mut first| {
                    for (kind, at) in SegmentKind::ALL.into_iter().zip(last) {
                        first.map_segment_address(kind, at).unwrap();
                    }
                    for (object, index, _, at) in apart {
                        first.map_section_address(object, index, at).unwrap();
                    }
                    assert!(bytes(&relocated) == bytes(&first.resolve(&imports()).unwrap()));
                });
                image = relocated.unresolve();
            }
        });
    }
}

#[test]
fn a_section_on_its_own_moves_alone() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let (one, two) =
        (elf.section(".text.one", 6, &[0x90; 16]), elf.section(".text.two", 6, &[0x90; 16]));
    let data = elf.data(&[0; 24]);
    let symbols = [elf.global("one", one, 1), elf.global("two", two, 2)];
    elf.rela(data, 0, R_X86_64_64.0, symbols[0], 0);
    elf.rela(data, 8, R_X86_64_64.0, symbols[1], 0);
    elf.rela(two, 0, R_X86_64_PC64.0, symbols[1], 0);
    let file = elf.build();
    let manager = TestManager::new();
    placed(&file, &manager, |mut image| {
        image.map_section_address(0, two, 0x5555_0000.into()).unwrap();
        let module = image.resolve(&imports()).unwrap().seal().unwrap();
        assert_eq!(module.symbol("one").unwrap().value(), 0x1000_0001);
        assert_eq!(module.symbol("two").unwrap().value(), 0x5555_0002);
        let segment = module.segments().find(|s| s.kind() == SegmentKind::Data).unwrap();
        // SAFETY: nothing of the module runs.
        assert_eq!(unsafe { segment.bytes() }[8..16], 0x5555_0002u64.to_le_bytes());
        let (symbol, offset) = module.symbol_at(0x5555_0005.into()).unwrap();
        assert_eq!((symbol.symbol.name().as_bytes(), offset), (&b"two"[..], 3));
        assert!(module.symbol_at(0x1000_0012.into()).is_none(), "it is not there any more");
    });
}

#[test]
fn sections_that_are_not_loaded_cannot_be_mapped() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.text(&[0x90; 16]);
    let debug = elf.section(".debug_info", 0, &[0; 8]);
    let file = elf.build();
    placed(&file, &TestManager::new(), |mut image| {
        for (object, index) in [(0, debug), (0, 0), (0, 99), (1, 1), (usize::MAX, u32::MAX)] {
            let error = image.map_section_address(object, index, 0x1000.into()).unwrap_err();
            assert_eq!(
                (error, error.phase()),
                (Error::NoSuchSection { object, index }, Phase::Map)
            );
            assert!(error.to_string().contains(&index.to_string()));
        }
    });
}

#[test]
fn addresses_that_cannot_be_are_refused_and_change_nothing() {
    let file = x86_64();
    let expected = first_load(&file, [0x1000_0000, 0x1100_0000, 0x1200_0000]);
    placed(&file, &TestManager::new(), |mut image| {
        let mut refused = |address: u64, whole: bool| {
            let address = TargetAddress::new(address);
            let result = if whole {
                image.map_segment_address(SegmentKind::Text, address)
            } else {
                image.map_section_address(0, 1, address)
            };
            let error = result.unwrap_err();
            assert_eq!(
                (error, error.phase()),
                (Error::Misplaced { address, align: 16 }, Phase::Map)
            );
            assert!(error.to_string().contains(&address.to_string()));
        };
        for whole in [false, true] {
            for address in [1, 8, 0x1001, 0u64.wrapping_sub(16), u64::MAX] {
                refused(address, whole);
            }
        }
        assert!(bytes(&image.resolve(&imports()).unwrap()) == expected);
    });
}

#[test]
fn a_failed_resolve_gives_everything_back() {
    for file in objects() {
        let manager = TestManager::new();
        placed(&file, &manager, |image| {
            let image = image.resolve(&imports()).unwrap().unresolve();
            let error = image.resolve(&Imports::default()).err().unwrap();
            assert_eq!(error.phase(), Phase::Resolve);
        });
        assert_eq!(manager.live(), 0);
    }
}

#[test]
fn dropping_any_phase_gives_everything_back() {
    let file = x86_64();
    let manager = TestManager::new();
    placed(&file, &manager, |image| drop(image));
    placed(&file, &manager, |image| drop(image.resolve(&imports()).unwrap()));
    placed(&file, &manager, |image| drop(image.resolve(&imports()).unwrap().unresolve()));
    placed(&file, &manager, |image| drop(image.resolve(&imports()).unwrap().seal().unwrap()));
    placed(&file, &manager, |image| image.resolve(&imports()).unwrap().seal().unwrap().unload());
    assert_eq!((manager.live(), manager.sealed()), (0, 6));
}
