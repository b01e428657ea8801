//! What a verb can need, what it is for, and how this machine is searched for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::SetupError;
use super::find::{newest_below, on_path, prints_path, version};
use super::packages::{self, Manager};
use crate::arch::Arch;
use crate::process;

/// The version of LLVM's tools that the tests are written for.
pub const LLVM: u32 = 22;
/// The oldest LLVM that compiles the runtime and the demo.
const LLVM_OLDEST: u32 = 15;
/// The oldest Rust that builds the workspace: `rust-version` in `Cargo.toml`.
pub const RUST_OLDEST: (u32, u32) = (1, 95);

/// One tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// `clang`.
    Clang,
    /// `clang++`.
    Clangxx,
    /// Debian's clippy, for Debian's Rust.
    DebianClippy,
    /// Debian's `cargo`, with a `rustc` beside it that has its library's sources.
    DebianRust,
    /// Debian's rustfmt.
    DebianRustfmt,
    /// UEFI firmware for a machine.
    Firmware(Arch),
    /// `gcc` for Linux on a machine.
    Gcc(Arch),
    /// A GDB that knows all machines.
    Gdb,
    /// gnuplot.
    Gnuplot,
    /// `g++` for Linux on a machine.
    Gxx(Arch),
    /// The C compiler for this machine itself.
    HostCc,
    /// `libgcc.a` for a machine.
    Libgcc(Arch),
    /// `libsupc++.a` for a machine.
    Libsupcxx(Arch),
    /// `ld.lld`.
    Lld,
    /// `llvm-jitlink`.
    LlvmJitlink,
    /// `llvm-rtdyld`.
    LlvmRtdyld,
    /// GNU make.
    Make,
    /// The linker `mold`.
    Mold,
    /// picolibc's `libc.a` for a machine.
    Picolibc(Arch),
    /// `qemu-system-*` for a machine, with its firmware.
    Qemu(Arch),
    /// util-linux's `script`, which gives programs a terminal.
    Script,
    /// Valgrind, which counts instructions.
    Valgrind,
}

impl Need {
    /// The tool's name, as messages say it.
    pub fn name(self) -> String {
        match self {
            Self::Clang => "clang".into(),
            Self::Clangxx => "clang++".into(),
            Self::DebianClippy => "clippy".into(),
            Self::DebianRustfmt => "rustfmt".into(),
            Self::DebianRust => "a Rust that builds its own core library".into(),
            Self::Firmware(arch) => format!("UEFI firmware for {arch}"),
            Self::Gcc(arch) => format!("gcc for {arch}"),
            Self::Gdb => "gdb-multiarch".into(),
            Self::Gnuplot => "gnuplot".into(),
            Self::Gxx(arch) => format!("g++ for {arch}"),
            Self::HostCc => "a C compiler".into(),
            Self::Libgcc(arch) => format!("libgcc for {arch}"),
            Self::Libsupcxx(arch) => format!("libsupc++ for {arch}"),
            Self::Lld => "ld.lld".into(),
            Self::LlvmJitlink => "llvm-jitlink".into(),
            Self::LlvmRtdyld => "llvm-rtdyld".into(),
            Self::Make => "GNU make".into(),
            Self::Mold => "mold".into(),
            Self::Picolibc(arch) => format!("picolibc for {arch}"),
            Self::Qemu(arch) => format!("qemu-system-{arch}"),
            Self::Script => "util-linux's script".into(),
            Self::Valgrind => "valgrind".into(),
        }
    }

    /// Why it is needed: the end of the sentence "… is needed to".
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Clang | Self::Clangxx => "compile the C runtime and the demo",
            Self::DebianClippy | Self::DebianRustfmt => "check the sources",
            Self::DebianRust => "build the system images",
            Self::Firmware(_) => "boot UEFI applications",
            Self::Gcc(_) | Self::Gxx(_) => "compile test objects",
            Self::Gdb => "debug what runs in the system images",
            Self::Gnuplot => "draw how time grows",
            Self::HostCc => "build the same programs for this machine, to compare with",
            Self::Libgcc(_) => "give modules the compiler's helper functions",
            Self::Libsupcxx(_) => "give modules what C++ needs of its library",
            Self::Lld => "link",
            Self::LlvmJitlink | Self::LlvmRtdyld | Self::Mold => "measure the loader beside others",
            Self::Make => "build modules in C and C++",
            Self::Picolibc(_) => "take members of a C library as it comes",
            Self::Qemu(_) => "boot the system images",
            Self::Script => "test what happens at a terminal",
            Self::Valgrind => "count the loader's instructions",
        }
    }

    /// Where it is on this machine.
    pub(super) fn find(self, exact: bool) -> Option<PathBuf> {
        match self {
            Self::Clang => llvm_tool("clang", exact),
            Self::Clangxx => {
                let clang = llvm_tool("clang", exact)?;
                let name = clang.file_name()?.to_str()?.replacen("clang", "clang++", 1);
                Some(clang.with_file_name(name)).filter(|path| path.is_file())
            }
            Self::DebianClippy => existing("/usr/bin/cargo-clippy"),
            Self::DebianRust => debian_rust(),
            Self::DebianRustfmt => existing("/usr/bin/rustfmt").and(existing("/usr/bin/cargo-fmt")),
            Self::Firmware(arch) => firmware(arch),
            Self::Gcc(arch) => prefixes(arch).find_map(|prefix| on_path(&format!("{prefix}gcc"))),
            // Where distributions have no other, theirs is for all.
            Self::Gdb => ["gdb-multiarch", "gdb"].into_iter().filter_map(on_path).find(knows_all),
            Self::Gnuplot => on_path("gnuplot"),
            Self::Gxx(arch) => prefixes(arch).find_map(|prefix| on_path(&format!("{prefix}g++"))),
            Self::HostCc => ["cc", "gcc", "clang"].into_iter().find_map(on_path),
            Self::Libgcc(arch) => of_gcc(arch, "libgcc.a"),
            Self::Libsupcxx(arch) => of_gcc(arch, "libsupc++.a"),
            Self::Lld => llvm_tool("ld.lld", exact),
            Self::LlvmJitlink => llvm_tool("llvm-jitlink", exact),
            Self::LlvmRtdyld => llvm_tool("llvm-rtdyld", exact),
            Self::Make => ["gmake", "make"].into_iter().find_map(on_path),
            Self::Mold => on_path("mold"),
            Self::Picolibc(arch) => picolibc(arch),
            Self::Qemu(arch) => on_path(&format!("qemu-system-{arch}")),
            Self::Script => on_path("script").filter(is_of_util_linux).or_else(|| {
                let homebrew = ["/opt/homebrew/opt", "/usr/local/opt"]; // not on the PATH
                homebrew.iter().find_map(|at| existing(&format!("{at}/util-linux/bin/script")))
            }),
            Self::Valgrind => on_path("valgrind"),
        }
    }

    /// The error for a tool that is not there after it should have been installed.
    pub(super) fn still_missing(self, exact: bool) -> SetupError {
        let version = match self {
            Self::Clang | Self::Clangxx | Self::Lld | Self::LlvmJitlink | Self::LlvmRtdyld => {
                let oldest = if exact { LLVM } else { LLVM_OLDEST };
                format!(" {oldest} or newer")
            }
            Self::DebianRust => format!(" ({}.{} or newer)", RUST_OLDEST.0, RUST_OLDEST.1),
            _ => String::new(),
        };
        let name = self.name();
        let hint = packages::command_for(&Manager::of_this_system(), &[self], exact);
        SetupError(format!(
            "{name}{version} is needed to {}, and is not on this machine's PATH.\n{hint}",
            self.purpose(),
        ))
    }
}

/// Finds one of LLVM's tools: the tests' version by name, then whatever serves.
fn llvm_tool(name: &str, exact: bool) -> Option<PathBuf> {
    let oldest = if exact { LLVM } else { LLVM_OLDEST };
    let serves = |path: &PathBuf| version(path).is_some_and(|(major, _)| major >= oldest);
    let preferred = on_path(&format!("{name}-{LLVM}")).filter(serves);
    let plain = || on_path(name).filter(serves);
    // Homebrew keeps its LLVM off the PATH, where Apple's own would hide behind it.
    let homebrew = || {
        let places = ["/opt/homebrew/opt", "/usr/local/opt"];
        let packages = ["llvm", "lld"];
        let mut all = places.iter().flat_map(|place| {
            packages.map(|package| Path::new(place).join(package).join("bin").join(name))
        });
        all.find(|path| path.is_file() && serves(path))
    };
    let numbered = || {
        let versions = (oldest..=LLVM + 10).rev();
        versions.filter_map(|version| on_path(&format!("{name}-{version}"))).find(serves)
    };
    preferred.or_else(plain).or_else(homebrew).or_else(numbered)
}

/// What may stand before `gcc`: Linux's compiler first, then the bare-metal ones of other systems.
fn prefixes(arch: Arch) -> impl Iterator<Item = String> {
    let linux = std::iter::once(arch.gcc_prefix().to_owned());
    linux.chain(
        ["-linux-gnu-", "-elf-", "-none-elf-", "-unknown-elf-"].map(|s| format!("{arch}{s}")),
    )
}

/// A library that comes with gcc.
fn of_gcc(arch: Arch, name: &str) -> Option<PathBuf> {
    let debian =
        [format!("/usr/lib/gcc-cross/{arch}-linux-gnu"), format!("/usr/lib/gcc/{arch}-linux-gnu")];
    let mut installed = debian.iter().filter_map(|place| newest_below(place, name));
    installed.next().or_else(|| {
        let mut compilers = prefixes(arch).filter_map(|prefix| on_path(&format!("{prefix}gcc")));
        compilers.find_map(|gcc| prints_path(&gcc, &[&format!("-print-file-name={name}")]))
    })
}

/// The archive for the machine as the compilers here know it: with floating-point registers.
fn picolibc(arch: Arch) -> Option<PathBuf> {
    match arch {
        Arch::Aarch64 => existing("/usr/lib/picolibc/aarch64-linux-gnu/lib/libc.a"),
        Arch::Riscv64 => {
            existing("/usr/lib/picolibc/riscv64-unknown-elf/lib/rv64imafdc/lp64d/libc.a")
        }
        Arch::X86_64 => None,
    }
}

/// EDK II as distributions, and Homebrew's QEMU, have it.
fn firmware(arch: Arch) -> Option<PathBuf> {
    let places: &[&str] = match arch {
        Arch::Aarch64 => &[
            "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
            "/usr/share/edk2/aarch64/QEMU_EFI.fd",
            "/opt/homebrew/share/qemu/edk2-aarch64-code.fd",
            "/usr/local/share/qemu/edk2-aarch64-code.fd",
        ],
        Arch::Riscv64 => &[],
        Arch::X86_64 => &[
            "/usr/share/ovmf/OVMF.fd",
            "/usr/share/edk2/ovmf/OVMF_CODE.fd",
            "/usr/share/edk2/x64/OVMF.4m.fd",
            "/opt/homebrew/share/qemu/edk2-x86_64-code.fd",
            "/usr/local/share/qemu/edk2-x86_64-code.fd",
        ],
    };
    places.iter().find_map(|place| existing(place))
}

/// Whether a GDB knows the three machines.
fn knows_all(gdb: &PathBuf) -> bool {
    let mut command = Command::new(gdb);
    command.args(["-nx", "-batch", "-ex", "set architecture"]);
    let done = process::run(&mut command, Duration::from_secs(20));
    let said = done.map(|done| done.stderr_text() + &done.stdout_text()).unwrap_or_default();
    ["aarch64", "i386:x86-64", "riscv:rv64"].iter().all(|name| said.contains(name))
}

/// Whether a program says that it is one of util-linux's: BSD's `script` takes other arguments.
fn is_of_util_linux(program: &PathBuf) -> bool {
    let done = process::run(Command::new(program).arg("--version"), Duration::from_secs(20));
    done.is_ok_and(|done| done.stdout_text().contains("util-linux"))
}

fn existing(path: &str) -> Option<PathBuf> {
    Some(PathBuf::from(path)).filter(|path| path.is_file())
}

/// `/usr/bin/cargo`, if it and the `rustc` beside it can build `core` from source.
fn debian_rust() -> Option<PathBuf> {
    let (cargo, rustc) = (Path::new("/usr/bin/cargo"), Path::new("/usr/bin/rustc"));
    let sources = Path::new("/usr/lib/rustlib/src/rust/library/core/Cargo.toml");
    let recent = |path: &Path| version(path).is_some_and(|found| found >= RUST_OLDEST);
    let all = sources.is_file() && recent(cargo) && recent(rustc);
    all.then(|| cargo.to_owned())
}
