//! The tools that verbs call: found on this machine, installed where that is possible, or
//! named in an error that says what to run.
//!
//! A tool is looked for when it is first asked for, so a verb sets up what it needs and no
//! more. What was found is remembered for the life of the process.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use crate::arch::Arch;
use crate::toolchain::{self, BareRust, System};

mod find;
mod install;
mod need;
mod packages;

pub use find::on_path;
pub use install::install;
pub use need::Need;

/// The workspace's root directory.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}

/// Where xtask builds: `target/xtask`, or that folder of `CARGO_TARGET_DIR`.
pub fn build_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    // A relative CARGO_TARGET_DIR counts from where cargo was started, as cargo has it.
    let target = target.map(|dir| std::path::absolute(&dir).unwrap_or(dir));
    target.unwrap_or_else(|| root().join("target")).join("xtask")
}

/// A tool is missing and could not be installed: exit code 3.
#[derive(Debug)]
pub struct SetupError(pub String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}

/// The tools of this machine.
///
/// Safe to share between threads: two that need the same tool wait for one search.
#[derive(Debug, Default)]
pub struct Tools {
    /// The tests' own compiler version is asked for, not just any that serves.
    exact: bool,
    found: Mutex<BTreeMap<Need, PathBuf>>,
    rust: Mutex<BTreeMap<(System, Arch), BareRust>>,
}

impl Tools {
    /// Takes what serves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes LLVM's tools only in the version that the tests are written for, or newer.
    pub fn exact() -> Self {
        Self { exact: true, ..Self::default() }
    }

    /// `clang`.
    ///
    /// # Errors
    /// [`SetupError`] where it is missing and cannot be installed, as for every tool here.
    pub fn clang(&self) -> Result<PathBuf> {
        self.get(Need::Clang)
    }

    /// `clang++` of the same version as [`Tools::clang`].
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn clangxx(&self) -> Result<PathBuf> {
        self.get(Need::Clangxx)
    }

    /// The system's compiler for this machine itself, as programs for the host are built.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn host_cc(&self) -> Result<PathBuf> {
        self.get(Need::HostCc)
    }

    /// `ld.lld`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn lld(&self) -> Result<PathBuf> {
        self.get(Need::Lld)
    }

    /// GNU make.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn make(&self) -> Result<PathBuf> {
        self.get(Need::Make)
    }

    /// `gdb-multiarch`, or a `gdb` for all machines.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn gdb(&self) -> Result<PathBuf> {
        self.get(Need::Gdb)
    }

    /// gnuplot.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn gnuplot(&self) -> Result<PathBuf> {
        self.get(Need::Gnuplot)
    }

    /// `gcc` for Linux on `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn gcc(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Gcc(arch))
    }

    /// `g++` for Linux on `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn gxx(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Gxx(arch))
    }

    /// `llvm-jitlink`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn llvm_jitlink(&self) -> Result<PathBuf> {
        self.get(Need::LlvmJitlink)
    }

    /// `llvm-rtdyld`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn llvm_rtdyld(&self) -> Result<PathBuf> {
        self.get(Need::LlvmRtdyld)
    }

    /// The linker `mold`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn mold(&self) -> Result<PathBuf> {
        self.get(Need::Mold)
    }

    /// `libgcc.a` for `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn libgcc(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Libgcc(arch))
    }

    /// `libsupc++.a` for `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn libsupcxx(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Libsupcxx(arch))
    }

    /// picolibc's `libc.a` for `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn picolibc(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Picolibc(arch))
    }

    /// UEFI firmware for `arch`, for QEMU's `-bios`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn firmware(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Firmware(arch))
    }

    /// `qemu-system-*` for `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn qemu(&self, arch: Arch) -> Result<PathBuf> {
        self.get(Need::Qemu(arch))
    }

    /// util-linux's `script`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn script(&self) -> Result<PathBuf> {
        self.get(Need::Script)
    }

    /// Valgrind, with its tools.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn valgrind(&self) -> Result<PathBuf> {
        self.get(Need::Valgrind)
    }

    /// The Rust that builds for `arch`'s bare target.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn rust(&self, arch: Arch) -> Result<BareRust> {
        self.rust_for(System::Bare, arch)
    }

    /// The Rust that builds programs for a system on `arch`.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn rust_for(&self, system: System, arch: Arch) -> Result<BareRust> {
        let mut chosen = self.rust.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rust) = chosen.get(&(system, arch)) {
            return Ok(rust.clone());
        }
        let rust = toolchain::choose(self, system, arch)?;
        chosen.insert((system, arch), rust.clone());
        Ok(rust)
    }

    /// Finds or installs all of `needs` at once: one run of the package manager, not many.
    ///
    /// # Errors
    /// As for [`Tools::clang`].
    pub fn ensure(&self, needs: &[Need]) -> Result<()> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        for &need in needs {
            if found.contains_key(&need) {
                continue;
            }
            match need.find(self.exact) {
                Some(path) => drop(found.insert(need, path)),
                None => missing.push(need),
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        install(&missing, self.exact)?;
        for need in missing {
            let path = need.find(self.exact).ok_or_else(|| need.still_missing(self.exact))?;
            found.insert(need, path);
        }
        Ok(())
    }

    fn get(&self, need: Need) -> Result<PathBuf> {
        self.ensure(&[need])?;
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(found.get(&need).cloned().ok_or_else(|| need.still_missing(self.exact))?)
    }
}
