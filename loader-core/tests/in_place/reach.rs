//! How placed code and data reach what stays in the file, near and far.

use loader_core::{Error, Machine, PlanOptions, TargetAddress};
use object::elf::*;

use super::{Call, DATA, FLASH, LEAF, RODATA, TABLE, TEXT, call, home, object, options};
use crate::support::decode::branch_offset;
use crate::support::elf::{ALLOC, EXEC, SectionSpec};
use crate::support::load::run_with;
use crate::support::modules::MACHINES;
use crate::support::{ElfBuilder, Image, Imports, TestManager, code, number};

/// Out of every branch's reach from the file.
const FAR: u64 = 0x55_0000_0000;

fn loaded(file: &[u8], manager: &TestManager, options: PlanOptions<'_>) -> Image {
    run_with(&[("test.o", file)], manager, options, &Imports::default(), &(), |loaded| match loaded
    {
        Ok(module) => Image::of(&module),
        Err(error) => panic!("refused: {error}"),
    })
}

/// Where the call at the start of `.text` goes.
fn called(machine: Machine, image: &Image) -> u64 {
    let call = call(machine);
    let field = &image.section(".text")[call.at as usize..call.bytes.len()];
    let from = image.section_address(".text") + call.at;
    from.wrapping_add_signed(branch_offset(machine, field).unwrap() - call.addend)
}

#[test]
fn calls_go_by_a_stub_where_they_must() {
    for machine in MACHINES {
        let file = object(machine).build();
        let list = [Some(TargetAddress::new(FLASH))];
        let leaf = home(&file, LEAF);
        // Beside the file, and far away with the GOT beside the text.
        let near = TestManager::at(FLASH + 0x10_0000, FLASH + 0x20_0000, FLASH + 0x30_0000);
        let image = loaded(&file, &near, options(&list));
        assert_eq!(called(machine, &image), leaf, "{machine:?}");
        assert!(image.has_stub_for("leaf"));
        let far = TestManager::at(FAR, FAR + 0x10_0000, FAR + 0x20_0000);
        let image = loaded(&file, &far, options(&list));
        let stub = called(machine, &image);
        let size = if machine == Machine::X86_64 { 8 } else { 12 };
        assert_eq!(stub, FAR + 8, "{machine:?}: behind the code");
        assert_eq!(image.at(stub, size).len(), size);
        // Its slot is the GOT's only one.
        let [slot] = [image.got_entries].map(|entries| {
            assert_eq!(entries, 1);
            image.pointer(FAR + 0x10_0000 + 24)
        });
        assert_eq!(slot, leaf, "{machine:?}");
    }
}

#[test]
fn data_has_the_addresses_in_the_file() {
    for machine in MACHINES {
        let file = object(machine).build();
        let list = [Some(TargetAddress::new(FLASH))];
        let image =
            loaded(&file, &TestManager::at(FAR, FAR + 0x10_0000, FAR + 0x20_0000), options(&list));
        let constant = home(&file, RODATA) + 40;
        let table = image.section(".rodata.table");
        let words = [0, 8, 16].map(|at| number(&table[at..at + 8]));
        assert_eq!(words, [FAR, home(&file, LEAF), constant], "{machine:?}");
        assert_eq!(image.field(".data", 0, 8), constant + 4, "{machine:?}");
        assert_eq!(image.exports["leaf"], home(&file, LEAF));
        assert_eq!(image.exports["constant"], constant);
        assert_eq!(image.exports["entry"], FAR);
    }
}

#[test]
fn bytes_are_those_of_sections_mapped_there() {
    // The same module, ordinarily placed and then said to run where the file lies.
    for machine in MACHINES {
        let file = object(machine).build();
        let list = [Some(TargetAddress::new(FLASH))];
        for base in [FLASH + 0x10_0000, FAR] {
            let manager = || TestManager::at(base, base + 0x10_0000, base + 0x20_0000);
            let image = loaded(&file, &manager(), options(&list));
            let objects = [loader_core::Object::parse("test.o", &file).unwrap()];
            let mut scratch = vec![loader_core::Scratch::ZERO; loader_core::scratch_len(&objects)];
            let plan = loader_core::Plan::new(&objects, &mut scratch).unwrap();
            let twin = manager();
            let mut mapped = plan.place(&twin).unwrap();
            for (name, index) in [(".text", TEXT), (".rodata.table", TABLE), (".data", DATA)] {
                let at = TargetAddress::new(image.section_address(name));
                mapped.map_section_address(0, index, at).unwrap();
            }
            for index in [LEAF, RODATA] {
                let at = TargetAddress::new(home(&file, index));
                mapped.map_section_address(0, index, at).unwrap();
            }
            // Without stubs the far call is out of reach there, but the rest is the same.
            match mapped.resolve(&Imports::default()) {
                Ok(resolved) => {
                    let module = resolved.seal().unwrap();
                    let other = Image::of(&module);
                    for name in [".text", ".rodata.table", ".data"] {
                        assert_eq!(image.section(name), other.section(name), "{machine:?} {name}");
                    }
                    assert_ne!(base, FAR);
                }
                Err(error) => {
                    assert!(matches!(error, Error::OutOfRange { .. }), "{error}");
                    assert_eq!(base, FAR);
                }
            }
        }
    }
}

#[test]
fn a_call_into_the_middle_has_no_stub() {
    for machine in [Machine::Aarch64, Machine::X86_64] {
        let call = call(machine);
        let mut elf = ElfBuilder::new(machine);
        let text = elf.text(&call.bytes);
        let leaf = elf.section(".text.leaf", 6, &[0; 16]);
        let section = elf.section_symbol(leaf);
        elf.rela(text, call.at, call.number, section, call.addend + 8);
        let file = elf.build();
        let list = [Some(TargetAddress::new(FLASH))];
        let near = TestManager::at(FLASH + 0x10_0000, FLASH + 0x20_0000, 0);
        let image = loaded(&file, &near, options(&list));
        assert_eq!(called(machine, &image), FLASH + file.section_at(leaf) as u64 + 8);
        let far = TestManager::at(FAR, FAR + 0x10_0000, 0);
        let files: [(&str, &[u8]); 1] = [("test.o", &file)];
        run_with(&files, &far, options(&list), &Imports::default(), &(), |loaded| {
            let error = loaded.expect_err("out of reach");
            assert!(matches!(error, Error::OutOfRange { .. }), "{machine:?}: {error}");
        });
    }
}

#[test]
fn relative_data_that_does_not_reach_is_out_of_range() {
    for (machine, kind) in [
        (Machine::Aarch64, R_AARCH64_PREL32),
        (Machine::Riscv64, R_RISCV_32_PCREL),
        (Machine::X86_64, R_X86_64_PC32),
    ] {
        let mut elf = object(machine);
        let distance = elf.section(".rodata.distance", 2, &[0; 4]);
        let constant = 3;
        elf.rela(distance, 0, kind.0, constant, 0);
        let file = elf.build();
        let list = [Some(TargetAddress::new(FLASH))];
        let near = TestManager::at(FLASH + 0x10_0000, FLASH + 0x20_0000, FLASH + 0x30_0000);
        let image = loaded(&file, &near, options(&list));
        let place = image.section_address(".rodata.distance");
        let expected = (home(&file, RODATA) + 40).wrapping_sub(place) as u32;
        assert_eq!(image.word(".rodata.distance", 0), expected, "{machine:?}");
        let far = TestManager::at(FAR, FAR + 0x10_0000, FAR + 0x20_0000);
        let files: [(&str, &[u8]); 1] = [("test.o", &file)];
        run_with(&files, &far, options(&list), &Imports::default(), &(), |loaded| {
            let error = loaded.expect_err("out of reach");
            assert!(error.to_string().contains("constant"), "{error}");
            assert!(matches!(error, Error::OutOfRange { .. }), "{machine:?}: {error}");
        });
        assert_eq!(far.live(), 0);
    }
}

#[test]
fn relaxed_calls_go_to_the_file() {
    // Marked calls on RISC-V: near enough for a JAL, near enough for a call, and by a stub.
    let mut elf = object(Machine::Riscv64);
    elf.rela(TEXT, 0, R_RISCV_RELAX.0, 0, 0);
    let file = elf.build();
    let list = [Some(TargetAddress::new(FLASH))];
    let mut options = options(&list);
    options.relaxation = true;
    let leaf = home(&file, LEAF);
    let at = |base: u64| TestManager::at(base, base + 0x10_0000, base + 0x20_0000);
    let image = loaded(&file, &at(FLASH + 0x8_0000), options);
    let section = image.section(".text");
    assert_eq!(section.len(), 4, "a JAL");
    let word = number(section) as u32;
    let offset = crate::support::decode::riscv64::j_imm(word);
    assert_eq!(image.section_address(".text").wrapping_add_signed(offset), leaf);
    let image = loaded(&file, &at(FLASH + 0x1000_0000), options);
    assert_eq!((image.section(".text").len(), called(Machine::Riscv64, &image)), (8, leaf));
    let image = loaded(&file, &at(FAR), options);
    let section = image.section(".text");
    assert_eq!(section.len(), 4, "a JAL to the stub");
    let offset = crate::support::decode::riscv64::j_imm(number(section) as u32);
    assert_eq!(offset, 8);
    assert_eq!(image.pointer(FAR + 0x10_0000 + 24), leaf);
}

#[test]
fn the_last_byte_of_a_jump_counts_from_the_file() {
    // The second call reaches its function, 4 bytes into the file's section, as it just can once the
    // first is 4 bytes shorter.
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.text(&code(&[0x97, 0x80e7, 0x97, 0x80e7]));
    let leaf = elf.section(".text.leaf", ALLOC | EXEC, &code(&[0x8067; 3]));
    let [near, last] = [("near", 8), ("last", 4)].map(|(name, at)| elf.global(name, leaf, at));
    for (at, symbol) in [(0, near), (8, last)] {
        elf.rela(text, at, R_RISCV_CALL_PLT.0, symbol, 0);
        elf.rela(text, at, R_RISCV_RELAX.0, 0, 0);
    }
    let file = elf.build();
    let list = [Some(TargetAddress::new(FLASH))];
    let mut options = options(&list);
    options.relaxation = true;
    for (further, length) in [(0, 8), (16, 16)] {
        let base = home(&file, leaf) + (1 << 20) + further;
        let manager = TestManager::at(base, base + 0x10_0000, base + 0x20_0000);
        let image = loaded(&file, &manager, options);
        // Farther, both are as they were.
        assert_eq!(image.section(".text").len(), length, "{further}");
    }
}

#[test]
fn a_long_text_has_a_stub_for_the_file_in_each_island() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    let Call { bytes, at, number: kind, addend } = call(Machine::Aarch64);
    let text = elf.text(&bytes);
    for _ in 0..2 {
        elf.add(SectionSpec {
            name: ".text.filler".into(),
            kind: SHT_NOBITS.0,
            flags: ALLOC | EXEC,
            align: 4096,
            nobits_size: 96 << 20,
            ..SectionSpec::default()
        });
    }
    let last = elf.section(".text.last", ALLOC | EXEC, &bytes);
    let leaf = elf.section(".text.leaf", ALLOC | EXEC, &code(&[0xd65f_03c0]));
    let function = elf.global("leaf", leaf, 0);
    for section in [text, last] {
        elf.rela(section, at, kind, function, addend);
    }
    let file = elf.build();
    let list = [Some(TargetAddress::new(FLASH))];
    let manager = TestManager::at(FAR, FAR + (1 << 30), 0).limited_to(256 << 20);
    let image = loaded(&file, &manager, options(&list));
    assert_eq!((image.stubs, image.got_entries), (2, 1));
    assert_eq!(image.pointer(FAR + (1 << 30)), home(&file, leaf));
    let stubs = [".text", ".text.last"].map(|name| {
        let from = image.section_address(name);
        let offset = branch_offset(Machine::Aarch64, image.section(name)).unwrap();
        from.wrapping_add_signed(offset)
    });
    assert!(stubs[0] - FAR > 96 << 20 && stubs[1] - stubs[0] > 96 << 20, "{stubs:x?}");
    for stub in stubs {
        assert_eq!(number(image.at(stub + 8, 4)), 0xd61f_0200, "br x16");
    }
}
