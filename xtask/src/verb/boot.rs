//! `cargo xtask boot`: an image as it is, with its console.

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::arch::Arch;
use crate::cli::BootArgs;
use crate::qemu::{self, DEFAULT_LIMIT, Stop};
use crate::setup::Tools;
use crate::stdout;

/// Boots the image and shows what it prints.
///
/// # Errors
/// The image cannot be read or does not come to a good end.
pub fn run(args: &BootArgs) -> Result<ExitCode> {
    let shown = args.image.display();
    let bytes = std::fs::read(&args.image).with_context(|| format!("cannot read {shown}"))?;
    let arch = Arch::of_object(&bytes).with_context(|| format!("{shown} is no image"))?;
    let job = args.job.as_deref();
    let boot = qemu::boot_file(&Tools::new(), arch, &args.image, job, DEFAULT_LIMIT)?;
    stdout::print(&boot.preamble)?;
    for program in &boot.programs {
        stdout::print(&program.output)?;
    }
    let good = boot.stop == Stop::Done;
    if !good {
        eprintln!("{}", boot.stop);
    }
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
