//! A load on the machine itself, in QEMU: what each phase takes, and how much memory.
//!
//! In QEMU's instruction count mode each instruction takes a nanosecond of virtual time, which is what the
//! machines' counters count. So a time is a number of instructions, and the same one in every run. What
//! caches and memory would add is not in it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use qemu_protocol::{
    ArenaUse, Ended, File, Job, LoadReport, Options, Outcome, PhaseReport, Program, ProgramReport,
    Surroundings, Task,
};
use serde::Serialize;

use crate::arch::Arch;
use crate::qemu;
use crate::setup::Tools;

/// Longest that a boot may take: QEMU is slower where it counts.
const LIMIT: Duration = Duration::from_secs(600);
/// How often the object is loaded; the last time counts, as free lists are in use by then.
const TIMES: u32 = 2;

/// A load on a machine.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OnTarget {
    /// The machine.
    pub arch: Arch,
    /// What counted, and in which steps.
    pub counter: &'static str,
    /// The phases, in their order. Their unit is a nanosecond of virtual time, which is one instruction.
    pub phases: Vec<Phase>,
    /// Sections of the object.
    pub sections: u64,
    /// Its symbols.
    pub symbols: u64,
    /// Relocations that were applied.
    pub relocations: u64,
    /// Records of scratch memory that the load took.
    pub scratch_records: u64,
    /// The same in bytes.
    pub scratch_bytes: u64,
    /// The most that was in use of each arena beyond what was before, in bytes.
    pub arenas: Vec<Peak>,
}

/// What a phase took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Phase {
    /// `parse`, `plan`, `place`, `resolve` or `seal`.
    pub name: String,
    /// What the loader took.
    pub loader: u64,
    /// What the memory manager took meanwhile, and the machine's page tables and caches.
    pub manager: u64,
}

/// The most that was in use of an arena.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Peak {
    /// `text`, `rodata` or `data`.
    pub name: String,
    /// In whole pages.
    pub bytes: u64,
}

impl OnTarget {
    /// What the loader took, parse to sealed.
    pub fn loader(&self) -> u64 {
        self.phases.iter().map(|phase| phase.loader).sum()
    }

    /// The same for each relocation.
    pub fn per_relocation(&self) -> f64 {
        self.loader() as f64 / self.relocations as f64
    }

    /// Bytes of scratch memory for each section and symbol.
    pub fn scratch_each(&self) -> f64 {
        self.scratch_bytes as f64 / (self.sections + self.symbols) as f64
    }
}

/// Has an image load an object that is for its machine, whatever that imports.
///
/// # Errors
/// QEMU is missing, the image cannot be built or booted, or the loader refuses the object.
pub fn run(tools: &Tools, arch: Arch, object: &Path) -> Result<OnTarget> {
    let bytes =
        std::fs::read(object).with_context(|| format!("cannot read {}", object.display()))?;
    let name = object.file_name().unwrap_or_default().to_string_lossy();
    let program = Program {
        name: "measure",
        files: vec![File::new(&name, &bytes)],
        archives: Vec::new(),
        modules: Vec::new(),
        runtime: None,
        entry: "",
        args: Vec::new(),
        repeat: TIMES,
        options: Options::default(),
        surroundings: Surroundings::default(),
        task: Task::Measure,
    };
    let job = Job { runtime: Vec::new(), programs: vec![program] };
    let boot = qemu::boot_counting(tools, arch, &job, LIMIT)?.complete()?;
    let report = boot.programs.into_iter().next().and_then(|program| program.report);
    read(arch, &report.context("the image did not report")?)
}

/// What an image says of a load.
fn read(arch: Arch, report: &ProgramReport) -> Result<OnTarget> {
    if let Outcome::Refused { message, .. } = &report.outcome {
        bail!("refused on {arch}: {message}");
    }
    ensure!(
        report.outcome == Outcome::Ended(Ended::Returned(0)),
        "on {arch}: {:?}",
        report.outcome
    );
    let leak = report.arenas.iter().find(|arena| arena.after != arena.before);
    if let Some(ArenaUse { name, before, after, .. }) = leak {
        bail!("on {arch}, of the {name} arena {before} bytes were in use, and then {after}");
    }
    let measured = report.measured.as_ref().context("the image measured nothing")?;
    let LoadReport { phases, sections, symbols, relocations, .. } = measured;
    let phase = |PhaseReport { name, ns, manager_ns }: &PhaseReport| Phase {
        name: name.clone(),
        loader: ns.saturating_sub(*manager_ns),
        manager: *manager_ns,
    };
    let peak = |arena: &ArenaUse| Peak {
        name: arena.name.clone(),
        bytes: arena.loaded.saturating_sub(arena.before),
    };
    Ok(OnTarget {
        arch,
        counter: counter(arch),
        phases: phases.iter().map(phase).collect(),
        sections: *sections,
        symbols: *symbols,
        relocations: *relocations,
        scratch_records: measured.scratch_records,
        scratch_bytes: measured.scratch_bytes,
        arenas: report.arenas.iter().map(peak).collect(),
    })
}

/// The machine's counter.
const fn counter(arch: Arch) -> &'static str {
    match arch {
        Arch::Aarch64 => "CNTVCT_EL0, in steps of 16 ns",
        Arch::Riscv64 => "time, in steps of 100 ns",
        Arch::X86_64 => "the time-stamp counter, held against the interval timer at boot",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;
    use crate::runtime::{picolibc, sources};
    use qemu_protocol::Unit;

    fn report() -> ProgramReport {
        let arena = ArenaUse {
            name: "text".into(),
            unit: Unit::Bytes,
            size: 1 << 20,
            before: 4096,
            loaded: 12288,
            after: 4096,
            in_one_piece: true,
        };
        let phase = |name: &str, ns, manager_ns| PhaseReport { name: name.into(), ns, manager_ns };
        let measured = LoadReport {
            phases: vec![phase("parse", 100, 0), phase("place", 400, 150)],
            sections: 10,
            symbols: 30,
            relocations: 7,
            scratch_records: 41,
            scratch_bytes: 656,
        };
        ProgramReport {
            program: "measure".into(),
            outcome: Outcome::Ended(Ended::Returned(0)),
            load_ns: 500,
            objects: Vec::new(),
            arenas: vec![arena],
            modules: Vec::new(),
            soaks: Vec::new(),
            measured: Some(measured),
        }
    }

    #[test]
    fn what_the_manager_takes_is_not_the_loaders() {
        let on_target = read(Arch::Riscv64, &report()).unwrap();
        let phase = |name: &str, loader, manager| Phase { name: name.into(), loader, manager };
        assert_eq!(on_target.phases, [phase("parse", 100, 0), phase("place", 250, 150)]);
        assert_eq!((on_target.loader(), on_target.per_relocation()), (350, 50.0));
        assert_eq!(on_target.scratch_each(), 16.4);
        assert_eq!(on_target.arenas, [Peak { name: "text".into(), bytes: 8192 }]);
    }

    #[test]
    fn what_did_not_go_well_is_no_measurement() {
        type Change = fn(&mut ProgramReport);
        let bad: [(Change, &str); 4] = [
            (|report| report.measured = None, "measured nothing"),
            (|report| report.arenas[0].after = 8192, "4096 bytes were in use, and then 8192"),
            (|report| report.outcome = Outcome::Ended(Ended::Returned(1)), "Returned(1)"),
            (
                |report| {
                    let message = "why".into();
                    report.outcome = Outcome::Refused { phase: "task".into(), message };
                },
                "refused on riscv64: why",
            ),
        ];
        for (change, words) in bad {
            let mut report = report();
            change(&mut report);
            let error = read(Arch::Riscv64, &report).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    /// SQLite as a kernel's module would be compiled.
    fn sqlite(tools: &Tools, arch: Arch, object: &Path) {
        let source = sources::package("libsqlite3-sys").unwrap().join("sqlite3/sqlite3.c");
        let mut command = std::process::Command::new(tools.gcc(arch).unwrap());
        command.args(["-O2", "-ffunction-sections", "-fdata-sections", "-w", "-ffreestanding"]);
        command.args(["-DSQLITE_OS_OTHER=1", "-DSQLITE_THREADSAFE=0"]);
        let headers = picolibc::header_flags(arch).unwrap();
        command.args(headers.iter().filter(|flag| *flag != "-nostdlibinc"));
        command.arg("-DSQLITE_OMIT_LOAD_EXTENSION").arg("-c").arg(source).arg("-o").arg(object);
        process::run(&mut command, LIMIT).unwrap().checked("gcc").unwrap();
    }

    #[test]
    #[ignore = "it boots machines, and compiles SQLite for each"]
    fn every_machine_measures_the_same_again() {
        let (tools, folder) = (Tools::new(), tempfile::tempdir().unwrap());
        for arch in Arch::ALL {
            let object = folder.path().join("sqlite3.o");
            sqlite(&tools, arch, &object);
            let [first, second] = [0; 2].map(|_| run(&tools, arch, &object).unwrap());
            println!("{}", serde_json::to_string_pretty(&first).unwrap());
            let each = first.scratch_each();
            println!("{arch}: {:.1} a relocation, {each:.1} bytes", first.per_relocation());
            let names: Vec<&str> = first.phases.iter().map(|phase| phase.name.as_str()).collect();
            assert_eq!(names, ["parse", "plan", "place", "resolve", "seal"]);
            assert!(first.relocations > 10_000 && first.sections > 1_000);
            assert_eq!(first.arenas, second.arenas);
            for (one, other) in first.phases.iter().zip(&second.phases) {
                // The counters' steps, and x86-64's, whose rate is measured at each boot.
                let tolerated = 1000 + one.loader / 1000;
                assert!(one.loader.abs_diff(other.loader) <= tolerated, "{one:?} {other:?}");
            }
        }
    }
}
