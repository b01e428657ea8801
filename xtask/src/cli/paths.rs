//! Files on the command line, looked at before anything takes its time.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};

/// A file that is there.
pub fn existing() -> impl TypedValueParser<Value = PathBuf> {
    let check = |path: PathBuf| match path.exists() && !path.is_dir() {
        true => Ok(path),
        false => Err("there is no such file"),
    };
    PathBufValueParser::new().try_map(check)
}

/// A file that is to be written when all is done: its folder is there, and it is none itself.
pub fn to_be_written() -> impl TypedValueParser<Value = PathBuf> {
    let check = |path: PathBuf| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let is_folder = path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if is_folder {
            Err("this is a folder")
        } else if !folder.unwrap_or(Path::new(".")).is_dir() {
            Err("its folder is not there")
        } else {
            Ok(path)
        }
    };
    PathBufValueParser::new().try_map(check)
}
