//! Report files: what a verb has found, as JSON.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Writes a report to a file.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, report: &(impl Serialize + ?Sized)) -> Result<()> {
    let write = || -> Result<()> {
        // Not in memory first: the map of a large module may have more bytes than the module.
        let mut file = BufWriter::with_capacity(1 << 16, File::create(path)?);
        serde_json::to_writer_pretty(&mut file, report)?;
        writeln!(file)?;
        Ok(file.flush()?)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
