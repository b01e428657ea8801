//! `cargo xtask remote`: load here, run there.

use std::cell::RefCell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use loader_core::PlanOptions;
use serde::Serialize;

use super::qemu::{ABORTED, runtime_archives};
use crate::arch::Arch;
use crate::cli::{Machines, RemoteArgs, UsageError};
use crate::gdb::{self, Place};
use crate::program::{Inputs, Program};
use crate::remote::{
    self, Arguments, Call, Debugger, Ended, Limits, Line, Link, Noisy, SectionPlace, Session,
    Stream, TEXT_LIMIT, Traffic,
};
use crate::report;
use crate::runtime;
use crate::selection::by_agent;
use crate::setup::{Need, Tools};
use crate::show;

/// Runs the objects, Lua, or what is typed.
///
/// # Errors
/// The files cannot be used, a tool is missing, or the target is lost.
pub fn run(args: &RemoteArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    if args.gdb && args.connect.is_some() {
        bail!(UsageError(anyhow!(
            "GDB is at QEMU's machine: a real one, as --connect has it, needs a probe"
        )));
    }
    if args.lua {
        return lua(&tools, args);
    }
    let arch = args.arch.and_then(Machines::one);
    if args.files.is_empty() {
        if args.report.is_some() {
            bail!(UsageError(anyhow!("there is nothing to report: give objects, or --lua")));
        }
        return debugged(&tools, args, arch, |place| {
            let mut target = Target::open(&tools, args, arch, place)?;
            target.say_hello(args);
            let is_good = remote::interact(&tools, &mut target.session)?;
            Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        });
    }
    objects(&tools, args, arch)
}

/// The user's files.
fn objects(tools: &Tools, args: &RemoteArgs, arch: Option<Arch>) -> Result<ExitCode> {
    let inputs = Inputs::read(&args.files, arch).map_err(UsageError)?;
    let arch = inputs.arch;
    let runtime = if inputs.need_runtime() { runtime_archives(tools, arch)? } else { Vec::new() };
    let first = args.files.first().map_or(Path::new("program"), |path| path);
    let name = first.file_name().unwrap_or(first.as_os_str()).to_string_lossy().into_owned();
    let default = [Call { function: "main".into(), arguments: Vec::new(), is_plain: true }];
    let calls = if args.call.is_empty() && !args.interactive { &default[..] } else { &args.call };
    let entry = calls.first().map(|call| call.function.as_str());
    let roots = runtime::ROOTS;
    let program = Program::link(tools, inputs, entry.unwrap_or("main"), &runtime, roots, by_agent)?;
    let run = |place: Option<&Place>| {
        let target = Target::open(tools, args, Some(arch), place)?;
        one(tools, args, target, (&program, &name, entry), calls)
    };
    debugged(tools, args, Some(arch), run)
}

/// One program on its target.
fn one(
    tools: &Tools,
    args: &RemoteArgs,
    mut target: Target,
    (program, name, entry): (&Program, &str, Option<&str>),
    calls: &[Call],
) -> Result<ExitCode> {
    target.say_hello(args);
    let session = &mut target.session;
    let arch = session.arch();
    let begun = Instant::now();
    remote::load(session, program, &remote::module_name(Path::new(name)), entry, options(args))?;
    let loaded: Vec<Module> = session.loaded().iter().map(Module::of).collect();
    let took = begun.elapsed();
    if !args.quiet {
        show_modules(session, took);
    }
    let mut argv = vec![name];
    argv.extend(args.args.iter().map(String::as_str));
    let arguments = Arguments::new(session, &argv)?;
    let mut ended = remote::start(session, 0, &arguments)?;
    let is_good = !args.interactive || remote::interact(tools, session)?;
    let mut results = Vec::new();
    for call in calls {
        if !matches!(ended, Ended::Returned(_)) {
            break;
        }
        ended = match session.address(&call.function) {
            Some(function) if call.is_plain => {
                session.call_address(function, arguments.registers())?
            }
            _ => session.call(call)?,
        };
        results.push(Called::new(&call.function, &ended));
        if !args.quiet {
            eprintln!("{}: {ended}", call.function);
        }
    }
    if results.is_empty() && !matches!(ended, Ended::Returned(_)) {
        eprintln!("an initialiser has ended: {ended}");
    }
    remote::finish(session, &ended, &arguments)?;
    arguments.release(session)?;
    let traffic = session.link().traffic();
    let code = exit_code(&ended, calls.last().is_some_and(|call| call.is_plain));
    let output = String::from_utf8_lossy(&target.printed.borrow()).into_owned();
    let run = Run { arch, text: target.text, modules: loaded, calls: results, output, traffic };
    write_report(args, &[run])?;
    Ok(if is_good { ExitCode::from(code) } else { ExitCode::FAILURE })
}

/// Lua on each machine.
fn lua(tools: &Tools, args: &RemoteArgs) -> Result<ExitCode> {
    let archs = machines(args)?;
    let run = |&arch: &Option<Arch>| {
        debugged(tools, args, arch, |place| lua_on(tools, args, arch, place))
    };
    let runs: Vec<Run> = archs.iter().map(run).collect::<Result<_>>()?;
    write_report(args, &runs)?;
    let same = runs.windows(2).all(|pair| pair[0].output == pair[1].output);
    ensure!(same, "the machines printed different things");
    let is_good = |run: &Run| run.calls.iter().all(|call| call.int == Some(0));
    Ok(if runs.iter().all(is_good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The machines for Lua; `None` is the one at the end of a line, whichever that is.
fn machines(args: &RemoteArgs) -> Result<Vec<Option<Arch>>> {
    let archs = match (&args.connect, args.arch) {
        (Some(_), None | Some(Machines::All)) => vec![None],
        (_, arch) => arch.unwrap_or(Machines::All).list().into_iter().map(Some).collect(),
    };
    if args.gdb && archs.len() != 1 {
        bail!(UsageError(anyhow!("GDB is at one machine: name it with --arch, or give objects")));
    }
    Ok(archs)
}

/// Lua on one of them.
fn lua_on(
    tools: &Tools,
    args: &RemoteArgs,
    arch: Option<Arch>,
    place: Option<&Place>,
) -> Result<Run> {
    let program = arch.map(|arch| super::qemu::lua_program(tools, arch, false)).transpose()?;
    let mut target = Target::open(tools, args, arch, place)?;
    target.say_hello(args);
    let session = &mut target.session;
    let arch = session.arch();
    let program = match program {
        Some(program) => program,
        None => super::qemu::lua_program(tools, arch, false)?,
    };
    let ended = remote::run(session, &program, "main", &["lua"], options(args))?;
    if !args.quiet {
        eprintln!("lua: {ended}");
    }
    let traffic = session.link().traffic();
    let output = String::from_utf8_lossy(&target.printed.borrow()).into_owned();
    let calls = vec![Called::new("main", &ended)];
    Ok(Run { arch, text: target.text, modules: Vec::new(), calls, output, traffic })
}

/// Does what `then` does, with GDB at the machine that it boots, where that is asked for.
fn debugged<R>(
    tools: &Tools,
    args: &RemoteArgs,
    arch: Option<Arch>,
    then: impl FnOnce(Option<&Place>) -> Result<R>,
) -> Result<R> {
    if !args.gdb {
        return then(None);
    }
    let arch = machine(arch)?;
    tools.ensure(&[Need::Qemu(arch), Need::Gdb])?;
    let agent = agent(tools, arch)?;
    let function = remote::debugger_function(&agent)?;
    let reads_commands = args.interactive || args.files.is_empty() && !args.lua;
    let session = gdb::Session::of(args.gdb_script.as_deref(), !reads_commands);
    let then = |place: &Place| then(Some(place));
    let (done, said) = gdb::run_agent(tools, &agent, function, gdb::NO_LIMIT, session, then)?;
    gdb::show(said)?;
    Ok(done)
}

fn machine(arch: Option<Arch>) -> Result<Arch> {
    Ok(arch.context("say which machine to boot: --arch").map_err(UsageError)?)
}

fn agent(tools: &Tools, arch: Arch) -> Result<PathBuf> {
    remote::agents(tools, &[arch])?.remove(&arch).context("the agent was not built")
}

/// A target, and what its programs have printed.
struct Target {
    session: Session,
    printed: Rc<RefCell<Vec<u8>>>,
    /// The size of the agent's code, where the agent is one of ours.
    text: Option<u64>,
}

impl Target {
    /// The agent that `--connect` names, or one in QEMU, held for GDB where they have a place.
    fn open(
        tools: &Tools,
        args: &RemoteArgs,
        arch: Option<Arch>,
        place: Option<&Place>,
    ) -> Result<Self> {
        let mut debugger = None;
        let (line, text): (Box<dyn Line>, _) = match &args.connect {
            Some(address) => (Box::new(Stream::connect(address)?), None),
            None => {
                let arch = machine(arch)?;
                tools.ensure(&[Need::Qemu(arch)])?;
                let agent = agent(tools, arch)?;
                if let Some(place) = place {
                    let function = remote::debugger_function(&agent)?;
                    debugger = Some(Debugger::new(place.modules(), function));
                }
                let socket = place.map(Place::socket);
                let line = Stream::qemu(tools, arch, &agent, socket.as_deref())?;
                (Box::new(line), Some(remote::text_size(&agent)?))
            }
        };
        let line = Box::new(Noisy::new(line, args.noise, 1));
        let call = Duration::from_secs(args.timeout);
        let limits = match place {
            Some(_) => Limits::none(), // somebody looks at a machine that does not move
            None => Limits { call, ..Limits::default() },
        };
        let link = Link::new(line, limits)?;
        let found = link.arch();
        ensure!(arch.is_none_or(|arch| arch == found), "the target is {found}");
        let printed = Rc::new(RefCell::new(Vec::new()));
        let copy = Rc::clone(&printed);
        let console = move |bytes: &[u8]| {
            copy.borrow_mut().extend_from_slice(bytes);
            let mut out = std::io::stdout();
            // Where nobody reads any more, the program runs on.
            let _ = out.write_all(bytes).and_then(|()| out.flush());
        };
        let session = Session::new(link, Box::new(console))?.debugged(debugger);
        Ok(Self { session, printed, text })
    }

    fn say_hello(&self, args: &RemoteArgs) {
        if args.quiet {
            return;
        }
        let arch = self.session.arch();
        match self.text {
            Some(text) => {
                eprintln!("the agent on {arch} has {text} bytes of code, of {TEXT_LIMIT} at most");
            }
            None => eprintln!("the agent is on {arch}"),
        }
    }
}

fn show_modules(session: &Session, took: Duration) {
    for module in session.loaded() {
        let size: u64 = module.sections.iter().map(|section| section.size).sum();
        let count = module.sections.len();
        eprintln!("{}: {} bytes in {count} sections", module.name, show::number(size));
    }
    let Traffic { requests, again, sent, .. } = session.link().traffic();
    let (sent, seconds) = (show::number(sent), took.as_secs_f64());
    eprintln!("loaded in {seconds:.2} s: {requests} requests, {again} again, {sent} bytes sent");
}

/// The program's own result where it ran as a program does; whether all calls returned where not.
fn exit_code(ended: &Ended, is_plain: bool) -> u8 {
    match ended {
        Ended::Returned(value) if is_plain => value.to_le_bytes()[0],
        Ended::Returned(_) => 0,
        Ended::Exited(code) => code.to_le_bytes()[0],
        Ended::Aborted => ABORTED,
        Ended::Fault(_) => 1,
    }
}

fn options(asked: &RemoteArgs) -> PlanOptions<'static> {
    let mut options = PlanOptions::default();
    options.relaxation = asked.relax;
    options.erratum_843419 = asked.fix_cortex_a53_843419;
    options
}

/// A run in the report file.
#[derive(Serialize)]
struct Run {
    arch: Arch,
    /// Bytes of the agent's code.
    #[serde(rename = "agent_text", skip_serializing_if = "Option::is_none")]
    text: Option<u64>,
    modules: Vec<Module>,
    calls: Vec<Called>,
    output: String,
    traffic: Traffic,
}

#[derive(Serialize)]
struct Module {
    name: String,
    sections: Vec<SectionPlace>,
}

impl Module {
    fn of(loaded: &remote::Loaded) -> Self {
        Self { name: loaded.name.clone(), sections: loaded.sections.clone() }
    }
}

#[derive(Serialize)]
struct Called {
    function: String,
    ended: Ended,
    /// What it has returned, if it returns an `int`.
    #[serde(skip_serializing_if = "Option::is_none")]
    int: Option<i32>,
}

impl Called {
    fn new(function: &str, ended: &Ended) -> Self {
        Self { function: function.into(), ended: ended.clone(), int: ended.int() }
    }
}

fn write_report(args: &RemoteArgs, runs: &[Run]) -> Result<()> {
    let Some(path) = &args.report else { return Ok(()) };
    report::write(path, runs)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Verb};

    fn parsed(args: &[&str]) -> RemoteArgs {
        match Cli::try_parse_from(["xtask", "remote"].iter().chain(args)).unwrap().verb {
            Verb::Remote(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn at_a_line_is_one_machine_whichever_it_is() {
        let machines = |args: &[&str]| machines(&parsed(args)).unwrap();
        assert_eq!(machines(&["--lua", "--connect", "a:1"]), [None]);
        assert_eq!(machines(&["--lua", "--connect", "a:1", "--arch", "all"]), [None]);
        let riscv = ["--lua", "--connect", "a:1", "--arch", "riscv64"];
        assert_eq!(machines(&riscv), [Some(Arch::Riscv64)]);
        assert_eq!(machines(&["--lua"]), Arch::ALL.map(Some));
    }

    #[test]
    fn gdb_is_at_one_machine_in_qemu() {
        let refused = |args: &[&str], word: &str| {
            let error = run(&parsed(args)).unwrap_err();
            assert!(error.is::<UsageError>() && error.to_string().contains(word), "{error}");
        };
        refused(&["--gdb", "--lua"], "one machine");
        refused(&["--gdb", "--connect", "a:1", "a.o"], "--connect");
        refused(&["--gdb", "--connect", "a:1"], "--connect");
        refused(&["--gdb"], "--arch");
    }
}
