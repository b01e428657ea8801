//! `cargo xtask header`: writes or checks the C API's header.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::HeaderArgs;
use crate::header;

/// Runs the command.
///
/// # Errors
/// The sources cannot be read, or the header cannot be written.
pub fn run(args: &HeaderArgs) -> Result<ExitCode> {
    if args.check {
        let current = header::is_current()?;
        let state = if current { "is up to date" } else { "is out of date: cargo xtask header" };
        println!("{} {state}", header::NAME);
        return Ok(if current { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    println!("wrote {}", header::write()?.display());
    Ok(ExitCode::SUCCESS)
}
