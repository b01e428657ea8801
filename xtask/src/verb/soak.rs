//! `cargo xtask soak`: modules loaded and unloaded for long, in the running images.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use qemu_protocol::{
    File, Harts, Job, ModuleFiles, Options, Outcome, Program, ProgramReport, Soak, SoakReport,
    Surroundings, Task,
};
use serde::Serialize;

use crate::arch::Arch;
use crate::archive::NamedBytes;
use crate::cases;
use crate::cli::{Machines, SoakArgs};
use crate::image;
use crate::modules;
use crate::parallel;
use crate::progress;
use crate::qemu::{self, Boot, Stop};
use crate::setup::{Need, Tools};
use crate::show;

/// The case whose modules are loaded.
const CASE: &str = "modules/soak";

/// Runs the command.
///
/// # Errors
/// A tool is missing, a module cannot be compiled, an image cannot be built or booted, or the report
/// cannot be written.
pub fn run(args: &SoakArgs) -> Result<ExitCode> {
    let tools = Tools::new();
    let archs = args.arch.unwrap_or(Machines::All).list();
    let needs = archs.iter().flat_map(|&arch| [Need::Gcc(arch), Need::Qemu(arch)]);
    tools.ensure(&needs.collect::<Vec<_>>())?;
    image::paths(&tools, &archs)?;
    let boots = parallel::map(&archs, |&arch| {
        let step = progress::step(format!("{arch}: {} loads", show::number(args.loads.into())));
        let boot = boot(&tools, arch, args);
        step.finish();
        boot
    });
    let boots: Vec<Boot> = boots.into_iter().collect::<Result<_>>()?;
    boots.iter().for_each(show);
    if let Some(path) = &args.report {
        write_report(path, args, &boots)?;
    }
    let good = boots.iter().all(|boot| failure(boot).is_none());
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn boot(tools: &Tools, arch: Arch, args: &SoakArgs) -> Result<Boot> {
    let objects = cases::objects(tools, arch, CASE)?;
    let files: Vec<(&str, &[u8])> =
        objects.iter().map(|NamedBytes { name, bytes }| (&**name, &**bytes)).collect();
    let split = modules::split(&files, "");
    let module = |&(at, name): &(usize, _)| {
        let (file, bytes) = files[at];
        ModuleFiles { name, files: vec![File::new(file, bytes)] }
    };
    let harts = if args.both_harts { Harts::Both } else { Harts::First };
    let program = Program {
        name: "soak",
        files: Vec::new(),
        archives: Vec::new(),
        modules: split.modules.iter().map(module).collect(),
        entry: "",
        args: Vec::new(),
        repeat: 1,
        options: Options::default(),
        surroundings: Surroundings { harts, ..Surroundings::default() },
        task: Task::Soak(Soak { loads: args.loads, seed: args.seed }),
    };
    let job = Job { runtime: Vec::new(), programs: vec![program] };
    qemu::boot(tools, arch, &job, Duration::from_secs(args.timeout))
}

/// Why a soak failed; none where it did not.
fn failure(boot: &Boot) -> Option<String> {
    if boot.stop != Stop::Done {
        return Some(boot.stop.to_string());
    }
    let Some(report) = report(boot) else { return Some("it never began".into()) };
    if let Outcome::Refused { message, .. } = &report.outcome {
        return Some(message.clone());
    }
    let leaked = report.arenas.iter().find(|arena| arena.before != arena.after)?;
    Some(format!("the {} arena holds {} bytes more", leaked.name, leaked.after - leaked.before))
}

fn report(boot: &Boot) -> Option<&ProgramReport> {
    boot.programs.first()?.report.as_ref()
}

/// What one machine did.
fn show(boot: &Boot) {
    let mut table = show::table(&["soak", ">count"]);
    for soak in report(boot).map_or(&[][..], |report| &report.soaks) {
        rows(soak).into_iter().for_each(|row| {
            table.add_row(row);
        });
    }
    show::heading(&format!("{} ({:.1} s)", boot.arch, boot.took.as_secs_f64()));
    match failure(boot) {
        None => println!("{table}"),
        Some(why) => println!("FAILED: {why}"),
    }
}

fn rows(soak: &SoakReport) -> Vec<[String; 2]> {
    let count = |name: &str, count: u32| [name.to_owned(), show::number(count.into())];
    let mut rows = vec![
        count("hart", soak.hart),
        count("loaded and unloaded", soak.loads),
        count("refused, as no piece of an arena was large enough", soak.no_room),
        count("kept, as others needed them", soak.needed),
        count("trees taken down", soak.teardowns),
        count("calls", soak.calls),
        count("look-ups", soak.lookups),
        count("of which found something", soak.found),
        count("most modules at a time", soak.most_modules),
    ];
    rows.extend(soak.fragmentation.iter().map(|arena| {
        let (free, largest) = (show::number(arena.free), show::number(arena.largest));
        let permille = arena.permille();
        let percent = format!("{}.{} %", permille / 10, permille % 10);
        let name = format!("{}: most fragmented", arena.arena);
        [name, format!("{percent} ({largest} of {free} bytes free in one piece)")]
    }));
    rows.push(["time in the image".into(), show::time(soak.took_ns)]);
    rows
}

/// The report file.
#[derive(Serialize)]
struct Record<'a> {
    loads: u32,
    seed: u64,
    runs: Vec<Run<'a>>,
}

/// One machine in the report file.
#[derive(Serialize)]
struct Run<'a> {
    arch: Arch,
    seconds: f64,
    /// Why it failed; none where it did not.
    failure: Option<String>,
    program: Option<&'a ProgramReport>,
}

fn write_report(path: &Path, args: &SoakArgs, boots: &[Boot]) -> Result<()> {
    let runs = boots.iter().map(|boot| Run {
        arch: boot.arch,
        seconds: boot.took.as_secs_f64(),
        failure: failure(boot),
        program: report(boot),
    });
    let record = Record { loads: args.loads, seed: args.seed, runs: runs.collect() };
    let text = serde_json::to_string_pretty(&record)?;
    std::fs::write(path, text + "\n").with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::Ran;
    use qemu_protocol::{ArenaUse, Ended, Unit};

    fn boot(stop: Stop, outcome: Outcome, after: u64) -> Boot {
        let arena = ArenaUse {
            name: "data".into(),
            unit: Unit::Bytes,
            size: 9,
            before: 1,
            loaded: 1,
            after,
            in_one_piece: true,
        };
        let report = ProgramReport {
            program: "soak".into(),
            outcome,
            load_ns: 1,
            objects: Vec::new(),
            arenas: vec![arena],
            modules: Vec::new(),
            soaks: Vec::new(),
        };
        let ran = Ran { name: "soak".into(), output: Vec::new(), report: Some(report) };
        Boot {
            arch: Arch::Aarch64,
            preamble: Vec::new(),
            runtime: None,
            programs: vec![ran],
            stop,
            took: Duration::ZERO,
        }
    }

    #[test]
    fn a_soak_fails_for_all_that_is_not_as_before() {
        let ended = || Outcome::Ended(Ended::Returned(0));
        assert_eq!(failure(&boot(Stop::Done, ended(), 1)), None);
        let leaked = failure(&boot(Stop::Done, ended(), 5)).unwrap();
        assert!(leaked.contains("data arena holds 4 bytes more"), "{leaked}");
        let refused = Outcome::Refused { phase: "task".into(), message: "why".into() };
        assert_eq!(failure(&boot(Stop::Done, refused, 1)).unwrap(), "why");
        let stopped = failure(&boot(Stop::TimeLimit(5), ended(), 1)).unwrap();
        assert!(stopped.contains("5 s"), "{stopped}");
        let mut never = boot(Stop::Done, ended(), 1);
        never.programs.clear();
        assert!(failure(&never).is_some());
    }
}
