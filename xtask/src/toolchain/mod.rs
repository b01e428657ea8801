//! Rust for the bare machines: which `cargo` and `rustc` build for them, and how.
//!
//! A toolchain either has a target's `core` library ready ([`Way::Ready`]) or builds it from
//! source beside the program ([`Way::BuildStd`], and [`Way::Debian`] with Debian's packages).
//! Each way has a build directory of its own, so that their artefacts never mix.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::arch::Arch;
use crate::setup::build_dir;

mod build;
mod choose;
mod library;

pub use build::{Wanted, build};
pub use choose::choose;
pub use library::{archives_in, library_dir, library_dirs, rustc, version};

/// What a program runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    /// The machine itself.
    Bare,
    /// UEFI firmware, which RISC-V has none of here: Rust has no target for it.
    Uefi,
}

impl System {
    /// The Rust target of programs for it.
    ///
    /// # Errors
    /// There is none.
    fn target(self, arch: Arch) -> Result<&'static str> {
        match (self, arch) {
            (Self::Bare, _) => Ok(arch.rust_target()),
            (Self::Uefi, Arch::Aarch64) => Ok("aarch64-unknown-uefi"),
            (Self::Uefi, Arch::X86_64) => Ok("x86_64-unknown-uefi"),
            (Self::Uefi, Arch::Riscv64) => bail!("Rust has no target for UEFI on {arch}"),
        }
    }
}

/// The environment variable that forces a way: `rustup`, `build-std` or `debian`.
pub const FORCE: &str = "LOADER_RUST";

/// How `core` for a bare target is come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The active toolchain has it compiled, as `rustup target add` puts it there.
    Ready,
    /// The active toolchain has its sources.
    BuildStd,
    /// Debian's `cargo` and `rustc`, with the sources that Debian packages.
    Debian,
}

impl Way {
    /// The name of its build directory.
    const fn name(self) -> &'static str {
        match self {
            Self::Ready => "rustup",
            Self::BuildStd => "build-std",
            Self::Debian => "debian",
        }
    }

    /// Where cargo builds, this way.
    fn dir(self) -> PathBuf {
        build_dir().join(format!("image-{}", self.name()))
    }
}

/// The Rust that builds for one target.
#[derive(Clone, Debug)]
pub struct BareRust {
    arch: Arch,
    target: &'static str,
    way: Way,
    cargo: PathBuf,
    rustc: PathBuf,
    /// Stands in for the `rust-lld` that the targets ask for, where there is none.
    linker: Option<PathBuf>,
}

impl BareRust {
    /// What `core` is come by.
    pub fn way(&self) -> Way {
        self.way
    }

    /// `cargo VERB`, in the workspace's root, for several machines that go this same way.
    fn cargo_for(&self, verb: &str, targets: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(crate::setup::root()).arg(verb);
        for target in targets {
            command.args(["--target", target]);
        }
        command.arg("--target-dir").arg(self.way.dir());
        self.library_args(&mut command);
        // The targets' flags stand in .cargo/config.toml, which these would replace.
        for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
            command.env_remove(name);
        }
        self.own_environment(&mut command);
        command
    }

    /// `cargo ALIAS`, of a package in `dir` that is no part of the workspace. It builds in `dir`.
    pub fn alias_in(&self, dir: &Path, alias: &str) -> Command {
        let mut command = Command::new(&self.cargo);
        self.library_args(&mut command);
        command.current_dir(dir).arg(alias).env("CARGO_TARGET_DIR", dir.join("target"));
        self.own_environment(&mut command);
        command
    }

    /// Has the core library built beside what needs it, where there is none.
    fn library_args(&self, command: &mut Command) {
        if self.way != Way::Ready {
            command.args([
                "-Zbuild-std=core,alloc,compiler_builtins",
                "-Zbuild-std-features=compiler-builtins-mem",
            ]);
            command.env("RUSTC_BOOTSTRAP", "1"); // -Z, with a stable toolchain
        }
    }

    /// Tells cargo which linker to use, where the toolchain lacks its own.
    fn linker_env(&self, command: &mut Command) {
        if let Some(linker) = &self.linker {
            let target = self.target.replace('-', "_").to_uppercase();
            command.env(format!("CARGO_TARGET_{target}_LINKER"), linker);
        }
    }

    /// Keeps rustup's environment, which xtask inherits from `cargo xtask`, from Debian's Rust.
    fn own_environment(&self, command: &mut Command) {
        if self.way == Way::Debian {
            leave_rustup(command, &self.rustc);
        }
    }
}

/// `cargo VERB` for machines that all go the same way; `None` where they do not.
pub fn cargo(rusts: &[BareRust], verb: &str) -> Option<Command> {
    let first = rusts.first()?;
    if rusts.iter().any(|rust| rust.way != first.way) {
        return None;
    }
    let targets: Vec<&str> = rusts.iter().map(|rust| rust.target).collect();
    let mut command = first.cargo_for(verb, &targets);
    for rust in rusts {
        rust.linker_env(&mut command);
    }
    Some(command)
}

/// Makes `command` use `rustc`, a toolchain that rustup does not know, although xtask was
/// started by one that it does.
pub fn leave_rustup(command: &mut Command, rustc: &Path) {
    let inherited = [
        "CARGO",
        "CARGO_BUILD_RUSTC",
        "CARGO_BUILD_RUSTC_WRAPPER",
        "LD_LIBRARY_PATH",
        "RUSTC",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTDOC",
        "RUSTUP_TOOLCHAIN",
    ];
    for name in inherited {
        command.env_remove(name);
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = rustc.parent().map(Path::to_owned).into_iter();
    if let Ok(path) = std::env::join_paths(dirs.chain(std::env::split_paths(&path))) {
        command.env("PATH", path);
    }
    command.env("RUSTC", rustc);
}
