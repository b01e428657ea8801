//! Report files: what a verb has found, as JSON.

use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

/// Writes a report to a file.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, report: &(impl Serialize + ?Sized)) -> Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}
