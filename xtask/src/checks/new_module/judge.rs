//! What is expected of a module's object: what it defines, what it says, how it runs.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use loader_core::{Metadata, Object};
use qemu_protocol::{Ended, ModuleReport, Options, Outcome, ProgramReport};

use super::build::{LIMIT, Module, NAME};
use crate::arch::Arch;
use crate::archive::{Archive, NamedBytes, Symbols};
use crate::new_module::Language;
use crate::process;
use crate::program::{Inputs, Program};
use crate::qemu::DEFAULT_LIMIT;
use crate::runtime;
use crate::selection::by_image;
use crate::setup::Tools;
use crate::verb::qemu;

/// Bytes of code that the largest module may come to: what it uses of Rust's core library, and no more.
const MOST_CODE: u64 = 16 << 10;

/// What the object for one machine is like, and what it does there.
pub(super) fn object(tools: &Tools, module: &Module, arch: Arch) -> Result<()> {
    let bytes = module.object(arch)?;
    let archives = qemu::runtime_archives(tools, arch)?;
    defines(module.way.language(), &bytes, &archives)?;
    says(&bytes)?;
    let file = NamedBytes { name: module.project.object(arch), bytes };
    let inputs = Inputs { arch, objects: vec![file], archives: Vec::new() };
    let program = Program::link(tools, inputs, "main", &archives, runtime::ROOTS, by_image)?;
    ensure!(program.files.len() == 1, "more than the object is loaded");
    let report = run(tools, module.way.language(), arch, &program)?;
    let main = report.modules.last().context("no module is reported")?;
    ensure!(main.objects == [module.project.object(arch)], "it consists of {:?}", main.objects);
    let text = main.arenas.iter().find(|arena| arena.name == "text").context("no code")?;
    let code = text.loaded.saturating_sub(text.before);
    ensure!(code <= MOST_CODE, "it has {code} bytes of code, and {MOST_CODE} are allowed");
    served(main)
}

/// The commands that it is told by, one after another, in its folder.
pub(super) fn commands(module: &Module) -> Result<()> {
    for line in module.project.commands() {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().context("no command")?);
        command.args(words).current_dir(&module.folder);
        let done = process::run(&mut command, LIMIT)?.checked(&line)?;
        let said = done.stdout_text();
        let is_run = line.contains("run") || line.contains("qemu");
        ensure!(!is_run || said.contains("hello, world\n1 greetings\n"), "{line} prints\n{said}");
        let is_plan = line.contains("inspect");
        ensure!(!is_plan || said.contains("kernel_write"), "{line} prints\n{said}");
    }
    Ok(())
}

/// Runs a program in the image: it prints what a module in `language` prints, and leaves nothing behind.
pub(super) fn run(
    tools: &Tools,
    language: Language,
    arch: Arch,
    program: &Program,
) -> Result<ProgramReport> {
    let (argv, limit) = ([NAME, "big", "world"], DEFAULT_LIMIT.as_secs());
    let boot = qemu::boot(tools, arch, program, "main", &argv, Options::default(), limit)?;
    let boot = boot.complete()?;
    let printed = String::from_utf8_lossy(qemu::output(&boot)).into_owned();
    let ran = boot.programs.into_iter().next().context("nothing was run")?;
    let report = ran.report.context("nothing is reported")?;
    match &report.outcome {
        Outcome::Ended(Ended::Returned(0)) => {}
        Outcome::Refused { phase, message } => bail!("refused in {phase}: {message}"),
        other => bail!("it ended so: {other:?}"),
    }
    let expected = printed_by(language);
    ensure!(printed == expected, "it printed\n{printed}\nnot\n{expected}");
    for arena in report.modules.iter().flat_map(|module| &module.arenas) {
        ensure!(arena.after == arena.before, "{} bytes stay in {}", arena.after, arena.name);
    }
    Ok(report)
}

fn printed_by(language: Language) -> String {
    let greetings = "hello, big\nhello, world\n2 greetings\n";
    match language {
        Language::C | Language::Rust => greetings.to_owned(),
        Language::Cxx => format!("{NAME} is here\n{greetings}{NAME} is gone\n"),
    }
}

/// Its own symbols, and none that the kernel or the C runtime has.
fn defines(language: Language, bytes: &[u8], runtime: &[Archive]) -> Result<()> {
    let defined: BTreeSet<Vec<u8>> = Symbols::of(bytes).defined.into_iter().collect();
    let expected: &[&str] = match language {
        Language::C => &["greetings", "main", "print", "print_number"],
        Language::Cxx => &["_Z12print_numberj", "_Z5printPKc", "_Z7consolev", "greetings", "main"],
        Language::Rust => &["GREETINGS", "main"],
    };
    let expected: BTreeSet<Vec<u8>> = expected.iter().map(|name| name.as_bytes().into()).collect();
    let shown = |names: &BTreeSet<Vec<u8>>| {
        let names: Vec<_> = names.iter().map(|name| String::from_utf8_lossy(name)).collect();
        names.join(", ")
    };
    ensure!(defined == expected, "it defines {}, not {}", shown(&defined), shown(&expected));
    let has = |name: &[u8]| runtime.iter().any(|archive| archive.defines(name));
    let twice: BTreeSet<Vec<u8>> =
        defined.into_iter().filter(|name| by_image(name) || has(name)).collect();
    ensure!(twice.is_empty(), "others have what it defines: {}", shown(&twice));
    Ok(())
}

/// Its name, version and parameter.
fn says(bytes: &[u8]) -> Result<()> {
    let object = [Object::parse(NAME, bytes).map_err(|error| anyhow!("{error}"))?];
    let metadata = Metadata::of(&object).map_err(|error| anyhow!("{error}"))?;
    ensure!(metadata.name() == Some(NAME), "it calls itself {:?}", metadata.name());
    let version = metadata.version().to_string();
    ensure!(version == "0.1.0", "its version is {version}");
    let parameters: Vec<_> =
        metadata.parameters().map(|p| p.symbol.to_string().to_lowercase()).collect();
    ensure!(parameters == ["greetings"], "its parameters are {parameters:?}");
    Ok(())
}

/// Who resolved what, as the loader reports it: all came from the kernel and the C runtime, and each
/// symbol from where it belongs.
fn served(main: &ModuleReport) -> Result<()> {
    ensure!(main.taken.is_empty(), "taken from archives: {:?}", main.taken);
    for link in &main.links {
        let is_kernels = by_image(link.symbol.as_bytes());
        let by = if is_kernels { "the kernel" } else { "runtime" };
        ensure!(link.resolved_by == by, "{} is resolved by {}", link.symbol, link.resolved_by);
    }
    let prints = main.links.iter().any(|link| link.symbol == "kernel_write");
    ensure!(prints, "it does not print through the kernel");
    Ok(())
}
