//! Files that are made once for the same inputs: the name of the folder they stand in is a hash of
//! all that went into them. Most are archives.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::setup::build_dir;

/// Changes when archives are made in another way from the same inputs.
const FORMAT: u32 = 1;

/// All that decides what is in a file.
#[derive(Clone)]
pub struct Inputs(DefaultHasher);

/// A file that is there.
#[derive(Debug)]
pub struct Made {
    /// The file.
    pub path: PathBuf,
    /// Whether it was made just now.
    pub fresh: bool,
}

impl Inputs {
    /// No inputs yet.
    pub fn new() -> Self {
        let mut hasher = DefaultHasher::new();
        FORMAT.hash(&mut hasher);
        Self(hasher)
    }

    /// Adds words: flags, for one.
    #[must_use]
    pub fn words(mut self, words: &[String]) -> Self {
        words.hash(&mut self.0);
        self
    }

    /// Adds a path whose contents never change: a package that cargo unpacked.
    #[must_use]
    pub fn fixed(mut self, path: &Path) -> Self {
        path.hash(&mut self.0);
        self
    }

    /// Adds a program or a library of the system, which a new version of its package replaces.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn installed(mut self, path: &Path) -> Result<Self> {
        let real = fs::canonicalize(path).with_context(|| cannot_read(path))?;
        let data = fs::metadata(&real).with_context(|| cannot_read(&real))?;
        (real, data.len(), data.modified().ok()).hash(&mut self.0);
        Ok(self)
    }

    /// Adds a file, or all that is in a folder, by its contents.
    ///
    /// # Errors
    /// Something in it cannot be read.
    pub fn contents(mut self, path: &Path) -> Result<Self> {
        path.hash(&mut self.0);
        if !path.is_dir() {
            fs::read(path).with_context(|| cannot_read(path))?.hash(&mut self.0);
            return Ok(self);
        }
        for entry in entries(path)? {
            self = self.contents(&entry)?;
        }
        Ok(self)
    }
}

/// The archive `name` for `arch`, made by `make` unless one of the same `inputs` is there.
///
/// # Errors
/// `make` fails, or the archive cannot be written.
pub fn archive(
    arch: Arch,
    name: &str,
    inputs: &Inputs,
    make: impl FnOnce() -> Result<Vec<NamedBytes>>,
) -> Result<Made> {
    // One at a time: making one keeps all processors busy, and two may want the same.
    static MAKING: Mutex<()> = Mutex::new(());
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = build_dir().join(arch.name()).join("runtime");
    kept(&folder, name, inputs, || {
        let members = make()?;
        in_memory(&members).context("an archive cannot hold this name")
    })
}

/// The file `name` that is kept in `folder`, made by `make` unless one of the same `inputs` is there.
///
/// # Errors
/// `make` fails, or the file cannot be written.
pub fn kept(
    folder: &Path,
    name: &str,
    inputs: &Inputs,
    make: impl FnOnce() -> Result<Vec<u8>>,
) -> Result<Made> {
    let folder = folder.join(format!("{:016x}", inputs.0.finish()));
    let path = folder.join(name);
    if path.is_file() {
        return Ok(Made { path, fresh: false });
    }
    let bytes = make()?;
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    // Another process may be making the same file: it appears whole, or not at all.
    let unfinished = folder.join(format!("{name}.{}", std::process::id()));
    let renamed = fs::write(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, &path));
    renamed.with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Made { path, fresh: true })
}

/// What is in a folder, in the order of the names.
///
/// # Errors
/// It cannot be read.
pub fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).and_then(|entries| {
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
    });
    let mut entries = entries.with_context(|| cannot_read(folder))?;
    entries.sort();
    Ok(entries)
}

/// The objects in an archive that [`archive`] made.
///
/// # Errors
/// It cannot be read.
pub fn members(path: &Path) -> Result<Vec<NamedBytes>> {
    let bytes = fs::read(path).with_context(|| cannot_read(path))?;
    let mut archive = ar::Archive::new(bytes.as_slice());
    let mut members = Vec::new();
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry.with_context(|| cannot_read(path))?;
        let name = String::from_utf8_lossy(entry.header().identifier()).into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).with_context(|| cannot_read(path))?;
        members.push(NamedBytes { name, bytes });
    }
    Ok(members)
}

/// The bytes of an archive of these members; it has no index.
///
/// # Errors
/// A name cannot be written.
pub fn in_memory(members: &[NamedBytes]) -> std::io::Result<Vec<u8>> {
    // The builder writes the magic with the first member.
    let mut bytes = if members.is_empty() { b"!<arch>\n".to_vec() } else { Vec::new() };
    let names = members.iter().map(|member| member.name.clone().into_bytes()).collect();
    let mut builder = ar::GnuBuilder::new(&mut bytes, names);
    for member in members {
        let size = member.bytes.len() as u64;
        let header = ar::Header::new(member.name.clone().into_bytes(), size);
        builder.append(&header, member.bytes.as_slice())?;
    }
    builder.into_inner()?;
    Ok(bytes)
}

fn cannot_read(path: &Path) -> String {
    format!("cannot read {}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_back_as_they_were() {
        let long = "a-name-that-is-too-long-for-the-header.o".to_owned();
        let members = vec![
            NamedBytes { name: "odd.o".into(), bytes: vec![1, 2, 3] },
            NamedBytes { name: long, bytes: vec![4; 1000] },
        ];
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, in_memory(&members).unwrap()).unwrap();
        assert_eq!(super::members(file.path()).unwrap(), members);
    }

    #[test]
    fn a_file_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let inputs = |word: &str| Inputs::new().words(&[word.to_owned()]);
        let make = |word: &str, bytes: &[u8]| {
            let made = kept(folder.path(), "a", &inputs(word), || Ok(bytes.to_vec())).unwrap();
            (made.fresh, fs::read(made.path).unwrap())
        };
        assert_eq!(make("one", b"1"), (true, b"1".to_vec()));
        assert_eq!(make("one", b"other"), (false, b"1".to_vec()));
        assert_eq!(make("two", b"2"), (true, b"2".to_vec()));
        let fails = || anyhow::bail!("no");
        assert!(kept(folder.path(), "a", &inputs("three"), fails).is_err());
        assert_eq!(make("three", b"3"), (true, b"3".to_vec())); // and left nothing behind
    }

    #[test]
    fn any_other_input_is_another_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.c");
        let key = || Inputs::new().contents(folder.path()).unwrap().0.finish();
        fs::write(&file, "one").unwrap();
        let one = key();
        assert_eq!(one, key());
        fs::write(&file, "two").unwrap();
        assert_ne!(one, key());
        let flags = |flag: &str| Inputs::new().words(&[flag.to_owned()]).0.finish();
        assert_ne!(flags("-O1"), flags("-O2"));
    }
}
