//! Which packages hold which tool, in each package manager's words.

use super::find::on_path;
use super::need::{LLVM, Need};
use crate::arch::Arch;

/// A package manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// Debian, Ubuntu and their like.
    Apt,
    /// macOS.
    Brew,
    /// Fedora.
    Dnf,
    /// Arch Linux.
    Pacman,
    /// None that is known here.
    Unknown,
}

impl Manager {
    /// The one that this system has.
    pub fn of_this_system() -> Self {
        if cfg!(target_os = "macos") {
            return Self::Brew;
        }
        let known = [("apt-get", Self::Apt), ("dnf", Self::Dnf), ("pacman", Self::Pacman)];
        let found = known.into_iter().find(|(program, _)| on_path(program).is_some());
        found.map_or(Self::Unknown, |(_, manager)| manager)
    }
}

/// The packages for `need` in Debian's words: one of each list is enough, the best one first.
pub fn debian(need: Need, exact: bool) -> Vec<Vec<String>> {
    let one = |name: &str| vec![name.to_owned()];
    let llvm = |name: &str| {
        let newer = LLVM..=LLVM + 2;
        let older = (15..LLVM).rev();
        let numbered = newer.chain(older.filter(|_| !exact)).map(|n| format!("{name}-{n}"));
        numbered.chain((!exact).then(|| name.to_owned())).collect::<Vec<_>>()
    };
    match need {
        Need::Clang | Need::Clangxx => vec![llvm("clang")],
        Need::DebianClippy => vec![one("rust-web-clippy")],
        Need::DebianRust => vec![one("rustc-web"), one("cargo-web"), one("rust-web-src")],
        Need::DebianRustfmt => vec![vec!["rustfmt-web".into(), "rustfmt".into()]],
        Need::Firmware(Arch::X86_64) => vec![one("ovmf")],
        Need::Firmware(arch) => vec![vec![format!("qemu-efi-{arch}")]],
        Need::Gcc(arch) if is_native(arch) => vec![one("gcc"), one("libc6-dev")],
        Need::Gxx(arch) if is_native(arch) => vec![one("g++")],
        Need::Gcc(arch) => vec![
            vec![format!("gcc-{}-linux-gnu", dashed(arch))],
            vec![format!("libc6-dev-{}-cross", arch.debian())],
        ],
        Need::Gxx(arch) => vec![vec![format!("g++-{}-linux-gnu", dashed(arch))]],
        Need::Gdb => vec![one("gdb-multiarch")],
        Need::Gnuplot => vec![vec!["gnuplot-nox".into(), "gnuplot".into()]],
        Need::HostCc => vec![one("gcc"), one("libc6-dev")],
        Need::Libgcc(arch) if is_native(arch) => vec![one("gcc")],
        Need::Libgcc(arch) => {
            let versions = [12, 13, 14, 15, 11, 10];
            vec![versions.map(|n| format!("libgcc-{n}-dev-{}-cross", arch.debian())).into()]
        }
        Need::Libsupcxx(arch) if is_native(arch) => vec![one("g++")],
        Need::Libsupcxx(arch) => {
            let versions = [12, 13, 14, 15, 11, 10];
            vec![versions.map(|n| format!("libstdc++-{n}-dev-{}-cross", arch.debian())).into()]
        }
        Need::Lld => vec![llvm("lld")],
        Need::LlvmJitlink | Need::LlvmRtdyld => vec![llvm("llvm")],
        Need::Make => vec![one("make")],
        Need::Mold => vec![one("mold")],
        Need::Picolibc(Arch::Riscv64) => vec![one("picolibc-riscv64-unknown-elf")],
        Need::Picolibc(arch) => vec![vec![format!("picolibc-{}-linux-gnu", dashed(arch))]],
        Need::Qemu(Arch::Aarch64) => vec![one("qemu-system-arm")],
        // OpenSBI is a package of its own in some releases, and part of qemu-system-data in others.
        Need::Qemu(Arch::Riscv64) => {
            vec![vec!["qemu-system-riscv".into(), "qemu-system-misc".into()], one("opensbi")]
        }
        Need::Qemu(Arch::X86_64) => vec![one("qemu-system-x86"), one("seabios")],
        Need::Script => vec![one("bsdutils")],
        Need::Valgrind => vec![one("valgrind")],
    }
}

/// The commands that install `needs` by hand, with a line that introduces them.
pub fn command_for(manager: &Manager, needs: &[Need], exact: bool) -> String {
    let named = |name: fn(Need) -> Vec<String>| {
        let mut all: Vec<String> = needs.iter().copied().flat_map(name).collect();
        all.sort();
        all.dedup();
        all.join(" ")
    };
    let run = |command: &str, names: String| format!("Run: {command} {names}");
    match manager {
        Manager::Apt => {
            let firsts = needs.iter().flat_map(|&need| debian(need, exact));
            let mut names: Vec<String> =
                firsts.filter_map(|group| group.into_iter().next()).collect();
            names.sort();
            names.dedup();
            run("sudo apt-get install --no-install-recommends", names.join(" "))
        }
        Manager::Brew => run("brew install", named(brew)),
        Manager::Dnf => run("sudo dnf install", named(fedora)),
        Manager::Pacman => run("sudo pacman -S --needed", named(arch_linux)),
        Manager::Unknown => {
            let mut names: Vec<String> = needs.iter().map(|need| need.name()).collect();
            names.sort();
            names.dedup();
            format!("Install with this system's package manager: {}", names.join(", "))
        }
    }
}

fn brew(need: Need) -> Vec<String> {
    let name = match need {
        Need::Clang | Need::Clangxx => "llvm".into(),
        Need::DebianClippy | Need::DebianRust | Need::DebianRustfmt => "rustup".into(),
        Need::Firmware(_) => "qemu".into(),
        Need::Gcc(arch) | Need::Gxx(arch) | Need::Libgcc(arch) | Need::Libsupcxx(arch) => {
            format!("{arch}-elf-gcc")
        }
        Need::Gdb => "gdb".into(),
        Need::Gnuplot => "gnuplot".into(),
        Need::HostCc => "llvm".into(),
        Need::Lld => "lld".into(),
        Need::LlvmJitlink | Need::LlvmRtdyld => "llvm".into(),
        Need::Make => "make".into(),
        Need::Mold => "mold".into(),
        Need::Picolibc(_) => "picolibc".into(),
        Need::Qemu(_) => "qemu".into(),
        Need::Script => "util-linux".into(),
        Need::Valgrind => "valgrind".into(),
    };
    vec![name]
}

fn fedora(need: Need) -> Vec<String> {
    let name = match need {
        Need::Clang | Need::Clangxx => "clang".into(),
        Need::DebianClippy | Need::DebianRust | Need::DebianRustfmt => "rustup".into(),
        Need::Firmware(Arch::X86_64) => "edk2-ovmf".into(),
        Need::Firmware(arch) => format!("edk2-{arch}"),
        Need::Gcc(arch) | Need::Libgcc(arch) if is_native(arch) => "gcc".into(),
        Need::Gxx(arch) if is_native(arch) => "gcc-c++".into(),
        Need::Libsupcxx(arch) if is_native(arch) => "libstdc++-static".into(),
        Need::Gcc(arch) | Need::Libgcc(arch) => format!("gcc-{arch}-linux-gnu"),
        Need::Gxx(arch) | Need::Libsupcxx(arch) => format!("gcc-c++-{arch}-linux-gnu"),
        Need::Gdb => "gdb".into(),
        Need::Gnuplot => "gnuplot".into(),
        Need::HostCc => "gcc".into(),
        Need::Lld => "lld".into(),
        Need::LlvmJitlink | Need::LlvmRtdyld => "llvm".into(),
        Need::Make => "make".into(),
        Need::Mold => "mold".into(),
        Need::Picolibc(_) => "picolibc".into(),
        Need::Qemu(Arch::X86_64) => "qemu-system-x86-core".into(),
        Need::Qemu(arch) => format!("qemu-system-{}-core", short(arch)),
        Need::Script => "util-linux-script".into(),
        Need::Valgrind => "valgrind".into(),
    };
    vec![name]
}

fn arch_linux(need: Need) -> Vec<String> {
    let name = match need {
        Need::Clang | Need::Clangxx => "clang".into(),
        Need::DebianClippy | Need::DebianRust | Need::DebianRustfmt => "rustup".into(),
        Need::Firmware(Arch::X86_64) => "edk2-ovmf".into(),
        Need::Firmware(arch) => format!("edk2-{arch}"),
        Need::Gcc(arch) | Need::Gxx(arch) | Need::Libgcc(arch) | Need::Libsupcxx(arch) => {
            if is_native(arch) {
                "gcc".into()
            } else {
                format!("{arch}-linux-gnu-gcc")
            }
        }
        Need::Gdb => "gdb".into(),
        Need::Gnuplot => "gnuplot".into(),
        Need::HostCc => "gcc".into(),
        Need::Lld => "lld".into(),
        Need::LlvmJitlink | Need::LlvmRtdyld => "llvm".into(),
        Need::Make => "make".into(),
        Need::Mold => "mold".into(),
        Need::Picolibc(_) => "picolibc".into(),
        Need::Qemu(Arch::X86_64) => "qemu-system-x86".into(),
        Need::Qemu(arch) => format!("qemu-system-{}", short(arch)),
        Need::Script => "util-linux".into(),
        Need::Valgrind => "valgrind".into(),
    };
    vec![name]
}

/// Whether plain `gcc` compiles for `arch`.
fn is_native(arch: Arch) -> bool {
    arch.gcc_prefix().is_empty()
}

/// The machine as Debian's compiler packages spell it: no underscore.
fn dashed(arch: Arch) -> String {
    arch.name().replace('_', "-")
}

/// The machine as QEMU's packages call it.
const fn short(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "aarch64",
        Arch::Riscv64 => "riscv",
        Arch::X86_64 => "x86",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_name_each_package_once() {
        let needs = [Need::Clang, Need::Clangxx, Need::Qemu(Arch::Aarch64)];
        let command = command_for(&Manager::Apt, &needs, false);
        assert_eq!(
            command,
            "Run: sudo apt-get install --no-install-recommends clang-22 qemu-system-arm"
        );
        assert_eq!(command_for(&Manager::Brew, &needs, false), "Run: brew install llvm qemu");
    }

    #[test]
    fn tests_take_no_older_llvm() {
        let any = debian(Need::Clang, false).concat();
        let exact = debian(Need::Clang, true).concat();
        assert!(any.contains(&"clang-15".to_owned()) && any.contains(&"clang".to_owned()));
        assert_eq!(exact, ["clang-22", "clang-23", "clang-24"]);
    }
}
