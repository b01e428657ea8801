//! The module, compiled.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::arch::Arch;
use crate::process;
use crate::setup::{Tools, root};
use crate::toolchain;

/// Longest that one compilation may take.
const LIMIT: Duration = Duration::from_secs(120);

/// What C and C++ sources are compiled with: no compiler has anything to say about the header.
const STRICT: &[&str] = &["-Wall", "-Wextra", "-pedantic", "-Werror", "-c"];

/// A way to compile the module.
#[derive(Debug)]
pub(super) struct Way {
    compiler: Compiler,
    flags: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compiler {
    Clang,
    Clangxx,
    Gcc,
    Gxx,
    Rustc,
}

const SECTIONS: &[&str] =
    &["-std=c11", "-O2", "-ffunction-sections", "-fdata-sections", "-fvisibility=hidden", "-g"];

/// All of them.
pub(super) const WAYS: &[Way] = &[
    Way { compiler: Compiler::Clang, flags: &["-std=c11", "-O0"] },
    Way { compiler: Compiler::Clang, flags: SECTIONS },
    Way { compiler: Compiler::Clangxx, flags: &["-xc++", "-std=c++17", "-O2", "-fdata-sections"] },
    Way { compiler: Compiler::Gcc, flags: &["-std=c11", "-O0"] },
    Way { compiler: Compiler::Gcc, flags: SECTIONS },
    Way { compiler: Compiler::Gxx, flags: &["-xc++", "-std=c++17", "-O2", "-fdata-sections"] },
    Way { compiler: Compiler::Rustc, flags: &["-Copt-level=0"] },
    Way { compiler: Compiler::Rustc, flags: &["-Copt-level=2"] },
    Way { compiler: Compiler::Rustc, flags: &["-Copt-level=s", "-Cdebuginfo=2"] },
];

/// The module for one machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) tools: &'a Tools,
    pub(super) crates: &'a BTreeMap<Arch, PathBuf>,
    pub(super) arch: Arch,
    pub(super) way: &'a Way,
}

/// The macros' crate for each machine, compiled into a folder.
pub(super) fn crates(tools: &Tools, folder: &Path) -> Result<BTreeMap<Arch, PathBuf>> {
    let of = |arch: Arch| {
        let library = folder.join(format!("libloader_module-{arch}.rlib"));
        let mut command = toolchain::rustc(tools, arch)?;
        command.args(["--edition=2024", "--crate-type=rlib", "--crate-name=loader_module"]);
        command.args(["-Copt-level=2", "-Cpanic=abort", "-o"]).arg(&library);
        command.arg(root().join("loader-module/src/lib.rs"));
        process::run(&mut command, LIMIT)?.checked("rustc")?;
        Ok((arch, library))
    };
    Arch::ALL.into_iter().map(of).collect()
}

impl Source<'_> {
    /// The names whose definition makes the source one that must not compile. What a compiler
    /// refuses, it refuses for every machine.
    pub(super) fn refused(&self) -> &'static [&'static str] {
        match (self.way.compiler, self.arch) {
            (Compiler::Rustc, _) | (_, Arch::Aarch64 | Arch::Riscv64) => &[],
            (_, Arch::X86_64) => {
                &["CONSTANT", "LONG_NAME", "LONG_TEXT", "NO_KIND", "TOO_WIDE", "TWO_NAMES"]
            }
        }
    }

    /// The object, with these names defined.
    pub(super) fn object(&self, defined: &[&str]) -> Result<Vec<u8>> {
        let (tools, arch) = (self.tools, self.arch);
        let folder = tempfile::tempdir()?;
        let object = folder.path().join("blink.o");
        let module = root().join("loader-module");
        let mut command = match self.way.compiler {
            Compiler::Clang => clang(tools.clang()?, arch),
            Compiler::Clangxx => clang(tools.clangxx()?, arch),
            Compiler::Gcc => Command::new(tools.gcc(arch)?),
            Compiler::Gxx => Command::new(tools.gxx(arch)?),
            Compiler::Rustc => toolchain::rustc(tools, arch)?,
        };
        command.args(self.way.flags);
        if self.way.compiler == Compiler::Rustc {
            let library = self.crates.get(&arch).context("a crate for each machine")?;
            command.args(["--edition=2024", "--crate-type=lib", "--emit=obj", "-Cpanic=abort"]);
            command.args(["-Dwarnings", "--check-cfg=cfg(without)"]);
            command.arg(format!("--extern=loader_module={}", library.display()));
            for name in defined {
                command.args(["--cfg", &name.to_lowercase()]);
            }
            command.arg(module.join("tests/objects/blink.rs"));
        } else {
            command.args(STRICT).arg("-I").arg(module.join("include"));
            command.args(defined.iter().map(|name| format!("-D{name}")));
            command.arg(module.join("tests/objects/blink.c"));
        }
        let name = command.get_program().to_string_lossy().into_owned();
        process::run(command.arg("-o").arg(&object), LIMIT)?.checked(&name)?;
        std::fs::read(&object).context("the compiler wrote no object")
    }
}

fn clang(path: PathBuf, arch: Arch) -> Command {
    let mut command = arch.clang(&path);
    // The header needs what a freestanding compiler has, and no more.
    command.arg("-ffreestanding");
    command
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.compiler {
            Compiler::Clang => "clang",
            Compiler::Clangxx => "clang++",
            Compiler::Gcc => "gcc",
            Compiler::Gxx => "g++",
            Compiler::Rustc => "rustc",
        })?;
        self.flags.iter().try_for_each(|flag| write!(f, " {flag}"))
    }
}
