//! Files as C, for programs on machines without any: a header says how they are found.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::runtime::archives::{Inputs, kept};
use crate::runtime::compile::bytes_as_c;
use crate::setup::build_dir;

/// The header, beside the programs.
pub const HEADER: &str = "embedded.h";

/// Changes when the source is made in another way of the same files.
const FORMAT: &str = "2";

/// What the files have once, and what they get instead.
pub type Change = (&'static str, &'static str);

/// A source that holds `files`, in their order, for who includes `header`.
///
/// # Errors
/// One cannot be read, they do not have what is to be changed, or the source cannot be written.
pub fn embed(header: &Path, files: &[PathBuf], changes: &[Change]) -> Result<PathBuf> {
    let words: Vec<_> = changes.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let words: Vec<_> = [FORMAT].iter().chain(&words).map(ToString::to_string).collect();
    let mut inputs = Inputs::new().words(&words).fixed(header);
    for file in files {
        inputs = inputs.contents(file)?;
    }
    let folder = build_dir().join("here").join("programs");
    let made = kept(&folder, "embedded.c", &inputs, || {
        let mut contents = Vec::new();
        for path in files {
            let bytes =
                fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            contents.push((name, bytes));
        }
        for change in changes {
            replace(&mut contents, change)?;
        }
        Ok(source(header, &contents).into_bytes())
    })?;
    Ok(made.path)
}

/// Makes one change.
fn replace(files: &mut [(String, Vec<u8>)], (from, to): &Change) -> Result<()> {
    let places = files.iter().enumerate().flat_map(|(file, (_, bytes))| {
        let windows = bytes.windows(from.len()).enumerate();
        windows.filter(|(_, window)| *window == from.as_bytes()).map(move |(at, _)| (file, at))
    });
    let places: Vec<_> = places.collect();
    let [(file, at)] = places[..] else {
        bail!("{from:?} is there {} times, not once", places.len());
    };
    files[file].1.splice(at..at + from.len(), to.bytes());
    Ok(())
}

fn source(header: &Path, files: &[(String, Vec<u8>)]) -> String {
    let (mut arrays, mut rows) = (String::new(), String::new());
    for (at, (name, bytes)) in files.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(arrays, "static const char file_{at}[] = {{{} 0 }};", bytes_as_c(bytes));
        let _ = writeln!(rows, "    {{ {name:?}, file_{at}, {} }},", bytes.len());
    }
    format!(
        "#include \"{}\"\n{arrays}const struct embedded embedded[] = {{\n{rows}    {{ NULL, NULL, 0 }}\n}};\n",
        header.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_an_array() {
        let files = [("a.js".to_owned(), b"x\xff".to_vec()), ("b.js".to_owned(), vec![])];
        let source = source(Path::new("e.h"), &files);
        assert!(source.contains("static const char file_0[] = {\n    120, -1, 0 };"), "{source}");
        assert!(source.contains("{ \"a.js\", file_0, 2 },"), "{source}");
        assert!(source.contains("file_1[] = { 0 };"), "{source}");
    }

    #[test]
    fn a_change_is_made_once() {
        let mut files = [("a".to_owned(), b"x 10 y".to_vec()), ("b".to_owned(), b"20 20".to_vec())];
        replace(&mut files, &("10", "7")).unwrap();
        assert_eq!(files[0].1, b"x 7 y");
        assert!(replace(&mut files, &("10", "7")).is_err());
        assert!(replace(&mut files, &("20", "7")).is_err());
    }
}
