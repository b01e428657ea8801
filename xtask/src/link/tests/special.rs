//! Thread-local variables, IFUNCs, deletions.

use super::*;

#[test]
fn thread_local_variables_are_where_an_executable_has_them() {
    for arch in Arch::ALL {
        let mut maker = Maker::new(arch);
        let locals = maker.section(".tdata", SectionKind::Tls, &[7; 8]);
        maker.symbol("own", SymbolKind::Tls, SymbolSection::Section(locals), [4, 4]);
        let zeros = maker.0.add_section(Vec::new(), b".tbss".into(), SectionKind::UninitializedTls);
        maker.0.append_section_bss(zeros, 40, 32);
        maker.section(".rodata", SectionKind::ReadOnlyData, &CONSTANTS);
        let folder = Folder::of(&[("a.o", &maker.0.write().unwrap())]);
        let more = ["--place", "rodata=0x2000", "--format", "elf"];
        let out = folder.link(&["a.o"], "out", &more).unwrap();
        let map = read_map(&out.join("map.json"));
        check_documented(&map);
        let block = &map["thread_locals"];
        assert_eq!((hex(&block["address"]), int(&block["align"])), (0x2020, 32));
        assert_eq!((int(&block["image_size"]), int(&block["size"])), (8, 72));
        // The ELF TLS specification's variants, as they are for an executable.
        let distance = match arch {
            Arch::Aarch64 => 32,
            Arch::Riscv64 => 0,
            Arch::X86_64 => -96,
        };
        assert_eq!(block["thread_pointer_offset"], distance);
        let own = symbol(&map, "own");
        assert_eq!((hex(&own["address"]), text(&own["type"])), (4, "tls"));
        let bytes = fs::read(out.join("linked.elf")).unwrap();
        let elf = Elf::parse(&bytes).unwrap();
        let header = elf.program_headers.iter().find(|h| h.p_type == PT_TLS).unwrap();
        assert_eq!((header.p_vaddr, header.p_memsz, header.p_align), (0x2020, 72, 32));
        assert_eq!(bytes[header.file_range()], [7; 8]);
        let named = |name: &str| {
            let is_one =
                |h: &&goblin::elf::SectionHeader| elf.shdr_strtab.get_at(h.sh_name) == Some(name);
            elf.section_headers.iter().find(is_one).unwrap()
        };
        assert_eq!((named(".tdata").sh_addr, named(".tdata").sh_size), (0x2020, 8));
        assert_eq!((named(".tbss").sh_addr, named(".tbss").sh_size), (0x2028, 64));
    }
}

#[test]
fn blocks_of_nothing_but_zeros_are_aligned() {
    let mut maker = Maker::new(Arch::Aarch64);
    maker.section(".rodata", SectionKind::ReadOnlyData, &CONSTANTS[..5]);
    let zeros = maker.0.add_section(Vec::new(), b".tbss".into(), SectionKind::UninitializedTls);
    maker.0.append_section_bss(zeros, 40, 64);
    let folder = Folder::of(&[("a.o", &maker.0.write().unwrap())]);
    let more = ["--place", "rodata=0x2000", "--format", "elf"];
    let out = folder.link(&["a.o"], "out", &more).unwrap();
    let bytes = fs::read(out.join("linked.elf")).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    let header = elf.program_headers.iter().find(|h| h.p_type == PT_TLS).unwrap();
    assert_eq!((header.p_filesz, header.p_memsz, header.p_align), (0, 40, 64));
    assert_eq!(header.p_vaddr % 64, 0, "{:#x}", header.p_vaddr);
}

#[test]
fn resolvers_of_ifuncs_and_deletions_are_in_the_map() {
    let mut maker = Maker::new(Arch::Riscv64);
    let (code, kind, at, addend, _) = call(Arch::Riscv64);
    let bytes = [code, &[1, 0, 1, 0, 1, 0], &[0x13; 10]].concat();
    let text = maker.section(".text", SectionKind::Text, &bytes);
    let chosen = maker.symbol("chosen", SymbolKind::Text, SymbolSection::Section(text), [16, 8]);
    let (st_info, st_other) = (elf::STB_GLOBAL | elf::STT_GNU_IFUNC, elf::SymbolOther(0));
    maker.0.symbol_mut(chosen).flags = SymbolFlags::Elf { st_info, st_other };
    maker.relocate(text, at, kind, chosen, addend);
    // Of 6 bytes of padding at 8, an alignment to 8 needs none.
    let flags = RelocationFlags::Elf { r_type: elf::R_RISCV_ALIGN };
    let none = maker.symbol("absolute", SymbolKind::Data, SymbolSection::Absolute, [77, 0]);
    let align = Relocation { offset: 8, symbol: none, addend: 6, flags };
    maker.0.add_relocation(text, align).unwrap();
    let folder = Folder::of(&[("a.o", &maker.0.write().unwrap())]);
    let more = ["--place", "text=0x1000,data=0x4000"];
    let out = folder.link(&["a.o"], "out", &more).unwrap();
    let map = read_map(&out.join("map.json"));
    check_form(&map);
    check_documented(&map);
    let [resolver] = list(&map["resolvers"]) else { panic!("{}", map["resolvers"]) };
    assert_eq!(hex(&resolver["resolver"]), 0x1000 + 16 - 6);
    assert_eq!((hex(&resolver["slot"]), self::text(&resolver["symbol"])), (0x4000, "chosen"));
    let [stub] = list(&map["stubs"]) else { panic!("{}", map["stubs"]) };
    assert!(stub["target"].is_null());
    let shown = symbol(&map, "chosen");
    assert_eq!((&shown["address"], self::text(&shown["type"])), (&stub["address"], "ifunc"));
    let [deletion] = list(&map["deletions"]) else { panic!("{}", map["deletions"]) };
    assert_eq!(deletion["section"], section(&map, ".text")["index"]);
    assert_eq!((int(&deletion["offset"]), int(&deletion["bytes"])), (8, 6));
    assert_eq!(int(&section(&map, ".text")["size"]), bytes.len() - 6);
    let absolute = symbol(&map, "absolute");
    assert!(absolute["section"].is_null() && hex(&absolute["address"]) == 77);
}

#[test]
fn the_core_is_asked_for_what_the_command_line_says() {
    let linked = |object: Vec<u8>, more: &[&str]| {
        let folder = Folder::of(&[("a.o", &object)]);
        let out = folder.link(&["a.o"], "out", &[&["--place", "text=0x1ff8"], more].concat());
        let out = out.unwrap();
        let map = read_map(&out.join("map.json"));
        check_form(&map);
        (map, fs::read(out.join("text.bin")).unwrap())
    };
    // A call of the next instruction, marked as one that may be made shorter.
    let relaxable = || {
        let mut maker = Maker::new(Arch::Riscv64);
        let (code, kind, ..) = call(Arch::Riscv64);
        let text = maker.section(".text", SectionKind::Text, code);
        let end = maker.symbol("end", SymbolKind::Text, SymbolSection::Section(text), [8, 0]);
        maker.relocate(text, 0, kind, end, 0);
        maker.relocate(text, 0, elf::R_RISCV_RELAX.0, end, 0);
        maker.0.write().unwrap()
    };
    let (map, bytes) = linked(relaxable(), &[]);
    assert_eq!((list(&map["deletions"]).len(), bytes.len()), (0, 8));
    let (map, bytes) = linked(relaxable(), &["--relax"]);
    assert_eq!(bytes, 0x0040_00ef_u32.to_le_bytes(), "jal ra, 4");
    let [deletion] = list(&map["deletions"]) else { panic!("{}", map["deletions"]) };
    assert_eq!((int(&deletion["offset"]), int(&deletion["bytes"])), (4, 4));
    assert_eq!(hex(&symbol(&map, "end")["address"]), 0x1ffc);
    // ADRP in the last words of a page, a load, and one by the ADRP's register.
    let affected = || {
        let mut maker = Maker::new(Arch::Aarch64);
        let words: [u32; 4] = [0x9000_0000, 0xf940_0021, 0xf940_0002, 0xd65f_03c0];
        let text = maker.section(".text", SectionKind::Text, &words.map(u32::to_le_bytes).concat());
        let mark = maker.symbol("$x", SymbolKind::Text, SymbolSection::Section(text), [0, 0]);
        let (st_info, st_other) = (elf::STB_LOCAL | elf::STT_NOTYPE, elf::SymbolOther(0));
        maker.0.symbol_mut(mark).flags = SymbolFlags::Elf { st_info, st_other };
        maker.0.symbol_mut(mark).scope = SymbolScope::Compilation;
        maker.0.write().unwrap()
    };
    let (_, plain) = linked(affected(), &[]);
    let (map, mended) = linked(affected(), &["--fix-cortex-a53-843419"]);
    assert_eq!((plain.len(), mended.len()), (16, 24));
    assert_eq!(int(&section(&map, ".text")["size"]), 24, "the patch is a part of it");
    assert_ne!(plain, mended[..16]);
}

#[test]
fn labels_of_the_assembler_are_not_in_the_list() {
    let mut maker = Maker::new(Arch::Riscv64);
    let code = maker.section(".text", SectionKind::Text, &[0x13; 16]);
    for (name, scope) in [
        (".L7", SymbolScope::Compilation),
        ("local", SymbolScope::Compilation),
        ("$x", SymbolScope::Compilation),
        (".Lglobal", SymbolScope::Dynamic),
    ] {
        let symbol = maker.symbol(name, SymbolKind::Text, SymbolSection::Section(code), [4, 0]);
        maker.0.symbol_mut(symbol).scope = scope;
    }
    let folder = Folder::of(&[("a.o", &maker.0.write().unwrap())]);
    let more = ["--place", "text=0x2000", "--format", "elf"];
    let out = folder.link(&["a.o"], "out", &more).unwrap();
    let map = read_map(&out.join("map.json"));
    let listed: Vec<_> =
        list(&map["objects"][0]["symbols"]).iter().map(|s| text(&s["name"])).collect();
    assert_eq!(listed, ["local", "$x", ".Lglobal"]);
    let bytes = fs::read(out.join("linked.elf")).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    let mut symbols = elf.syms.iter().filter_map(|symbol| elf.strtab.get_at(symbol.st_name));
    assert!(symbols.all(|name| name != ".L7"));
}
