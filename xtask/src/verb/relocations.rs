//! `cargo xtask relocations`: writes or checks `docs/relocations.md`.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::RelocationsArgs;
use crate::setup::Tools;
use crate::{diff, relocations, show};

/// Runs the command.
///
/// # Errors
/// The facts or the tests cannot be read, or the document cannot be written.
pub fn run(args: &RelocationsArgs) -> Result<ExitCode> {
    if args.check {
        let current = relocations::is_current()?;
        let state =
            if current { "is up to date" } else { "is out of date: cargo xtask relocations" };
        println!("docs/relocations.md {state}");
        return Ok(if current { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if args.oracles {
        let covered = diff::covered(&Tools::new())?;
        relocations::write_oracles(&covered)?;
        for (kind, types) in &covered {
            let count = show::number(types.len() as u64);
            println!("{count} types are compared with {}", kind.name());
        }
    }
    println!("wrote {}", relocations::write()?.display());
    Ok(ExitCode::SUCCESS)
}
