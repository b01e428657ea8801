//! Single objects that are compiled once and kept for the next run, as some take minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::archives::{Inputs, kept};
use crate::process;
use crate::setup::build_dir;

/// Longest that one compilation may take, on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(1800);

/// The object `name` that `command` makes when it is told where to (`-o`): made unless the same compiler
/// has made it before, by the same arguments. What they name goes into `inputs`.
///
/// # Errors
/// It does not compile: what the compiler said.
pub fn object(name: &str, mut command: Command, inputs: Inputs) -> Result<PathBuf> {
    let words: Vec<String> =
        command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let inputs = inputs.installed(Path::new(command.get_program()))?.words(&words);
    let made = kept(&build_dir().join("objects"), name, &inputs, || {
        let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
        let object = scratch.path().join(name);
        process::run(command.arg("-o").arg(&object), LIMIT)?
            .checked(&command.get_program().to_string_lossy())
            .with_context(|| format!("{name}: {}", words.join(" ")))?;
        fs::read(&object).context("the compiler wrote no object")
    })?;
    Ok(made.path)
}
