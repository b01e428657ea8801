//! In which ways code speaks of a boundary.

use loader_core::{Machine, PlanOptions, SegmentKind};
use object::elf::*;

use super::{CODE, WRITABLE, boundaries, linked, part, user};
use crate::support::decode::aarch64::{adrp, imm12};
use crate::support::decode::riscv64::j_imm;
use crate::support::load::run_with;
use crate::support::{ElfBuilder, Image, Imports, SymbolSpec, TestManager, code, load};

#[test]
fn a_definition_of_the_name_counts() {
    let (a, user) = (part("table", WRITABLE, &[1; 16]), user("table").build());
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.absolute("__start_table", 0x1234);
    let definer = elf.build();
    let image = linked(&[("user.o", &user), ("a.o", &a), ("definer.o", &definer)]);
    let (start, stop) = boundaries(&image);
    assert_eq!((start, stop), (0x1234, image.section_address("table") + 16));
}

#[test]
fn a_weak_one_is_as_good() {
    let build = |name: &str| {
        let mut elf = ElfBuilder::new(Machine::X86_64);
        elf.section("table", WRITABLE, &[1; 16]);
        let data = elf.section(".data.user", WRITABLE, &[0; 16]);
        for (at, prefix) in [(0, "__start_"), (8, "__stop_")] {
            let symbol = elf.undefined_weak(&format!("{prefix}{name}"));
            elf.rela(data, at, R_X86_64_64.0, symbol, 0);
        }
        load(&elf.build(), &[])
    };
    let image = build("table");
    let at = image.section_address("table");
    assert_eq!(boundaries(&image), (at, at + 16));
    assert_eq!(boundaries(&build("other")), (0, 0));
}

#[test]
fn addends_count_from_it() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    let table = elf.section("table", WRITABLE, &[1; 16]);
    let stop = elf.undefined("__stop_table");
    elf.rela(table, 8, R_X86_64_64.0, stop, -8);
    let image = load(&elf.build(), &[]);
    assert_eq!(image.field("table", 8, 8), image.section_address("table") + 8);
}

#[test]
fn by_the_got_and_directly_on_x86_64() {
    let mut elf = ElfBuilder::new(Machine::X86_64);
    elf.section("table", WRITABLE, &[1; 16]);
    // mov ???(%rip), %rax; push ???(%rip); lea ???(%rip), %rax; call
    let text = elf.text(&[
        0x48, 0x8b, 5, 0, 0, 0, 0, 0xff, 0x35, 0, 0, 0, 0, 0x48, 0x8d, 5, 0, 0, 0, 0, 0xe8, 0, 0,
        0, 0,
    ]);
    let (start, stop) = (elf.undefined("__start_table"), elf.undefined("__stop_table"));
    elf.rela(text, 3, R_X86_64_REX_GOTPCRELX.0, start, -4);
    elf.rela(text, 9, R_X86_64_GOTPCREL.0, stop, -4);
    elf.rela(text, 16, R_X86_64_PC32.0, stop, -4);
    elf.rela(text, 21, R_X86_64_PLT32.0, start, -4);
    let image = load(&elf.build(), &[]);
    let (at, code) = (image.section_address("table"), image.section_address(".text"));
    let target = |offset: u64| {
        let distance = image.field(".text", offset as usize, 4) as u32 as i32;
        (code + offset + 4).wrapping_add_signed(distance.into())
    };
    assert_eq!(image.section(".text")[1], 0x8d, "the load became a LEA");
    assert_eq!((target(3), target(16), target(21)), (at, at + 16, at));
    assert_eq!(image.pointer(target(9)), at + 16);
    assert_eq!(image.stubs, 0, "a call of a symbol of the module needs none");
}

#[test]
fn by_the_got_and_directly_on_aarch64() {
    let mut elf = ElfBuilder::new(Machine::Aarch64);
    elf.section("table", WRITABLE, &[1; 20]);
    let text = elf.text(&code(&[0x9000_0000, 0x9100_0000, 0x9000_0001, 0xf940_0021]));
    let stop = elf.undefined("__stop_table");
    elf.rela(text, 0, R_AARCH64_ADR_PREL_PG_HI21.0, stop, 0);
    elf.rela(text, 4, R_AARCH64_ADD_ABS_LO12_NC.0, stop, 0);
    elf.rela(text, 8, R_AARCH64_ADR_GOT_PAGE.0, stop, 0);
    elf.rela(text, 12, R_AARCH64_LD64_GOT_LO12_NC.0, stop, 0);
    let image = load(&elf.build(), &[]);
    let (at, code) = (image.section_address("table"), image.section_address(".text"));
    // The page that an ADRP makes, and what the other instruction adds to it.
    let target = |offset: usize, scale: u64| {
        let (high, low) = (image.word(".text", offset), image.word(".text", offset + 4));
        let page = ((code + offset as u64) & !0xfff).wrapping_add_signed(adrp(high));
        page + imm12(low) * scale
    };
    assert_eq!(target(0, 1), at + 20);
    let slot = target(8, 8);
    assert_eq!((image.pointer(slot), image.got_entries), (at + 20, 1));
}

/// Code whose section is `table`: a call that becomes a JAL, padding, and NOPs.
fn shrinking(user: bool) -> Vec<u8> {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let bytes = code(&[0x97, 0x80e7, 0x13, 0x13, 0x13, 0x13]);
    let table = elf.section("table", CODE, &bytes);
    let own = elf.local("own", table, 8);
    elf.rela(table, 0, R_RISCV_CALL_PLT.0, own, 0);
    elf.rela(table, 0, R_RISCV_RELAX.0, 0, 0);
    elf.rela(table, 8, R_RISCV_ALIGN.0, 0, 12);
    elf.section(".text", CODE, &code(&[0x13; 3]));
    if user {
        let data = elf.section(".data.user", WRITABLE, &[0; 16]);
        for (at, name) in [(0, "__start_table"), (8, "__stop_table")] {
            let symbol = elf.undefined(name);
            elf.rela(data, at, R_RISCV_64.0, symbol, 0);
        }
    }
    elf.build().into_bytes()
}

fn shrunk(relaxation: bool, imports: &[(&str, u64)]) -> Image {
    let (a, b) = (shrinking(false), shrinking(true));
    let mut options = PlanOptions::default();
    options.relaxation = relaxation;
    let files = [("a.o", &a[..]), ("b.o", &b)];
    let manager = TestManager::new();
    run_with(&files, &manager, options, &Imports::of(imports), &(), |loaded| {
        Image::of(&loaded.unwrap_or_else(|error| panic!("{error}")))
    })
}

#[test]
fn sections_that_shrink_end_where_they_end_now() {
    for (relaxation, size) in [(false, 20), (true, 20)] {
        let image = shrunk(relaxation, &[]);
        let sizes = image.sections.iter().filter(|s| s.1 == "table").map(|s| s.3.len());
        assert_eq!(sizes.collect::<Vec<_>>(), [size; 2], "relaxed: {relaxation}");
        let (start, stop) = boundaries(&image);
        assert_eq!(stop - start, 16 + 16 + size as u64, "relaxed: {relaxation}");
        let text = image.segments.iter().find(|s| s.0 == SegmentKind::Text).unwrap();
        assert_eq!(start, text.1);
    }
}

/// A call of an import that only its address makes a JAL, in the last section of the set.
#[test]
fn and_where_they_end_once_addresses_are_known() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let table = elf.section("table", CODE, &code(&[0x97, 0x80e7, 0x13]));
    let import = elf.undefined("beside");
    elf.rela(table, 0, R_RISCV_CALL_PLT.0, import, 0);
    elf.rela(table, 0, R_RISCV_RELAX.0, 0, 0);
    let data = elf.section(".data.user", WRITABLE, &[0; 16]);
    for (at, name) in [(0, "__start_table"), (8, "__stop_table")] {
        let symbol = elf.undefined(name);
        elf.rela(data, at, R_RISCV_64.0, symbol, 0);
    }
    let file = elf.build();
    for (beside, size) in [(0x1000_1000, 8), (0x7000_0000, 12)] {
        let mut options = PlanOptions::default();
        options.relaxation = true;
        let imports = Imports::of(&[("beside", beside)]);
        let manager = TestManager::new();
        let image = run_with(&[("a.o", &file)], &manager, options, &imports, &(), |loaded| {
            Image::of(&loaded.unwrap_or_else(|error| panic!("{error}")))
        });
        let (start, stop) = boundaries(&image);
        assert_eq!(stop - start, size, "{beside:#x}");
    }
}

#[test]
fn nobody_else_sees_them() {
    let mut elf = user("table");
    elf.section("table", WRITABLE, &[1; 16]);
    elf.symbol(SymbolSpec { other: STV_PROTECTED.0, ..SymbolSpec::undefined("__start_table") });
    let file = elf.build();
    let image = load(&file, &[("__start_table", 1), ("__stop_table", 2)]);
    let at = image.section_address("table");
    assert_eq!(boundaries(&image), (at, at + 16), "the client is not asked");
    assert!(image.exports.is_empty());
    let objects = [loader_core::Object::parse("a.o", &file).unwrap()];
    let mut scratch = vec![loader_core::Scratch::ZERO; loader_core::scratch_len(&objects)];
    let plan = loader_core::Plan::new(&objects, &mut scratch).unwrap();
    assert_eq!(plan.imports().count(), 0);
}

#[test]
fn a_call_of_a_boundary_may_get_shorter() {
    let mut elf = ElfBuilder::new(Machine::Riscv64);
    let text = elf.section(".text", CODE, &code(&[0x97, 0x80e7, 0x97, 0x80e7]));
    elf.section("table", CODE, &code(&[0x13; 3]));
    for (at, name) in [(0, "__start_table"), (8, "__stop_table")] {
        let symbol = elf.undefined(name);
        elf.rela(text, at, R_RISCV_CALL_PLT.0, symbol, 0);
        elf.rela(text, at, R_RISCV_RELAX.0, 0, 0);
    }
    let file = elf.build();
    let mut options = PlanOptions::default();
    options.relaxation = true;
    let (manager, imports) = (TestManager::new(), Imports::default());
    let image = run_with(&[("a.o", &file)], &manager, options, &imports, &(), |loaded| {
        Image::of(&loaded.unwrap_or_else(|error| panic!("{error}")))
    });
    assert_eq!((image.section(".text").len(), image.stubs), (8, 0));
    let (text, table) = (image.section_address(".text"), image.section_address("table"));
    for (at, target) in [(0, table), (4, table + 12)] {
        let distance = j_imm(image.word(".text", at));
        assert_eq!((text + at as u64).wrapping_add_signed(distance), target);
    }
}
