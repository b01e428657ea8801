//! What is written, and that it is the same in the map, in raw files and in the executable.

use super::*;

#[test]
fn files_and_map_say_the_same_on_all_machines() {
    for arch in Arch::ALL {
        let folder = Folder::of(&[("a.o", &program(arch))]);
        let more = [&MORE[..], &["--place", "a.o:.text.hot=0x10008000"]].concat();
        let out = folder.link(&["a.o"], "raw", &more).unwrap();
        let map = read_map(&out.join("map.json"));
        check_form(&map);
        check_documented(&map);
        assert_eq!(text(&map["arch"]), arch.name());
        let memory = memory(&map, &out);
        assert_eq!(text(&map["objects"][0]["path"]), folder.path("a.o").display().to_string());
        // The section that is placed by itself, and the zeros where it would have been.
        assert_eq!(at(&memory, 0x1000_8000, 24), [0x33; 24]);
        let hot = section(&map, ".text.hot");
        assert_eq!(
            (hex(&hot["address"]), int(&hot["segment"]), int(&hot["offset"])),
            (0x1000_8000, 3, 0)
        );
        assert_eq!(at(&memory, 0x1000_0010, 24), [0; 24]);
        assert_eq!(fs::read(out.join("text-1.bin")).unwrap(), [0x33; 24]);
        assert_eq!(fs::read(out.join("text.bin")).unwrap(), memory[&0x1000_0000]);
        for (name, bytes) in [(".rodata", &CONSTANTS[..]), (".data", &DATA[..8])] {
            let address = hex(&section(&map, name)["address"]);
            assert_eq!(at(&memory, address, 8), bytes, "{arch}: {name}");
        }
        // The slot holds `far`, and the word in data says how far it is.
        let [slot] = list(&map["got"]) else { panic!("{}", map["got"]) };
        let address = hex(&slot["address"]);
        assert_eq!((text(&slot["symbol"]), text(&slot["word"])), ("far", "address"));
        assert_eq!(hex(&slot["value"]), FAR);
        assert_eq!(at(&memory, address, 8), FAR.to_le_bytes());
        let word = hex(&section(&map, ".data")["address"]) + 8;
        let distance = i32::from_le_bytes(*at(&memory, word, 4).first_chunk().unwrap());
        assert_eq!(word.wrapping_add_signed(distance.into()), address);
        let [stub] = list(&map["stubs"]) else { panic!("{}", map["stubs"]) };
        assert_eq!((text(&stub["symbol"]), hex(&stub["target"])), ("far", FAR));
        assert!(hex(&stub["address"]) >= 0x1000_0000 + 40, "behind the sections");
        // Symbols, of each sort.
        let start = symbol(&map, "start");
        assert_eq!((hex(&start["address"]), text(&start["type"])), (0x1000_0000, "function"));
        assert_eq!(map["entry"], start["address"]);
        let zeros = symbol(&map, "zeros");
        assert_eq!(hex(&zeros["address"]), hex(&section(&map, ".bss")["address"]) + 16);
        assert_eq!(zeros["section"], section(&map, ".bss")["index"]);
        let shared = symbol(&map, "shared");
        assert_eq!((text(&shared["type"]), int(&shared["size"])), ("common", 24));
        assert!(shared["section"].is_null());
        // Once more: the same files.
        let again = folder.link(&["a.o"], "again", &more).unwrap();
        for entry in fs::read_dir(&out).unwrap() {
            let name = entry.unwrap().file_name();
            let same = fs::read(out.join(&name)).unwrap() == fs::read(again.join(&name)).unwrap();
            assert!(same, "{name:?} is another one");
        }
        // And an executable of the same.
        check_executable(&folder, &more, &memory);
    }
}

fn check_executable(folder: &Folder, more: &[&str], memory: &BTreeMap<u64, Vec<u8>>) {
    let map = folder.path("elsewhere.json");
    let map_option = ["--format", "elf", "--map", map.to_str().unwrap()];
    let out = folder.link(&["a.o"], "elf", &[more, &map_option].concat()).unwrap();
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "the map is elsewhere");
    let map = read_map(&map);
    check_form(&map);
    assert_eq!(&self::memory(&map, &out), memory);
    let bytes = fs::read(out.join("linked.elf")).unwrap();
    let elf = Elf::parse(&bytes).unwrap();
    assert_eq!((elf.header.e_type, elf.entry), (goblin::elf::header::ET_EXEC, 0x1000_0000));
    let loads: Vec<_> = elf.program_headers.iter().filter(|h| h.p_type == PT_LOAD).collect();
    assert!(loads.is_sorted_by_key(|header| header.p_vaddr));
    let mut loaded = BTreeMap::new();
    for header in loads {
        let mut bytes = bytes[header.file_range()].to_vec();
        bytes.resize(header.p_memsz as usize, 0);
        loaded.insert(header.p_vaddr, bytes);
        let expected = match header.p_vaddr {
            0x1000_0000 | 0x1000_8000 => PF_R | PF_X,
            0x1001_0000 => PF_R,
            _ => PF_R | PF_W,
        };
        assert_eq!(header.p_flags, expected);
        assert_eq!(header.p_vaddr % header.p_align, header.p_offset % header.p_align);
    }
    assert_eq!(&loaded, memory);
    let data = elf.program_headers.iter().find(|h| h.p_vaddr == 0x1002_0000).unwrap();
    assert_eq!(data.p_filesz, 12, "zeros take no room");
    let note = elf.program_headers.iter().find(|h| h.p_type == PT_NOTE).unwrap();
    assert_eq!(&bytes[note.file_range()], [1; 12]);
    assert_eq!(note.p_vaddr, hex(&section(&map, ".note.test")["address"]));
    for (name, shown) in [("start", ".text"), ("zeros", ".bss"), ("shared", ".bss")] {
        let named = |s: &goblin::elf::Sym| elf.strtab.get_at(s.st_name) == Some(name);
        let found = elf.syms.iter().find(named).unwrap();
        assert_eq!(found.st_value, hex(&symbol(&map, name)["address"]));
        let home = &elf.section_headers[found.st_shndx];
        assert_eq!(elf.shdr_strtab.get_at(home.sh_name), Some(shown));
        assert!((home.sh_addr..home.sh_addr + home.sh_size).contains(&found.st_value));
    }
}

#[test]
fn members_are_taken_in_the_order_of_the_command_line() {
    let object = |defines: &[&str], needs: &[&str]| crate::archive::tests::object(defines, needs);
    let named = |name: &str, bytes| NamedBytes { name: name.into(), bytes };
    let archive = |members: &[NamedBytes]| in_memory(members).unwrap();
    let first = archive(&[
        named("one.o", object(&["one"], &[])),
        named("unused.o", object(&["unused"], &["nowhere"])),
    ]);
    let second = archive(&[named("two.o", object(&["two"], &["one"]))]);
    let files: [(&str, &[u8]); 3] =
        [("main.o", &object(&["main"], &["two"])), ("lib1.a", &first), ("lib2.a", &second)];
    let folder = Folder::of(&files);
    let paths = |files: &[&str], more: &[&str]| {
        let map = read_map(&folder.link(files, "out", more).unwrap().join("map.json"));
        let names = list(&map["objects"]).iter().map(|object| {
            let path = text(&object["path"]).to_owned();
            path.rsplit_once('/').map_or(path.clone(), |(_, name)| name.to_owned())
        });
        names.collect::<Vec<_>>()
    };
    let both = ["main.o", "lib2.a(two.o)", "lib1.a(one.o)"];
    // Nothing relocates, so what is needed and not taken is not asked for.
    assert_eq!(paths(&["main.o", "lib2.a", "lib1.a"], &[]), both);
    assert_eq!(paths(&["main.o", "lib1.a", "lib2.a"], &[]), both[..2]);
    assert_eq!(paths(&["lib1.a"], &["--entry", "one"]), both[2..], "the entry is needed");
    assert_eq!(paths(&["main.o", "lib2.a"], &["--define", "two=0"]), both[..1]);
    assert!(folder.misused(&["lib1.a"], &[]).contains("nothing of these archives is needed"));
}

#[test]
fn files_of_an_earlier_link_do_not_stay() {
    let mut maker = Maker::new(Arch::X86_64);
    maker.section(".rodata", SectionKind::ReadOnlyData, &[1; 8]);
    maker.section(".data", SectionKind::Data, &[2; 8]);
    let mut other = Maker::new(Arch::X86_64);
    other.section(".data", SectionKind::Data, &[3; 8]);
    let objects = [maker, other].map(|maker| maker.0.write().unwrap());
    let folder = Folder::of(&[("both.o", &objects[0]), ("data.o", &objects[1])]);
    let names = |out: &Path| {
        let names = fs::read_dir(out).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<BTreeSet<_>>()
    };
    let link = |file: &str, more: &[&str]| {
        let place = ["--place", "rodata=0x1000,data=0x2000"];
        names(&folder.link(&[file], "out", &[&place, more].concat()).unwrap())
    };
    let all = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(link("both.o", &[]), all(&["data.bin", "map.json", "rodata.bin"]));
    fs::write(folder.path("out/notes.txt"), b"mine").unwrap();
    assert_eq!(link("data.o", &[]), all(&["data.bin", "map.json", "notes.txt"]));
    let elf = ["--format", "elf"];
    assert_eq!(link("data.o", &elf), all(&["linked.elf", "map.json", "notes.txt"]));
}

#[test]
fn what_nothing_uses_is_left_out_where_that_is_asked_for() {
    let mut maker = Maker::new(Arch::X86_64);
    let text = maker.section(".text.start", SectionKind::Text, &[0x90; 16]);
    let other = maker.section(".text.other", SectionKind::Text, &[0x90; 32]);
    maker.symbol("start", SymbolKind::Text, SymbolSection::Section(text), [0, 16]);
    maker.symbol("other", SymbolKind::Text, SymbolSection::Section(other), [0, 32]);
    let folder = Folder::of(&[("a.o", &maker.0.write().unwrap())]);
    let size = |more: &[&str]| {
        let out = folder.link(&["a.o"], "out", &[&["--place", "text=0"], more].concat()).unwrap();
        fs::read(out.join("text.bin")).unwrap().len()
    };
    assert_eq!(size(&[]), 48);
    assert_eq!(size(&["--gc-sections"]), 48, "both may be asked for by others");
    assert_eq!(size(&["--gc-sections", "--entry", "start"]), 16);
}
