//! What keeps a section besides relocations: groups, links, and symbols of its name.

use loader_core::{Keep, SegmentKind};
use object::elf::*;

use super::{CODE, CONSTANT, WRITABLE, builder, kept, loaded, planned, pointing};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, Link};

/// Three members of a group, the first of which `root` points to where it is to.
fn group(flags: u32, points: bool) -> Elf {
    let mut elf = builder();
    let members = [".text.one", ".rodata.two", ".data.three"].map(|name| {
        let flags = if name.starts_with(".text") { CODE } else { WRITABLE };
        elf.section(name, flags | SHF_GROUP.0, &[0; 8])
    });
    let one = elf.weak("one", members[0], 0);
    elf.group(one, flags, &members);
    let beyond = elf.section(".data.beyond", WRITABLE, &[0; 8]);
    let beyond = elf.local("beyond", beyond, 0);
    elf.rela(members[2], 0, R_X86_64_64.0, beyond, 0);
    let root = pointing(&mut elf, ".data.root", WRITABLE, if points { &[1] } else { &[] });
    elf.global("root", root, 0);
    elf.build()
}

#[test]
fn a_member_keeps_its_group() {
    for flags in [GRP_COMDAT.0, 0] {
        let all = [".text.one", ".rodata.two", ".data.three", ".data.beyond", ".data.root"];
        assert_eq!(kept(&group(flags, true), &["root"]), all);
        assert_eq!(kept(&group(flags, false), &["root"]), [".data.root"]);
    }
}

#[test]
fn notes_in_groups_are_as_other_members() {
    let mut elf = builder();
    let function = elf.section(".text.f", CODE | SHF_GROUP.0, &[0xc3; 4]);
    let note = elf.section(".note.f", CONSTANT | SHF_GROUP.0, &[0; 8]);
    elf.edit(note).kind = SHT_NOTE.0;
    let symbol = elf.weak("f", function, 0);
    elf.group(symbol, GRP_COMDAT.0, &[function, note]);
    let file = elf.build();
    assert_eq!(kept(&file, &[]).len(), 0);
    assert_eq!(kept(&file, &["f"]), [".text.f", ".note.f"]);
}

/// Sections in a chain of links: `.meta2` to `.meta1` to `.text.f`.
fn linked_sections() -> ElfBuilder {
    let mut elf = builder();
    let meta2 = elf.section(".meta2", CONSTANT | SHF_LINK_ORDER.0, &[0; 8]);
    let meta1 = elf.section(".meta1", CONSTANT | SHF_LINK_ORDER.0, &[0; 8]);
    let function = elf.section(".text.f", CODE, &[0xc3; 4]);
    elf.edit(meta2).link = Link::Raw(meta1);
    elf.edit(meta1).link = Link::Raw(function);
    let aside = elf.section(".rodata", CONSTANT, &[0; 8]);
    let aside = elf.local("aside", aside, 0);
    elf.rela(meta2, 0, R_X86_64_64.0, aside, 0);
    elf.global("f", function, 0);
    let other = elf.section(".text.g", CODE, &[0xc3; 4]);
    elf.global("g", other, 0);
    elf
}

#[test]
fn what_is_linked_to_a_section_lives_with_it() {
    let file = linked_sections().build();
    assert_eq!(kept(&file, &["f"]), [".meta2", ".meta1", ".text.f", ".rodata"]);
    assert_eq!(kept(&file, &["g"]), [".text.g"]);
}

#[test]
fn a_link_says_more_than_a_type_and_less_than_the_flag() {
    let build = |kind: SectionType, flags: u64| {
        let mut elf = linked_sections();
        elf.edit(1).kind = kind.0;
        elf.edit(1).flags |= flags;
        elf.build()
    };
    assert_eq!(kept(&build(SHT_INIT_ARRAY, 0), &["g"]), [".text.g"]);
    let retained = build(SHT_PROGBITS, SHF_GNU_RETAIN.0);
    assert_eq!(kept(&retained, &["g"]), [".meta2", ".rodata", ".text.g"]);
}

#[test]
fn a_boundary_keeps_all_sections_of_its_name() {
    let part = |byte: u8| {
        let mut elf = builder();
        let aside = elf.section(&format!(".data.{byte}"), WRITABLE, &[byte; 8]);
        let aside = elf.local("aside", aside, 0);
        pointing(&mut elf, "table", WRITABLE, &[aside]);
        pointing(&mut elf, "other", WRITABLE, &[aside]);
        elf.build()
    };
    for name in ["__start_table", "__stop_table"] {
        let mut user = builder();
        let symbol = user.undefined(name);
        let root = pointing(&mut user, ".data.root", WRITABLE, &[symbol]);
        user.global("root", root, 0);
        let unused = user.undefined("__start_other");
        pointing(&mut user, ".data.unused", WRITABLE, &[unused]);
        let (a, b, user) = (part(1), part(2), user.build());
        let [kept, unused] = planned(&[&a, &b, &user], Keep::Named(&["root"]));
        assert_eq!(kept, ["0.data.1", "0table", "1.data.2", "1table", "2.data.root"]);
        assert_eq!(unused, ["0other", "1other", "2.data.unused"]);
        let files: [(&str, &[u8]); 3] = [("a.o", &a), ("b.o", &b), ("user.o", &user)];
        let image = loaded(&files, Keep::Exported, &[]);
        let tables = image.sections.iter().filter(|s| s.1 == "table").map(|s| s.2);
        let tables: Vec<u64> = tables.collect();
        assert_eq!(tables[1], tables[0] + 16, "they lie together");
        let expected = if name == "__start_table" { tables[0] } else { tables[1] + 8 };
        assert_eq!(image.field(".data.root", 0, 8), expected);
    }
}

#[test]
fn what_nobody_speaks_of_need_not_lie_together() {
    // Sections of one name, code and data, which only an unused section speaks of.
    let mut elf = builder();
    let code = elf.section("table", CODE, &[0xc3; 8]);
    elf.global("root", code, 0);
    elf.section("table", WRITABLE, &[0; 8]);
    let symbol = elf.undefined("__start_table");
    pointing(&mut elf, ".data.unused", WRITABLE, &[symbol]);
    let image = loaded(&[("test.o", &elf.build())], Keep::Exported, &[]);
    let kinds: Vec<SegmentKind> = image.segments.iter().map(|s| s.0).collect();
    assert_eq!(kinds, [SegmentKind::Text]);
}
