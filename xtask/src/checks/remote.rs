//! Load here, run there: what agents do with programs is what the system images do with them.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Context as _, Result, ensure};
use loader_core::PlanOptions;
use qemu_protocol::{Ended as ImageEnded, Options, Outcome};

use super::{Context, Tally};
use crate::arch::Arch;
use crate::cases;
use crate::program::{Inputs, Program};
use crate::qemu::{Boot, DEFAULT_LIMIT};
use crate::remote::{self, Ended, Limits, Link, Noisy, Session, Shell, Stream, TEXT_LIMIT};
use crate::runtime;
use crate::selection::by_agent;
use crate::setup::Tools;
use crate::verb::qemu;

/// Cases that are run both ways: Rust modules, one with initialisers and finalisers; C and C++ with
/// theirs, on the C runtime.
const CASES: [&str; 4] = ["rust/formatting", "rust/initialisers", "init/order", "cxx/static_order"];
/// The case that is run over a line that damages one piece in so many.
const NOISY: (&str, u64) = ("rust/initialisers", 12);

/// Every program on every machine, both ways.
pub(super) fn run(context: &Context) -> Result<Tally> {
    let tools = &context.tools;
    let agents = remote::agents(tools, &Arch::ALL)?;
    let mut tally = Tally::default();
    for (arch, agent) in &agents {
        let size = remote::text_size(agent).and_then(|size| {
            println!("the agent on {arch} has {size} bytes of code");
            ensure!(size <= TEXT_LIMIT, "{size} bytes of code, and {TEXT_LIMIT} are allowed");
            Ok(())
        });
        tally.count(format!("{arch}: size of the agent"), size);
        tally.count(format!("{arch}: a fault ends the call alone"), fault(tools, *arch, agent));
        tally.count(format!("{arch}: line by line"), lines(tools, *arch, agent));
        let lua = qemu::lua_program(tools, *arch, false);
        let lua = lua.and_then(|lua| same(tools, *arch, agent, &lua, 0));
        tally.count(format!("{arch}: Lua"), lua);
        let noisy = [(NOISY.0, NOISY.1)];
        for (name, one_in) in CASES.map(|name| (name, 0)).into_iter().chain(noisy) {
            let ran = case(tools, *arch, name);
            let ran = ran.and_then(|program| same(tools, *arch, agent, &program, one_in));
            let line = if one_in == 0 { "" } else { ", over a bad line" };
            tally.count(format!("{arch}: {name}{line}"), ran);
        }
    }
    Ok(tally)
}

/// The program of a case.
fn case(tools: &Tools, arch: Arch, name: &str) -> Result<Program> {
    let mut objects = cases::objects(tools, arch, name)?;
    if name.starts_with("rust/") {
        // What the cases' Rust side asks of the image for tests of its own: the program brings it.
        let far = "int kernel_test_far(int value) { return value + 1; }\n";
        objects.push(compiled(tools, arch, far, &[])?);
    }
    let inputs = Inputs { arch, objects, archives: Vec::new() };
    let archives = qemu::runtime_archives(tools, arch)?;
    Program::link(tools, inputs, "main", &archives, runtime::ROOTS, by_agent)
}

/// Runs a program by the agent and by the image: all that it prints, and how it ends, must be the
/// same.
fn same(tools: &Tools, arch: Arch, agent: &Path, program: &Program, one_in: u64) -> Result<()> {
    let limit = DEFAULT_LIMIT.as_secs();
    let image = qemu::boot(tools, arch, program, "main", &["program"], Options::default(), limit)?;
    let expected = ended(&image)?;
    let (mut session, printed) = session(tools, arch, agent, one_in)?;
    let options = PlanOptions::default();
    let there = remote::run(&mut session, program, "main", &["program"], options)?;
    let again = session.link().traffic().again;
    ensure!(one_in == 0 || again > 0, "the line did no damage");
    let there = match there {
        Ended::Returned(value) => ImageEnded::Returned(value as i32),
        Ended::Exited(code) => ImageEnded::Exited(code),
        Ended::Aborted => ImageEnded::Aborted,
        Ended::Fault(fault) => anyhow::bail!("a fault there: {fault}"),
    };
    ensure!(there == expected, "it ended there as {there:?}, and in the image as {expected:?}");
    let (printed, expected) = (printed.borrow(), qemu::output(&image));
    ensure!(
        *printed == expected,
        "it printed there:\n{}\nand in the image:\n{}",
        String::from_utf8_lossy(&printed),
        String::from_utf8_lossy(expected)
    );
    ensure!(session.loaded().is_empty(), "modules are left");
    Ok(())
}

/// How the program of an image's run has ended.
fn ended(boot: &Boot) -> Result<ImageEnded> {
    let report = boot.programs.first().and_then(|program| program.report.as_ref());
    match report.map(|report| &report.outcome) {
        Some(Outcome::Ended(ended)) => Ok(*ended),
        other => anyhow::bail!("in the image: {other:?}, {}", boot.stop),
    }
}

/// A function that faults ends with what and where; the next one runs.
fn fault(tools: &Tools, arch: Arch, agent: &Path) -> Result<()> {
    const SOURCE: &str = "int count;\nint fault(int *at) { count++; return *at; }\n\
                          int add(int a, int b) { return a + b + count; }\n\
                          void write_code(void) { *(volatile char *)add = 0; }\n";
    let object = compiled(tools, arch, SOURCE, &[])?;
    let (mut session, _) = session(tools, arch, agent, 0)?;
    let program =
        Program { files: vec![object], archives: vec![], modules: vec![], runtime: vec![] };
    remote::load(&mut session, &program, "faults", None, PlanOptions::default())?;
    for (call, function) in [("fault(16)", "fault"), ("write_code()", "write_code")] {
        let ended = session.call(&call.parse()?)?;
        let Ended::Fault(text) = &ended else { anyhow::bail!("{call} has ended: {ended}") };
        let place = format!("in module faults at {function}+");
        ensure!(text.contains(&place), "`{text}` does not say `{place}`");
        let found = session.call(&"add(40, 1)".parse()?)?;
        ensure!(found == Ended::Returned(42), "after it, a sum is {found}");
    }
    bounds(&session)?;
    let at = session.address("count").context("the variable is an export")?;
    ensure!(session.link().read(at, 4)? == [1, 0, 0, 0], "the variable is another one");
    session.unload("faults")?;
    Ok(())
}

/// Commands that load the C runtime in parts, again and again: each of its members is there once.
fn lines(tools: &Tools, arch: Arch, agent: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let sources = [
        ("first", "int puts(const char *);\nint first(void) { puts(\"1\"); return 1; }\n"),
        (
            "lacks",
            "int puts(const char *), lacking(void);\nint f(void) { puts(\"\"); return lacking(); }\n",
        ),
        (
            "more",
            "long strtol(const char *, char **, int);\nint puts(const char *);\n\
                  int more(void) { puts(\"2\"); return strtol(\"41\", 0, 10) + 1; }\n",
        ),
        ("wild", "int wild(int *at) { return *at; }\n"),
        (
            "faults",
            "volatile int nowhere = 16;\n__attribute__((constructor)) static void start(void)\n\
             { *(volatile int *)(long)nowhere = 1; }\n",
        ),
    ];
    for (name, source) in sources {
        let object = compiled(tools, arch, source, &[])?;
        std::fs::write(folder.path().join(name).with_extension("o"), object.bytes)?;
    }
    let (mut session, printed) = session(tools, arch, agent, 0)?;
    let mut shell = Shell::new(tools, &mut session);
    let mut obey = |line: &str| {
        let line = line.replace("DIR", &folder.path().display().to_string());
        shell.obey(&line).with_context(|| line)
    };
    let load_lacks = "load DIR/lacks.o";
    ensure!(obey(load_lacks).is_err(), "what lacks a symbol was loaded");
    ensure!(obey("map runtime").is_err(), "a load that failed has left the runtime behind");
    obey("load DIR/first.o")?;
    ensure!(obey(load_lacks).is_err(), "what lacks a symbol was loaded");
    for _ in 0..2 {
        obey("load DIR/more.o")?;
        obey("more()")?;
        obey("first()")?;
        ensure!(obey("unload runtime2").is_err(), "the runtime went that a module needs");
        obey("unload more")?;
        obey("unload runtime2")?;
    }
    ensure!(obey("load DIR/faults.o").is_err(), "an initialiser's fault is no failure");
    ensure!(obey("map faults").is_err(), "a load that failed has left its module behind");
    obey("load DIR/wild.o")?;
    ensure!(obey("wild(8)").is_err(), "a fault is no failure");
    obey("first()")?;
    for name in ["wild", "first", "runtime"] {
        obey(&format!("unload {name}"))?;
    }
    ensure!(*printed.borrow() == *b"2\n1\n2\n1\n1\n", "it printed {:?}", printed.borrow());
    ensure!(session.loaded().is_empty(), "modules are left");
    Ok(())
}

/// Nothing is read that was not reserved, and nothing written that may not be; the agent's own memory
/// is neither.
fn bounds(session: &Session) -> Result<()> {
    const PAGE: u64 = 4096;
    let code = session.address("add").context("the function is an export")?;
    let (_, own) = *session.link().exports().first().context("the agent exports nothing")?;
    let mut link = session.link();
    let mine = link.reserve(PAGE, PAGE)?;
    let last = mine + PAGE - 4;
    link.write(last, &[1, 2, 3, 4])?;
    ensure!(link.read(last, 4)? == [1, 2, 3, 4], "what was written is another thing");
    ensure!(!link.read(code, 4)?.is_empty(), "code is not read");
    let refused = |done: Result<()>, what: &str| {
        let error = done.err().with_context(|| format!("{what}, and was not refused"))?;
        ensure!(error.to_string().contains("NotReserved"), "{what}: {error}");
        Ok(())
    };
    for (at, what) in [(8, "nothing"), (own, "the agent"), (last + 1, "a free page")] {
        refused(link.read(at, 4).map(drop), &format!("{what} was read"))?;
        refused(link.write(at, &[0; 4]), &format!("{what} was written"))?;
    }
    refused(link.read(u64::MAX, 1).map(drop), "the last byte was read")?;
    refused(link.write(u64::MAX - 1, &[0; 4]), "memory was written around its end")?;
    refused(link.write(code, &[0; 4]), "code was written")?;
    link.release(mine, PAGE)?;
    refused(link.read(last, 4).map(drop), "memory was read that had been given back")?;
    // Whatever a thread pointer is, the agent takes it, and goes on.
    link.set_thread_pointer(1 << 63)?;
    drop(link);
    let found = session.call(&"add(40, 1)".parse()?)?;
    ensure!(found == Ended::Returned(42), "after all that, a sum is {found}");
    Ok(())
}

/// An object from C, by clang.
pub(super) fn compiled(
    tools: &Tools,
    arch: Arch,
    source: &str,
    flags: &[&str],
) -> Result<crate::archive::NamedBytes> {
    let folder = tempfile::tempdir()?;
    let (from, to) = (folder.path().join("side.c"), folder.path().join("side.o"));
    std::fs::write(&from, source)?;
    let mut command = arch.clang(&tools.clang()?);
    command.args(["-O1", "-ffreestanding", "-fno-pic"]).args(flags);
    command.arg("-c").arg(&from).arg("-o").arg(&to);
    crate::process::run(&mut command, DEFAULT_LIMIT)?.checked("clang")?;
    Ok(crate::archive::NamedBytes { name: "side.o".into(), bytes: std::fs::read(&to)? })
}

/// A session with an agent in QEMU, and what its programs will have printed.
fn session(
    tools: &Tools,
    arch: Arch,
    agent: &Path,
    one_in: u64,
) -> Result<(Session, Rc<RefCell<Vec<u8>>>)> {
    let line = Noisy::new(Stream::qemu(tools, arch, agent, None)?, one_in, 1);
    let link = Link::new(Box::new(line), Limits::default())?;
    ensure!(link.arch() == arch, "the agent says that it is on {}", link.arch());
    let printed = Rc::new(RefCell::new(Vec::new()));
    let copy = Rc::clone(&printed);
    let console = move |bytes: &[u8]| copy.borrow_mut().extend_from_slice(bytes);
    Ok((Session::new(link, Box::new(console))?, printed))
}
