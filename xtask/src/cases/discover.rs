//! Finding the cases: a folder per feature, a source per case.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use super::directives::Directives;
use super::variants::Language;

/// The folder of what cases share; it holds no cases.
const SHARED: &str = "include";

/// A case: a source with its directives.
#[derive(Debug)]
pub struct Case {
    /// Its folder and its file's name without the suffix: `symbols/weak_override`.
    pub name: String,
    /// Its source.
    pub source: PathBuf,
    /// The language of that.
    pub language: Language,
    /// What it says about itself.
    pub directives: Directives,
    /// The source's text.
    pub text: Arc<str>,
}

/// All cases below `root`, sorted by name.
///
/// # Errors
/// A file cannot be read, a directive makes no sense, a companion is missing, or two cases have
/// the same name.
pub fn discover(root: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    let mut companions = BTreeSet::new();
    for folder in entries(root)?.into_iter().filter(|path| path.is_dir() && !path.ends_with(SHARED))
    {
        for source in entries(&folder)? {
            let Some(language) = Language::of(&source) else { continue };
            let case = read(source, language)?;
            for companion in case.directives.companions() {
                let path = folder.join(companion);
                let path = path.canonicalize().with_context(|| {
                    format!("{}: there is no {companion} to go with it", case.source.display())
                })?;
                companions.insert(path);
            }
            cases.push(case);
        }
    }
    let mut alone = Vec::new();
    for case in cases {
        if !companions.contains(&case.source.canonicalize()?) {
            alone.push(case);
        }
    }
    alone.sort_by(|a, b| a.name.cmp(&b.name));
    for pair in alone.windows(2) {
        let [first, second] = pair else { continue };
        ensure!(first.name != second.name, "two cases are called {}", first.name);
    }
    Ok(alone)
}

fn read(source: PathBuf, language: Language) -> Result<Case> {
    let shown = source.display().to_string();
    let text = std::fs::read_to_string(&source).with_context(|| format!("cannot read {shown}"))?;
    let directives = Directives::read(&text).with_context(|| shown.clone())?;
    let part = |path: Option<&std::ffi::OsStr>| {
        path.and_then(|name| name.to_str()).map(str::to_owned).with_context(|| shown.clone())
    };
    let folder = part(source.parent().and_then(Path::file_name))?;
    let name = format!("{folder}/{}", part(source.file_stem())?);
    Ok(Case { name, source, language, directives, text: text.into() })
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_told_from_what_goes_with_them() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("b/two.c", "//! with: other.c ../a/one_more.S\n");
        write("b/other.c", "");
        write("a/one.cc", "");
        write("a/one_more.S", "");
        write("include/case.rs", "");
        write("README.md", "");
        let names = || discover(dir.path()).map(|cases| cases.into_iter().map(|case| case.name));
        assert_eq!(names().unwrap().collect::<Vec<_>>(), ["a/one", "b/two"]);
        write("a/one.c", "");
        assert!(names().err().unwrap().to_string().contains("two cases are called a/one"));
        write("a/one.c", "//! with: lost.c\n");
        assert!(names().err().unwrap().to_string().contains("there is no lost.c"));
    }

    #[test]
    fn every_case_of_the_project_can_be_read() {
        let cases = discover(&crate::setup::root().join("qemu-tests/cases")).unwrap();
        assert!(cases.len() > 50, "{}", cases.len());
    }
}
