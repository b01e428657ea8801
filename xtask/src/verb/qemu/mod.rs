//! `cargo xtask qemu`: objects, or the Lua demo, in a running image.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use qemu_protocol::{Ended, File, Job, ModuleFiles, Options, Outcome};

use crate::arch::Arch;
use crate::archive::{Archive, Linker, NamedBytes};
use crate::cli::{Machines, QemuArgs, UsageError};
use crate::gdb::{self, Session};
use crate::image;
use crate::parallel;
use crate::program::{Inputs, Program, runtime_for};
use crate::progress;
use crate::qemu::{self, Boot, DEFAULT_LIMIT, Stop};
use crate::runtime;
use crate::selection::{Kernel, by_gate, by_image};
use crate::setup::{Need, Tools};

mod display;
mod each;
mod modules;
mod record;

use display::{show_comparison, show_run};
use record::write_report;

/// Exit code for a program that called `abort`: what a shell makes of SIGABRT.
pub const ABORTED: u8 = 134;

/// Runs the objects, or the demo.
///
/// # Errors
/// The files cannot be used, a tool is missing, or an image cannot be built or booted.
pub fn run(args: &QemuArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    match (args.each, args.files.is_empty()) {
        (true, _) => each::run(&tools, args),
        (false, true) => demo(&tools, args),
        (false, false) => objects(&tools, args),
    }
}

/// The user's files, on the one machine that they are for.
fn objects(tools: &Tools, args: &QemuArgs) -> Result<ExitCode> {
    let arch = args.arch.and_then(Machines::one);
    let inputs = Inputs::read(&args.files, arch).map_err(UsageError)?;
    let arch = inputs.arch;
    set_up(tools, &[arch])?;
    let (archives, kernel) = beneath(tools, arch, args.user)?;
    let first = args.files.first().map_or(Path::new("program"), |path| path);
    let name = first.file_name().unwrap_or(first.as_os_str()).to_string_lossy().into_owned();
    let program = Program::link(tools, inputs, &args.entry, &archives, runtime::ROOTS, kernel)?;
    let mut argv = vec![name.as_str()];
    argv.extend(args.args.iter().map(String::as_str));
    let entry = args.entry.as_str();
    image::path(tools, arch)?;
    let asked = options(args);
    let boot = if args.gdb {
        debugged(tools, arch, (&program, entry, &argv), asked, args)?
    } else {
        let step = progress::step(format!("running {name} on {arch}"));
        let boot = boot(tools, arch, &program, entry, &argv, asked, seconds(args));
        step.finish();
        boot?
    };
    show_run(&boot, args)?;
    write_report(args, std::slice::from_ref(&boot), None)?;
    Ok(ExitCode::from(exit_code(&boot)))
}

/// Lua on each machine, and whether it says the same on all of them.
fn demo(tools: &Tools, args: &QemuArgs) -> Result<ExitCode> {
    let archs = args.arch.unwrap_or(Machines::All).list();
    if let (true, [arch]) = (args.gdb, archs.as_slice()) {
        set_up(tools, &[*arch])?;
        let (asked, program) = (options(args), lua_program(tools, *arch, args.user)?);
        let boot = debugged(tools, *arch, (&program, "main", &["lua"]), asked, args)?;
        show_run(&boot, args)?;
        return Ok(ExitCode::from(exit_code(&boot)));
    }
    if args.gdb {
        bail!(UsageError(anyhow!("GDB is at one machine: name it with --arch, or give objects")));
    }
    let boots = lua(tools, &archs, options(args), seconds(args))?;
    for boot in &boots {
        show_run(boot, args)?;
    }
    let good = boots.iter().all(|boot| exit_code(boot) == 0);
    let same = same_output(&boots);
    if !args.quiet {
        show_comparison(&boots, same);
    }
    write_report(args, &boots, Some(same))?;
    Ok(if good && same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs Lua on each of `archs`.
///
/// # Errors
/// A tool is missing, or something cannot be built or booted.
pub fn lua(tools: &Tools, archs: &[Arch], asked: Options, timeout: u64) -> Result<Vec<Boot>> {
    set_up(tools, archs)?;
    image::paths(tools, archs)?;
    let programs = archs.iter().map(|&arch| Ok((arch, lua_program(tools, arch, asked.user)?)));
    let programs = programs.collect::<Result<Vec<_>>>()?;
    let step = progress::counted("running Lua", archs.len());
    let boots = parallel::map(&programs, |(arch, program)| {
        let boot = boot(tools, *arch, program, "main", &["lua"], asked, timeout);
        step.advance();
        boot
    });
    step.finish();
    boots.into_iter().collect()
}

/// Lua, and what it needs of the C runtime, in the kernel's mode or in user mode.
///
/// # Errors
/// A tool is missing, or something does not compile.
pub fn lua_program(tools: &Tools, arch: Arch, user: bool) -> Result<Program> {
    set_up(tools, &[arch])?;
    let (archives, kernel) = beneath(tools, arch, user)?;
    let files = runtime::lua::demo(tools, arch)?.objects;
    let mut linker = Linker::default();
    files.iter().for_each(|file| linker.add(&file.bytes));
    let runtime = runtime_for(&[linker], &archives, runtime::ROOTS, kernel);
    Ok(Program { files, archives: Vec::new(), modules: Vec::new(), runtime })
}

/// Whether all machines printed the same.
pub fn same_output(boots: &[Boot]) -> bool {
    boots.windows(2).all(|pair| match pair {
        [one, other] => output(one) == output(other),
        _ => true,
    })
}

/// What the boot's program printed.
pub fn output(boot: &Boot) -> &[u8] {
    boot.programs.first().map_or(&[], |program| &program.output)
}

/// The program's own result as an exit code; 1 where it has none.
pub fn exit_code(boot: &Boot) -> u8 {
    let report = boot.programs.first().and_then(|program| program.report.as_ref());
    match report.map(|report| &report.outcome) {
        _ if boot.stop != Stop::Done => 1,
        // The low byte, as a system that runs processes hands it on.
        Some(Outcome::Ended(Ended::Returned(value) | Ended::Exited(value))) => {
            value.to_le_bytes()[0]
        }
        Some(Outcome::Ended(Ended::Aborted)) => ABORTED,
        Some(_) | None => 1,
    }
}

/// Gets everything that a run on `archs` needs, in one go.
///
/// # Errors
/// A tool is missing and cannot be had.
pub fn set_up(tools: &Tools, archs: &[Arch]) -> Result<()> {
    let mut needs = vec![Need::Clang];
    for &arch in archs {
        needs.extend([Need::Qemu(arch), Need::Libgcc(arch), Need::Libsupcxx(arch)]);
    }
    tools.ensure(&needs)
}

/// The archives of the C runtime.
///
/// # Errors
/// As for [`runtime::build`], or one cannot be read.
pub fn runtime_archives(tools: &Tools, arch: Arch) -> Result<Vec<Archive>> {
    runtime::build(tools, arch)?.iter().map(|path| Archive::open(path)).collect()
}

/// The archives of the C runtime, and what programs have of the kernel, in the mode that is asked for.
fn beneath(tools: &Tools, arch: Arch, user: bool) -> Result<(Vec<Archive>, Kernel)> {
    if !user {
        return Ok((runtime_archives(tools, arch)?, by_image));
    }
    let archives = runtime::build_for_user(tools, arch)?;
    Ok((archives.iter().map(|path| Archive::open(path)).collect::<Result<_>>()?, by_gate))
}

/// Seconds after which a machine that is not done is stopped.
fn seconds(args: &QemuArgs) -> u64 {
    args.timeout.unwrap_or(DEFAULT_LIMIT.as_secs())
}

fn options(args: &QemuArgs) -> Options {
    let asked = args.loader;
    Options {
        erratum_843419: asked.fix_cortex_a53_843419,
        gc_sections: asked.gc_sections,
        group_cycles: args.group_cycles,
        relaxation: asked.relax,
        in_place: args.in_place,
        debug: args.lines,
        user: args.user,
    }
}

/// Boots the image with one program.
///
/// # Errors
/// As for [`qemu::boot`].
pub fn boot(
    tools: &Tools,
    arch: Arch,
    program: &Program,
    entry: &str,
    argv: &[&str],
    options: Options,
    timeout: u64,
) -> Result<Boot> {
    let job = job((program, entry, argv), options);
    qemu::boot(tools, arch, &job, Duration::from_secs(timeout))
}

/// Runs a program with GDB at the machine, and shows what GDB prints where it follows a script.
fn debugged(
    tools: &Tools,
    arch: Arch,
    what: (&Program, &str, &[&str]),
    options: Options,
    args: &QemuArgs,
) -> Result<Boot> {
    let session = Session::of(args.gdb_script.as_deref(), true);
    let job = job(what, Options { debug: true, ..options });
    let (boot, said) = gdb::run(tools, arch, &job, gdb::NO_LIMIT, session)?;
    gdb::show(said)?;
    Ok(boot)
}

fn job<'j>(
    (program, entry, argv): (&'j Program, &'j str, &[&'j str]),
    options: Options,
) -> Job<'j> {
    let handed = handed_over(program, entry, argv.to_vec(), options);
    Job { runtime: lent(&program.runtime), programs: vec![handed] }
}

/// A program as the image gets it, with all of its job's C runtime; it is called as the first argument.
pub fn handed_over<'j>(
    program: &'j Program,
    entry: &'j str,
    args: Vec<&'j str>,
    options: Options,
) -> qemu_protocol::Program<'j> {
    qemu_protocol::Program {
        name: args.first().copied().unwrap_or_default(),
        files: lent(&program.files),
        archives: lent(&program.archives),
        modules: module_files(&program.modules),
        runtime: None,
        entry,
        args,
        repeat: 1,
        options,
        surroundings: qemu_protocol::Surroundings::default(),
        task: qemu_protocol::Task::default(),
    }
}

fn module_files(modules: &[(String, NamedBytes)]) -> Vec<ModuleFiles<'_>> {
    let files = |(name, file)| ModuleFiles { name, files: lent(std::slice::from_ref(file)) };
    modules.iter().map(|(name, file)| files((name.as_str(), file))).collect()
}

/// Files as jobs have them.
pub fn lent(files: &[NamedBytes]) -> Vec<File<'_>> {
    files.iter().map(|file| File::new(&file.name, &file.bytes)).collect()
}
