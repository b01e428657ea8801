//! The verb from objects in files to files that other readers read: `serde_json::Value` and goblin.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use goblin::elf::Elf;
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_LOAD, PT_NOTE, PT_TLS};
use object::write::{Object, Relocation, SectionId, StandardSection, Symbol, SymbolSection};
use object::{
    Architecture, BinaryFormat, Endianness, RelocationFlags, SectionFlags, SectionKind,
    SymbolFlags, SymbolKind, SymbolScope, elf,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::cli::{Cli, UsageError, Verb};
use crate::runtime::in_memory;

mod files;
mod refused;
mod special;

/// Where `far` is: out of every call's reach.
const FAR: u64 = 0x7f_0000_0000;
const PLACE: &str = "text=0x10000000,rodata=0x10010000,data=0x10020000";
/// What a section is filled with, to be known again.
const DATA: [u8; 12] = *b"some data...";
const CONSTANTS: [u8; 8] = *b"constant";

/// A call and its relocation: bytes, type, offset, addend; and a type for a slot's distance.
fn call(arch: Arch) -> (&'static [u8], u32, u64, i64, u32) {
    match arch {
        Arch::Aarch64 => (&[0, 0, 0, 0x94], 283, 0, 0, 315),
        Arch::Riscv64 => (&[0x97, 0, 0, 0, 0xe7, 0x80, 0, 0], 19, 0, 0, 41),
        Arch::X86_64 => (&[0xe8, 0, 0, 0, 0], 4, 1, -4, 9),
    }
}

/// An object on its way.
struct Maker(Object<'static>);

impl Maker {
    fn new(arch: Arch) -> Self {
        let machine = match arch {
            Arch::Aarch64 => Architecture::Aarch64,
            Arch::Riscv64 => Architecture::Riscv64,
            Arch::X86_64 => Architecture::X86_64,
        };
        Self(Object::new(BinaryFormat::Elf, machine, Endianness::Little))
    }

    fn section(&mut self, name: &str, kind: SectionKind, bytes: &[u8]) -> SectionId {
        let section = self.0.add_section(Vec::new(), name.into(), kind);
        self.0.append_section_data(section, bytes, 8);
        section
    }

    fn symbol(
        &mut self,
        name: &str,
        kind: SymbolKind,
        section: SymbolSection,
        [value, size]: [u64; 2],
    ) -> object::write::SymbolId {
        self.0.add_symbol(Symbol {
            name: name.into(),
            value,
            size,
            kind,
            scope: SymbolScope::Dynamic,
            weak: false,
            section,
            flags: SymbolFlags::None,
        })
    }

    fn relocate(
        &mut self,
        section: SectionId,
        offset: u64,
        r_type: u32,
        symbol: object::write::SymbolId,
        addend: i64,
    ) {
        let flags = RelocationFlags::Elf { r_type: elf::RelocationType(r_type) };
        self.0.add_relocation(section, Relocation { offset, symbol, addend, flags }).unwrap();
    }
}

/// `start` calls `far` and speaks of its slot; a section to be placed by itself; data of all sorts.
fn program(arch: Arch) -> Vec<u8> {
    let mut maker = Maker::new(arch);
    let (code, kind, at, addend, slot) = call(arch);
    let mut bytes = code.to_vec();
    bytes.resize(16, 0x13);
    let text = maker.section(".text", SectionKind::Text, &bytes);
    maker.section(".text.hot", SectionKind::Text, &[0x33; 24]);
    maker.section(".rodata", SectionKind::ReadOnlyData, &CONSTANTS);
    let data = maker.section(".data", SectionKind::Data, &DATA);
    let bss = maker.0.section_id(StandardSection::UninitializedData);
    maker.0.append_section_bss(bss, 0x40, 16);
    let note = maker.section(".note.test", SectionKind::Note, &[1; 12]);
    let (sh_type, sh_flags) = (elf::SHT_NOTE, elf::SHF_ALLOC);
    maker.0.section_mut(note).flags = SectionFlags::Elf { sh_type, sh_flags };
    maker.symbol("start", SymbolKind::Text, SymbolSection::Section(text), [0, 16]);
    maker.symbol("zeros", SymbolKind::Data, SymbolSection::Section(bss), [16, 32]);
    maker.symbol("shared", SymbolKind::Data, SymbolSection::Common, [8, 24]);
    let far = maker.symbol("far", SymbolKind::Text, SymbolSection::Undefined, [0, 0]);
    maker.relocate(text, at, kind, far, addend);
    maker.relocate(data, 8, slot, far, 0);
    maker.0.write().unwrap()
}

/// A folder with files.
struct Folder(TempDir);

impl Folder {
    fn of(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the verb: `files` and `--out` are names in the folder.
    fn link(&self, files: &[&str], out: &str, more: &[&str]) -> anyhow::Result<PathBuf> {
        let out = self.path(out);
        let mut args = vec!["xtask".to_owned(), "link".into()];
        args.extend(files.iter().map(|file| self.path(file).display().to_string()));
        args.extend(["--out".into(), out.display().to_string()]);
        args.extend(more.iter().map(|&word| word.to_owned()));
        let Verb::Link(args) = Cli::try_parse_from(args)?.verb else { panic!("another verb") };
        crate::verb::link::run(&args).map(|_| out)
    }

    /// What the verb says about it, which must be that the command line is wrong.
    fn misused(&self, files: &[&str], more: &[&str]) -> String {
        let error = self.link(files, "out", more).unwrap_err();
        assert!(error.is::<UsageError>(), "{error:#} is an error of another kind");
        error.to_string()
    }
}

fn read_map(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// A number that is written in hexadecimal.
fn hex(value: &Value) -> u64 {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    let digits = digits.unwrap_or_else(|| panic!("{value} is not hexadecimal"));
    u64::from_str_radix(digits, 16).unwrap()
}

fn int(value: &Value) -> usize {
    usize::try_from(value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("{value} is no list"))
}

/// Every field, in the form that docs/link-map.md gives.
fn check_form(map: &Value) {
    assert_eq!(int(&map["version"]), 1);
    assert!(Arch::ALL.iter().any(|arch| arch.name() == text(&map["arch"])));
    let segments = list(&map["segments"]);
    for segment in segments {
        assert!(["text", "rodata", "data"].contains(&text(&segment["kind"])));
        hex(&segment["address"]);
        assert!(int(&segment["file_size"]) <= int(&segment["size"]));
        let _ = (text(&segment["file"]), int(&segment["file_offset"]));
    }
    let objects = list(&map["objects"]);
    for object in objects {
        text(&object["path"]);
        for section in list(&object["sections"]) {
            let _ = (text(&section["name"]), int(&section["index"]));
            let home = &segments[int(&section["segment"])];
            let (offset, size) = (int(&section["offset"]), int(&section["size"]));
            assert!(offset + size <= int(&home["size"]));
            assert_eq!(hex(&section["address"]), hex(&home["address"]) + offset as u64);
        }
        for symbol in list(&object["symbols"]) {
            let _ = (text(&symbol["name"]), hex(&symbol["address"]), int(&symbol["size"]));
            let kinds = ["common", "data", "function", "ifunc", "none", "tls"];
            assert!(kinds.contains(&text(&symbol["type"])));
            assert!(["global", "local", "weak"].contains(&text(&symbol["binding"])));
            assert!(symbol["section"].is_null() || symbol["section"].is_u64());
        }
    }
    for slot in list(&map["got"]) {
        let _ = (hex(&slot["address"]), hex(&slot["value"]), text(&slot["word"]));
        let _ = (text(&slot["symbol"]), &objects[int(&slot["object"])]);
    }
    for stub in list(&map["stubs"]) {
        let _ = (hex(&stub["address"]), text(&stub["symbol"]), &objects[int(&stub["object"])]);
        assert!(stub["target"].is_null() || hex(&stub["target"]) != 0);
    }
    for resolver in list(&map["resolvers"]) {
        let _ = (hex(&resolver["resolver"]), hex(&resolver["slot"]), text(&resolver["symbol"]));
    }
    for deletion in list(&map["deletions"]) {
        let sections = &objects[int(&deletion["object"])]["sections"];
        let known = |section: &Value| section["index"] == deletion["section"];
        assert!(list(sections).iter().any(known));
        let _ = (int(&deletion["offset"]), int(&deletion["bytes"]));
    }
    list(&map["undefined"]).iter().for_each(|name| drop(text(name).to_owned()));
}

/// All names of fields in a value.
fn fields(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(all) => all.iter().for_each(|(name, value)| {
            found.insert(name.clone());
            fields(value, found);
        }),
        Value::Array(all) => all.iter().for_each(|value| fields(value, found)),
        _ => {}
    }
}

/// Every field of a map must be in the document about it.
fn check_documented(map: &Value) {
    let document = include_str!("../../../../docs/link-map.md");
    let mut all = BTreeSet::new();
    fields(map, &mut all);
    for name in all {
        assert!(document.contains(&format!("| `{name}` |")), "{name} is not in link-map.md");
    }
}

fn section<'m>(map: &'m Value, name: &str) -> &'m Value {
    let mut all = list(&map["objects"]).iter().flat_map(|object| list(&object["sections"]));
    all.find(|section| section["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

fn symbol<'m>(map: &'m Value, name: &str) -> &'m Value {
    let mut all = list(&map["objects"]).iter().flat_map(|object| list(&object["symbols"]));
    all.find(|symbol| symbol["name"] == name).unwrap_or_else(|| panic!("no {name}"))
}

/// The bytes of each segment, as the files have them, by address.
fn memory(map: &Value, folder: &Path) -> BTreeMap<u64, Vec<u8>> {
    let bytes = |segment: &Value| {
        let file = fs::read(folder.join(text(&segment["file"]))).unwrap();
        let start = int(&segment["file_offset"]);
        let mut bytes = file[start..start + int(&segment["file_size"])].to_vec();
        bytes.resize(int(&segment["size"]), 0);
        (hex(&segment["address"]), bytes)
    };
    list(&map["segments"]).iter().map(bytes).collect()
}

fn at(memory: &BTreeMap<u64, Vec<u8>>, address: u64, size: usize) -> &[u8] {
    let (start, bytes) = memory.range(..=address).next_back().unwrap();
    let offset = usize::try_from(address - start).unwrap();
    &bytes[offset..offset + size]
}

const MORE: [&str; 6] = ["--define", "far=0x7f00000000", "--entry", "start", "--place", PLACE];
