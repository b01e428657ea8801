//! What a linked image takes, by its sections, and whose each byte is, by its symbols.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use object::{File, Object, ObjectSection, ObjectSymbol, SectionFlags, elf};
use serde::Serialize;

/// What a program around the loader has by any name.
const CLIENT: &[&str] = &["_start", "rust_begin_unwind", "__rustc::rust_begin_unwind"];
/// The client's side of the probes: what hands out memory and addresses, and statics of the client's.
const CLIENT_PATHS: &[&str] = &[
    "size_probe::client::",
    "size_probe::panic",
    "size_probe::registry::MEMORY",
    "size_probe::debug::JIT",
];
/// What compilers call without being told, which each image has once, whoever else needs it.
const SUPPORT: &[&str] = &["bcmp", "memcmp", "memcpy", "memmove", "memset", "strlen"];
/// The same, as the crate that has it calls its parts.
const SUPPORT_PATHS: &[&str] = &["compiler_builtins::mem::"];

/// Bytes, by what they are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// What is executed.
    pub text: u64,
    /// What is read, relocated or not.
    pub rodata: u64,
    /// What is written, zeros included.
    pub data: u64,
    /// Unwind tables, which nothing here reads: a linker script leaves them out.
    pub unwind: u64,
}

/// What an image takes.
#[derive(Debug, Default, Serialize)]
pub struct Image {
    /// The loader itself, and what it needs of `core`.
    pub loader: Sizes,
    /// `memcpy` and its like, of `compiler_builtins`.
    pub support: Sizes,
    /// The client's side, which stands for a program around the loader.
    pub client: Sizes,
    /// The loader's functions and tables, the largest first.
    pub symbols: Vec<Symbol>,
    /// Of the loader's bytes, those that no symbol names: padding, and constants whose names are not kept.
    pub unnamed: Sizes,
}

/// Functions or tables of one name: instances of a generic one are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Symbol {
    /// Its path, without what it is generic over.
    pub name: String,
    /// What its bytes are for.
    pub part: Part,
    /// All its bytes.
    pub size: u64,
    /// How many there are.
    pub count: u32,
}

/// What bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// `.data`, `.bss`
    Data,
    /// `.rodata`, `.data.rel.ro`
    Rodata,
    /// `.text`
    Text,
    /// `.eh_frame`
    Unwind,
}

/// Whose bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Client,
    Loader,
    Support,
}

impl Sizes {
    fn add(&mut self, part: Part, size: u64) {
        *match part {
            Part::Data => &mut self.data,
            Part::Rodata => &mut self.rodata,
            Part::Text => &mut self.text,
            Part::Unwind => &mut self.unwind,
        } += size;
    }

    /// What is left without what `others` take.
    fn without(self, others: &[Self]) -> Self {
        others.iter().fold(self, |rest, other| Self {
            text: rest.text.saturating_sub(other.text),
            rodata: rest.rodata.saturating_sub(other.rodata),
            data: rest.data.saturating_sub(other.data),
            unwind: rest.unwind.saturating_sub(other.unwind),
        })
    }
}

/// Takes an image apart.
///
/// # Errors
/// It is no ELF file, or has no symbols, so that nobody could say whose bytes are.
pub fn read(bytes: &[u8]) -> Result<Image> {
    let file = File::parse(bytes).context("the image is not readable")?;
    let parts: BTreeMap<usize, (Part, u64)> = file
        .sections()
        .filter_map(|section| Some((section.index().0, (part(&section)?, section.size()))))
        .collect();
    let mut all = Sizes::default();
    parts.values().for_each(|&(part, size)| all.add(part, size));
    let mut image = Image::default();
    let (mut named, mut groups) = (Sizes::default(), BTreeMap::<(String, Part), (u64, u32)>::new());
    let symbols = symbols(&file, &parts);
    ensure!(!symbols.is_empty(), "the image has no symbols");
    for (name, part, size) in symbols {
        match owner(&name) {
            Owner::Client => image.client.add(part, size),
            Owner::Support => image.support.add(part, size),
            Owner::Loader => {
                named.add(part, size);
                let group = groups.entry((name, part)).or_default();
                *group = (group.0 + size, group.1 + 1);
            }
        }
    }
    image.loader = all.without(&[image.client, image.support]);
    image.unnamed = image.loader.without(&[named]);
    let groups = groups.into_iter();
    image.symbols =
        groups.map(|((name, part), (size, count))| Symbol { name, part, size, count }).collect();
    image.symbols.sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
    Ok(image)
}

/// What a section's bytes are for; none where it takes no memory.
fn part<'f>(section: &impl ObjectSection<'f>) -> Option<Part> {
    let SectionFlags::Elf { sh_flags, .. } = section.flags() else { return None };
    let has = |flag: elf::SectionFlags| sh_flags.0 & flag.0 != 0;
    let name = section.name().unwrap_or_default();
    // What lld ends the read-only pages with is no memory of its own.
    if !has(elf::SHF_ALLOC) || name == ".relro_padding" {
        return None;
    }
    Some(match name {
        _ if has(elf::SHF_EXECINSTR) => Part::Text,
        _ if name.starts_with(".eh_frame") => Part::Unwind,
        _ if name.starts_with(".data.rel.ro") => Part::Rodata,
        _ if has(elf::SHF_WRITE) => Part::Data,
        _ => Part::Rodata,
    })
}

/// Functions and tables with their sizes; of several names for the same bytes, one.
fn symbols(file: &File<'_>, parts: &BTreeMap<usize, (Part, u64)>) -> Vec<(String, Part, u64)> {
    let mut found: Vec<((usize, u64), String, Part, u64)> = file
        .symbols()
        .filter(|symbol| symbol.size() > 0)
        .filter_map(|symbol| {
            let section = symbol.section_index()?.0;
            let &(part, _) = parts.get(&section)?;
            let name = symbol.name().ok()?;
            // Constants have numbers, and no names that anyone would know.
            let is_number = name.starts_with(".L") || name.starts_with("anon.");
            let place = (section, symbol.address());
            (!is_number).then(|| (place, path(name), part, symbol.size()))
        })
        .collect();
    // Where a name says whose the bytes are, that one counts.
    found.sort_by_key(|(place, name, ..)| (*place, owner(name) == Owner::Loader));
    found.dedup_by_key(|(place, ..)| *place);
    found.into_iter().map(|(_, name, part, size)| (name, part, size)).collect()
}

fn owner(name: &str) -> Owner {
    let is = |names: &[&str], paths: &[&str]| {
        names.contains(&name) || paths.iter().any(|path| name.starts_with(path))
    };
    if is(CLIENT, CLIENT_PATHS) {
        Owner::Client
    } else if is(SUPPORT, SUPPORT_PATHS) {
        Owner::Support
    } else {
        Owner::Loader
    }
}

/// A symbol's path, without its hash and without what it is generic over.
fn path(symbol: &str) -> String {
    let demangled = format!("{:#}", rustc_demangle::demangle(symbol));
    let (mut path, mut rest) = (String::new(), demangled.as_str());
    while let Some((before, inside)) = rest.split_once("::<") {
        path.push_str(before);
        rest = inside;
        if inside.starts_with("impl ") {
            path.push_str("::<"); // it says of what the function is
        } else {
            rest = behind_bracket(inside);
        }
    }
    path + rest
}

/// What stands behind the bracket that closes what is open before `text`.
fn behind_bracket(text: &str) -> &str {
    let (mut open, mut previous) = (1_u32, ' ');
    for (at, next) in text.char_indices() {
        match next {
            '<' => open += 1,
            '>' if previous != '-' => open -= 1, // an arrow is no bracket
            _ => {}
        }
        if open == 0 {
            return &text[at + 1..];
        }
        previous = next;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use object::write::{Object as Writer, StandardSection, Symbol as Written, SymbolSection};
    use object::{Architecture, BinaryFormat, Endianness, SymbolFlags, SymbolKind, SymbolScope};

    fn image() -> Vec<u8> {
        let (format, endian) = (BinaryFormat::Elf, Endianness::Little);
        let mut file = Writer::new(format, Architecture::X86_64, endian);
        let text = file.section_id(StandardSection::Text);
        let rodata = file.section_id(StandardSection::ReadOnlyData);
        let bss = file.section_id(StandardSection::UninitializedData);
        let relro = file.section_id(StandardSection::ReadOnlyDataWithRel);
        file.append_section_data(text, &[0; 100], 1);
        file.append_section_data(rodata, &[0; 30], 1);
        file.append_section_data(relro, &[0; 5], 1);
        file.append_section_bss(bss, 64, 1);
        let note = file.add_section(Vec::new(), b".comment".into(), object::SectionKind::Other);
        file.append_section_data(note, &[0; 9], 1);
        let unwind =
            file.add_section(Vec::new(), b".eh_frame".into(), object::SectionKind::ReadOnlyData);
        file.append_section_data(unwind, &[0; 8], 1);
        let mut add = |name: &str, section, value, size| {
            file.add_symbol(Written {
                name: name.into(),
                value,
                size,
                kind: SymbolKind::Text,
                scope: SymbolScope::Linkage,
                weak: false,
                section: SymbolSection::Section(section),
                flags: SymbolFlags::None,
            });
        };
        add("_start", text, 0, 10);
        add("memcpy", text, 10, 20);
        add("_ZN17compiler_builtins3mem6memcpy17h0123456789abcdefE", text, 10, 20);
        add("_ZN11loader_core4sort9sift_down17h0123456789abcdefE", text, 30, 25);
        add("_ZN11loader_core4sort9sift_down17hfedcba9876543210E", text, 55, 15);
        add("_ZN10size_probe6client4free17h0123456789abcdefE", text, 70, 5);
        add("_ZN11loader_core4arch5TABLE17h0123456789abcdefE", rodata, 0, 20);
        add(".Lanon.0123456789abcdef.7", rodata, 20, 9);
        add("_ZN10size_probe8registry6MEMORY17h0123456789abcdefE", bss, 0, 60);
        file.write().unwrap()
    }

    #[test]
    fn every_byte_is_somebodys() {
        let image = read(&image()).unwrap();
        let sizes = |text, rodata, data, unwind| Sizes { text, rodata, data, unwind };
        assert_eq!(image.client, sizes(15, 0, 60, 0));
        assert_eq!(image.support, sizes(20, 0, 0, 0));
        assert_eq!(image.loader, sizes(65, 35, 4, 8));
        assert_eq!(image.unnamed, sizes(25, 15, 4, 8));
    }

    #[test]
    fn instances_of_one_function_are_counted_together() {
        let image = read(&image()).unwrap();
        let symbol =
            |name: &str, part, size, count| Symbol { name: name.into(), part, size, count };
        assert_eq!(
            image.symbols,
            [
                symbol("loader_core::sort::sift_down", Part::Text, 40, 2),
                symbol("loader_core::arch::TABLE", Part::Rodata, 20, 1),
            ]
        );
    }

    #[test]
    fn an_image_without_symbols_is_refused() {
        let format = (BinaryFormat::Elf, Architecture::X86_64, Endianness::Little);
        let empty = Writer::new(format.0, format.1, format.2).write().unwrap();
        assert!(read(&empty).unwrap_err().to_string().contains("no symbols"));
        assert!(read(b"text").is_err());
    }

    #[test]
    fn what_a_function_is_generic_over_goes() {
        // core::iter::adapters::map::map_fold::<u32, fn(u32) -> u8>, in the newer mangling.
        let symbol = "_RINvNtNtNtC4core4iter8adapters3map8map_foldmFmEhE";
        assert_eq!(path(symbol), "core::iter::adapters::map::map_fold");
        let inherent = "_ZN11loader_core4plan41_$LT$impl$u20$loader_core..plan..Plan$GT$3new17h0123456789abcdefE";
        assert_eq!(path(inherent), "loader_core::plan::<impl loader_core::plan::Plan>::new");
        assert_eq!(path("loader_new"), "loader_new");
    }
}
