//! `cargo xtask bench`: what a load takes, beside the floor and beside others.

use std::process::ExitCode;

use anyhow::Result;

use crate::bench;
use crate::cli::BenchArgs;
use crate::report;
use crate::setup::Tools;

/// Runs the command.
///
/// # Errors
/// A tool is missing, an object cannot be read or compiled, or a file cannot be written.
pub fn run(args: &BenchArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    if args.check {
        let good = bench::check::check(&tools)?;
        return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if args.rebase {
        bench::check::rebase(&tools)?;
        return Ok(ExitCode::SUCCESS);
    }
    let measured = match args.files.as_slice() {
        [] => bench::everything(&tools, args.quick)?,
        files => bench::files(&tools, files, args.quick)?,
    };
    measured.show();
    if let Some(path) = &args.report {
        report::write(path, &measured)?;
    }
    if args.write_docs {
        for file in bench::write_docs(&tools, &measured)? {
            println!("wrote {}", file.display());
        }
    }
    Ok(ExitCode::SUCCESS)
}
