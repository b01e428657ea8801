//! What embeds the loader besides the system images: programs in C, through the C API and its header, on
//! this machine and in a kernel; and a UEFI application.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Context, Tally};
use crate::header;
use crate::process::{self, End};

mod host;
mod kernel;
mod library;
mod uefi;

pub(super) use uefi::ARCHS as UEFI_ARCHS;

/// Longest that a compiler, or a program that is tested, may take.
const LIMIT: Duration = Duration::from_secs(120);

/// The header, the library, and each of the clients.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let mut tally = Tally::default();
    tally.count("the C API's header is up to date", up_to_date());
    library::without_panic(context, &mut tally)?;
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        host::run(context, &mut tally)?;
    }
    kernel::run(context, &mut tally)?;
    uefi::run(context, &mut tally)?;
    Ok(tally)
}

fn up_to_date() -> Result<()> {
    ensure!(header::is_current()?, "{} is out of date: cargo xtask header", header::NAME);
    Ok(())
}

/// The files in a folder that end so, in order.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder);
    let entries = entries.with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == extension));
    files.sort();
    Ok(files)
}

/// Runs a program that must succeed.
fn must(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    Ok(process::run(command, LIMIT)?.checked(&name)?.stdout_text())
}

/// Boots a machine that switches itself off, and gives its exit code and all that it printed.
fn boot(qemu: &mut Command) -> Result<(Option<i32>, String)> {
    let mut printed = Vec::new();
    let end = process::pump(qemu, LIMIT.into(), |_, line| {
        printed.extend_from_slice(line);
        ControlFlow::Continue(())
    })?;
    let printed = String::from_utf8_lossy(&printed).replace('\r', "");
    match end {
        End::Exit(status) => Ok((status.code(), printed)),
        End::Stopped | End::TimeLimit => {
            bail!("it did not switch itself off within {} s:\n{printed}", LIMIT.as_secs())
        }
    }
}
