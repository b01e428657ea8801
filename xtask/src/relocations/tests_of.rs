//! Which tests name a relocation type.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::setup::root;

/// Where tests are.
const FOLDERS: &[&str] = &["loader-core/tests", "qemu-tests/cases", "xtask/src/diff/corpus"];

/// For each word that looks like a relocation type, the tests that have it: `FOLDER/STEM`.
///
/// # Errors
/// A folder cannot be read.
pub fn names() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut names = BTreeMap::new();
    for folder in FOLDERS {
        visit(&root().join(folder), &mut names)?;
    }
    Ok(names)
}

fn visit(folder: &Path, names: &mut BTreeMap<String, BTreeSet<String>>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            visit(&path, names)?;
            continue;
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let parent = folder.file_name().unwrap_or_default().to_string_lossy();
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')) {
            if word.starts_with("R_") {
                names.entry(word.to_owned()).or_default().insert(format!("{parent}/{stem}"));
            }
        }
    }
    Ok(())
}
