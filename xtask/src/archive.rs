//! Archives: taking the members that a program needs, as a linker does.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::path::Path;

use anyhow::{Context, Result, bail};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};

/// The first bytes of an archive.
const MAGIC: &[u8] = b"!<arch>\n";
/// The first bytes of a thin archive, which holds the names of its members but not their bytes.
const THIN: &[u8] = b"!<thin>\n";

/// A file's name, as messages show it, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedBytes {
    /// The name; a member's is `archive(member)`.
    pub name: String,
    /// The contents.
    pub bytes: Vec<u8>,
}

/// The symbols of one object that other objects see or must provide.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    /// Names that it defines, weak ones and COMMON included.
    pub defined: Vec<Vec<u8>>,
    /// Those of them that are weak: others may have them as well.
    pub weak: HashSet<Vec<u8>>,
    /// Names that it needs. Weak ones are left out: they pull no member in.
    pub undefined: Vec<Vec<u8>>,
}

impl Symbols {
    /// Reads an object's symbols; none where the bytes are no object that can be read, which is
    /// for the loader to say.
    pub fn of(bytes: &[u8]) -> Self {
        let mut symbols = Self::default();
        let Ok(file) = object::File::parse(bytes) else { return symbols };
        for symbol in file.symbols().filter(ObjectSymbol::is_global) {
            let Ok(name) = symbol.name_bytes() else { continue };
            if symbol.is_definition() || symbol.is_common() {
                symbols.defined.push(name.to_vec());
                if symbol.is_weak() {
                    symbols.weak.insert(name.to_vec());
                }
            } else if symbol.is_undefined() && !symbol.is_weak() && !name.is_empty() {
                symbols.undefined.push(name.to_vec());
            }
        }
        symbols
    }
}

/// An archive, with what each member defines.
#[derive(Debug)]
pub struct Archive {
    name: String,
    bytes: Vec<u8>,
    members: Vec<(String, Range<usize>)>,
    /// The member that defines a symbol; the first one, where several do.
    index: HashMap<Vec<u8>, usize>,
}

impl Archive {
    /// Whether a file is an archive of either kind.
    pub fn is_archive(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC) || bytes.starts_with(THIN)
    }

    /// Reads the archive at `path`.
    ///
    /// # Errors
    /// It cannot be read, is damaged, or is thin.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Self::parse(&name, bytes).with_context(|| format!("{} cannot be used", path.display()))
    }

    /// Reads an archive's bytes.
    ///
    /// # Errors
    /// As for [`Archive::open`].
    pub fn parse(name: &str, bytes: Vec<u8>) -> Result<Self> {
        if bytes.starts_with(THIN) {
            bail!("a thin archive names its members but does not hold them; make it without `T`");
        }
        let mut archive =
            Self { name: name.to_owned(), bytes, members: Vec::new(), index: HashMap::new() };
        let file = ArchiveFile::parse(archive.bytes.as_slice()).context("not an archive")?;
        for member in file.members() {
            let member = member.context("a damaged archive")?;
            let name = String::from_utf8_lossy(member.name()).into_owned();
            let data = member.data(archive.bytes.as_slice()).context("a damaged archive")?;
            // What else an archive may hold, Rust's metadata for one, is nothing to link.
            if name == "lib.rmeta" || !data.starts_with(&object::elf::ELFMAG) {
                continue;
            }
            let start = usize::try_from(member.file_range().0)?;
            let at = archive.members.len();
            archive.members.push((name, start..start + data.len()));
            for symbol in Symbols::of(data).defined {
                archive.index.entry(symbol).or_insert(at);
            }
        }
        Ok(archive)
    }

    /// Whether a member defines `symbol`.
    pub fn defines(&self, symbol: &[u8]) -> bool {
        self.index.contains_key(symbol)
    }

    fn member(&self, at: usize) -> Option<(String, &[u8])> {
        let (name, range) = self.members.get(at)?;
        Some((format!("{}({name})", self.name), self.bytes.get(range.clone())?))
    }
}

/// Follows undefined symbols into archives.
///
/// Files and members add what they define and what they need; [`Linker::pull`] then takes the
/// members that provide it, and those that these need in turn.
#[derive(Debug, Default)]
pub struct Linker {
    defined: HashSet<Vec<u8>>,
    wanted: VecDeque<Vec<u8>>,
    seen: HashSet<Vec<u8>>,
}

impl Linker {
    /// Takes account of an object that is part of the program.
    pub fn add(&mut self, object: &[u8]) {
        self.add_symbols(Symbols::of(object));
    }

    /// Takes account of an object that has these symbols.
    pub fn add_symbols(&mut self, symbols: Symbols) {
        self.defined.extend(symbols.defined);
        for name in symbols.undefined {
            self.want(name);
        }
    }

    /// Asks for a symbol.
    pub fn want(&mut self, name: Vec<u8>) {
        if self.seen.insert(name.clone()) {
            self.wanted.push_back(name);
        }
    }

    /// What is asked for and not defined.
    pub fn missing(&self) -> impl Iterator<Item = &[u8]> {
        self.wanted.iter().map(Vec::as_slice).filter(|name| !self.defined.contains(*name))
    }

    /// Takes the members of `archives` that define what is missing, the first archive that has
    /// it, until no more can be found. What `elsewhere` says yes to is left alone.
    pub fn pull(
        &mut self,
        archives: &[Archive],
        elsewhere: impl Fn(&[u8]) -> bool,
    ) -> Vec<NamedBytes> {
        let mut taken = HashSet::new();
        let mut members = Vec::new();
        let mut unmet = VecDeque::new();
        while let Some(name) = self.wanted.pop_front() {
            if self.defined.contains(&name) {
                continue;
            }
            let mut found = archives.iter().enumerate().filter_map(|(number, archive)| {
                archive.index.get(&name).map(|&at| (number, archive, at))
            });
            let found = if elsewhere(&name) { None } else { found.next() };
            let Some((number, archive, at)) = found else {
                unmet.push_back(name);
                continue;
            };
            if !taken.insert((number, at)) {
                continue;
            }
            if let Some((name, bytes)) = archive.member(at) {
                self.add(bytes);
                members.push(NamedBytes { name, bytes: bytes.to_vec() });
            }
        }
        self.wanted = unmet;
        members
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
pub mod tests;
