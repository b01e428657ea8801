//! GDB at the machines: breakpoints in modules that are not there yet, backtraces through module and
//! kernel, variables, steps, and nothing of a module once it is gone. Once with modules that the system
//! image loads, and once with such as are loaded here, and run by an agent.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use loader_core::{Object, Plan, PlanOptions, Scratch};
use object::elf::SHF_COMPRESSED;
use object::read::{Object as _, ObjectSection};
use object::{LittleEndian as LE, SectionFlags};
use qemu_protocol::{
    Ended as ImageEnded, File, Job, Options, Outcome, Program, Surroundings, Task,
};

use super::remote::compiled;
use super::{Context, Tally};
use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::cases::{Compiler, compile_object};
use crate::diff::gnu_program;
use crate::gdb::{self, Place, Said, Session};
use crate::image;
use crate::parallel;
use crate::process;
use crate::program;
use crate::qemu::{DEFAULT_LIMIT, Stop};
use crate::remote::{self, Debugger, Limits, Link, Stream};
use crate::setup::{Need, Tools, root};

mod expected;
mod interrupt;
mod script;

/// Longest that objcopy may take.
const LIMIT: Duration = Duration::from_secs(60);

use script::{Lines, Loader};

/// A program, compiled in one way, that GDB is driven through.
#[derive(Clone, Copy, Debug)]
struct Scenario {
    /// What it is called.
    name: &'static str,
    /// The source, in `qemu-tests/gdb`.
    source: &'static str,
    compiler: Compiler,
    flags: &'static str,
    /// How objcopy is to compress the debug sections of the object, if it is to.
    compress: Option<&'static str>,
    /// Whether all of this is about RISC-V code that is made shorter.
    relaxation: bool,
    /// What the object must have.
    has: Has,
    /// Whether an agent runs it, too.
    is_for_agents: bool,
}

/// What makes an object worth a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    /// Debug sections compressed so (`ch_type`).
    Compressed(u32),
    /// Debug sections as they are, of this version of DWARF.
    Plain(u16),
}

const C: Scenario = Scenario {
    name: "C, DWARF 5",
    source: "meter.c",
    compiler: Compiler::Gcc,
    flags: "-O0 -gdwarf-5",
    compress: None,
    relaxation: false,
    has: Has::Plain(5),
    is_for_agents: true,
};

/// What is no other for an agent, which gets no debug information.
const OTHER: Scenario = Scenario { is_for_agents: false, ..C };

const RUST: Scenario = Scenario {
    name: "Rust, DWARF 5",
    source: "gauge.rs",
    compiler: Compiler::Rustc,
    flags: "-g -Copt-level=0 -Cdebug-assertions=off -Cdwarf-version=5",
    ..C
};

const CLANG: Scenario =
    Scenario { name: "C by clang, DWARF 5", compiler: Compiler::Clang, ..OTHER };

const ZLIB: Has = Has::Compressed(1);
const ZSTD: Has = Has::Compressed(2);

const SCENARIOS: &[Scenario] = &[
    C,
    Scenario { name: "C, DWARF 4", flags: "-O0 -gdwarf-4 -fno-pic", has: Has::Plain(4), ..OTHER },
    Scenario { name: "C, zlib", flags: "-O0 -gdwarf-5 -gz=zlib", has: ZLIB, ..OTHER },
    CLANG,
    Scenario { name: "C by clang, zstd", flags: "-O0 -gdwarf-5 -gz=zstd", has: ZSTD, ..CLANG },
    // Calls and addresses get shorter: each line behind them lies elsewhere than in the object.
    Scenario { name: "C, relaxed", flags: "-O0 -gdwarf-5 -fno-pic", relaxation: true, ..C },
    Scenario {
        name: "C by clang, sections apart, relaxed",
        flags: "-O0 -gdwarf-5 -mrelax -falign-functions=64 -ffunction-sections",
        relaxation: true,
        ..CLANG
    },
    RUST,
    Scenario {
        name: "Rust, zlib",
        compress: Some("zlib"),
        has: ZLIB,
        is_for_agents: false,
        ..RUST
    },
    Scenario {
        name: "Rust, zstd",
        compress: Some("zstd"),
        has: ZSTD,
        is_for_agents: false,
        ..RUST
    },
];

/// Drives GDB through each scenario on each machine.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    tools.ensure(&[Need::Gdb, Need::Script])?;
    image::paths(tools, &Arch::ALL)?;
    let agents = remote::agents(tools, &Arch::ALL)?;
    let loaders = [Loader::Image, Loader::Host];
    let scenarios = || SCENARIOS.iter().flat_map(|s| loaders.map(|loader| (loader, s)));
    let all: Vec<_> =
        Arch::ALL.iter().flat_map(|&arch| scenarios().map(move |(l, s)| (arch, l, s))).collect();
    let chosen = |name: &str| {
        context.cases.is_empty() || context.cases.iter().any(|case| name.starts_with(case))
    };
    let name = |(arch, loader, scenario): &(Arch, Loader, &Scenario)| {
        let by = if *loader == Loader::Host { ", by the agent" } else { "" };
        format!("{arch}: {}{by}", scenario.name)
    };
    let all: Vec<_> = all.into_iter().filter(|one| chosen(&name(one))).collect();
    let apply = |(arch, loader, scenario): &(Arch, Loader, &Scenario)| {
        (!scenario.relaxation || *arch == Arch::Riscv64)
            && (*loader == Loader::Image || scenario.is_for_agents)
    };
    let all: Vec<_> = all.into_iter().filter(apply).collect();
    let results = parallel::map(&all, |(arch, loader, scenario)| {
        let agent = agents.get(arch).context("the agent was not built")?;
        scenario.run(tools, *arch, *loader, agent)
    });
    let mut tally = Tally::default();
    for (one, result) in all.iter().zip(results) {
        tally.count(name(one), result);
    }
    let name = "a script that fails";
    if chosen(name) {
        tally.count(name, refused(tools));
    }
    for verb in ["qemu", "remote"] {
        let name = format!("Ctrl-C in {verb}");
        if chosen(&name) {
            tally.count(name, interrupt::run(tools, verb));
        }
    }
    Ok(tally)
}

/// A script that fails is no success, although the program runs on to its end without GDB.
fn refused(tools: &Tools) -> Result<()> {
    let arch = Arch::X86_64;
    let script = tempfile::Builder::new().suffix(".gdb").tempfile()?;
    std::fs::write(script.path(), "print no_such\n")?;
    let object = compiled(tools, arch, "int main(void) { return 0; }\n", &[])?;
    let (ended, said) = C.by_image(tools, arch, &object.bytes, Session::Script(script.path()))?;
    let said = said.context("GDB did not run")?;
    let all = format!("{}\n{}\n{ended}", said.text(), said.errors());
    ensure!(said.errors().contains("no_such"), "GDB does not say what it misses:\n{all}");
    ensure!(!said.is_good(), "GDB's failure is taken for success:\n{all}");
    Ok(())
}

impl Scenario {
    fn path(&self) -> PathBuf {
        root().join("qemu-tests/gdb").join(self.source)
    }

    fn run(&self, tools: &Tools, arch: Arch, loader: Loader, agent: &Path) -> Result<()> {
        let path = self.path();
        let flags: Vec<String> = self.flags.split_whitespace().map(str::to_owned).collect();
        let bytes = compile_object(tools, arch, &path, self.compiler, &flags)?;
        let bytes = match self.compress {
            Some(kind) => compressed(tools, arch, &bytes, kind)?,
            None => bytes,
        };
        ensure!(has(&bytes)? == self.has, "the compiler wrote {:?}", has(&bytes)?);
        ensure!(!self.relaxation || shrinks(&bytes)?, "no code of it gets shorter");
        let text = std::fs::read_to_string(&path).context("a source of the test")?;
        let lines = Lines::of(self.source, &text)?;
        let script = tempfile::Builder::new().suffix(".gdb").tempfile()?;
        std::fs::write(script.path(), lines.script(loader)?)?;
        let session = Session::Script(script.path());
        let (ended, done) = match loader {
            Loader::Image => self.by_image(tools, arch, &bytes, session)?,
            Loader::Host => self.by_agent(tools, arch, agent, bytes, session)?,
        };
        let done = done.context("GDB did not run")?;
        let said = done.text();
        let all = format!("{said}\n{}\n{ended}", done.errors());
        expected::check(&lines, loader, &said).with_context(|| all.clone())?;
        ensure!(done.is_good(), "GDB failed:\n{all}");
        ensure!(ended == RETURNED, "the program {ended}:\n{all}");
        Ok(())
    }

    /// In the system image: how the program has ended, and what GDB said.
    fn by_image(
        &self,
        tools: &Tools,
        arch: Arch,
        bytes: &[u8],
        session: Session<'_>,
    ) -> Result<(String, Option<Said>)> {
        let program = Program {
            name: "debugged",
            files: vec![File::new("debugged.o", bytes)],
            archives: Vec::new(),
            modules: Vec::new(),
            runtime: None,
            entry: "main",
            args: vec!["debugged"],
            repeat: 1,
            options: Options { debug: true, relaxation: self.relaxation, ..Options::default() },
            surroundings: Surroundings::default(),
            task: Task::default(),
        };
        let job = Job { runtime: Vec::new(), programs: vec![program] };
        let (boot, done) = gdb::run(tools, arch, &job, DEFAULT_LIMIT, session)?;
        let report = boot.programs.first().and_then(|program| program.report.as_ref());
        let ended = match report.map(|report| &report.outcome) {
            Some(Outcome::Ended(ImageEnded::Returned(0))) if boot.stop == Stop::Done => {
                RETURNED.to_owned()
            }
            outcome => format!("ended as {outcome:?}, the machine as {}", boot.stop),
        };
        Ok((ended, done))
    }

    /// Loaded here, and run by an agent.
    fn by_agent(
        &self,
        tools: &Tools,
        arch: Arch,
        agent: &Path,
        bytes: Vec<u8>,
        session: Session<'_>,
    ) -> Result<(String, Option<Said>)> {
        // The image's function that calls back is the program's own here.
        let side = compiled(tools, arch, CALL_BACK, &["-g", "-O0"])?;
        let files = vec![NamedBytes { name: "debugged.o".into(), bytes }, side];
        let (archives, modules, runtime) = (Vec::new(), Vec::new(), Vec::new());
        let program = program::Program { files, archives, modules, runtime };
        let mut options = PlanOptions::default();
        options.relaxation = self.relaxation;
        let function = remote::debugger_function(agent)?;
        let run = |place: &Place| {
            let line = Stream::qemu(tools, arch, agent, Some(&place.socket()))?;
            let link = Link::new(Box::new(line), Limits::default())?;
            let debugger = Debugger::new(place.modules(), function);
            let target = remote::Session::new(link, Box::new(|_| ()))?;
            let mut target = target.debugged(Some(debugger));
            let ended = remote::run(&mut target, &program, "main", &["debugged"], options)?;
            Ok(if ended.int() == Some(0) { RETURNED.to_owned() } else { ended.to_string() })
        };
        gdb::run_agent(tools, agent, function, DEFAULT_LIMIT, session, run)
    }
}

/// How a program ends that GDB has been at.
const RETURNED: &str = "returned 0";

/// What calls a function back.
const CALL_BACK: &str = "int kernel_call_back(int (*function)(int), int value)\n\
                         {\n    return function(value) * 2;\n}\n";

/// The object with its debug sections compressed, by GNU objcopy.
fn compressed(tools: &Tools, arch: Arch, bytes: &[u8], kind: &str) -> Result<Vec<u8>> {
    let file = tempfile::NamedTempFile::new().context("cannot make a temporary file")?;
    std::fs::write(file.path(), bytes)?;
    let mut command = Command::new(gnu_program(&tools.gcc(arch)?, "objcopy")?);
    command.arg(format!("--compress-debug-sections={kind}")).arg(file.path());
    process::run(&mut command, LIMIT)?.checked("objcopy")?;
    Ok(std::fs::read(file.path())?)
}

/// How an object's `.debug_info` is compressed, or else the version of DWARF that it has.
fn has(bytes: &[u8]) -> Result<Has> {
    let file = object::read::elf::ElfFile64::<LE>::parse(bytes)?;
    let info = file.section_by_name(".debug_info").context("no debug information")?;
    let data = info.data()?;
    let word = |at: usize| data.get(at..at + 2).map(|word| u16::from_le_bytes([word[0], word[1]]));
    let SectionFlags::Elf { sh_flags, .. } = info.flags() else { bail!("not ELF") };
    let is_compressed = sh_flags.0 & SHF_COMPRESSED.0 != 0;
    let begin = word(if is_compressed { 0 } else { 4 }).context("a short section")?;
    Ok(if is_compressed { Has::Compressed(begin.into()) } else { Has::Plain(begin) })
}

/// Whether code of an object gets shorter where that is asked for.
fn shrinks(bytes: &[u8]) -> Result<bool> {
    let objects = [Object::parse("debugged.o", bytes).map_err(|error| anyhow!("{error}"))?];
    let size = |relaxation| {
        let mut options = PlanOptions::default();
        options.relaxation = relaxation;
        let mut scratch = vec![Scratch::ZERO; options.scratch_len(&objects)];
        let plan = Plan::with_options(&objects, &mut scratch, options);
        let plan = plan.map_err(|error| anyhow!("{error}"))?;
        anyhow::Ok(plan.sections().map(|section| section.size).sum::<u64>())
    };
    Ok(size(true)? < size(false)?)
}
