//! Files on the command line, looked at before anything takes its time.

use std::path::{Path, PathBuf};

/// A file that is there.
pub fn existing(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if path.is_file() { Ok(path) } else { Err("there is no such file".into()) }
}

/// A file that can be written when all is done: its folder is there, and it is none itself.
pub fn to_be_written(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if path.is_dir() {
        Err("this is a folder".into())
    } else if !folder.unwrap_or(Path::new(".")).is_dir() {
        Err("its folder is not there".into())
    } else {
        Ok(path)
    }
}
