//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use loader_core::{Keep, PlanOptions, TlsModel};

use crate::arch::Arch;
use crate::diff::Kind;
use qemu_protocol::Soak;

mod bench;
mod link;
mod new_module;
mod paths;
mod size;

pub use bench::BenchArgs;
pub use link::LinkArgs;
pub use new_module::NewModuleArgs;
use paths::{existing, to_be_written};
pub use size::SizeArgs;

/// Builds, runs, tests and inspects the loader.
///
/// Each command finds the tools that it needs. On Debian and Ubuntu it installs what is missing,
/// where it may do so without asking; elsewhere it prints the command to run.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

const AFTER_HELP: &str = "\
Exit codes: 0 success; 1 what was asked for failed; 2 a wrong command line; 3 a tool is missing
and could not be installed. `qemu` with objects ends with the program's own result.

Environment:
  LOADER_RUST       how the bare-metal targets' core library is come by: rustup (a compiled one,
                    from rustup), build-std (the active toolchain's sources), debian (Debian's
                    cargo and rustc, and their sources). Unset: the first of these that works
  CARGO_TARGET_DIR  where to build; the default is target
  NO_COLOR          no colours";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Boot a system image in QEMU that loads objects and runs them
    Qemu(QemuArgs),
    /// Show how an object would be loaded, without running anything
    Inspect(InspectArgs),
    /// Compare what the loader makes of objects with what linkers make of them
    Diff(DiffArgs),
    /// Link objects for fixed addresses: raw files and a map, or an executable
    Link(LinkArgs),
    /// Write a small module to begin with: sources, and the flags for each architecture
    NewModule(NewModuleArgs),
    /// Load objects here and run them on a target, by an agent there
    Remote(RemoteArgs),
    /// Write docs/relocations.md: every relocation type, and what becomes of it
    Relocations(RelocationsArgs),
    /// Write loader-capi/include/loader.h: what programs in C see of the loader
    Header(HeaderArgs),
    /// Measure what a load takes, beside the floor and beside other loaders
    Bench(BenchArgs),
    /// Say what the loader takes of an image: code and constants, by what is used of it
    Size(SizeArgs),
    /// Load and unload modules for long, in the running images
    Soak(SoakArgs),
    /// Run every check and every test
    Test(TestArgs),
    /// Boot an image as it is: cargo's runner for the bare-metal targets
    #[command(hide = true)]
    Boot(BootArgs),
}

/// The arguments of `qemu`.
///
/// Without objects: boots each architecture and runs Lua, loaded from its unmodified objects.
///
/// With objects: their architecture is read from the files. They are handed to the running image,
/// which links them together as one program, runs the initialisers and calls the entry. Members
/// of archives are taken as they are needed. The program's result is the exit code; a program
/// that aborts gives 134, one that is refused or faults gives 1.
#[derive(Debug, Args)]
#[command(after_help = QEMU_EXAMPLES)]
pub struct QemuArgs {
    /// The machine; the default is that of the objects, or all for the demo
    #[arg(long, value_enum, value_name = "ARCH")]
    pub arch: Option<Machines>,
    /// The function to call: `int ENTRY(int argc, char **argv)`
    #[arg(long = "call", value_name = "ENTRY", default_value = "main", requires = "files")]
    pub entry: String,
    /// Take every object as a program of its own, and have a result for each: a fault, a call of `abort`,
    /// or too much time ends it, and the next one runs. Ends with 0 if all of them do
    #[arg(long, requires = "files", conflicts_with = "gdb")]
    pub each: bool,
    /// Seconds after which a machine that is not done is stopped (120); with --each, a program (10)
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: Option<u64>,
    #[command(flatten)]
    pub loader: LoaderArgs,
    /// Have the objects' debug information at hand, in the arenas, so that a fault is told with files and
    /// lines
    #[arg(long, requires = "files")]
    pub lines: bool,
    /// Have code and constants that need no change stay in the file (execution in place)
    #[arg(long)]
    pub in_place: bool,
    /// Run programs in user mode (EL0, U-mode, ring 3), where they have their own modules, stack and heap, and
    /// a few calls of the kernel
    #[arg(long, conflicts_with = "in_place")]
    pub user: bool,
    /// Hold the machine until GDB is attached, and have GDB know of modules as they come and go; on a
    /// terminal GDB is started, elsewhere the command for that is printed. There is no time limit then
    #[arg(long)]
    pub gdb: bool,
    /// Start GDB without a terminal, with the commands of this file
    #[arg(long, value_name = "FILE", requires = "gdb", value_parser = existing())]
    pub gdb_script: Option<PathBuf>,
    /// Link modules that name each other in a circle as one, rather than refuse them
    #[arg(long, requires = "files")]
    pub group_cycles: bool,
    /// Write what was loaded, where, and how it went to this file
    #[arg(long, value_name = "FILE.json", value_parser = to_be_written())]
    pub report: Option<PathBuf>,
    /// Show every section and every object of the C runtime
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Show what the program prints and nothing else
    #[arg(long, short)]
    pub quiet: bool,
    /// Objects (ELF, ET_REL) and archives
    #[arg(value_name = "OBJECT|ARCHIVE")]
    pub files: Vec<PathBuf>,
    /// The program's arguments, from argv[1] on
    #[arg(last = true, value_name = "ARGS", requires = "files")]
    pub args: Vec<String>,
}

const QEMU_EXAMPLES: &str = "\
Examples:
  cargo xtask qemu
  cargo xtask qemu --arch riscv64
  cargo xtask qemu hello.o -- world
  cargo xtask qemu --gdb hello.o
  cargo xtask qemu --each --report results.json tests/*.o
  cargo xtask qemu --call selftest driver.o libsupport.a --report load.json";

/// What the loader is asked for.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct LoaderArgs {
    /// Have RISC-V code made shorter where its objects allow it (linker relaxation)
    #[arg(long)]
    pub relax: bool,
    /// Have AArch64 code mended that erratum 843419 of the Cortex-A53 affects
    #[arg(long)]
    pub fix_cortex_a53_843419: bool,
    /// Leave out sections that nothing uses: what the entry needs is kept or, where there is none,
    /// what the symbols need that other modules may use
    #[arg(long)]
    pub gc_sections: bool,
}

impl LoaderArgs {
    /// What a plan is asked for, with thread-local variables as the system images have them; of what
    /// nothing uses, what the `names` need, or all exported symbols.
    pub fn plan_options<'p>(self, names: &'p [&'p str]) -> PlanOptions<'p> {
        let mut options = PlanOptions::default();
        options.relaxation = self.relax;
        options.erratum_843419 = self.fix_cortex_a53_843419;
        options.thread_locals = TlsModel::Static;
        options.keep = match (self.gc_sections, names) {
            (false, _) => Keep::All,
            (true, []) => Keep::Exported,
            (true, _) => Keep::Named(names),
        };
        options
    }
}

/// The machines that `--arch` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machines {
    /// All three.
    All,
    /// One of them.
    One(Arch),
}

impl Machines {
    /// The machine, where it is one.
    pub fn one(self) -> Option<Arch> {
        match self {
            Self::All => None,
            Self::One(arch) => Some(arch),
        }
    }

    /// The machines, one by one.
    pub fn list(self) -> Vec<Arch> {
        match self {
            Self::All => Arch::ALL.into(),
            Self::One(arch) => vec![arch],
        }
    }
}

impl ValueEnum for Machines {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::One(Arch::Aarch64), Self::One(Arch::Riscv64), Self::One(Arch::X86_64), Self::All]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
            Self::All => "all",
            Self::One(arch) => arch.name(),
        }))
    }
}

/// The arguments of `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    #[command(flatten)]
    pub loader: LoaderArgs,
    /// Have code and constants that need no change stay in the file (execution in place)
    #[arg(long)]
    pub in_place: bool,
    /// With --gc-sections, keep what this symbol needs and, of what nothing uses, no more; can be given
    /// more than once
    #[arg(long, value_name = "NAME", requires = "gc_sections")]
    pub keep: Vec<String>,
    /// The objects (ELF, ET_REL), each on its own
    #[arg(value_name = "OBJECT", required = true)]
    pub files: Vec<PathBuf>,
}

/// The arguments of `diff`.
///
/// The objects are laid out by the loader, and linked at the same addresses; every allocated byte
/// must be the same. GOT slots are compared by what they hold, and calls through stubs by where
/// these lead. The objects together are one module; each member of an archive is one by itself.
#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub struct DiffArgs {
    /// The linker to compare with
    #[arg(long, value_enum, default_value_t = Linkers::Both)]
    pub linker: Linkers,
    /// Compare real code of every origin: C libraries, Rust's core and alloc, Lua, SQLite
    #[arg(long, conflicts_with = "files")]
    pub corpus: bool,
    /// Of the corpus, only what is for this machine
    #[arg(long, value_enum, value_name = "ARCH", conflicts_with = "files")]
    pub arch: Option<Machines>,
    /// Write the numbers and the differences to this file
    #[arg(long, value_name = "FILE.json", value_parser = to_be_written())]
    pub report: Option<PathBuf>,
    /// Objects (ELF, ET_REL) and archives
    #[arg(value_name = "OBJECT|ARCHIVE", required_unless_present = "corpus")]
    pub files: Vec<PathBuf>,
}

const DIFF_EXAMPLES: &str = "\
Of each linker the table has the modules that were compared, the same objects below 2 GiB and, where
their code can be there, above; how many a linker could not take (skipped); and what they had in all:
objects, sections, bytes, bytes of debug sections, symbols, relocations, those of them that speak of a
GOT slot or a stub and are compared by what that leads to (by meaning), and types of relocations.

Exit codes: 0 all the same; 1 a difference, or an object that could not be compared; 2 a wrong
command line; 3 a tool is missing. --corpus takes what no linker or loader can take as it is.

Examples:
  cargo xtask diff hello.o
  cargo xtask diff --linker bfd driver.o support.o
  cargo xtask diff /usr/lib/gcc-cross/aarch64-linux-gnu/12/libgcc.a
  cargo xtask diff --corpus --report corpus.json";

/// The linkers that `--linker` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Linkers {
    /// LLVM's ld.lld
    Lld,
    /// GNU ld
    Bfd,
    /// Both
    Both,
}

impl Linkers {
    /// The linkers, one by one.
    pub const fn list(self) -> &'static [Kind] {
        match self {
            Self::Lld => &[Kind::Lld],
            Self::Bfd => &[Kind::Bfd],
            Self::Both => &Kind::ALL,
        }
    }
}

/// The arguments of `relocations`.
#[derive(Debug, Args)]
pub struct RelocationsArgs {
    /// Write nothing; fail where the document is out of date
    #[arg(long, conflicts_with = "oracles")]
    pub check: bool,
    /// Find out anew which types are compared with the linkers (takes a few minutes)
    #[arg(long)]
    pub oracles: bool,
}

/// The arguments of `header`.
#[derive(Debug, Args)]
pub struct HeaderArgs {
    /// Write nothing; fail where the header is out of date
    #[arg(long)]
    pub check: bool,
}

/// The arguments of `remote`.
///
/// Boots the agent in QEMU, or connects to one that is there, loads the objects on this machine,
/// sends them over, and calls functions in them. Without --call, that is `main`, and its result is
/// the exit code, as that of `qemu` is. Without objects, commands are read line by line; where they do not
/// come from a terminal, the exit code is 1 if one of them has failed.
///
/// What a function returns is shown as 64 bits, which is the whole register; where that is another number
/// than its lower half, which is what an `int` has, as an `int` too.
#[derive(Debug, Args)]
#[command(after_help = REMOTE_EXAMPLES)]
pub struct RemoteArgs {
    /// The machine; the default is that of the objects, or all for --lua
    #[arg(long, value_enum, value_name = "ARCH")]
    pub arch: Option<Machines>,
    /// A function to call; can be given more than once. Arguments are numbers and strings; without
    /// parentheses it is called as `main` is
    #[arg(long, value_name = "CALL", requires = "files")]
    pub call: Vec<crate::remote::Call>,
    /// An agent that is there already: HOST:PORT, the path of a Unix socket, or of a serial port
    #[arg(long, value_name = "ADDR|PATH")]
    pub connect: Option<String>,
    /// Run Lua, loaded from its unmodified objects, as `qemu` does
    #[arg(long, conflicts_with_all = ["files", "interactive"])]
    pub lua: bool,
    /// Read commands line by line, once the objects are loaded
    #[arg(long, short, conflicts_with = "call")]
    pub interactive: bool,
    /// Hold QEMU's machine until GDB is attached, and have GDB know of modules as they come and go; on a
    /// terminal GDB is started, elsewhere, or where commands are read, the command for that is printed.
    /// There is no time limit then
    #[arg(long)]
    pub gdb: bool,
    /// Start GDB without a terminal, with the commands of this file
    #[arg(long, value_name = "FILE", requires = "gdb", value_parser = existing())]
    pub gdb_script: Option<PathBuf>,
    /// Damage one in N pieces of what is sent and received, to see it mended
    #[arg(long, value_name = "N", default_value_t = 0,
          value_parser = clap::value_parser!(u64).range(..=1_000_000))]
    pub noise: u64,
    /// Seconds after which a call that does not come back is given up
    #[arg(long, value_name = "SECONDS", default_value_t = crate::qemu::DEFAULT_LIMIT.as_secs(),
          value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Have RISC-V code made shorter where its objects allow it (linker relaxation)
    #[arg(long, requires = "files")]
    pub relax: bool,
    /// Have AArch64 code mended that erratum 843419 of the Cortex-A53 affects
    #[arg(long, requires = "files")]
    pub fix_cortex_a53_843419: bool,
    /// Write what was loaded, where, and how it went to this file
    #[arg(long, value_name = "FILE.json", value_parser = to_be_written(), conflicts_with = "interactive")]
    pub report: Option<PathBuf>,
    /// Show what programs print and nothing else
    #[arg(long, short)]
    pub quiet: bool,
    /// Objects (ELF, ET_REL) and archives
    #[arg(value_name = "OBJECT|ARCHIVE")]
    pub files: Vec<PathBuf>,
    /// The program's arguments, from argv[1] on
    #[arg(last = true, value_name = "ARGS", requires = "files")]
    pub args: Vec<String>,
}

const REMOTE_EXAMPLES: &str = "\
Commands: load FILE..., call CALL (or just CALL), symbols [MODULE], map [MODULE], unload MODULE, quit.

Examples:
  cargo xtask remote sum.o --call 'add(40, 2)' --call 'print(\"hello\")'
  cargo xtask remote hello.o -- world
  cargo xtask remote --lua --arch riscv64
  cargo xtask remote --gdb hello.o
  cargo xtask remote --connect /dev/ttyUSB0 --arch aarch64";

/// The arguments of `soak`.
///
/// Instances of a few modules, big and small ones, of which some need others, come and go in a random
/// order. Each is called and returns what it should; in the end nothing is left, and the arenas are
/// in one piece again. The same seed makes the same choices.
#[derive(Debug, Args)]
#[command(after_help = SOAK_EXAMPLES)]
pub struct SoakArgs {
    /// The machine
    #[arg(long, value_enum, value_name = "ARCH")]
    pub arch: Option<Machines>,
    /// How many modules are loaded, by each hart
    #[arg(long, value_name = "N", default_value_t = 100_000,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub loads: u32,
    /// What all choices depend on
    #[arg(long, value_name = "S", default_value_t = Soak::SEED)]
    pub seed: u64,
    /// Have both harts load and unload at the same time, and look for each other's modules
    #[arg(long)]
    pub both_harts: bool,
    /// Seconds after which a machine that is not done is stopped
    #[arg(long, value_name = "SECONDS", default_value_t = 3600,
          value_parser = clap::value_parser!(u64).range(1..))]
    pub timeout: u64,
    /// Write what each machine did to this file
    #[arg(long, value_name = "FILE.json", value_parser = to_be_written())]
    pub report: Option<PathBuf>,
}

const SOAK_EXAMPLES: &str = "\
Exit codes: 0 all is as it was before; 1 something is not; 2 a wrong command line; 3 a tool is missing.

Examples:
  cargo xtask soak
  cargo xtask soak --arch riscv64 --loads 5000 --seed 7
  cargo xtask soak --both-harts --report soak.json";

/// The arguments of `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Run this step alone; can be given more than once
    #[arg(long, value_name = "STEP")]
    pub only: Vec<String>,
    /// Of the QEMU cases run those whose names begin with this; can be given more than once
    #[arg(long, value_name = "CASE")]
    pub case: Vec<String>,
    /// List the steps
    #[arg(long)]
    pub list: bool,
    /// Stop after the first step that fails
    #[arg(long)]
    pub fail_fast: bool,
}

/// The arguments of `boot`.
#[derive(Debug, Args)]
pub struct BootArgs {
    /// The image
    pub image: PathBuf,
    /// The bytes to put into its job window
    pub job: Option<PathBuf>,
}

/// What the user asked for makes no sense: exit code 2.
#[derive(Debug)]
pub struct UsageError(pub anyhow::Error);

impl std::fmt::Display for UsageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl std::error::Error for UsageError {}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn qemu(args: &[&str]) -> Result<QemuArgs, clap::Error> {
        let all = ["xtask", "qemu"].iter().chain(args);
        Cli::try_parse_from(all).map(|cli| match cli.verb {
            Verb::Qemu(args) => args,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn files_and_arguments_are_told_apart() {
        let args = qemu(&["--call", "start", "a.o", "lib.a", "--", "-x", "--arch"]).unwrap();
        assert_eq!(args.files, [PathBuf::from("a.o"), PathBuf::from("lib.a")]);
        assert_eq!(args.args, ["-x", "--arch"]);
        assert_eq!(args.entry, "start");
        assert!(qemu(&["--", "x"]).is_err());
        assert!(qemu(&["--call", "start"]).is_err());
        assert_eq!(qemu(&[]).unwrap().entry, "main");
    }

    #[test]
    fn gdb_may_follow_a_script() {
        assert!(qemu(&["--gdb", "a.o"]).unwrap().gdb);
        let script = "Cargo.toml"; // any file that is there
        assert!(qemu(&["--gdb-script", script, "a.o"]).is_err());
        let args = qemu(&["--gdb", "--gdb-script", script, "a.o"]).unwrap();
        assert_eq!(args.gdb_script, Some(PathBuf::from(script)));
        assert!(qemu(&["--gdb", "--gdb-script", "missing.gdb", "a.o"]).is_err());
    }

    #[test]
    fn a_report_without_a_folder_is_refused_before_all_else() {
        qemu(&["--report", "report.json", "a.o"]).unwrap();
        assert!(qemu(&["--report", "", "a.o"]).is_err());
        assert!(qemu(&["--report", "new/", "a.o"]).is_err());
        assert!(qemu(&["--report", "missing/report.json", "a.o"]).is_err());
        assert!(qemu(&["--report", "src", "a.o"]).is_err());
    }

    #[test]
    fn a_comparison_needs_something_to_compare() {
        let diff = |args: &[&str]| {
            let all = ["xtask", "diff"].iter().chain(args);
            Cli::try_parse_from(all).map(|_| ())
        };
        assert!(diff(&[]).is_err());
        assert!(diff(&["--corpus", "a.o"]).is_err());
        assert!(diff(&["--linker", "gold", "a.o"]).is_err());
        diff(&["--linker", "bfd", "a.o", "lib.a"]).unwrap();
        diff(&["--corpus"]).unwrap();
        diff(&["--corpus", "--arch", "riscv64"]).unwrap();
        assert!(diff(&["--arch", "riscv64", "a.o"]).is_err());
    }

    #[test]
    fn a_program_may_ask_something_of_the_loader() {
        let args = qemu(&["--relax", "--fix-cortex-a53-843419", "--in-place", "a.o"]).unwrap();
        let LoaderArgs { relax, fix_cortex_a53_843419, .. } = args.loader;
        assert!(relax && fix_cortex_a53_843419 && args.in_place);
        assert!(!qemu(&[]).unwrap().loader.relax);
        assert!(qemu(&["--gc-sections", "a.o"]).unwrap().loader.gc_sections);
        let inspect = |args: &[&str]| {
            let all = ["xtask", "inspect"].iter().chain(args);
            Cli::try_parse_from(all).map(|cli| match cli.verb {
                Verb::Inspect(args) => args.keep,
                other => panic!("{other:?}"),
            })
        };
        let kept = inspect(&["--gc-sections", "--keep", "a", "--keep", "b", "a.o"]).unwrap();
        assert_eq!(kept, ["a", "b"]);
        assert!(inspect(&["--keep", "a", "a.o"]).is_err());
    }

    #[test]
    fn a_soak_has_a_length_and_a_seed() {
        let soak = |args: &[&str]| {
            let all = ["xtask", "soak"].iter().chain(args);
            Cli::try_parse_from(all).map(|cli| match cli.verb {
                Verb::Soak(args) => (args.loads, args.seed),
                other => panic!("{other:?}"),
            })
        };
        assert_eq!(soak(&[]).unwrap(), (100_000, Soak::SEED));
        assert_eq!(soak(&["--loads", "5", "--seed", "7"]).unwrap(), (5, 7));
        assert!(soak(&["--loads", "0"]).is_err());
    }

    #[test]
    fn machines_are_named() {
        let machines = |name| qemu(&["--arch", name]).map(|args| args.arch);
        assert_eq!(machines("all").unwrap(), Some(Machines::All));
        assert_eq!(machines("x86_64").unwrap(), Some(Machines::One(Arch::X86_64)));
        assert!(machines("vax").is_err());
        assert!(qemu(&["--timeout", "0"]).is_err());
    }
}
