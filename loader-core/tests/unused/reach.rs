//! Where it begins, and how far it goes.

use loader_core::{Error, Keep, Object, Phase, Plan, Scratch, SegmentKind, TargetAddress};
use object::elf::*;

use super::{CODE, CONSTANT, WRITABLE, builder, keeping, kept, loaded, planned, pointing};
use crate::support::elf::{ALLOC, EXEC, SectionSpec, WRITE};
use crate::support::lies::Elf;
use crate::support::{ElfBuilder, SymbolSpec, TestManager, refused_with};

/// `root` reaches `.data.a`, which reaches `.rodata.b`, which reaches `.data.a`; `other` reaches
/// `.text.c`, with an import.
fn graph() -> Elf {
    let mut elf = builder();
    let b = elf.section(".rodata.b", CONSTANT, &[0; 8]);
    let b_symbol = elf.section_symbol(b);
    let a = pointing(&mut elf, ".data.a", WRITABLE, &[b_symbol]);
    let a_symbol = elf.local("a", a, 0);
    elf.rela(b, 0, R_X86_64_64.0, a_symbol, 0);
    let root = pointing(&mut elf, ".data.root", WRITABLE, &[a_symbol]);
    elf.global("root", root, 0);
    let c = elf.section(".text.c", CODE, &[0xe8, 0, 0, 0, 0, 0xe8, 0, 0, 0, 0]);
    let (import, nowhere) = (elf.undefined("import"), elf.undefined_weak("nowhere"));
    elf.rela(c, 1, R_X86_64_PLT32.0, import, -4);
    elf.rela(c, 6, R_X86_64_PLT32.0, nowhere, -4);
    let c_symbol = elf.local("c", c, 0);
    let other = pointing(&mut elf, ".data.other", WRITABLE, &[c_symbol]);
    elf.symbol(SymbolSpec { other: STV_HIDDEN.0, ..SymbolSpec::new("other", other, 0) });
    elf.build()
}

#[test]
fn nothing_is_left_out_unasked() {
    let [kept, unused] = planned(&[&graph()], Keep::All);
    assert_eq!((kept.len(), unused.len()), (5, 0));
}

#[test]
fn what_the_named_symbols_reach() {
    let file = graph();
    assert_eq!(kept(&file, &["root"]), [".rodata.b", ".data.a", ".data.root"]);
    assert_eq!(kept(&file, &["other"]), [".text.c", ".data.other"], "a hidden one, too");
    assert_eq!(kept(&file, &["root", "other"]).len(), 5);
    assert_eq!(kept(&file, &["a", "import", "missing", ""]).len(), 0, "no global definitions");
    let [_, unused] = planned(&[&file], Keep::Named(&["root"]));
    assert_eq!(unused, [".text.c", ".data.other"]);
}

#[test]
fn what_exported_symbols_reach() {
    let [kept, unused] = planned(&[&graph()], Keep::Exported);
    assert_eq!(kept, [".rodata.b", ".data.a", ".data.root"]);
    assert_eq!(unused, [".text.c", ".data.other"], "a hidden symbol is nobody's to use");
}

#[test]
fn what_is_left_out_takes_nothing() {
    let file = graph();
    let files = [("test.o", &file[..])];
    let image = loaded(&files, Keep::Named(&["root"]), &[]);
    assert_eq!((image.stubs, image.got_entries), (0, 0));
    assert_eq!(image.segments.iter().map(|s| s.2.len()).collect::<Vec<_>>(), [8, 24]);
    assert_eq!(image.exports.keys().collect::<Vec<_>>(), ["root"]);
    let a = image.section_address(".data.a");
    assert_eq!((image.field(".data.root", 0, 8), image.field(".rodata.b", 0, 8)), (a, a));
    // Its imports are asked for only if it is there.
    let all = loaded(&files, Keep::Named(&["root", "other"]), &[("import", 0x1234)]);
    assert_eq!((all.stubs, all.got_entries), (2, 2));
    refused_with(&files, &TestManager::new(), &[], Phase::Resolve, &["`import`"], |error| {
        assert!(matches!(error, Error::Undefined { .. }));
    });
}

#[test]
fn exported_symbols_of_unused_sections_are_none() {
    let mut elf = builder();
    for name in ["one", "two"] {
        let section = elf.section(&format!(".text.{name}"), CODE, &[0xc3]);
        elf.global(name, section, 0);
    }
    elf.absolute("number", 7);
    let file = elf.build();
    let image = loaded(&[("test.o", &file)], Keep::Named(&["two"]), &[]);
    assert_eq!(image.exports.keys().collect::<Vec<_>>(), ["number", "two"]);
}

#[test]
fn what_says_so_of_itself_is_kept() {
    let section = |elf: &mut ElfBuilder, name: &str, kind: u32, flags: u64| {
        elf.add(SectionSpec {
            name: name.into(),
            kind,
            flags,
            align: 8,
            bytes: vec![0; 8],
            ..SectionSpec::default()
        })
    };
    let mut elf = builder();
    let used = elf.section(".data.used", WRITABLE, &[0; 8]);
    let used = elf.local("used", used, 0);
    let retained = pointing(&mut elf, ".data.retained", WRITABLE | SHF_GNU_RETAIN.0, &[used]);
    elf.local("unnamed", retained, 0);
    let roots = [
        (".init_array", SHT_INIT_ARRAY.0, WRITABLE),
        (".fini_array.5", SHT_FINI_ARRAY.0, WRITABLE),
        (".preinit_array", SHT_PREINIT_ARRAY.0, WRITABLE),
        ("anything", SHT_INIT_ARRAY.0, WRITABLE),
        (".ctors", SHT_PROGBITS.0, WRITABLE),
        (".dtors.65535", SHT_PROGBITS.0, WRITABLE),
        (".init_array.7", SHT_PROGBITS.0, WRITABLE),
        (".init", SHT_PROGBITS.0, CODE),
        (".fini", SHT_PROGBITS.0, CODE),
        (".jcr", SHT_PROGBITS.0, WRITABLE),
        (".note.mine", SHT_NOTE.0, CONSTANT),
        (".eh_frame", SHT_PROGBITS.0, CONSTANT),
    ];
    for (name, kind, flags) in roots {
        section(&mut elf, name, kind, flags);
    }
    let others = [
        (".init.text", SHT_PROGBITS.0, CODE),
        (".ctorsx", SHT_PROGBITS.0, WRITABLE),
        (".data", SHT_PROGBITS.0, WRITABLE),
        ("table", SHT_PROGBITS.0, WRITABLE),
        (".note.name_only", SHT_PROGBITS.0, CONSTANT),
    ];
    for (name, kind, flags) in others {
        section(&mut elf, name, kind, flags);
    }
    let [kept, unused] = planned(&[&elf.build()], Keep::Named(&[]));
    let expected: Vec<&str> =
        [".data.used", ".data.retained"].into_iter().chain(roots.map(|root| root.0)).collect();
    assert_eq!(kept, expected);
    assert_eq!(unused, others.map(|other| other.0));
}

#[test]
fn relocations_that_do_nothing_keep_as_well() {
    let mut elf = builder();
    let quiet = elf.section(".data.quiet", WRITABLE, &[0; 8]);
    let quiet = elf.local("quiet", quiet, 0);
    let root = elf.section(".data.root", WRITABLE, &[0; 8]);
    elf.rela(root, 0, R_X86_64_NONE.0, quiet, 0);
    elf.global("root", root, 0);
    assert_eq!(kept(&elf.build(), &["root"]), [".data.quiet", ".data.root"]);
}

#[test]
fn thread_local_variables_and_ifuncs() {
    use loader_core::{Object, Plan, Scratch, TlsModel};
    let mut elf = builder();
    let mut text = Vec::new();
    for name in ["used", "unused"] {
        let resolver = elf.section(&format!(".text.{name}"), CODE, &[0xc3; 4]);
        let chosen = SymbolSpec { kind: STT_GNU_IFUNC.0, ..SymbolSpec::new(name, resolver, 0) };
        let chosen = elf.symbol(chosen);
        let home = elf.section(&format!(".tdata.{name}"), WRITABLE | SHF_TLS.0, &[1; 8]);
        let name = format!("variable_{name}");
        let variable = SymbolSpec { kind: STT_TLS.0, ..SymbolSpec::new(&name, home, 0) };
        text.push((chosen, elf.symbol(variable)));
    }
    let root = pointing(&mut elf, ".data.root", WRITABLE, &[text[0].0]);
    elf.global("root", root, 0);
    let code = elf.section(".text.root", CODE, &[0; 4]);
    elf.rela(code, 0, R_X86_64_TPOFF32.0, text[0].1, 0);
    let code = elf.local("code", code, 0);
    elf.rela(root, 0, R_X86_64_NONE.0, code, 0);
    let file = elf.build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    for (keep, ifuncs, size) in [(Keep::All, 2, 24), (Keep::Named(&["root"]), 1, 8)] {
        let mut options = super::keeping(keep);
        options.thread_locals = TlsModel::Static;
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
        assert_eq!(plan.stubs(), ifuncs);
        assert_eq!(plan.thread_locals().unwrap().size, size);
    }
}

/// One member of the group could stay in its file.
#[test]
fn a_group_that_nothing_uses_is_left_out_in_place_too() {
    let mut elf = builder();
    let text = elf.text(&[0xc3]);
    elf.global("entry", text, 0);
    let grouped = SHF_GROUP.0;
    let f = elf.section(".text.f", ALLOC | EXEC | grouped, &[0xc3; 16]);
    let data = elf.section(".data.f", ALLOC | WRITE | grouped, &[0; 4096]);
    let signature = elf.weak("f", f, 0);
    let missing = elf.undefined("missing");
    elf.rela(data, 0, R_X86_64_64.0, missing, 0);
    elf.group(signature, GRP_COMDAT.0, &[f, data]);
    let file = elf.build();
    let objects = [Object::parse("test.o", &file).unwrap()];
    for home in [&[][..], &[Some(TargetAddress::new(0x1000_0000))]] {
        let mut options = keeping(Keep::Named(&["entry"]));
        options.in_place = home;
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let plan = Plan::with_options(&objects, &mut scratch, options).unwrap();
        assert_eq!(plan.segment(SegmentKind::Data).size, 0, "{home:?}");
        assert_eq!(plan.imports().count(), 0, "{home:?}");
    }
}
