//! Sections that `__start_` and `__stop_` symbols speak of: all of one name are one output section,
//! which has this name, so that the linkers define the symbols. Read apart from the loader.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use object::LittleEndian as LE;
use object::elf::{SHF_ALLOC, SHF_TLS, STB_LOCAL};
use object::read::elf::{SectionHeader, Sym};

use super::load::Section;
use super::relocations::File;
use crate::archive::NamedBytes;

/// The sections of objects that lie together, and the boundaries that have symbols.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The name that each shares with the others, by its object and number there.
    names: BTreeMap<(usize, u32), String>,
    /// The symbols that speak of boundaries, and their addresses.
    pub boundaries: BTreeMap<Vec<u8>, u64>,
}

impl Gathered {
    /// Finds the sections among those that are loaded.
    ///
    /// # Errors
    /// An object is damaged.
    pub fn of(files: &[NamedBytes], loaded: &[Section]) -> Result<Self> {
        let parsed: Result<Vec<_>> = files.iter().map(|file| File::parse(&file.bytes)).collect();
        let parsed = parsed?;
        let mut spoken_of = BTreeSet::new();
        for file in &parsed {
            for symbol in file.symbols.iter() {
                let name = file.symbols.symbol_name(LE, symbol)?;
                let section =
                    name.strip_prefix(b"__start_").or_else(|| name.strip_prefix(b"__stop_"));
                let is_open = symbol.is_undefined(LE) && symbol.st_bind() != STB_LOCAL;
                if let Some(section) = section.filter(|section| is_open && is_identifier(section)) {
                    spoken_of.insert(String::from_utf8_lossy(section).into_owned());
                }
            }
        }
        let mut gathered = Self::default();
        let mut ends: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for section in loaded {
            let file = &parsed[section.object];
            let header = file.sections.section(object::SectionIndex(section.index as usize))?;
            let flags = header.sh_flags(LE).0;
            let is_one = flags & SHF_ALLOC.0 != 0 && flags & SHF_TLS.0 == 0;
            let Some(name) = spoken_of.get(&section.name).filter(|_| is_one) else { continue };
            gathered.names.insert((section.object, section.index), name.clone());
            let (start, end) = ends.entry(name).or_insert((u64::MAX, 0));
            *start = section.address.min(*start);
            *end = (section.address + section.bytes.len() as u64).max(*end);
        }
        for (name, (start, end)) in ends {
            gathered.boundaries.insert(format!("__start_{name}").into_bytes(), start);
            gathered.boundaries.insert(format!("__stop_{name}").into_bytes(), end);
        }
        Ok(gathered)
    }

    /// The name that a section shares with others; `None` for one that lies by itself.
    pub fn name(&self, object: usize, index: u32) -> Option<&str> {
        self.names.get(&(object, index)).map(String::as_str)
    }

    /// Where the sections of a name begin and end.
    pub fn extent(&self, name: &str) -> Option<(u64, u64)> {
        let boundary =
            |prefix: &str| self.boundaries.get(format!("{prefix}{name}").as_bytes()).copied();
        boundary("__start_").zip(boundary("__stop_"))
    }
}

/// Whether a linker defines symbols for sections of this name.
fn is_identifier(name: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    name.first().is_some_and(|first| !first.is_ascii_digit()) && name.iter().all(is_part)
}
