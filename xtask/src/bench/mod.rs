//! `cargo xtask bench`: our loader and others, measured side by side on the same objects.
//!
//! | file | what it does |
//! | --- | --- |
//! | `subject`, `objects` | the real objects that are measured, and how they are compiled |
//! | `program` | the measured program (`bench/`), built and run |
//! | `ours` | what a load takes, phase by phase, and the floor |
//! | `outcome`, `peers` | what other loaders and linkers take |
//! | `on_target` | a load on the machine itself: instructions by phase, memory |
//! | `growth` | generated objects of four sizes |
//! | `callgrind` | instructions instead of seconds |
//! | `check` | instructions against the committed baseline |
//! | `numbers` | medians, ratios, exponents |
//! | `machine` | what was measured on |
//! | `table`, `plot`, `docs` | tables, pictures, and where they are in the documents |

mod callgrind;
pub mod check;
mod docs;
mod generated;
mod growth;
mod machine;
mod numbers;
mod objects;
mod on_target;
mod ours;
mod outcome;
mod peers;
mod plot;
mod program;
mod subject;
mod table;

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::ser::SerializeMap;

use crate::arch::Arch;
use crate::cli::UsageError;
use crate::progress;
use crate::setup::Tools;
use crate::show;
use growth::Series;
use machine::Machine;
use numbers::median;
use on_target::OnTarget;
use ours::Ours;
use outcome::Outcome;
use program::Program;
use subject::Subject;

pub use docs::write as write_docs;
pub use generated::check as check_generated;

/// Loads of each object; of a quick run.
const TIMES: (usize, usize) = (101, 21);
/// Runs of each peer.
const PEER_TIMES: usize = 7;

/// All that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What it was measured on.
    pub machine: Machine,
    /// The real objects.
    pub objects: Vec<Row>,
    /// The first of them, on its machine.
    pub on_target: Vec<OnTarget>,
    /// The generated ones.
    pub growth: Vec<Series>,
}

/// A real object, and what each loader makes of it.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The object.
    pub name: String,
    /// The machine that it is for.
    pub arch: Arch,
    /// Who compiled it.
    pub compiler: String,
    /// Our loader, or why it refuses the object.
    pub ours: Result<Ours, String>,
    /// The others.
    #[serde(serialize_with = "peers_as_map")]
    pub peers: Vec<(&'static str, Outcome)>,
}

/// Measures objects of one's own, and nothing else.
///
/// # Errors
/// A file cannot be read, or a tool is missing.
pub fn files(tools: &Tools, files: &[PathBuf], quick: bool) -> Result<Report> {
    let subjects = files.iter().map(|path| {
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let arch = Arch::of_object(&bytes).with_context(|| path.display().to_string())?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        Ok(Subject { name, arch, path: path.clone(), compiler: "unknown".into() })
    });
    let subjects = subjects.collect::<Result<Vec<Subject>>>().map_err(UsageError)?;
    let mut machine = Machine::find()?;
    let objects = measure(tools, &Program::build()?, &subjects, quick, &mut machine)?;
    Ok(Report { machine, objects, on_target: Vec::new(), growth: Vec::new() })
}

/// Measures everything; a quick run less of it, and no peers, in less than a minute.
///
/// # Errors
/// Something cannot be built, or a tool is missing.
pub fn everything(tools: &Tools, quick: bool) -> Result<Report> {
    let program = Program::build()?;
    let subjects = objects::subjects(tools, quick)?;
    let mut machine = Machine::find()?;
    let objects = measure(tools, &program, &subjects, quick, &mut machine)?;
    let on_target = if quick { Vec::new() } else { load_on_targets(tools, &subjects)? };
    let growth = growth::measure(tools, &program, quick)?;
    Ok(Report { machine, objects, on_target, growth })
}

/// Loads the first object of each machine on that machine.
fn load_on_targets(tools: &Tools, subjects: &[Subject]) -> Result<Vec<OnTarget>> {
    let step = progress::counted("on the target", Arch::ALL.len());
    let mut all = Vec::new();
    for arch in Arch::ALL {
        let Some(subject) = subjects.iter().find(|subject| subject.arch == arch) else { continue };
        step.say(format!("{}, {arch}", subject.name));
        all.push(on_target::run(tools, arch, &subject.path)?);
        step.advance();
    }
    step.finish();
    Ok(all)
}

/// Measures each subject by our loader and, unless that is to be quick, by the others.
fn measure(
    tools: &Tools,
    program: &Program,
    subjects: &[Subject],
    quick: bool,
    machine: &mut Machine,
) -> Result<Vec<Row>> {
    let peers = if quick { Vec::new() } else { peers::peers(tools) };
    machine.peers =
        peers.iter().map(|peer| format!("{} {}", peer.name(), peer.version())).collect();
    let times = if quick { TIMES.1 } else { TIMES.0 };
    let step = progress::counted("real objects", subjects.len() * (1 + peers.len()));
    let mut rows = Vec::new();
    for subject in subjects {
        let Subject { name, arch, compiler, .. } = subject.clone();
        step.say(format!("{name}, {arch}"));
        let ours = Ours::of(program, subject, times).map_err(|error| format!("{error:#}"));
        step.advance();
        let mut outcomes = Vec::new();
        for peer in &peers {
            step.say(format!("{name}, {arch}: {}", peer.name()));
            outcomes.push((peer.name(), peer.run(subject, PEER_TIMES)));
            step.advance();
        }
        rows.push(Row { name, arch, compiler, ours, peers: outcomes });
    }
    step.finish();
    Ok(rows)
}

impl Report {
    /// Prints it.
    pub fn show(&self) {
        println!("{}", self.machine);
        if !self.objects.is_empty() {
            show::heading("parse to sealed, and the floor");
            table::ours(&self.objects).show();
        }
        if let Some(peers) = table::peers(&self.objects) {
            show::heading("beside others");
            peers.show();
        }
        if let Some(on_target) = table::on_target(&self.on_target) {
            show::heading("on the target, in instructions (QEMU), and memory in bytes");
            on_target.show();
        }
        if let Some(growth) = table::growth(&self.growth) {
            show::heading("time for each relocation, or symbol, of generated objects");
            growth.show();
        }
    }
}

/// Peers by their names: what was timed, and each run in seconds, or why there is nothing.
fn peers_as_map<S: serde::Serializer>(
    peers: &[(&'static str, Outcome)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(peers.len()))?;
    for (name, outcome) in peers {
        let value = match outcome {
            Outcome::Refused(why) => serde_json::json!({ "refused": why }),
            Outcome::Measured(all) => all
                .iter()
                .map(|(what, runs)| {
                    let about = serde_json::json!({
                        "median": median(runs.iter().copied()),
                        "runs": runs,
                    });
                    ((*what).to_owned(), about)
                })
                .collect::<serde_json::Map<_, _>>()
                .into(),
        };
        map.serialize_entry(name, &value)?;
    }
    map.end()
}
