//! The linkers' side: the same objects, linked at the addresses that our loader chose.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use anyhow::{Context, Result};
use object::LittleEndian as LE;
use object::elf::{SHN_UNDEF, SHT_NOBITS, STB_LOCAL, STT_FILE, STT_SECTION};
use object::read::elf::{Rela, SectionHeader, Sym};

use super::linker::{Kind, Linker};
use super::load::{Loaded, Table};
use super::relocations::File;
use super::told::Told;
use super::write::{
    Changes, DISCARDED, THREAD_LOCAL_IMPORTS, import_name, imports_object, neutralised,
    section_name, stub_name,
};
use crate::arch::Arch;
use crate::archive::NamedBytes;

/// A section beyond what 31 bits can address, always: without one, ld.lld takes for granted that
/// every relaxation on x86-64 is in range.
const BEYOND: u64 = 0x7a00_0000_0000;
/// How far behind our GOT, on x86-64, the linker's is put. Where ours is, `.got.plt` goes, which
/// is what the linkers call the global offset table there.
const GOT_BEHIND: u64 = 0x10_0000;

/// The section with the relocations that are left for when the program starts.
const RESOLVERS: &str = ".rela.dyn";

/// What a linker made.
#[derive(Debug)]
pub struct Linked {
    /// The sections by their names: address and bytes; those without bytes are all zero.
    pub sections: BTreeMap<String, Table>,
    /// The symbols that have a name: whether they are local, and their addresses.
    pub symbols: Vec<(Vec<u8>, bool, u64)>,
    /// The GOT.
    pub got: Table,
    /// What offsets into the GOT count from.
    pub got_base: u64,
    /// The functions that initialise words when the program starts, by the places of these.
    pub resolvers: BTreeMap<u64, u64>,
}

/// Links `files` as `loaded` was laid out, with what the linker is to be told.
///
/// # Errors
/// It refuses them: what it said.
pub fn link(linker: &Linker, files: &[NamedBytes], loaded: &Loaded, told: &Told) -> Result<Linked> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let write = |name: &str, bytes: &[u8]| -> Result<()> {
        fs::write(folder.path().join(name), bytes).context("cannot write a temporary file")
    };
    let mut imports = loaded.imports.clone();
    imports.extend(told.stubs.iter().map(|(import, address)| (stub_name(import), *address)));
    imports.extend(loaded.commons.iter().cloned());
    let first = files.first().context("nothing to link")?;
    write(
        "imports.o",
        &imports_object(&first.bytes, &imports, &told.numbers, &loaded.thread_locals)?,
    )?;
    let mut objects = vec!["imports.o".to_owned()];
    for (number, file) in files.iter().enumerate() {
        let mine = loaded.sections.iter().filter(|section| section.object == number);
        let name = |index| (index, loaded.linked_name(number, index));
        let mut mine: BTreeMap<u32, String> = mine.map(|section| name(section.index)).collect();
        let locals = loaded.thread_locals.sections.iter();
        let locals = locals.filter(|(object, ..)| *object == number);
        mine.extend(locals.map(|(_, index, _)| name(*index)));
        if linker.kind == Kind::Lld {
            let shown = loaded.debug.sections.iter().filter(|section| section.object == number);
            mine.extend(shown.map(|section| (section.index, section.linked_name())));
        }
        let none = Changes::new();
        let changes = told.changes.get(number).unwrap_or(&none);
        let name = format!("{number}.o");
        write(&name, &neutralised(&file.bytes, &mine, changes)?)?;
        objects.push(name);
    }
    write("script", script(linker, loaded, &imports).as_bytes())?;
    Linked::read(linker.arch, &linker.link(folder.path(), &objects, loaded.relaxed)?)
}

/// One output section for each input section, at its address, or for those that lie together
/// because of their name. A program header that loads
/// nothing keeps ld.lld from giving file offsets a distance that addresses have.
fn script(linker: &Linker, loaded: &Loaded, imports: &BTreeMap<Vec<u8>, u64>) -> String {
    let locals = &loaded.thread_locals;
    let mut script = String::from("PHDRS { all PT_NULL; ");
    if !(locals.sections.is_empty() && locals.imports.is_empty()) {
        script += "tls PT_TLS; ";
    }
    script += "}\nSECTIONS {\n";
    // Writing to a string cannot fail.
    for (object, index, offset) in &locals.sections {
        let (name, at) = (section_name(*object, *index), locals.start + offset);
        let _ = writeln!(script, "  {name} {at:#x} : {{ *({name}) }} :all :tls");
    }
    if let Some(offset) = locals.imports.values().min() {
        let (name, at) = (THREAD_LOCAL_IMPORTS, locals.start + offset);
        let _ = writeln!(script, "  {name} {at:#x} : {{ *({name}) }} :all :tls");
    }
    let mut place = |name: &str, pattern: &str, address: u64| {
        let _ = writeln!(script, "  {name} {address:#x} : {{ *({pattern}) }} :all");
    };
    let mut named = BTreeSet::new();
    for section in &loaded.sections {
        let name = loaded.linked_name(section.object, section.index);
        // Those that lie together are one output section, where the first of them is.
        let extent = loaded.gathered.extent(&name);
        let is_first = extent.is_none_or(|_| named.insert(name.clone()));
        let address = extent.map_or(section.address, |(start, _)| start);
        let is_local = |(object, index, _): &(usize, u32, u64)| {
            (*object, *index) == (section.object, section.index)
        };
        if is_first && !locals.sections.iter().any(is_local) {
            place(&name, &name, address);
        }
    }
    for (at, address) in imports.values().enumerate() {
        let name = import_name(at);
        place(&name, &name, *address);
    }
    match linker.arch {
        Arch::Aarch64 | Arch::Riscv64 => place(".got", ".got", loaded.got.address),
        Arch::X86_64 => {
            place(".got.plt", ".got.plt", loaded.got.address);
            place(".got", ".got", loaded.got.address + GOT_BEHIND);
        }
    }
    if linker.kind == Kind::Lld {
        for section in &loaded.debug.sections {
            let (name, object) = (section.linked_name(), section.object);
            let at = section.output_name();
            let _ = writeln!(script, "  {at} 0 : {{ {object}.o({name}) }} :all");
        }
        let _ = writeln!(script, "  .beyond {BEYOND:#x} : {{ BYTE(0) }} :all");
        let _ = writeln!(script, "  {RESOLVERS} {:#x} : {{ *({RESOLVERS}) }} :all", BEYOND + 16);
    }
    let _ = writeln!(script, "  /DISCARD/ : {{ *({DISCARDED}) }}\n}}");
    script
}

/// The functions that `R_AARCH64_IRELATIVE` names, by the places that get what they return.
fn resolvers(file: &File<'_>, arch: Arch) -> Result<BTreeMap<u64, u64>> {
    const IRELATIVE: u32 = 1032;
    let mut resolvers = BTreeMap::new();
    for section in file.sections.iter().filter(|_| arch == Arch::Aarch64) {
        let Some((entries, _)) = section.rela(LE, file.bytes)? else { continue };
        let entries = entries.iter().filter(|entry| entry.r_type(LE, false).0 == IRELATIVE);
        resolvers.extend(entries.map(|entry| (entry.r_offset(LE), entry.r_addend(LE) as u64)));
    }
    Ok(resolvers)
}

impl Linked {
    fn read(arch: Arch, bytes: &[u8]) -> Result<Self> {
        let file = File::parse(bytes)?;
        let mut sections = BTreeMap::new();
        for (index, section) in file.sections.enumerate() {
            let bytes = if section.sh_type(LE) == SHT_NOBITS {
                vec![0; usize::try_from(section.sh_size(LE))?]
            } else {
                section.data(LE, file.bytes)?.to_vec()
            };
            let table = Table { address: section.sh_addr(LE), bytes };
            sections.insert(file.section_name(u32::try_from(index.0)?), table);
        }
        let mut symbols = Vec::new();
        for symbol in file.symbols.iter() {
            let special = [STT_FILE, STT_SECTION].contains(&symbol.st_type());
            let name = file.symbols.symbol_name(LE, symbol)?;
            if !special && !name.is_empty() && symbol.st_shndx(LE) != SHN_UNDEF {
                let local = symbol.st_bind() == STB_LOCAL;
                symbols.push((name.to_vec(), local, symbol.st_value(LE)));
            }
        }
        let got: Table = sections.get(".got").cloned().unwrap_or_default();
        // GNU ld has a `.got.plt` on every machine.
        let base = sections.get(".got.plt").filter(|_| arch == Arch::X86_64);
        let got_base = base.unwrap_or(&got).address;
        let resolvers = resolvers(&file, arch)?;
        Ok(Self { sections, symbols, got, got_base, resolvers })
    }

    /// What a linker makes of a module when it makes the same.
    #[cfg(test)]
    pub fn like(loaded: &Loaded) -> Self {
        let sections = loaded.sections.iter().map(|section| {
            let table = Table { address: section.address, bytes: section.bytes.clone() };
            (section_name(section.object, section.index), table)
        });
        Self {
            sections: sections.collect(),
            symbols: loaded.symbols.clone(),
            got: loaded.got.clone(),
            got_base: loaded.got.address,
            resolvers: BTreeMap::new(),
        }
    }
}
