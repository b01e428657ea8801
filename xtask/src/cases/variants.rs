//! The ways to compile a case: which compiler, which flags, in which order the objects come.

use std::fmt;
use std::path::Path;

use qemu_protocol::{Harts, ManagerKind, Options, Surroundings};

use crate::arch::Arch;

/// A compiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Compiler {
    /// `clang` and `clang++`.
    Clang,
    /// `gcc` and `g++`.
    Gcc,
    /// `rustc`, with clang for what is not Rust.
    Rustc,
}

/// A language, by the suffix of the file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// `.S`: assembly that goes through the C preprocessor.
    Assembly,
    /// `.c`
    C,
    /// `.cc`
    Cxx,
    /// `.rs`
    Rust,
}

/// One way to compile a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The compiler.
    pub compiler: Compiler,
    /// The flags, besides those that choose the machine and the language.
    pub flags: Vec<String>,
    /// Whether the objects are handed over in the opposite order.
    pub reversed: bool,
    /// What the program asks of the loader.
    pub options: Options,
    /// What the program finds around it.
    pub surroundings: Surroundings,
}

impl Compiler {
    /// The compiler of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Clang, Self::Gcc, Self::Rustc].into_iter().find(|compiler| compiler.name() == name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clang => "clang",
            Self::Gcc => "gcc",
            Self::Rustc => "rustc",
        }
    }
}

impl Language {
    /// The language of a file; `None` for one that is not compiled by itself.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()? {
            "S" => Some(Self::Assembly),
            "c" => Some(Self::C),
            "cc" => Some(Self::Cxx),
            "rs" => Some(Self::Rust),
            _ => None,
        }
    }

    /// The compilers that a case in this language is compiled with, unless it says otherwise.
    pub const fn compilers(self) -> &'static [Compiler] {
        match self {
            Self::Rust => &[Compiler::Rustc],
            _ => &[Compiler::Gcc, Compiler::Clang],
        }
    }

    /// The sets of flags that a case in this language is compiled with, unless it says otherwise.
    pub const fn flags(self, arch: Arch) -> &'static [&'static str] {
        match (self, arch) {
            (Self::Assembly, _) => &[""],
            (Self::Rust, _) => &[
                "-Copt-level=2",
                "-Copt-level=0",
                "-Copt-level=2 -Crelocation-model=static",
                "-Copt-level=s -Crelocation-model=pic -Cdebuginfo=2",
            ],
            (_, Arch::Riscv64) => &[
                "-O2",
                "-O0 -g",
                "-O2 -fPIC -ffunction-sections -fdata-sections",
                "-O2 -fno-pic -mcmodel=medlow",
                "-O2 -fno-pic -mcmodel=medany",
                "-O2 -mno-relax",
            ],
            _ => {
                &["-O2", "-O0 -g", "-O2 -fPIC -ffunction-sections -fdata-sections", "-O2 -fno-pic"]
            }
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.compiler.name())?;
        for flag in &self.flags {
            write!(f, " {flag}")?;
        }
        if self.reversed {
            f.write_str(", reversed")?;
        }
        if self.options.gc_sections {
            f.write_str(", used sections only")?;
        }
        if self.options.relaxation {
            f.write_str(", relaxed")?;
        }
        if self.options.user {
            f.write_str(", in user mode")?;
        }
        let Surroundings { away, far, harts, manager, .. } = self.surroundings;
        match harts {
            Harts::Both => f.write_str(", on both harts")?,
            Harts::First => {}
            Harts::Second => f.write_str(", on the second hart")?,
        }
        match manager {
            ManagerKind::Arenas => {}
            ManagerKind::Fixed => f.write_str(", in fixed places")?,
            ManagerKind::Mpu => f.write_str(", in an MPU's regions")?,
            ManagerKind::Shared => f.write_str(", in a shared arena")?,
        }
        if away != 0 {
            write!(f, ", {} MiB away", away >> 20)?;
        }
        if far != 0 {
            write!(f, ", far at {} MiB", far >> 20)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_suffix() {
        let language = |name: &str| Language::of(Path::new(name));
        assert_eq!(language("a/b.S"), Some(Language::Assembly));
        assert_eq!(language("a.cc"), Some(Language::Cxx));
        assert_eq!(language("case.h"), None);
        assert_eq!(language("README"), None);
    }

    #[test]
    fn a_variant_reads_like_a_command() {
        let flags = vec!["-O2".to_owned(), "-fPIC".to_owned()];
        let mut variant = Variant {
            compiler: Compiler::Gcc,
            flags,
            reversed: false,
            options: Options::default(),
            surroundings: Surroundings::default(),
        };
        assert_eq!(variant.to_string(), "gcc -O2 -fPIC");
        variant.reversed = true;
        assert_eq!(variant.to_string(), "gcc -O2 -fPIC, reversed");
        variant.options.relaxation = true;
        assert_eq!(variant.to_string(), "gcc -O2 -fPIC, reversed, relaxed");
        variant.options = Options::default();
        variant.surroundings.harts = Harts::Second;
        assert_eq!(variant.to_string(), "gcc -O2 -fPIC, reversed, on the second hart");
        variant.surroundings.harts = Harts::First;
        variant.surroundings.manager = ManagerKind::Shared;
        assert_eq!(variant.to_string(), "gcc -O2 -fPIC, reversed, in a shared arena");
        variant.surroundings.manager = ManagerKind::Arenas;
        variant.surroundings = Surroundings { away: 1 << 30, far: 5 << 20, ..variant.surroundings };
        assert_eq!(variant.to_string(), "gcc -O2 -fPIC, reversed, 1024 MiB away, far at 5 MiB");
    }
}
