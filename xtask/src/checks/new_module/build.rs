//! Writing a module by the command, and building it as its README says.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::arch::Arch;
use crate::new_module::{Language, Project};
use crate::process::{self, Done};
use crate::setup::Tools;

/// What the modules are called: a crate, a file and a module of this name are spelt in different ways.
pub(super) const NAME: &str = "say-hello";
/// Longest that one command may take; cargo may build the core library.
pub(super) const LIMIT: Duration = Duration::from_secs(20 * 60);

/// What a module is built by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// `cargo build-ARCH`.
    Cargo,
    /// `make`, with clang or with what it takes by itself, gcc.
    Make { language: Language, clang: bool },
}

/// A module that was built for all machines.
#[derive(Debug)]
pub(super) struct Module {
    /// What by.
    pub(super) way: Way,
    /// What was asked for.
    pub(super) project: Project,
    /// Where it is.
    pub(super) folder: PathBuf,
}

impl Way {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [
        Self::Make { language: Language::C, clang: false },
        Self::Make { language: Language::C, clang: true },
        Self::Make { language: Language::Cxx, clang: false },
        Self::Make { language: Language::Cxx, clang: true },
        Self::Cargo,
    ];

    /// The language of the module.
    pub(super) const fn language(self) -> Language {
        match self {
            Self::Cargo => Language::Rust,
            Self::Make { language, .. } => language,
        }
    }
}

/// Writes a module into a folder of its own in `folder`, and builds it for all machines.
pub(super) fn module(tools: &Tools, way: Way, folder: &Path) -> Result<Module> {
    let language = way.language();
    // Makefile and shell have to cope with this.
    let dir = folder.join(way.to_string());
    std::fs::create_dir(&dir)?;
    let written = new_module(NAME, language, &dir)?.checked("new-module")?;
    let project = Project { name: NAME.parse()?, language, archs: Arch::ALL.into() };
    let said = written.stdout_text();
    for command in project.commands() {
        ensure!(said.contains(&command), "`{command}` is not what it says to do:\n{said}");
    }
    let module = Module { way, project, folder: dir.join(NAME) };
    match way {
        Way::Cargo => {
            for arch in Arch::ALL {
                cargo(tools, &module, arch)?;
            }
        }
        Way::Make { language, clang } => quiet(&mut make(tools, &module.folder, language, clang)?)?,
    }
    Ok(module)
}

/// `cargo xtask new-module`, by the xtask that runs.
pub(super) fn new_module(name: &str, language: Language, dir: &Path) -> Result<Done> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["new-module", name, "--lang", language.option(), "--dir"]).arg(dir);
    process::run(&mut command, LIMIT)
}

/// Builds a Rust module for one machine.
pub(super) fn cargo(tools: &Tools, module: &Module, arch: Arch) -> Result<()> {
    let alias = || -> Result<Command> {
        Ok(tools.rust(arch)?.alias_in(&module.folder, &format!("build-{arch}")))
    };
    // The module's dependency is one of xtask's, too: it is here already, where nobody removed it.
    let offline = quiet(alias()?.env("CARGO_NET_OFFLINE", "true"));
    offline.or_else(|_| quiet(&mut alias()?))
}

/// `make`, for all machines; the compilers are those that the other tests have.
fn make(tools: &Tools, folder: &Path, language: Language, clang: bool) -> Result<Command> {
    let mut command = Command::new(tools.make()?);
    command.arg("-C").arg(folder).env_remove("MAKEFLAGS");
    let is_c = language == Language::C;
    let set = |name: &str, path: PathBuf| format!("{name}={}", path.display());
    if clang {
        let compiler = if is_c { set("CC", tools.clang()?) } else { set("CXX", tools.clangxx()?) };
        command.arg(compiler).arg(set("LD", tools.lld()?));
    } else {
        for arch in Arch::ALL {
            let gcc = if is_c { tools.gcc(arch) } else { tools.gxx(arch) };
            command.arg(set(&format!("GCC_{arch}"), gcc?));
        }
    }
    Ok(command)
}

/// Runs a build, in which no compiler has anything to say.
fn quiet(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = process::run(command, LIMIT)?.checked(&name)?;
    let said = done.stderr_text();
    ensure!(!said.contains("warning"), "{name} warns:\n{said}");
    Ok(())
}

impl Module {
    /// The object for a machine.
    pub(super) fn object(&self, arch: Arch) -> Result<Vec<u8>> {
        let path = self.folder.join(self.project.object(arch));
        std::fs::read(&path).with_context(|| format!("there is no {}", path.display()))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cargo => "Rust",
            Self::Make { language: Language::Cxx, clang: true } => "C++ by clang",
            Self::Make { language: Language::Cxx, .. } => "C++ by gcc",
            Self::Make { clang: true, .. } => "C by clang",
            Self::Make { .. } => "C by gcc",
        })
    }
}
