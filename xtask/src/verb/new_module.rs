//! `cargo xtask new-module`: a folder with a module to begin with.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Machines, NewModuleArgs, UsageError};
use crate::new_module::Project;

/// Writes the module, and says what to do next.
///
/// # Errors
/// The name cannot be had, or the folder cannot be written.
pub fn run(args: &NewModuleArgs) -> Result<ExitCode> {
    let (name, language) = (args.name.clone(), args.lang);
    name.check(language).map_err(UsageError)?;
    let project = Project { name, language, archs: args.arch.unwrap_or(Machines::All).list() };
    let dir = args.dir.as_deref().unwrap_or(Path::new(""));
    let folder = project.write(dir).map_err(UsageError)?;
    println!(
        "{} is a module in {language} now. To build it, see how it would be loaded, and run it:",
        folder.display()
    );
    println!("\n  cd {}", folder.display());
    for command in project.commands() {
        println!("  {command}");
    }
    println!("\nIts README says the rest.");
    Ok(ExitCode::SUCCESS)
}
