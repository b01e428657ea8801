//! `cargo xtask soak`: modules loaded and unloaded for long, in the running images.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use qemu_protocol::{
    ArenaUse, File, Harts, Job, ModuleFiles, Options, Outcome, Program, ProgramReport, Soak,
    SoakReport, Surroundings, Task,
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
use crate::report;
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
    boots.iter().for_each(|boot| show(boot, args));
    if let Some(path) = &args.report {
        write_report(path, args, &boots)?;
    }
    let good = boots.iter().all(|boot| failure(boot, args).is_none());
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
        runtime: None,
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
fn failure(boot: &Boot, args: &SoakArgs) -> Option<String> {
    if boot.stop != Stop::Done {
        return Some(boot.stop.to_string());
    }
    let Some(report) = report(boot) else { return Some("it never began".into()) };
    if let Outcome::Refused { message, .. } = &report.outcome {
        return Some(message.clone());
    }
    let harts: Vec<u32> = report.soaks.iter().map(|soak| soak.hart).collect();
    let asked = if args.both_harts { &[0, 1][..] } else { &[0] };
    if harts != asked {
        return Some(format!("harts {harts:?} have reported, and should be {asked:?}"));
    }
    if let Some(short) = report.soaks.iter().find(|soak| soak.loads != args.loads) {
        return Some(format!("hart {} has loaded {} modules only", short.hart, short.loads));
    }
    let changed = report.arenas.iter().find(|arena| arena.before != arena.after);
    if let Some(ArenaUse { name, before, after, .. }) = changed {
        return Some(format!("of the {name} arena {before} bytes were in use, and then {after}"));
    }
    let pieces = report.arenas.iter().find(|arena| !arena.in_one_piece)?;
    Some(format!("the {} arena is not in one piece", pieces.name))
}

fn report(boot: &Boot) -> Option<&ProgramReport> {
    boot.programs.first()?.report.as_ref()
}

/// What one machine did.
fn show(boot: &Boot, args: &SoakArgs) {
    let mut table = show::table(&["soak", ">count"]);
    for soak in report(boot).map_or(&[][..], |report| &report.soaks) {
        rows(soak).into_iter().for_each(|row| {
            table.add_row(row);
        });
    }
    show::heading(&format!("{} ({:.1} s)", boot.arch, boot.took.as_secs_f64()));
    match failure(boot, args) {
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
        failure: failure(boot, args),
        program: report(boot),
    });
    let record = Record { loads: args.loads, seed: args.seed, runs: runs.collect() };
    report::write(path, &record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qemu::Ran;
    use qemu_protocol::{Ended, Unit};

    const ASKED: SoakArgs =
        SoakArgs { arch: None, loads: 5, seed: 1, both_harts: false, timeout: 1, report: None };

    fn good() -> ProgramReport {
        let arena = ArenaUse {
            name: "data".into(),
            unit: Unit::Bytes,
            size: 9,
            before: 1,
            loaded: 1,
            after: 1,
            in_one_piece: true,
        };
        let soak = SoakReport {
            hart: 0,
            loads: 5,
            no_room: 0,
            needed: 1,
            teardowns: 1,
            calls: 1,
            lookups: 1,
            found: 1,
            most_modules: 1,
            fragmentation: Vec::new(),
            took_ns: 1,
        };
        ProgramReport {
            program: "soak".into(),
            outcome: Outcome::Ended(Ended::Returned(0)),
            load_ns: 1,
            objects: Vec::new(),
            arenas: vec![arena],
            modules: Vec::new(),
            soaks: vec![soak],
            measured: None,
        }
    }

    /// Why a soak failed that is good but for one thing.
    fn failed(stop: Stop, change: impl FnOnce(&mut ProgramReport)) -> Option<String> {
        let mut report = good();
        change(&mut report);
        let ran = Ran { name: "soak".into(), output: Vec::new(), report: Some(report) };
        let boot = Boot {
            arch: Arch::Aarch64,
            preamble: Vec::new(),
            runtime: None,
            programs: vec![ran],
            stop,
            took: Duration::ZERO,
        };
        failure(&boot, &ASKED)
    }

    #[test]
    fn a_soak_fails_for_all_that_is_not_as_before() {
        type Change = fn(&mut ProgramReport);
        assert_eq!(failed(Stop::Done, |_| ()), None);
        let bad: [(Change, &str); 6] = [
            (|report| report.arenas[0].after = 5, "1 bytes were in use, and then 5"),
            (|report| report.arenas[0].after = 0, "1 bytes were in use, and then 0"),
            (|report| report.arenas[0].in_one_piece = false, "not in one piece"),
            (|report| report.soaks.clear(), "harts [] have reported"),
            (|report| report.soaks[0].loads = 4, "4 modules only"),
            (
                |report| {
                    let message = "why".into();
                    report.outcome = Outcome::Refused { phase: "task".into(), message };
                },
                "why",
            ),
        ];
        for (change, words) in bad {
            let why = failed(Stop::Done, change).unwrap();
            assert!(why.contains(words), "{why}");
        }
        let stopped = failed(Stop::TimeLimit(5), |_| ()).unwrap();
        assert!(stopped.contains("5 s"), "{stopped}");
    }
}
