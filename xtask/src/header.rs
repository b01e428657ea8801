//! The C API's header, which cbindgen makes of `loader-capi` as its `cbindgen.toml` says.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};

use crate::setup::root;

/// The header, as messages call it.
pub const NAME: &str = "loader-capi/include/loader.h";

/// Writes it.
///
/// # Errors
/// The sources cannot be read, or the header cannot be written.
pub fn write() -> Result<PathBuf> {
    let path = root().join(NAME);
    std::fs::write(&path, text()?).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// Whether it is what the sources say.
///
/// # Errors
/// The sources or the header cannot be read.
pub fn is_current() -> Result<bool> {
    let path = root().join(NAME);
    let is = std::fs::read_to_string(&path);
    Ok(is.with_context(|| format!("cannot read {}", path.display()))? == text()?)
}

/// What it should be.
fn text() -> Result<String> {
    let package = root().join("loader-capi");
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml"))
        .map_err(|error| anyhow!("loader-capi/cbindgen.toml: {error}"))?;
    let folder = package.join("src");
    let entries = std::fs::read_dir(&folder).context("cannot read loader-capi/src")?;
    let mut sources: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    sources.sort();
    let builder = cbindgen::Builder::new().with_config(config);
    let builder = sources.into_iter().fold(builder, cbindgen::Builder::with_src);
    let bindings = builder.generate().context("cbindgen does not read loader-capi")?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(String::from_utf8(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_the_sources_say() {
        assert!(is_current().unwrap(), "run `cargo xtask header`");
    }
}
