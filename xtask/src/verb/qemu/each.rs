//! `cargo xtask qemu --each`: every object is a program of its own, and has a result of its own.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use qemu_protocol::{Ended, Job, Outcome, ProgramReport, Surroundings};
use serde::Serialize;

use super::{ABORTED, beneath, handed_over, lent, options, set_up};
use crate::arch::Arch;
use crate::cli::{Machines, QemuArgs, UsageError};
use crate::image;
use crate::parallel;
use crate::process::Limit;
use crate::program::{Inputs, Program, SharedRuntime};
use crate::progress;
use crate::qemu::each::{self, Fate};
use crate::qemu::{self, Stop};
use crate::report;
use crate::runtime;
use crate::setup::Tools;
use crate::show;

/// Seconds that each program has, unless something else is asked for.
pub const DEFAULT_LIMIT: u64 = 10;
/// Seconds that a machine may take to boot, or to load a program.
const BOOT: u64 = 30;
/// Bytes of objects in one boot: the image's window for a job has room for more, and needs some.
const MOST_BYTES: usize = 32 << 20;
/// Programs in one boot.
const MOST_PROGRAMS: usize = 100;

/// What came of an object: the form in which reports have it.
#[derive(Clone, Debug, Default, Serialize)]
struct Record {
    path: String,
    arch: Option<Arch>,
    /// `pass`, `exit N`, `abort`, `fault KIND at PLACE`, `timeout`, `load error MESSAGE`, `leak`.
    result: String,
    /// What `main` returned, or `exit` was called with; 134 for an abort.
    exit_code: Option<i32>,
    /// What else is known.
    message: String,
    /// What it printed.
    output: String,
    /// Microseconds from parse to sealed.
    load_us: u64,
    /// Bytes of the program's own module in the arenas, the C runtime not included.
    text_bytes: u64,
    rodata_bytes: u64,
    data_bytes: u64,
    /// Relocations applied in its objects.
    relocations: u64,
}

impl Record {
    fn passed(&self) -> bool {
        self.result == "pass"
    }
}

/// Runs each of the files, and tells what came of it.
///
/// # Errors
/// A tool is missing, or an image cannot be built or booted.
pub(super) fn run(tools: &Tools, args: &QemuArgs) -> Result<ExitCode> {
    let started = Instant::now();
    let arch = args.arch.and_then(Machines::one);
    let limit = args.timeout.unwrap_or(DEFAULT_LIMIT);
    let limit_ms = limit.checked_mul(1000).and_then(|ms| u32::try_from(ms).ok());
    let limit_ms = limit_ms.filter(|&ms| ms <= MOST_MS);
    let Some(limit_ms) = limit_ms else {
        bail!(UsageError(anyhow!("--timeout: at most {} seconds with --each", MOST_MS / 1000)));
    };
    let mut records: Vec<Record> = Vec::new();
    let mut ready: BTreeMap<Arch, Vec<(usize, Inputs)>> = BTreeMap::new();
    for (number, path) in args.files.iter().enumerate() {
        let mut record = Record { path: path.display().to_string(), ..Record::default() };
        match Inputs::read(std::slice::from_ref(path), arch) {
            Ok(inputs) => {
                record.arch = Some(inputs.arch);
                ready.entry(inputs.arch).or_default().push((number, inputs));
            }
            Err(error) => record.result = format!("load error {error:#}"),
        }
        records.push(record);
    }
    let archs: Vec<Arch> = ready.keys().copied().collect();
    set_up(tools, &archs)?;
    image::paths(tools, &archs)?;
    let mut batches = Vec::new();
    for (arch, inputs) in ready {
        batches.extend(divide(link(tools, arch, inputs, args, &mut records)?, arch));
    }
    let total = batches.iter().map(|batch| batch.programs.len()).sum();
    let step = progress::counted(format!("running {total} programs"), total);
    let results = parallel::map(&batches, |batch| {
        let names: Vec<String> =
            batch.programs.iter().map(|linked| name(&records, linked.number)).collect();
        let mut done = Vec::new();
        let boot = |range: Range<usize>| {
            let job = batch.job(range.clone(), &names[range], args, limit_ms);
            let silence = Duration::from_secs(BOOT + limit);
            let whole = silence + Duration::from_secs(limit) * job.programs.len() as u32;
            qemu::boot(tools, batch.arch, &job, Limit { whole, silence })
        };
        let ran = each::run(&names, boot, |at, fate| {
            step.advance();
            done.push((batch.programs[at].number, fate_of(fate)));
        });
        if let Err(error) = ran {
            // A file that is larger than a job may be has a boot of its own.
            for linked in &batch.programs[done.len()..] {
                let result = format!("load error {error:#}");
                done.push((linked.number, Record { result, ..Record::default() }));
            }
        }
        done
    });
    step.finish();
    for result in results {
        for (number, came) in result {
            let Some(record) = records.get_mut(number) else { continue };
            *record = Record { path: record.path.clone(), arch: record.arch, ..came };
        }
    }
    tell(&records, args, started.elapsed());
    if let Some(path) = &args.report {
        report::write(path, &records)?;
    }
    Ok(if records.iter().all(Record::passed) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// As long as the machines' timers can be set to.
const MOST_MS: u32 = 300_000;

/// A program, and which of the files it is.
struct Linked {
    number: usize,
    program: Program,
}

impl Linked {
    fn bytes(&self) -> usize {
        let Program { files, archives, .. } = &self.program;
        files.iter().chain(archives).map(|file| file.bytes.len()).sum()
    }
}

/// Programs of one boot, and what they need of the C runtime, each some of it.
struct Batch {
    arch: Arch,
    runtime: SharedRuntime,
    programs: Vec<Linked>,
}

/// Gives each object what it needs; what cannot be linked has its result.
fn link(
    tools: &Tools,
    arch: Arch,
    inputs: Vec<(usize, Inputs)>,
    args: &QemuArgs,
    records: &mut [Record],
) -> Result<Vec<Linked>> {
    let (archives, kernel) = beneath(tools, arch, args.user)?;
    let roots = runtime::ROOTS;
    let linked = parallel::map(&inputs, |(number, inputs)| {
        let runtime = if inputs.need_runtime() { &archives[..] } else { &[] };
        let program = Program::link(tools, inputs.clone(), &args.entry, runtime, roots, kernel);
        (*number, program)
    });
    let mut programs = Vec::new();
    for (number, program) in linked {
        match program {
            Ok(program) => programs.push(Linked { number, program }),
            Err(error) => {
                if let Some(record) = records.get_mut(number) {
                    record.result = format!("load error {error:#}");
                }
            }
        }
    }
    Ok(programs)
}

/// Divides programs into boots, so that all processors get some.
fn divide(programs: Vec<Linked>, arch: Arch) -> Vec<Batch> {
    let most = programs.len().div_ceil(parallel::width()).clamp(1, MOST_PROGRAMS);
    let boots = each::divide(programs, Linked::bytes, most, MOST_BYTES);
    boots.into_iter().map(|programs| Batch::new(arch, programs)).collect()
}

impl Batch {
    fn new(arch: Arch, mut programs: Vec<Linked>) -> Self {
        let runtime = SharedRuntime::take(programs.iter_mut().map(|linked| &mut linked.program));
        Self { arch, runtime, programs }
    }

    /// The job of a range of the programs, which are called by `names`.
    fn job<'j>(
        &'j self,
        range: Range<usize>,
        names: &'j [String],
        args: &'j QemuArgs,
        limit_ms: u32,
    ) -> Job<'j> {
        let surroundings = Surroundings { limit_ms, ..Surroundings::default() };
        let programs = range.zip(names).map(|(at, name)| {
            let argv = [name.as_str()].into_iter().chain(args.args.iter().map(String::as_str));
            let program = &self.programs[at].program;
            qemu_protocol::Program {
                runtime: Some(self.runtime.of_program(at)),
                surroundings,
                ..handed_over(program, &args.entry, argv.collect(), options(args))
            }
        });
        Job { runtime: lent(self.runtime.members()), programs: programs.collect() }
    }
}

/// The program's name: the file's own.
fn name(records: &[Record], number: usize) -> String {
    let path = records.get(number).map_or("", |record| record.path.as_str());
    let name = Path::new(path).file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// A record but for path and machine.
fn fate_of(fate: Fate<'_>) -> Record {
    let text = |output: &[u8]| String::from_utf8_lossy(output).into_owned();
    match fate {
        Fate::Told(report, output) => Record { output: text(output), ..told(report) },
        Fate::Fatal(stop, output) => {
            let result = match stop {
                Stop::TimeLimit(_) | Stop::Flood => "timeout".to_owned(),
                Stop::Fault(message) => format!("fault {message}"),
                Stop::Done | Stop::Died(_) => format!("fault {stop}"),
            };
            let message = format!("the machine came to an end: {stop}");
            Record { result, message, output: text(output), ..Record::default() }
        }
        Fate::NotStarted(why) => {
            Record { result: format!("load error {why}"), ..Record::default() }
        }
    }
}

fn told(report: &ProgramReport) -> Record {
    let mut record = Record { load_us: report.load_ns / 1000, ..Record::default() };
    if let Some(main) = report.modules.last() {
        for arena in &main.arenas {
            let bytes = arena.loaded.saturating_sub(arena.before);
            match arena.name.as_str() {
                "text" => record.text_bytes = bytes,
                "rodata" => record.rodata_bytes = bytes,
                "data" => record.data_bytes = bytes,
                _ => {}
            }
        }
    }
    let counts = report.objects.iter().flat_map(|object| &object.relocations);
    record.relocations = counts.map(|count| u64::from(count.count)).sum();
    record.result = match &report.outcome {
        Outcome::Ended(Ended::Returned(value) | Ended::Exited(value)) => {
            record.exit_code = Some(*value);
            if *value == 0 { "pass".into() } else { format!("exit {value}") }
        }
        Outcome::Ended(Ended::Aborted) => {
            record.exit_code = Some(ABORTED.into());
            "abort".into()
        }
        Outcome::Faulted { kind, place, message } => {
            record.message.clone_from(message);
            format!("fault {kind} at {place}")
        }
        Outcome::TimedOut { place } => {
            record.message = format!("at {place}");
            "timeout".into()
        }
        Outcome::Refused { phase, message } => {
            record.message = format!("in {phase}");
            format!("load error {message}")
        }
    };
    let leaked = report.arenas.iter().find(|arena| arena.after != arena.before);
    if let Some(arena) = leaked {
        let Record { result, message, .. } = &mut record;
        *message =
            format!("{result}; the {} arena held other {} than before", arena.name, arena.unit);
        *result = "leak".into();
    }
    record
}

/// A line for each object, and the sum of it.
fn tell(records: &[Record], args: &QemuArgs, took: Duration) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        let kind = record.result.split(' ').next().unwrap_or_default();
        *counts.entry(if kind == "load" { "load error" } else { kind }).or_default() += 1;
        if args.quiet && record.passed() {
            continue;
        }
        println!("{}: {}", record.path, show::good_or_bad(&record.result, record.passed()));
        if args.verbose {
            if !record.message.is_empty() {
                println!("    {}", record.message);
            }
            print!("{}", each::tail(record.output.as_bytes()).trim_start_matches('\n'));
            if !record.output.is_empty() {
                println!();
            }
        }
    }
    let counts: Vec<String> =
        counts.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    println!(
        "{} of {} objects ({})",
        show::list(counts),
        records.len(),
        show::time(took.as_nanos() as u64)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::NamedBytes;
    use qemu_protocol::{ArenaUse, Count, ModuleReport, ObjectReport, Unit};

    fn arena(name: &str, before: u64, loaded: u64, after: u64) -> ArenaUse {
        let (name, unit) = (name.into(), Unit::Bytes);
        ArenaUse { name, unit, size: 100, before, loaded, after, in_one_piece: true }
    }

    fn report(outcome: Outcome) -> ProgramReport {
        let module = ModuleReport {
            name: "program".into(),
            version: String::new(),
            objects: Vec::new(),
            taken: Vec::new(),
            needs: Vec::new(),
            links: Vec::new(),
            arenas: vec![arena("text", 10, 15, 10), arena("data", 4, 7, 4)],
            regions: Vec::new(),
        };
        let count = |count| Count { name: "R_X86_64_64".into(), count };
        let object = ObjectReport {
            name: "a.o".into(),
            sections: Vec::new(),
            relocations: vec![count(3), count(4)],
            got_entries: 0,
            stubs: 0,
        };
        ProgramReport {
            program: "a.o".into(),
            outcome,
            load_ns: 5_700,
            objects: vec![object],
            arenas: vec![arena("text", 0, 50, 0)],
            modules: vec![module],
            soaks: Vec::new(),
            measured: None,
        }
    }

    #[test]
    fn each_outcome_has_its_result() {
        let result = |outcome| {
            let record = told(&report(outcome));
            (record.result, record.exit_code)
        };
        let ended = |ended| result(Outcome::Ended(ended));
        assert_eq!(ended(Ended::Returned(0)), ("pass".into(), Some(0)));
        assert_eq!(ended(Ended::Exited(0)), ("pass".into(), Some(0)));
        assert_eq!(ended(Ended::Exited(3)), ("exit 3".into(), Some(3)));
        assert_eq!(ended(Ended::Returned(-1)), ("exit -1".into(), Some(-1)));
        assert_eq!(ended(Ended::Aborted), ("abort".into(), Some(134)));
        let (kind, place, message) = ("divide error".into(), "m+f+0x1".into(), "all".into());
        let faulted = Outcome::Faulted { kind, place, message };
        assert_eq!(result(faulted), ("fault divide error at m+f+0x1".into(), None));
        assert_eq!(result(Outcome::TimedOut { place: "p".into() }), ("timeout".into(), None));
        let (phase, message) = ("resolve".into(), "`f` is nowhere".into());
        let refused = Outcome::Refused { phase, message };
        assert_eq!(result(refused), ("load error `f` is nowhere".into(), None));
    }

    #[test]
    fn sizes_are_the_main_modules() {
        let record = told(&report(Outcome::Ended(Ended::Returned(0))));
        let sizes = (record.text_bytes, record.rodata_bytes, record.data_bytes);
        assert_eq!((sizes, record.relocations, record.load_us), ((5, 0, 3), 7, 5));
    }

    #[test]
    fn what_leaks_does_not_pass() {
        let mut leaky = report(Outcome::Ended(Ended::Returned(0)));
        leaky.arenas = vec![arena("text", 0, 50, 8)];
        let record = told(&leaky);
        assert!(record.result == "leak" && !record.passed());
        assert!(record.message.contains("pass") && record.message.contains("text"));
    }

    #[test]
    fn the_end_of_the_machine_is_the_programs_result() {
        let result = |stop| fate_of(Fate::Fatal(&stop, b"last words")).result;
        assert_eq!(result(Stop::Fault("wild".into())), "fault wild");
        assert_eq!(result(Stop::TimeLimit(5)), "timeout");
        assert!(result(Stop::Died("signal".into())).starts_with("fault the machine ended early"));
        assert_eq!(fate_of(Fate::Fatal(&Stop::Flood, b"last words")).output, "last words");
        assert!(fate_of(Fate::NotStarted("why".into())).result.starts_with("load error"));
    }

    #[test]
    fn each_program_has_its_own_part_of_the_runtime() {
        let member = |name: &str| NamedBytes { name: name.into(), bytes: vec![1] };
        let linked = |number, runtime: &[&str]| Linked {
            number,
            program: Program {
                files: vec![member("a.o")],
                archives: Vec::new(),
                modules: Vec::new(),
                runtime: runtime.iter().map(|name| member(name)).collect(),
            },
        };
        let needs: [&[&str]; 4] = [&["x", "y"], &[], &["y", "z"], &["z", "x"]];
        let programs = needs.iter().enumerate().map(|(number, needs)| linked(number, needs));
        let batches = divide(programs.collect(), Arch::Riscv64);
        let mut seen = Vec::new();
        for batch in &batches {
            for (at, linked) in batch.programs.iter().enumerate() {
                let members = batch.runtime.of_program(at).into_iter();
                let members = members.map(|at| &*batch.runtime.members()[at as usize].name);
                assert_eq!(members.collect::<Vec<_>>(), needs[linked.number]);
                seen.push(linked.number);
            }
        }
        assert_eq!(seen, [0, 1, 2, 3]);
        let many: Vec<_> = (0..MOST_PROGRAMS * 8).map(|number| linked(number, &["x"])).collect();
        let batches = divide(many, Arch::Riscv64);
        let sizes =
            batches.iter().map(|batch| (batch.programs.len(), batch.runtime.members().len()));
        assert!(sizes.clone().all(|(programs, members)| programs <= MOST_PROGRAMS && members == 1));
        assert_eq!(sizes.map(|(programs, _)| programs).sum::<usize>(), MOST_PROGRAMS * 8);
    }
}
