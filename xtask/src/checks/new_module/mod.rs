//! Modules as `cargo xtask new-module` writes them: each is built for all machines by every compiler,
//! into one object that defines nothing others have, and runs as its sources say.

use std::path::Path;

use anyhow::{Result, ensure};

use super::{Context, Tally};
use crate::arch::Arch;
use crate::image;
use crate::new_module::Language;
use crate::parallel;
use crate::progress;
use crate::setup::Need;
use crate::verb::qemu;

mod archive;
mod build;
mod judge;
mod style;

use build::{Module, Way};

/// Writes modules, builds them, and looks at what comes of it.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let mut needs = vec![Need::Clang, Need::Clangxx, Need::Lld, Need::Make];
    needs.extend(Arch::ALL.iter().flat_map(|&arch| [Need::Gcc(arch), Need::Gxx(arch)]));
    tools.ensure(&needs)?;
    qemu::set_up(tools, &Arch::ALL)?;
    image::paths(tools, &Arch::ALL)?;
    let folder = tempfile::tempdir()?;
    let mut tally = Tally::default();
    tally.count("new-module: what is there stays as it is", taken(folder.path()));
    let step = progress::counted("new modules", Way::ALL.len());
    let built = parallel::map(&Way::ALL, |way| {
        let module = build::module(tools, *way, folder.path());
        step.advance();
        module
    });
    step.finish();
    let mut modules = Vec::new();
    for (way, built) in Way::ALL.into_iter().zip(built) {
        match built {
            Ok(module) => modules.push(module),
            Err(error) => tally.fail(format!("new-module: {way}: build"), format!("{error:#}")),
        }
    }
    let pairs = modules.iter().flat_map(|module| Arch::ALL.map(|arch| (module, arch)));
    let pairs: Vec<(&Module, Arch)> = pairs.collect();
    let step = progress::counted("running new modules", pairs.len());
    let judged = parallel::map(&pairs, |&(module, arch)| {
        let judged = judge::object(tools, module, arch);
        step.advance();
        judged
    });
    step.finish();
    for ((module, arch), judged) in pairs.into_iter().zip(judged) {
        tally.count(format!("new-module: {arch}: {}", module.way), judged);
    }
    for module in &modules {
        let name = format!("new-module: {}: the commands that it names", module.way);
        tally.count(name, judge::commands(module));
    }
    if let Some(rust) = modules.iter().find(|module| module.way == Way::Cargo) {
        tally.count("new-module: Rust: style", style::check(tools, rust));
        for arch in Arch::ALL {
            let taken = archive::check(tools, rust, arch);
            tally.count(format!("new-module: {arch}: Rust: the archive"), taken);
        }
        let helpers = archive::helpers(tools, rust);
        tally.count("new-module: x86_64: Rust: helpers from the archive", helpers);
    }
    Ok(tally)
}

/// A name that is taken is refused, and so is one that is none; nothing is left behind or changed.
fn taken(folder: &Path) -> Result<()> {
    let dir = folder.join("taken");
    std::fs::create_dir(&dir)?;
    for language in Language::ALL {
        let name = format!("twice-{language:?}").to_lowercase();
        let write = || build::new_module(&name, language, &dir);
        ensure!(write()?.success(), "{name} is not written");
        let readme = dir.join(&name).join("README.md");
        std::fs::write(&readme, "mine")?;
        let done = write()?;
        ensure!(done.status.code() == Some(2), "{name} is written twice: {}", done.status);
        ensure!(done.stderr_text().contains(&name), "it says {}", done.stderr_text());
        ensure!(std::fs::read_to_string(&readme)? == "mine", "{name} is overwritten");
    }
    for name in ["a/b", "..", "", "kernel"] {
        let done = build::new_module(name, Language::C, &dir)?;
        ensure!(done.status.code() == Some(2), "`{name}` is a name: {}", done.status);
    }
    let done = build::new_module("itoa", Language::Rust, &dir)?;
    ensure!(done.status.code() == Some(2), "`itoa` is a name in Rust: {}", done.status);
    let left = std::fs::read_dir(&dir)?.count();
    ensure!(left == Language::ALL.len(), "{left} folders are left");
    Ok(())
}
