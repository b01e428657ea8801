//! The linkers that our loader is compared with: what each is called with, and which relocation
//! types it knows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::layout::Layout;
use super::{prepare, types, write};
use crate::arch::Arch;
use crate::parallel;
use crate::process;
use crate::setup::Tools;

/// Longest that one link may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A linker that our loader is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// LLVM's ld.lld.
    Lld,
    /// GNU ld, of the C compiler for the machine.
    Bfd,
}

impl Kind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lld, Self::Bfd];

    /// What messages call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lld => "ld.lld",
            Self::Bfd => "GNU ld",
        }
    }

    /// What the option `--linker` and the tables call it.
    pub const fn short_name(self) -> &'static str {
        match self {
            Self::Lld => "lld",
            Self::Bfd => "bfd",
        }
    }
}

/// A linker for one machine.
#[derive(Clone, Debug)]
pub struct Linker {
    /// Which one.
    pub kind: Kind,
    /// The machine that it links for.
    pub arch: Arch,
    /// The program.
    program: PathBuf,
    /// The types that it does not know, as a trial shows.
    unknown: BTreeSet<u32>,
}

impl Linker {
    /// Finds a linker, and out which of the types that the loader applies it knows.
    ///
    /// # Errors
    /// It is missing.
    pub fn find(tools: &Tools, kind: Kind, arch: Arch) -> Result<Self> {
        let program = match kind {
            Kind::Lld => tools.lld()?,
            Kind::Bfd => gnu_program(&tools.gcc(arch)?, "ld")?,
        };
        let mut linker = Self { kind, arch, program, unknown: BTreeSet::new() };
        let rows = crate::relocations::applied(arch).map(loader_core::Relocation::number);
        let rows: Vec<u32> = rows.collect();
        let known = parallel::map(&rows, |number| linker.knows_by_trial(*number));
        for (number, known) in rows.into_iter().zip(known) {
            if !known? || is_mistaken(kind, arch, number) {
                linker.unknown.insert(number);
            }
        }
        if linker.unknown.len() > crate::relocations::applied(arch).count() / 2 {
            bail!("{} links next to nothing for {arch}", linker.program.display());
        }
        Ok(linker)
    }

    /// An ld.lld that is never called.
    #[cfg(test)]
    pub const fn that_knows_all(arch: Arch) -> Self {
        Self { kind: Kind::Lld, arch, program: PathBuf::new(), unknown: BTreeSet::new() }
    }

    /// Whether it knows a relocation type.
    pub fn knows(&self, number: u32) -> bool {
        !self.unknown.contains(&number)
    }

    /// Whether it is one to compare a module with: GNU ld relaxes RISC-V code in more ways than
    /// the psABI says, and ld.lld as our loader does.
    pub fn compares(&self, name: &str) -> bool {
        self.kind == Kind::Lld || !Layout::is_relaxed(name)
    }

    /// Links what is in `folder`, by its `script`, into `linked`; relaxes RISC-V code, or not.
    ///
    /// # Errors
    /// It refuses: what it said.
    pub fn link(&self, folder: &Path, objects: &[String], relaxed: bool) -> Result<Vec<u8>> {
        let mut command = self.command(folder);
        if relaxed {
            command.arg("--relax");
        }
        command.args(objects).args(["--script=script", "-o", "linked"]);
        process::run(&mut command, LIMIT)?.checked(self.kind.name())?;
        let wrote_nothing = || format!("{} wrote nothing", self.kind.name());
        fs::read(folder.join("linked")).with_context(wrote_nothing)
    }

    /// What it says when it links objects without the sections that nothing uses but what these
    /// symbols need. Whether it can link them does not matter.
    ///
    /// # Errors
    /// It cannot be called.
    pub fn said_of_unused(
        &self,
        folder: &Path,
        objects: &[String],
        kept: &[String],
    ) -> Result<String> {
        let mut command = Command::new(&self.program);
        command.current_dir(folder).env("LC_ALL", "C").args(UNUSED);
        if self.kind == Kind::Lld {
            // As GNU ld has it by itself.
            command.args(["-z", "nostart-stop-gc"]);
        }
        command.args(kept.iter().map(|name| format!("--undefined={name}")));
        let done = process::run(command.args(objects).args(["-o", "linked"]), LIMIT)?;
        Ok(done.stdout_text() + &done.stderr_text())
    }

    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        // The messages of GNU ld are looked at: in English.
        command.current_dir(folder).env("LC_ALL", "C").args(COMMON);
        command.args(match (self.kind, self.arch) {
            // Without `--no-relax`, it would relax on AArch64 and RISC-V what our loader leaves
            // alone; it deletes the padding of R_RISCV_ALIGN all the same.
            (Kind::Lld, Arch::Aarch64 | Arch::Riscv64) => &["--no-relax", "--threads=1"][..],
            (Kind::Lld, Arch::X86_64) => &["--threads=1"],
            // It relaxes GOT loads on x86-64 in other forms than ld.lld and our loader: not at
            // all here. Of thread-local code it makes the cheapest model all the same. Its GOT
            // has more slots than ours, and lies over what follows ours.
            (Kind::Bfd, _) => &["--no-relax", "--no-check-sections", "--no-warn-rwx-segments"],
        });
        command
    }

    /// Whether it takes an object with a relocation of this type, or refuses it for another
    /// reason than the type.
    fn knows_by_trial(&self, number: u32) -> Result<bool> {
        let thread_local = types::is_thread_local(&prepare::type_name(self.arch, number));
        let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
        fs::write(
            folder.path().join("trial.o"),
            write::trial_object(self.arch, number, thread_local)?,
        )
        .context("cannot write a temporary file")?;
        let mut command = self.command(folder.path());
        let done = process::run(command.args(["trial.o", "-o", "linked"]), LIMIT)?;
        // GNU ld may say so and still succeed; and at some types that it has only heard of, it
        // crashes.
        let said = done.stderr_text().to_lowercase();
        let unknown = [
            "unknown relocation",
            "unrecognized relocation",
            "unsupported relocation type",
            "internal error: unsupported relocation",
        ];
        let crashed = done.status.code().is_none();
        Ok(!crashed && !unknown.iter().any(|words| said.contains(words)))
    }
}

/// Whether a linker knows a type, and does something else than the psABI says.
///
/// GNU ld 2.40 takes R_AARCH64_MOVW_PREL_G3 for a signed group, and makes no instruction at all
/// of a MOVK. AAELF64, "Group relocations to create a 64-bit PC-relative offset": the opcode stays.
/// Of R_AARCH64_TLSGD_MOVW_G1 and TLSGD_MOVW_G0_NC it makes local-exec code or, where no call
/// follows as it expects, a failed assertion. Our loader leaves them as they are.
const fn is_mistaken(kind: Kind, arch: Arch, number: u32) -> bool {
    matches!((kind, arch, number), (Kind::Bfd, Arch::Aarch64, 293 | 515 | 516))
}

/// What makes a linker leave everything where it is told, and change nothing that our loader does
/// not change.
const COMMON: &[&str] = &[
    "-static",
    "-nostdlib",
    "--no-gc-sections",
    "--no-eh-frame-hdr",
    "--build-id=none",
    "--discard-none",
    "--hash-style=sysv",
    "--entry=0",
    "-z",
    "norelro",
    "-z",
    "max-page-size=4096",
    "--orphan-handling=place",
];

/// What makes a linker say which sections nothing uses.
const UNUSED: &[&str] = &[
    "-static",
    "-nostdlib",
    "--gc-sections",
    "--print-gc-sections",
    "--unresolved-symbols=ignore-all",
    "--build-id=none",
    "--entry=0",
];

/// A program that a C compiler calls: `ld`, or another of GNU's.
pub fn gnu_program(gcc: &Path, name: &str) -> Result<PathBuf> {
    let mut command = Command::new(gcc);
    let option = format!("-print-prog-name={name}");
    let done = process::run(command.arg(option), LIMIT)?.checked("gcc")?;
    Ok(PathBuf::from(done.stdout_text().trim()))
}
