//! `cargo xtask remote`: load here, run there.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use loader_core::PlanOptions;
use serde::Serialize;

use super::qemu::{ABORTED, runtime_archives};
use crate::arch::Arch;
use crate::cli::{Machines, RemoteArgs, UsageError};
use crate::program::{Inputs, Program};
use crate::remote::{
    self, Arguments, Call, Ended, Limits, Line, Link, Noisy, SectionPlace, Session, Stream,
    TEXT_LIMIT, Traffic,
};
use crate::runtime;
use crate::setup::{Need, Tools};
use crate::show;

/// Runs the objects, Lua, or what is typed.
///
/// # Errors
/// The files cannot be used, a tool is missing, or the target is lost.
pub fn run(args: &RemoteArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    if args.lua {
        return lua(&tools, args);
    }
    let arch = match args.arch {
        Some(Machines::One(arch)) => Some(arch),
        Some(Machines::All) | None => None,
    };
    if args.files.is_empty() {
        if args.report.is_some() {
            bail!(UsageError(anyhow!("there is nothing to report: give objects, or --lua")));
        }
        let mut target = Target::open(&tools, args, arch)?;
        target.say_hello(args);
        remote::interact(&tools, &mut target.session)?;
        return Ok(ExitCode::SUCCESS);
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
    let program = Program::link(tools, inputs, entry.unwrap_or("main"), &runtime, roots)?;
    let mut target = Target::open(tools, args, Some(arch))?;
    target.say_hello(args);
    let session = &mut target.session;
    let begun = Instant::now();
    remote::load(session, &program, &name, entry, options(args))?;
    let loaded: Vec<Module> = session.loaded().iter().map(Module::of).collect();
    let took = begun.elapsed();
    if !args.quiet {
        show_modules(session, took);
    }
    let mut argv = vec![name.as_str()];
    argv.extend(args.args.iter().map(String::as_str));
    let arguments = Arguments::new(session, &argv)?;
    let mut ended = remote::start(session, 0, &arguments)?;
    if args.interactive {
        remote::interact(tools, session)?;
    }
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
        results.push(Called { function: call.function.clone(), ended: ended.clone() });
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
    Ok(ExitCode::from(code))
}

/// Lua on each machine.
fn lua(tools: &Tools, args: &RemoteArgs) -> Result<ExitCode> {
    let archs = args.arch.unwrap_or(Machines::All).list();
    let mut runs = Vec::new();
    let mut good = true;
    for arch in archs {
        let program = super::qemu::lua_program(tools, arch)?;
        let mut target = Target::open(tools, args, Some(arch))?;
        target.say_hello(args);
        let session = &mut target.session;
        let ended = remote::run(session, &program, "main", &["lua"], options(args))?;
        good &= ended == Ended::Returned(0);
        if !args.quiet {
            eprintln!("lua: {ended}");
        }
        let traffic = session.link().traffic();
        let output = String::from_utf8_lossy(&target.printed.borrow()).into_owned();
        let calls = vec![Called { function: "main".into(), ended }];
        runs.push(Run { arch, text: target.text, modules: Vec::new(), calls, output, traffic });
        if args.connect.is_some() {
            break; // there is one machine at its end
        }
    }
    write_report(args, &runs)?;
    let same = runs.windows(2).all(|pair| pair[0].output == pair[1].output);
    ensure!(same, "the machines printed different things");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A target, and what its programs have printed.
struct Target {
    session: Session,
    printed: Rc<RefCell<Vec<u8>>>,
    /// The size of the agent's code, where the agent is one of ours.
    text: Option<u64>,
}

impl Target {
    /// The agent that `--connect` names, or one in QEMU.
    fn open(tools: &Tools, args: &RemoteArgs, arch: Option<Arch>) -> Result<Self> {
        let (line, text): (Box<dyn Line>, _) = match &args.connect {
            Some(address) => (Box::new(Stream::connect(address)?), None),
            None => {
                let arch = arch.context("say which machine to boot: --arch");
                let arch = arch.map_err(UsageError)?;
                tools.ensure(&[Need::Qemu(arch)])?;
                let mut agents = remote::agents(tools, &[arch])?;
                let agent = agents.remove(&arch).context("the agent was not built")?;
                let text = remote::text_size(&agent)?;
                (Box::new(Stream::qemu(tools, arch, &agent)?), Some(text))
            }
        };
        let line = Box::new(Noisy::new(line, args.noise, 1));
        let call = Duration::from_secs(args.timeout);
        let link = Link::new(line, Limits { call, ..Limits::default() })?;
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
        let session = Session::new(link, Box::new(console))?;
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
}

fn write_report(args: &RemoteArgs, runs: &[Run]) -> Result<()> {
    let Some(path) = &args.report else { return Ok(()) };
    let text = serde_json::to_string_pretty(runs)?;
    std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}
