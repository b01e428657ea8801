//! The system's own loader: `dlopen` of a shared library, everything bound at once.

use std::path::Path;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};

use crate::{Seconds, timed};

/// Linux's number for: only if it is loaded already.
const RTLD_NOLOAD: i32 = 4;

/// Loads the library `file`; what it needs and no library of this process has is in `stubs`.
pub fn run(file: &str, stubs: Option<&str>, times: usize) -> Seconds {
    let _stubs = stubs.map(|stubs| open(stubs, RTLD_NOW | RTLD_GLOBAL)).transpose()?;
    drop(open(file, RTLD_NOW | RTLD_LOCAL)?);
    if open(file, RTLD_NOW | RTLD_NOLOAD).is_ok() {
        return Err("it stays loaded, so that it loads only once".into());
    }
    timed(times, || open(file, RTLD_NOW | RTLD_LOCAL))
}

fn open(file: &str, flags: i32) -> Result<Library, String> {
    // Without a slash it would be looked for in the system's folders.
    let path = std::path::absolute(Path::new(file)).map_err(|error| error.to_string())?;
    // SAFETY: opening a library runs its initialisers. `cargo xtask bench` made this one of objects
    // that have none, and nothing in it is called.
    let opened = unsafe { Library::open(Some(path), flags) };
    // What went wrong is in the error's source.
    opened.map_err(|error| format!("{:#}", anyhow::Error::from(error)))
}
