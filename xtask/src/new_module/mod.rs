//! New modules: a folder with sources, flags for each architecture, and how to build and run it.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::arch::Arch;
use crate::setup::root;

mod fill;
mod name;
mod templates;

pub use name::Name;

/// What a module is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// C11.
    C,
    /// C++17, without exceptions.
    Cxx,
    /// Rust, built by cargo.
    Rust,
}

/// A module to be written.
#[derive(Clone, Debug)]
pub struct Project {
    /// What it is called: its folder, its object, and in its metadata.
    pub name: Name,
    /// Its language.
    pub language: Language,
    /// The machines that it is built for; one at the least.
    pub archs: Vec<Arch>,
}

impl Project {
    /// Writes it into a folder of its name in `dir`, all of it or nothing, and returns that folder.
    ///
    /// # Errors
    /// The folder is there already, or cannot be written; or it would lie in the loader's own, and
    /// cargo would read both configurations as one.
    pub fn write(&self, dir: &Path) -> Result<PathBuf> {
        let folder = dir.join(self.name.as_str());
        let inside = |dir: PathBuf| root().canonicalize().is_ok_and(|root| dir.starts_with(root));
        ensure!(
            self.language != Language::Rust
                || !Path::new(".").join(dir).canonicalize().is_ok_and(inside),
            "{} would lie in the loader's own folder, whose .cargo/config.toml is for its images: \
             say another with --dir, such as --dir ..",
            folder.display()
        );
        // Where something of this name exists, even one that has come just now, this fails.
        std::fs::create_dir(&folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let written = self.fill(&folder);
        if written.is_err() {
            // All in it is ours. Where it cannot be removed, the first error says more.
            drop(std::fs::remove_dir_all(&folder));
        }
        written.map(|()| folder)
    }

    /// The object that building it for `arch` makes, in its folder.
    pub fn object(&self, arch: Arch) -> String {
        format!("{}-{arch}.o", self.name)
    }

    /// The commands that build it, show how it would be loaded and run it, for its last machine.
    pub fn commands(&self) -> [String; 3] {
        let arch = self.archs.last().copied().unwrap_or(Arch::X86_64);
        let object = self.object(arch);
        match self.language {
            Language::C | Language::Cxx => [
                format!("make ARCH={arch}"),
                format!("make inspect ARCH={arch}"),
                format!("make run ARCH={arch}"),
            ],
            Language::Rust => [
                format!("cargo build-{arch}"),
                format!("cargo xtask inspect {object}"),
                format!("cargo xtask qemu {object} -- world"),
            ],
        }
    }

    fn fill(&self, folder: &Path) -> Result<()> {
        for template in templates::of(self.language) {
            let path = folder.join(template.path);
            let parent = path.parent().context("a file in a folder has a parent")?;
            let text = fill::filled(template, self);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&path, text))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::C, Self::Cxx, Self::Rust];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Cxx => "C++",
            Self::Rust => "Rust",
        }
    }

    /// What `--lang` calls it.
    pub const fn option(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Cxx => "c++",
            Self::Rust => "rust",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl ValueEnum for Language {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let value = PossibleValue::new(self.option());
        Some(if *self == Self::Cxx { value.alias("cxx") } else { value })
    }
}

#[cfg(test)]
mod tests;
