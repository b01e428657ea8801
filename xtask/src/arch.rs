//! The three machines, and what each tool calls them.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

/// A machine that images and objects are built for.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Debug,
    Hash,
    PartialOrd,
    Ord,
    clap::ValueEnum,
    serde::Serialize,
    serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Arch {
    /// AArch64, little-endian.
    Aarch64,
    /// RISC-V, 64 bits, `rv64gc` with the `lp64d` ABI.
    Riscv64,
    /// x86-64.
    #[value(name = "x86_64")]
    #[serde(rename = "x86_64")]
    X86_64,
}

impl Arch {
    /// All of them, in the order that output shows them.
    pub const ALL: [Self; 3] = [Self::Aarch64, Self::Riscv64, Self::X86_64];

    /// The name used on the command line, in paths and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
            Self::X86_64 => "x86_64",
        }
    }

    /// The Rust target of the system images and of `no_std` objects.
    pub const fn rust_target(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64-unknown-none",
            Self::Riscv64 => "riscv64gc-unknown-none-elf",
            Self::X86_64 => "x86_64-unknown-none",
        }
    }

    /// What follows `clang --target=`; see [`Arch::clang_flags`] for what else it takes.
    pub const fn clang_target(self) -> &'static str {
        match self {
            Self::Aarch64 => "aarch64-unknown-none-elf",
            Self::Riscv64 => "riscv64-unknown-none-elf",
            Self::X86_64 => "x86_64-unknown-none-elf",
        }
    }

    /// The flags that choose the instruction set and ABI where clang's default is another.
    pub const fn clang_flags(self) -> &'static [&'static str] {
        match self {
            Self::Aarch64 | Self::X86_64 => &[],
            Self::Riscv64 => &["-march=rv64gc", "-mabi=lp64d"],
        }
    }

    /// `program`, which is clang or clang++, told to compile for the machine itself.
    pub fn clang(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.arg(format!("--target={}", self.clang_target())).args(self.clang_flags());
        command
    }

    /// What stands before `gcc` and `g++`: nothing where Linux runs on this machine itself.
    pub const fn gcc_prefix(self) -> &'static str {
        match self {
            Self::Aarch64 if cfg!(all(target_os = "linux", target_arch = "aarch64")) => "",
            Self::Riscv64 if cfg!(all(target_os = "linux", target_arch = "riscv64")) => "",
            Self::X86_64 if cfg!(all(target_os = "linux", target_arch = "x86_64")) => "",
            Self::Aarch64 => "aarch64-linux-gnu-",
            Self::Riscv64 => "riscv64-linux-gnu-",
            Self::X86_64 => "x86_64-linux-gnu-",
        }
    }

    /// Debian's name of the machine, as in its packages.
    pub const fn debian(self) -> &'static str {
        match self {
            Self::Aarch64 => "arm64",
            Self::Riscv64 => "riscv64",
            Self::X86_64 => "amd64",
        }
    }

    /// `e_machine` in an ELF header.
    pub const fn elf_machine(self) -> u16 {
        match self {
            Self::Aarch64 => object::elf::EM_AARCH64.0,
            Self::Riscv64 => object::elf::EM_RISCV.0,
            Self::X86_64 => object::elf::EM_X86_64.0,
        }
    }

    /// What the core calls by this name; none for a machine that it learns about before this does.
    pub fn of_machine(machine: loader_core::Machine) -> Option<Self> {
        Self::ALL.into_iter().find(|arch| arch.name() == machine.name())
    }

    /// The machine that an ELF file is for.
    ///
    /// # Errors
    /// The bytes are not a little-endian ELF64 file for one of the three machines.
    pub fn of_object(bytes: &[u8]) -> Result<Self> {
        const HEADER: usize = 64;
        if !bytes.starts_with(&object::elf::ELFMAG) {
            bail!("not an ELF file");
        }
        let (Some(&class), Some(&data), Some(&[low, high])) =
            (bytes.get(4), bytes.get(5), bytes.get(18..20).and_then(|pair| pair.first_chunk()))
        else {
            bail!("cut short: {} bytes, and an ELF header has {HEADER}", bytes.len());
        };
        if class != object::elf::ELFCLASS64.0 || data != object::elf::ELFDATA2LSB.0 {
            bail!("not a little-endian ELF64 file");
        }
        let machine = u16::from_le_bytes([low, high]);
        let found = Self::ALL.into_iter().find(|arch| arch.elf_machine() == machine);
        found.ok_or_else(|| {
            anyhow::anyhow!(
                "for machine {machine:#x} (e_machine); the loader knows {:#x} (AArch64), {:#x} \
                 (RISC-V) and {:#x} (x86-64)",
                object::elf::EM_AARCH64.0,
                object::elf::EM_RISCV.0,
                object::elf::EM_X86_64.0,
            )
        })
    }
}

impl std::fmt::Display for Arch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(class: u8, data: u8, machine: u16) -> Vec<u8> {
        let mut bytes = vec![0x7f, b'E', b'L', b'F', class, data, 1];
        bytes.resize(64, 0);
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes
    }

    #[test]
    fn the_machine_is_read_from_the_header() {
        for arch in Arch::ALL {
            assert_eq!(Arch::of_object(&header(2, 1, arch.elf_machine())).unwrap(), arch);
            assert_eq!(Arch::of_machine(crate::relocations::machine(arch)), Some(arch));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(Arch::of_object(b"").is_err());
        assert!(Arch::of_object(b"\x7fELF\x02\x01").is_err());
        assert!(Arch::of_object(&header(1, 1, object::elf::EM_RISCV.0)).is_err());
        assert!(Arch::of_object(&header(2, 2, object::elf::EM_AARCH64.0)).is_err());
        let error = Arch::of_object(&header(2, 1, object::elf::EM_PPC64.0)).unwrap_err();
        assert!(error.to_string().contains("0x15"), "{error}");
    }
}
